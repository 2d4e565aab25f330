"""Pure: what would change of a pool, line by line."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from boardhand_dashboard.form import schema, yamls


@dataclass(frozen=True)
class Line:
    """One line of a difference."""

    sign: str
    """`+` for what comes, `-` for what goes, nothing for what stays."""
    text: str


def between(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Line]:
    """The changed lines of both specs as YAML, each with three around it; without defaults, which say nothing."""
    old, new = (yamls.dump(schema.ordered(schema.trimmed(spec))).splitlines() for spec in (before, after))
    found = list(difflib.unified_diff(old, new, lineterm=""))[2:]
    return [_line(text) for text in found]


def _line(text: str) -> Line:
    if text.startswith("@@"):
        return Line("", "…")
    return Line(text[0].strip(), text[1:])
