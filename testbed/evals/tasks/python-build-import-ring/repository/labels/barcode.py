"""Code 39 as text: what the printer's own font turns into bars."""

from __future__ import annotations

_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ-. $/+%"


def bars(text: str) -> str:
    """The text with start, check character and stop. Raises ValueError for what Code 39 does not have."""
    text = text.upper()
    if unknown := sorted(set(text) - set(_ALPHABET)):
        raise ValueError(f"{text!r}: Code 39 has no {' '.join(unknown)}")
    check = _ALPHABET[sum(map(_ALPHABET.index, text)) % 43]
    return f"*{text}{check}*"
