"""What the repository says about working on it: notes for contributors, and the shape of a pull request.

Read before any model is asked, from the commit that work starts from. It is data for the model, fenced as such.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from boardhand_runner.errors import ToolError
from boardhand_runner.tools.worktree import Confined

NOTES = {"AGENTS.md": 8192, "CLAUDE.md": 6000, "CONTRIBUTING.md": 4000, ".github/CONTRIBUTING.md": 4000}
"""Files of notes and how many bytes of each are shown, the most binding first."""
TEMPLATE_BYTES = 4000
_TEMPLATES = tuple(
    f"{folder}{name}"
    for folder in (".gitea/", ".forgejo/", ".github/", "", "docs/")
    for name in ("PULL_REQUEST_TEMPLATE.md", "pull_request_template.md")
)


def read_notes(work: Path, workdir: str = "") -> str:
    """The heads of the notes there are, each below its path; those of the work folder come first."""
    folders = [f"{workdir.strip('/')}/", ""] if workdir.strip("/") else [""]
    found: dict[str, str] = {}
    for path, size in ((f"{folder}{name}", size) for folder in folders for name, size in NOTES.items()):
        text = _head(work, path, size)
        # One file is often a link to another, or a copy of it.
        if text and text not in found.values():
            found[path] = text
    return "\n\n".join(f"{path}:\n{text}" for path, text in found.items())


def read_template(work: Path) -> str:
    """The pull-request template's head, or nothing."""
    return _first(_head(work, path, TEMPLATE_BYTES) for path in _TEMPLATES)


def _first(texts: Iterable[str]) -> str:
    return next((text for text in texts if text), "")


def _head(work: Path, path: str, size: int) -> str:
    """Nothing where there is no such file in the work tree, or it is a link that leads out."""
    try:
        with Confined(work).open(path) as file, open(file, "rb", closefd=False) as stream:
            return stream.read(size).decode("utf-8", "replace").strip()
    except ToolError:
        return ""
