"""Pure: comments made to fit what Jira takes, with the mark at their end kept."""

from __future__ import annotations

from boardhand_operator.boards.text import shorten, units
from boardhand_operator.errors import Rejected

COMMENT_LIMIT = 32_000
"""Jira takes 32,767 characters of its own markup, which is somewhat longer than Markdown."""
HARD_LIMIT = 32_767
SHORTER = (COMMENT_LIMIT, 16_000, 8_000)
"""Lengths that are tried in turn: an administrator may have set a lower limit, and markup may make a text longer."""
_MARK = "\n\n`boardhand:"
_TOO_LONG = ("too long", "content_limit_exceeded", "exceeds the")


def fitting(text: str, limit: int) -> str:
    """The text in at most `limit` UTF-16 code units; of a longer one with a mark the text before it is cut."""
    head, mark = parted(text)
    if not mark:
        return shorten(text, limit)
    end = f"\n\n{mark}"
    return shorten(head, limit - units(end)) + end


def parted(text: str) -> tuple[str, str]:
    """The text and the mark at its end, which is to stand by itself whatever block the text leaves open."""
    head, sign, rest = text.rpartition(_MARK)
    return (head, f"{_MARK.strip()}{rest}") if sign and "\n" not in rest else (text, "")


def too_long(refused: Rejected) -> bool:
    """Whether this is said of a text's length."""
    return any(words in refused.message.lower() for words in _TOO_LONG)
