"""Pure: texts made to fit what a board takes."""

from __future__ import annotations

CUT = "\n\n*(cut here: the board takes no longer text)*"


def units(text: str) -> int:
    """Length in UTF-16 code units, which is how JavaScript services count."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def shorten(text: str, limit: int, notice: str = CUT) -> str:
    """The text, or its head and a notice that it was cut, in at most `limit` UTF-16 code units.

    Raises ValueError where not even the notice has room.
    """
    if units(text) <= limit:
        return text
    room = limit - units(notice)
    if room < 0:
        raise ValueError(f"limit {limit} is shorter than the notice")
    head = text.encode("utf-16-le", "surrogatepass")[: room * 2].decode("utf-16-le", "ignore")
    return head + notice
