"""The boundary between data and the rest of a prompt: random, made for each run, and never in the data itself."""

from __future__ import annotations

import re
import secrets
import unicodedata
from collections.abc import Iterator

DIGITS = 24
"""Random ones: about 80 bits."""
_TAKEN_OUT = "[a boundary was here]"
_SHOWN = frozenset("\u00ad\u200c\u200d\ufe0e\ufe0f")
"""Invisible by themselves, and part of how words and emoji are written."""
_SUPPLEMENT = range(0xE0000, 0xE1000)
"""Tags and variation selectors, by which whole texts were hidden."""
_RUNS = re.compile("\ue000(\ue000*)")


def boundary(run: str) -> str:
    """A new one. It is of digits: those of other scripts are known for what they are, and letters have look-alikes."""
    return f"{run}-{''.join(secrets.choice('0123456789') for _ in range(DIGITS))}"


def guarded(text: str, fence: str) -> str:
    """The text without the boundary in it, however that is written: in another case, in other scripts' digits, in wide
    letters, or with invisible characters within."""
    wanted = "".join(letter for _, letter in _folded(fence))
    if not wanted or (text.isascii() and fence.casefold() not in text.casefold()):
        return text
    pairs = list(_folded(text))
    folded = "".join(letter for _, letter in pairs)
    out, at, found = [], 0, folded.find(wanted)
    while found >= 0:
        last = found + len(wanted) - 1
        out.append(text[at : pairs[found][0]] + _TAKEN_OUT)
        at, found = pairs[last][0] + 1, folded.find(wanted, last + 1)
    return "".join([*out, text[at:]])


def visible(text: str) -> str:
    """The text with what no reader would see said in words: directions, characters of no width, tags."""
    if text.isascii():
        return text
    marked = "".join("\ue000" if _invisible(letter) else letter for letter in text.replace("\ue000", "\ufffd"))
    return _RUNS.sub(lambda run: f"[{len(run[0])} invisible character{'s' if run[1] else ''}]", marked)


def _invisible(letter: str) -> bool:
    hidden = unicodedata.category(letter) == "Cf" or ord(letter) in _SUPPLEMENT
    return hidden and letter not in _SHOWN


def _folded(text: str) -> Iterator[tuple[int, str]]:
    """Letters in their plain form, one by one, each with where it comes from; what is not seen is left out."""
    for at, letter in enumerate(text):
        if letter.isascii():
            yield at, letter.lower()
            continue
        if unicodedata.category(letter) in ("Cf", "Mn", "Me") or ord(letter) in _SUPPLEMENT:
            continue
        digit = unicodedata.digit(letter, None)
        plain = str(digit) if digit is not None else unicodedata.normalize("NFKC", letter).casefold()
        for one in plain:
            yield at, "-" if unicodedata.category(one) == "Pd" else one
