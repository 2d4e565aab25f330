"""Pure: texts made to fit what a forge takes. Lengths are in UTF-16 code units, the larger of the usual two counts."""

from __future__ import annotations

from boardhand_operator.boards.text import shorten

CUT = "\n\n*(cut here: the forge takes no longer text)*"


def fitting(text: str, limit: int) -> str:
    """The text, or its head and a notice that it was cut."""
    return shorten(text, limit, CUT)


def one_line(title: str, limit: int) -> str:
    """A title on one line, cut with a mark where it is too long."""
    return shorten(" ".join(title.split()) or "Untitled", limit, "…")


def alike(told: str | None, sent: str) -> bool:
    """Whether a forge has the text that it was sent: line ends, and blanks at the ends, may come back otherwise."""
    return _bare(told or "") == _bare(sent)


def _bare(text: str) -> str:
    return text.replace("\r\n", "\n").strip()
