"""Fields of plain objects, as the API server or a watch gives them, whatever stands there: pure, and slim.

What strangers wrote comes back without what only steers, cut, and an address only where it is one of the web; whoever
shows it still escapes it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any

from boardhand_api.taming import on_one_line

Json = Mapping[str, Any]
NOTHING: Json = {}

_URL = re.compile(r"https?://[^\s\"'<>\\^`{|}\x00-\x20\x7f]{1,2040}", re.IGNORECASE)


def text(value: object, most: int = 100) -> str:
    """What stands there on one line, without what only steers; empty where nothing does."""
    said = "" if value is None else value if isinstance(value, str) else str(value)
    plain = said if said.isprintable() else on_one_line(said)
    return plain if len(plain) <= most else plain[: most - 1] + "…"


def web(value: object) -> str:
    """The address where it is one of the web; else empty."""
    return value if isinstance(value, str) and _URL.fullmatch(value) else ""


def number(value: object) -> float | None:
    """Of a number or a number's text; None where there is none, or none that can be counted with."""
    try:
        found = float(value) if isinstance(value, (int, float, str)) else math.nan
    except (ValueError, OverflowError):
        return None
    return found if math.isfinite(found) else None


def whole(value: object, otherwise: int = 0) -> int:
    """A whole number, or the other one."""
    found = number(value)
    return int(found) if found is not None and abs(found) < 1e18 else otherwise


def part(body: Json, name: str) -> Json:
    """A part of an object; empty where it is not there."""
    found = body.get(name)
    return found if isinstance(found, Mapping) else NOTHING
