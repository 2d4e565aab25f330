"""Where issues are and by which event, of their timelines, kept while an issue does not change."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Sequence

from boardhand_operator.boards.gitea.log import Entry, Json, named, placed
from boardhand_operator.boards.gitea.pages import Pages

LOOKUPS = 50
"""Timelines that one poll reads; the issues beyond wait for the next poll."""
SETTLED = 2.0
"""Gitea's dates are whole seconds: so many after an issue was first seen as it is, its timeline is told to the end."""

_Place = tuple[str, Entry] | None
_Key = tuple[int, str, tuple[int, ...]]
"""An issue, its last change (of which every label is one) and its column labels."""


class Entered:
    """Places of issues by their timelines."""

    def __init__(self, pages: Pages, clock: Callable[[], float] = time.monotonic) -> None:
        self._pages, self._clock = pages, clock
        self._seen: dict[_Key, float] = {}
        self._sure: dict[_Key, _Place] = {}
        self._last: dict[_Key, _Place] = {}

    async def of(self, issues: Sequence[Json], columns: Collection[str]) -> dict[int, _Place]:
        """The place of each of these issues by its number, but for those that wait for the next poll (see LOOKUPS).

        No request where all are remembered. columns: labels that count as one.
        """
        keys = {int(issue["number"]): _key(issue, columns) for issue in issues}
        self._forget(set(keys.values()))
        unsure = [issue for issue in issues if keys[issue["number"]] not in self._sure]
        # Those that nothing is known of go first.
        for issue in sorted(unsure, key=lambda one: (keys[one["number"]] in self._last, one["number"]))[:LOOKUPS]:
            await self._read(issue, keys[issue["number"]], columns)
        known = self._last | self._sure
        return {number: known[key] for number, key in keys.items() if key in known}

    async def _read(self, issue: Json, key: _Key, columns: Collection[str]) -> None:
        now = self._clock()
        place = placed(issue, await timeline(self._pages, issue["number"]), columns)
        self._last[key] = place
        if now - self._seen.setdefault(key, now) >= SETTLED:
            self._sure[key] = place

    def _forget(self, there: set[_Key]) -> None:
        for kept in (self._seen, self._sure, self._last):
            for key in kept.keys() - there:
                del kept[key]


async def timeline(pages: Pages, number: int | str) -> list[Json]:
    """What happened to an issue, its comments among it, oldest first. Raises what `Client.get` raises."""
    return await pages.all(f"read what happened to issue {number}", f"/issues/{number}/timeline", sieved=True)


def _key(issue: Json, columns: Collection[str]) -> _Key:
    return int(issue["number"]), issue["updated_at"], tuple(sorted(named(issue, columns).values()))
