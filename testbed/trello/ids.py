"""Trello's ids: 24 hexadecimal digits, of which the first eight are the Unix time of creation in seconds."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable
from datetime import UTC, datetime

_ID = re.compile(r"^[0-9a-fA-F]{24}$")
_LINK = re.compile(r"^[0-9a-zA-Z]{8}$")


class Ids:
    """Ids that are unique and ordered by their creation, even when the clock stands still or goes back."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._last = 0
        self._count = 0
        self._process = secrets.token_hex(5)

    def restart(self, now: Callable[[], float]) -> None:
        """Go by this clock from now on, also where it is behind; ids stay unique."""
        self._now, self._last = now, 0

    def new(self) -> str:
        self._last = max(self._last, int(self._now()))
        self._count = (self._count + 1) % 0x1000000
        return f"{self._last:08x}{self._process}{self._count:06x}"


def is_id(text: str) -> bool:
    return bool(_ID.match(text))


def is_short_link(text: str) -> bool:
    return bool(_LINK.match(text))


def bound(text: str) -> str:
    """The id that a `since` or `before` value stands for: an id itself, or the first id of a date's second.

    Raises ValueError for anything else.
    """
    if is_id(text):
        return text.lower()
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return f"{max(0, int(moment.timestamp())):08x}" + "0" * 16
