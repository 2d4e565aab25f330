"""Texts from outside, fit to be told: to a model, in JSON, in a log."""

from __future__ import annotations

import re

_ESCAPES = re.compile(
    r"\x1b(?:\[[0-?]{0,64}[ -/]{0,8}[@-~]"  # colours, the cursor
    r"|\][^\x07\x1b\n]{0,2048}(?:\x07|\x1b\\)|[PX^_][^\x1b\n]{0,2048}\x1b\\"  # titles, links
    r"|[ -/]{0,8}[0-~])"
)
"""Source: ECMA-48."""
_REDRAWN = re.compile(r"^[^\n]*\r(?!\n)(?=[^\n])", re.MULTILINE)
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


def encodable(text: str) -> str:
    """The text as UTF-8 can have it: a lone surrogate, as in a file name that is no UTF-8, is written out."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def as_on_a_screen(text: str) -> str:
    """What a terminal would show in the end: no escape sequences, no lines that were drawn over, no control characters.

    They cost tokens, and some servers refuse a request that holds a NUL.
    """
    text = _REDRAWN.sub("", _ESCAPES.sub("", text).replace("\r\n", "\n"))
    return _CONTROLS.sub("", encodable(text).replace("\0", "\ufffd"))
