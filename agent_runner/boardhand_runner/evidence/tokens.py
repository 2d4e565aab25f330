"""Source text without what only looks like code: comments and the inside of strings are blanked, lengths kept."""

from __future__ import annotations

import re
from collections import Counter
from itertools import islice

_C_LIKE = r"//[^\n]*|/\*.*?(?:\*/|\Z)"
_STRING = r'"(?:\\.|[^"\\\n])*"'
_CHARACTER = r"'(?:\\.[^'\n]{0,8}|[^\\'\n])'"
_MASKS = {
    "java": re.compile(rf'{_C_LIKE}|""".*?(?:"""|\Z)|{_STRING}|{_CHARACTER}', re.DOTALL),
    "js": re.compile(rf"{_C_LIKE}|{_STRING}|'(?:\\.|[^'\\\n])*'|`(?:\\.|[^`\\])*(?:`|\Z)", re.DOTALL),
    "go": re.compile(rf"{_C_LIKE}|`[^`]*(?:`|\Z)|{_STRING}|{_CHARACTER}", re.DOTALL),
    "rust": re.compile(rf'{_C_LIKE}|r#".*?(?:"#|\Z)|"(?:\\.|[^"\\])*(?:"|\Z)|{_CHARACTER}', re.DOTALL),
    "cpp": re.compile(rf'{_C_LIKE}|R"\(.*?(?:\)"|\Z)|{_STRING}|{_CHARACTER}', re.DOTALL),
}
_WORD = re.compile(r"[^\W\d]\w*|\d[\w.]*|\"[^\"\n]*\"|'[^'\n]*'|`[^`\n]*`")
_INNER = re.compile(r"[^\n]")
BRACKETS, BLOCK_CHARACTERS = 2000, 20_000
"""A block with more brackets is not followed to its end, so that no text takes long."""
_PAIRS = {"{": "}", "(": ")"}


def masked(text: str, language: str) -> str:
    """The text with comments and the inside of strings as blanks, character for character."""

    def blank(match: re.Match[str]) -> str:
        found = match[0]
        if found.startswith(("//", "/*")) or len(found) < 2:
            return _INNER.sub(" ", found)
        return found[0] + _INNER.sub(" ", found[1:-1]) + found[-1]

    return _MASKS[language].sub(blank, text)


def block_end(code: str, start: int) -> int:
    """The index after the bracket that closes the one at `start`; `code` is masked.

    Where none is near, the text's end or BLOCK_CHARACTERS further.
    """
    opening, closing = code[start], _PAIRS[code[start]]
    depth = 0
    for match in islice(re.compile(f"[{re.escape(opening + closing)}]").finditer(code, start), BRACKETS):
        depth += 1 if match[0] == opening else -1
        if depth == 0:
            return match.end()
    return min(len(code), start + BLOCK_CHARACTERS)


def words(text: str) -> Counter[str]:
    """Identifiers, numbers and string literals of a piece of source, counted."""
    return Counter(_WORD.findall(text))


def literals(counted: Counter[str]) -> Counter[str]:
    """Those that are values: what makes one test another than its neighbour."""
    return Counter({word: number for word, number in counted.items() if word[0] in "\"'`" or word[0].isdigit()})
