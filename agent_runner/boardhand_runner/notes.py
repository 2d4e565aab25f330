"""What the repository says about working on it: notes for contributors, and the shape of a pull request.

Read from the commit that work starts from, never from what the run or an earlier try of it changed; only files of these
names, and only their heads. It is data for the model, fenced as such.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

NOTES = {"AGENTS.md": 8192, "CLAUDE.md": 6000, "CONTRIBUTING.md": 4000, ".github/CONTRIBUTING.md": 4000}
"""Files of notes and how many bytes of each are shown, the most binding first."""
TEMPLATE_BYTES = 4000
_TEMPLATES = tuple(
    f"{folder}{name}"
    for folder in (".gitea/", ".forgejo/", ".github/", "", "docs/")
    for name in ("PULL_REQUEST_TEMPLATE.md", "pull_request_template.md")
)


Read = Callable[[str], str]
"""A file of the base commit by its path, or nothing."""


def read_notes(read: Read, workdir: str = "") -> str:
    """The heads of the notes there are, each below its path; those of the work folder come first."""
    folders = [f"{workdir.strip('/')}/", ""] if workdir.strip("/") else [""]
    found: dict[str, str] = {}
    for path, size in ((f"{folder}{name}", size) for folder in folders for name, size in NOTES.items()):
        text = _head(read, path, size)
        # One file is often a link to another, or a copy of it.
        if text and text not in found.values():
            found[path] = text
    return "\n\n".join(f"{path}:\n{text}" for path, text in found.items())


def read_template(read: Read) -> str:
    """The pull-request template's head, or nothing."""
    return _first(_head(read, path, TEMPLATE_BYTES) for path in _TEMPLATES)


def _first(texts: Iterable[str]) -> str:
    return next((text for text in texts if text), "")


def _head(read: Read, path: str, size: int) -> str:
    return read(path).encode()[:size].decode("utf-8", "ignore").strip()
