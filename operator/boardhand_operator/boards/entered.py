"""Where issues are and by which event, of their timelines, kept while an issue does not change."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Collection, Sequence
from typing import Any

from boardhand_operator.boards.labels import Place

LOOKUPS = 50
"""Timelines that one poll reads; the issues beyond wait for the next poll."""
SETTLED = 2.0
"""Dates are whole seconds: so many after an issue was first seen as it is, its timeline is told to the end."""

Json = dict[str, Any]
_Key = tuple[int, str, tuple[Any, ...]]
"""An issue, its last change (of which every label is one) and its column labels."""


class Entered:
    """Places of issues by their timelines."""

    def __init__(
        self,
        read: Callable[[Json, Collection[str]], Awaitable[Place | None]],
        key: Callable[[Json, Collection[str]], _Key],
        clock: Callable[[], float] = time.monotonic,
        *,
        late: float = 0.0,
    ) -> None:
        """read: the place of an issue, of its timeline as it is now. late: so many seconds a timeline may lag behind
        its issue; no creation is taken for the event before."""
        self._read_place, self._key, self._clock = read, key, clock
        self._late = late
        self._seen: dict[_Key, float] = {}
        self._sure: dict[_Key, Place | None] = {}
        self._last: dict[_Key, Place | None] = {}

    async def of(self, issues: Sequence[Json], columns: Collection[str]) -> dict[int, Place | None]:
        """The place of each of these issues by its number, but for those that wait for the next poll (see LOOKUPS).

        No request where all are remembered. columns: labels that count as one.
        """
        keys = [self._key(issue, columns) for issue in issues]
        self._forget(set(keys))
        unsure = [(key, issue) for key, issue in zip(keys, issues, strict=True) if key not in self._sure]
        # Those that nothing is known of go first.
        for key, issue in sorted(unsure, key=lambda one: (one[0] in self._last, one[0][0]))[:LOOKUPS]:
            await self._read(issue, key, columns)
        known = self._last | self._sure
        return {key[0]: known[key] for key in keys if key in known}

    async def _read(self, issue: Json, key: _Key, columns: Collection[str]) -> None:
        now = self._clock()
        place = await self._read_place(issue, columns)
        age = now - self._seen.setdefault(key, now)
        if place is None or place[1].number or age >= self._late:
            self._last[key] = place
        if age >= max(SETTLED, self._late):
            self._sure[key] = place

    def _forget(self, there: set[_Key]) -> None:
        for kept in (self._seen, self._sure, self._last):
            for key in kept.keys() - there:
                del kept[key]
