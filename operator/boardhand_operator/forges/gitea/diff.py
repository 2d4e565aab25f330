"""Pure: which lines a change shows, of its unified diff."""

from __future__ import annotations

import re
from collections import defaultdict

_HUNK = re.compile(r"@@ -\d+(?:,(\d+))? \+(\d+)(?:,(\d+))? @@")


def lines_shown(diff: str) -> dict[str, set[int]]:
    """The lines that the diff shows, changed ones and those around, by the path of their file after the change."""
    shown: dict[str, set[int]] = defaultdict(set)
    path, line, old, new = "", 0, 0, 0
    for text in diff.split("\n"):
        if old > 0 or new > 0:
            old -= text[:1] in ("-", " ", "")
            if text[:1] in ("+", " ", ""):
                shown[path].add(line)
                line, new = line + 1, new - 1
        elif text.startswith("+++ "):
            path = _path(text[4:])
        elif hunk := _HUNK.match(text):
            line = int(hunk[2])
            old, new = int(hunk[1] or 1), int(hunk[3] or 1)
    return shown


def _path(text: str) -> str:
    """A path as git writes it: quoted where it has letters that are none in a terminal, with a tab after spaces."""
    text = text.rstrip("\t\r")
    if text.startswith('"'):
        text = text[1:-1].encode("latin-1", "backslashreplace").decode("unicode_escape")
        text = text.encode("latin-1", "replace").decode("utf-8", "replace")
    return text.removeprefix("b/")
