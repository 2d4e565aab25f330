"""The clone that an earlier pod of the run left: taken as it is where it is whole, else removed."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from boardhand_api.order import Order
from boardhand_runner.git import BASE_REF, Git
from boardhand_runner.persistence.files import put
from boardhand_runner.settings import Settings

MARK = "clone.json"
"""Beside the git directory, where the workbench cannot write: the run and its base commit, written last."""


def kept_base(settings: Settings, order: Order) -> str | None:
    """The base commit of the run's finished clone, which is then free of a killed git's locks; None without one."""
    marked = _marked(settings)
    if marked is None or marked.get("run") != order.run or not settings.git_dir.is_dir():
        return None
    for lock in settings.git_dir.rglob("*.lock"):
        lock.unlink()
    git = Git(settings, work_tree=settings.work)
    base = git.run("rev-parse", "--verify", BASE_REF, check=False)
    readable = all(
        git.run(*command, check=False).code == 0
        for command in (("cat-file", "-e", "HEAD^{tree}"), ("ls-files", "--error-unmatch", "--", ":/"))
    )
    return base.text if base.code == 0 and readable and base.text == marked.get("base") else None


def mark(settings: Settings, order: Order, base: str) -> None:
    """Say that the clone is finished."""
    put(settings.git_dir.parent / MARK, json.dumps({"run": order.run, "base": base}))


def remove(settings: Settings) -> None:
    """Remove a clone that cannot be gone on from, with the state that goes with it. The mark goes first."""
    (settings.git_dir.parent / MARK).unlink(missing_ok=True)
    for folder in (settings.state, settings.git_dir.parent, settings.work):
        for path in folder.iterdir() if folder.is_dir() else ():
            if path != settings.state / "lock":
                _remove(path)


def _marked(settings: Settings) -> dict[str, str] | None:
    try:
        found = json.loads((settings.git_dir.parent / MARK).read_text("utf-8"))
    except (FileNotFoundError, ValueError):
        return None
    return found if isinstance(found, dict) else None


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink()
