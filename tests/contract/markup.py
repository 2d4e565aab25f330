"""Pieces of Markdown that every board must give back, and when two texts say the same."""

from __future__ import annotations

import html
import re

PIECES = {
    "emphasis": "It is **bold** and _slanted_.",
    "list": "- one\n- two\n- three",
    "steps": "1. first\n2. second",
    "link": "See [the design](https://example.com/a?b=c&d=e).",
    "code": '```python\nif a < b && c > d:\n    print("<b>")\n```',
    "inline code": "Call `render(<b>)` twice.",
    "heading": "## Heading",
    "angle brackets": "Use a <b> here, 1 < 2 & 3 > 2.",
    "unicode": "ünï 🚀\u200d👩 日本",
}
STORED = ("emphasis", "list", "link", "code", "heading")
"""Of these a bench knows how the vendor's own editor stores them, between two paragraphs "Before." and "After."."""


def same(found: str, wanted: str, markup: str) -> bool:
    """Whether a text read says what was written: to the letter where the vendor stores Markdown, else up to what has
    no meaning (spaces at ends of lines, empty lines, how lists and emphasis are marked, escapes)."""
    return found == wanted if markup == "markdown" else plain(found) == plain(wanted)


def plain(markdown: str) -> str:
    """The Markdown in one of the ways to write it."""
    lines = (line.rstrip() for line in html.unescape(markdown).splitlines())
    text = "\n".join(line for line in lines if line)
    text = re.sub(r"\\([!-/:-@\[-`{-~])", r"\1", text)
    text = re.sub(r"^(\s*)[*+-]\s+", r"\1- ", text, flags=re.MULTILINE)
    text = re.sub(r"^```\w+$", "```", text, flags=re.MULTILINE)
    return re.sub(r"(?<![\w*])\*(?!\*)([^*\n]+)\*(?!\*)", r"_\1_", text)
