"""Finds secrets in what a run is about to push. Says where, never what."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import IO

PIECE_BYTES = 1_000_000
OVERLAP_BYTES = 4_096
"""Of a line read in pieces, so much of one is seen again with the next."""

PATTERNS: tuple[tuple[str, re.Pattern[bytes]], ...] = tuple(
    (name, re.compile(pattern))
    for name, pattern in (
        ("a private key", rb"-----BEGIN (?:[A-Z0-9]{2,12} ){0,2}PRIVATE KEY(?: BLOCK)?-----"),
        ("an AWS access key", rb"\b(?:AKIA|ASIA)(?![0-9A-Z]{9}EXAMPLE)[0-9A-Z]{16}\b"),
        ("a GitHub token", rb"\bgh[pousr]_[A-Za-z0-9]{36}|\bgithub_pat_[A-Za-z0-9_]{60}"),
        ("a GitLab token", rb"\bgl(?:pat|dt|rt|cbt)-[A-Za-z0-9_-]{20}"),
        ("a Slack token", rb"\bxox[abeprs]-[A-Za-z0-9-]{20}|hooks\.slack\.com/services/T[A-Z0-9]{6,12}/B[A-Z0-9]"),
        ("an OpenAI key", rb"\bsk-[A-Za-z0-9_-]{16,200}T3BlbkFJ[A-Za-z0-9_-]{16}"),
        ("an Anthropic key", rb"\bsk-ant-[a-z0-9]{2,10}-[A-Za-z0-9_-]{60}"),
        ("a Google key", rb"\bAIza[0-9A-Za-z_-]{35}"),
        ("a Stripe key", rb"\b[rs]k_live_[0-9A-Za-z]{24}"),
        ("an npm token", rb"\bnpm_[A-Za-z0-9]{36}\b"),
    )
)


@dataclass(frozen=True)
class Leak:
    """A secret, by its place."""

    what: str
    path: str
    line: int

    def __str__(self) -> str:
        return f"{self.what} in {self.path}, line {self.line}"


@dataclass(frozen=True)
class Added:
    """A line, or a piece of a long one, that a patch adds."""

    path: str
    line: int
    data: bytes


Finder = Callable[[bytes], str | None]
"""Says what secret stands in a line, if one does."""


def find_leaks(lines: Iterable[Added], finders: Sequence[Finder]) -> Iterator[Leak]:
    """What the finders find, each place once."""
    last: Leak | None = None
    for added in lines:
        what = next((found for find in finders if (found := find(added.data))), None)
        leak = Leak(what, added.path, added.line) if what else None
        if leak and leak != last:
            yield leak
            last = leak


def by_pattern(data: bytes) -> str | None:
    """Secrets by their form."""
    return next((name for name, pattern in PATTERNS if pattern.search(data)), None)


def numbered(path: str, data: bytes) -> Iterator[Added]:
    """A whole text as added lines."""
    for number, line in enumerate(data.split(b"\n"), 1):
        yield Added(path, number, line)


_HUNK = re.compile(rb"@@ -\d+(?:,(\d+))? \+(\d+)(?:,(\d+))? @@")


def added_lines(patch: IO[bytes]) -> Iterator[Added]:
    """The lines a patch in git's unified format adds.

    Hunks are read by their counts, so a line of a file that looks like a header of a patch is taken for what it is.
    """
    path, line, old, new, kind, tail = "", 0, 0, 0, b"", b""
    starts = True
    while piece := patch.readline(PIECE_BYTES):
        if not starts:
            data = tail + piece
        elif old or new:
            kind, data = piece[:1], piece[1:]
            old -= kind == b"-"
            new -= kind == b"+"
            line += kind == b"+"
        else:
            kind, data = b"", piece
            if hunk := _HUNK.match(piece):
                old, new = int(hunk[1] or 1), int(hunk[3] or 1)
                line = int(hunk[2]) - 1
            elif piece.startswith(b"+++ "):
                path = _name(piece)
        if kind == b"+":
            yield Added(path, line, data)
        starts = piece.endswith(b"\n")
        tail = data[-OVERLAP_BYTES:]


def _name(header: bytes) -> str:
    """The file's name in a +++ line; git quotes unusual ones, and ends those with blanks by a tab."""
    name = header[4:].decode("utf-8", "replace").rstrip("\r\n").rstrip("\t").strip('"')
    return name.removeprefix("b/")
