"""An image's name follows from what goes into it, and its build sees nothing else."""

import shutil
from pathlib import Path

import pytest

from testbed.images.base import base_reference
from testbed.images.build import planned_image
from testbed.images.inputs import RECIPES, ROOT, Recipe, context_files, digest, lay_context
from testbed.shell import TestbedError

RECIPE = Recipe("Dockerfile.x", sources=("pyproject.toml", "package"))


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    root = tmp_path / "checkout"
    for name in (
        "Dockerfile.x",
        "pyproject.toml",
        "package/a.py",
        "package/deep/b.py",
        "other.py",
    ):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(f"{name}\n")
    return root


def test_the_same_inputs_give_the_same_digest(checkout: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(checkout, tmp_path / "copy", copy_function=shutil.copyfile)
    assert digest(RECIPE, "base:1", checkout) == digest(RECIPE, "base:1", copy)


def _append(path: Path) -> None:
    path.write_text(path.read_text() + "more\n")


@pytest.mark.parametrize("name", ["Dockerfile.x", "pyproject.toml", "package/deep/b.py"])
def test_a_changed_input_changes_the_digest(checkout: Path, name: str) -> None:
    before = digest(RECIPE, "base:1", checkout)
    _append(checkout / name)
    assert digest(RECIPE, "base:1", checkout) != before


def test_a_new_a_renamed_and_an_executable_file_each_change_the_digest(checkout: Path) -> None:
    seen = {digest(RECIPE, "base:1", checkout)}
    (checkout / "package/c.py").write_text("")
    seen.add(digest(RECIPE, "base:1", checkout))
    (checkout / "package/c.py").rename(checkout / "package/d.py")
    seen.add(digest(RECIPE, "base:1", checkout))
    (checkout / "package/d.py").chmod(0o755)
    seen.add(digest(RECIPE, "base:1", checkout))
    assert len(seen) == 4


def test_another_base_changes_the_digest(checkout: Path) -> None:
    assert digest(RECIPE, "base:1", checkout) != digest(RECIPE, "base:2", checkout)


def test_bytecode_and_foreign_files_do_not_change_the_digest(checkout: Path) -> None:
    before = digest(RECIPE, "base:1", checkout)
    _append(checkout / "other.py")
    (checkout / "package/__pycache__").mkdir()
    (checkout / "package/__pycache__/a.cpython-311.pyc").write_bytes(b"\0")
    assert digest(RECIPE, "base:1", checkout) == before


def test_the_context_holds_exactly_the_inputs_with_one_file_time(checkout: Path, tmp_path: Path) -> None:
    context = tmp_path / "context"
    lay_context(RECIPE, context, checkout)
    laid = {str(path.relative_to(context)): path for path in context.rglob("*") if path.is_file()}
    assert sorted(laid) == ["Dockerfile", "package/a.py", "package/deep/b.py", "pyproject.toml"]
    assert len({path.stat().st_mtime for path in laid.values()}) == 1
    assert laid["package/deep/b.py"].read_text() == "package/deep/b.py\n"


def test_a_missing_input_is_named(checkout: Path) -> None:
    (checkout / "pyproject.toml").unlink()
    with pytest.raises(FileNotFoundError, match=r"pyproject\.toml"):
        digest(RECIPE, "base:1", checkout)


@pytest.mark.parametrize("name", sorted(RECIPES))
def test_every_image_is_planned_under_a_local_name_with_its_digest(name: str) -> None:
    image = planned_image(name)
    key = digest(RECIPES[name], base_reference())[:12]
    assert image.reference == f"localhost/boardhand/{name}:{key}"
    assert image.archive.name == f"{name}-{key}.tar"


def test_an_unknown_image_is_refused_with_the_known_ones() -> None:
    with pytest.raises(TestbedError, match=", ".join(RECIPES)):
        planned_image("workbench-cobol")


def test_neither_program_has_the_others_code_in_its_context() -> None:
    operator, runner = (context_files(RECIPES[name], ROOT) for name in ("operator", "runner"))
    assert not any(name.startswith("agent_runner/") for name in operator)
    assert not any(name.startswith("operator/") for name in runner)


def test_the_ignore_file_lets_through_what_the_contexts_hold() -> None:
    lines = (ROOT / ".dockerignore").read_text().splitlines()
    allowed = {line.removeprefix("!") for line in lines if line.startswith("!")}
    held = {name.split("/")[0] for program in ("operator", "runner") for name in context_files(RECIPES[program], ROOT)}
    assert allowed == held - {"Dockerfile"}
    assert "*" in lines
