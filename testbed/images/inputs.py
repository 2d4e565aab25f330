"""What goes into each image, and the digest that names it: same inputs, same name."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
# File times decide nothing here: every copied file gets this one, so that layers are found again.
SAME_TIME = 1_577_836_800


@dataclass(frozen=True)
class Recipe:
    """An image: the Dockerfile and what its build may see.

    `dockerfile` and `sources` (files or folders) are relative to the repository's root.
    """

    dockerfile: str
    sources: tuple[str, ...] = ()


def _program(name: str, package_root: str) -> Recipe:
    return Recipe(
        dockerfile=f"Dockerfile.{name}",
        sources=(
            *("pyproject.toml", "README.md", "LICENSE", "crds", package_root),
            *("requirements/build.lock", f"requirements/{name}.lock"),
        ),
    )


RECIPES: Mapping[str, Recipe] = {
    "operator": _program("operator", "operator"),
    "dashboard": _program("dashboard", "operator"),
    "runner": _program("runner", "agent_runner"),
    "egress": Recipe("Dockerfile.egress"),
    "workbench-python": Recipe("testbed/images/workbench-python.Dockerfile"),
    "workbench-java": Recipe("testbed/images/workbench-java.Dockerfile"),
}


def _expand(root: Path, sources: Iterable[str]) -> Iterator[Path]:
    for source in sources:
        path = root / source
        inside = sorted(path.rglob("*")) if path.is_dir() else [path]
        yield from (
            file for file in inside if not file.is_dir() and "__pycache__" not in file.parts and file.suffix != ".pyc"
        )


def context_files(recipe: Recipe, root: Path = ROOT) -> dict[str, Path]:
    """Every file of the build context: its path there, and where it lies.

    Raises FileNotFoundError for a file the recipe names that is not there.
    """
    files = {"Dockerfile": root / recipe.dockerfile}
    files |= {str(path.relative_to(root)): path for path in _expand(root, recipe.sources)}
    return files


def digest(recipe: Recipe, base: str, root: Path = ROOT) -> str:
    """A hex digest of names, contents and execute bits of the context's files, and of the base's reference."""
    total = hashlib.sha256(base.encode())
    for name, path in sorted(context_files(recipe, root).items()):
        content = hashlib.sha256(path.read_bytes()).hexdigest()
        total.update(f"\0{name}\0{os.access(path, os.X_OK):d}\0{content}".encode())
    return total.hexdigest()


def lay_context(recipe: Recipe, folder: Path, root: Path = ROOT) -> None:
    """Copy the context's files into an empty folder, so that a build sees what was digested and no more."""
    for name, path in context_files(recipe, root).items():
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)
        target.chmod(0o755 if os.access(path, os.X_OK) else 0o644)
        os.utime(target, (SAME_TIME, SAME_TIME))
