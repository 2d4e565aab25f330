"""Compiling Gitea, once per version."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from testbed.artefact import build_once
from testbed.plan import cache_dir
from testbed.shell import run, say

VERSION = "1.26.0"
_MODULE = Path(__file__).parent.parent / "go" / "gitea"
_IMPORT_PATH = "code.gitea.io/gitea"
_TAGS = "sqlite sqlite_unlock_notify"


@dataclass(frozen=True)
class GiteaFiles:
    """The program, and the folder it reads its templates, locales and pictures from."""

    binary: Path
    static: Path


def files_in(folder: Path) -> GiteaFiles:
    """The layout `ensure_gitea` gives a folder."""
    return GiteaFiles(folder / "gitea", folder / "static")


def ensure_gitea() -> GiteaFiles:
    """Gitea, compiled if this machine does not have it yet (about 5 minutes on 2 cores).

    Raises TestbedError when Go or a C compiler is missing or the modules cannot be had.
    """
    return files_in(build_once(cache_dir() / "bin" / f"gitea-{VERSION}", _build))


def _build(into: Path) -> None:
    say(f"compiling Gitea {VERSION} (once, about 5 minutes on 2 cores)")
    files = files_in(into)
    flags = f"-s -w -X 'main.Version={VERSION}' -X 'main.Tags={_TAGS}'"
    run(
        [
            *("go", "build", "-mod=readonly", "-buildvcs=false", "-trimpath"),
            *("-tags", _TAGS, "-ldflags", flags, "-o", files.binary, _IMPORT_PATH),
        ],
        cwd=_MODULE,
        env={**os.environ, "CGO_ENABLED": "1"},
    )
    _copy_static(_source_folder(), files.static)
    say(f"Gitea {VERSION} is compiled")


def _source_folder() -> Path:
    return Path(run(["go", "list", "-m", "-f", "{{.Dir}}", _IMPORT_PATH], cwd=_MODULE).strip())


def _copy_static(source: Path, static: Path) -> None:
    """Take what the server reads at run time out of the module cache, which is read-only and closed to others."""
    for part in ("templates", "options", "public"):
        shutil.copytree(source / part, static / part, copy_function=shutil.copyfile)
    for folder in (static, *(path for path in static.rglob("*") if path.is_dir())):
        folder.chmod(0o755)
    # The module carries no scripts or styles; pages are complete without, and an empty manifest says so quietly.
    manifest = static / "public" / "assets" / ".vite" / "manifest.json"
    manifest.parent.mkdir()
    manifest.write_text("{}\n")
