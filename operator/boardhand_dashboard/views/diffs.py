"""Pure: a unified diff by file, as a page shows it. Its text is a stranger's: it is shown, never applied."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

LINES = 1500
"""So many lines of a file are shown."""
CHARACTERS = 1000
"""So many characters of a line."""
OPEN_LINES = 120
"""A file with more lines is folded, and so is every file behind OPEN_ALL lines."""
OPEN_ALL = 400


class Kind(StrEnum):
    """What a line is: also its class in the page."""

    ADDED = "added"
    REMOVED = "removed"
    PLACE = "place"
    SAME = "same"
    ABOUT = "about"


@dataclass(frozen=True, slots=True)
class DiffLine:
    """One line, its sign before it."""

    kind: Kind
    text: str


@dataclass(frozen=True, slots=True)
class FileDiff:
    """What became of one file."""

    name: str
    added: int
    removed: int
    lines: tuple[DiffLine, ...]
    left_out: int
    """Lines that are not shown."""
    open: bool
    """Whether it is unfolded at first."""


def files_of(diff: str) -> list[FileDiff]:
    """The files of a diff in git's format, in order; text before the first one is left out."""
    blocks: list[list[str]] = []
    for line in diff.removesuffix("\n").split("\n"):
        if line.startswith("diff --git "):
            blocks.append([])
        if blocks:
            blocks[-1].append(line)
    found, before = [], 0
    for block in blocks:
        found.append(_file(block, before))
        before += len(block)
    return found


def _file(block: list[str], before: int) -> FileDiff:
    lines = _lines(block[1:])
    shown = tuple(lines[:LINES])
    return FileDiff(
        name=_name(block),
        added=sum(line.kind is Kind.ADDED for line in lines),
        removed=sum(line.kind is Kind.REMOVED for line in lines),
        lines=shown,
        left_out=len(lines) - len(shown),
        open=len(lines) <= OPEN_LINES and before <= OPEN_ALL,
    )


def _lines(block: list[str]) -> list[DiffLine]:
    """Before the first hunk stand words about the file, whatever sign they begin with."""
    out, in_hunk = [], False
    for line in block:
        in_hunk = in_hunk or line.startswith("@@")
        out.append(DiffLine(_kind(line) if in_hunk else Kind.ABOUT, _cut(line)))
    return out


def _kind(line: str) -> Kind:
    if line.startswith("@@"):
        return Kind.PLACE
    return {"+": Kind.ADDED, "-": Kind.REMOVED, "\\": Kind.ABOUT}.get(line[:1], Kind.SAME)


def _cut(line: str) -> str:
    return line if len(line) <= CHARACTERS else f"{line[:CHARACTERS]} … ({len(line) - CHARACTERS:,} characters more)"


def _name(block: list[str]) -> str:
    """The file's name afterwards, or before where it is deleted."""
    for line in block:
        if line.startswith("@@"):
            break
        for sign in ("+++ b/", "rename to ", "--- a/"):
            if line.startswith(sign) and not (sign == "--- a/" and _has_after(block)):
                return line.removeprefix(sign)
    return block[0].rpartition(" b/")[2] or block[0]


def _has_after(block: list[str]) -> bool:
    return any(line.startswith("+++ b/") for line in block)
