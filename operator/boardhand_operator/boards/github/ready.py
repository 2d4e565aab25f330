"""The ready tickets of a project with their texts and events, kept while nothing about them changes."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from boardhand_operator.boards import Card
from boardhand_operator.boards.github.items import Json, option
from boardhand_operator.boards.labels import Entry

LOOKUPS = 50
"""Issues that one poll reads; those beyond wait for the next poll."""
LATE = 10.0
"""Seconds that a timeline may lag behind a project."""

_Key = tuple[str, ...]
Ready = tuple[Entry, Card]


class ReadyTickets:
    """Issues by their items in the ready column."""

    def __init__(
        self,
        read: Callable[[Sequence[str]], Awaitable[Mapping[str, Json]]],
        show: Callable[[Json, Json], tuple[Ready, bool]],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """read: issues by their ids. show: an item and its issue as a ticket, and whether its event is certain."""
        self._read, self._show, self._clock = read, show, clock
        self._seen: dict[_Key, float] = {}
        self._sure: dict[_Key, Ready] = {}

    async def of(self, items: Sequence[Json]) -> list[Card]:
        """The tickets of these items, the one that entered first leading. No request where all are remembered; one
        whose event is not yet certain is left out, and one beyond LOOKUPS, until a later poll."""
        keys = {_key(item): item for item in items}
        now = self._clock()
        self._seen = {key: self._seen.get(key, now) for key in keys}
        self._sure = {key: ready for key, ready in self._sure.items() if key in keys}
        unsure = [key for key in keys if key not in self._sure][:LOOKUPS]
        issues: Mapping[str, Any] = await self._read([key[0] for key in unsure]) if unsure else {}
        found = dict(self._sure)
        for key in unsure:
            if key[0] not in issues:
                continue
            ready, certain = self._show(keys[key], issues[key[0]])
            settled = now - self._seen[key] >= LATE
            if certain or settled:
                found[key] = ready
            if settled:
                self._sure[key] = ready
        return [card for _, card in sorted(found.values(), key=lambda pair: (pair[0], pair[1].key))]


def _key(item: Json) -> _Key:
    content = item["content"]
    return content["id"], content["updatedAt"], item["id"], item["status"]["updatedAt"], option(item, "priority")
