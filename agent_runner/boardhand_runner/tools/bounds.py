"""Long results: the head and the tail are kept, since what matters of a command's output mostly stands at its end."""

from __future__ import annotations

RESULT_CHARACTERS = 16_000


def bounded(text: str, characters: int = RESULT_CHARACTERS, where: str = "") -> str:
    """The text, or its first quarter and its end with a line between that says what is left out (and `where` it is)."""
    if len(text) <= characters:
        return text
    head = characters // 4
    cut = len(text) - characters
    note = f"[{cut} characters left out{f'; the whole is in {where}' if where else ''}]"
    return f"{text[:head]}\n{note}\n{text[len(text) - (characters - head) :]}"
