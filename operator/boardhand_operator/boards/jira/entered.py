"""Ready issues as they are now and by which event, kept while an issue does not change."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from boardhand_operator.boards.jira.dialect import TOGETHER, Dialect
from boardhand_operator.boards.jira.log import Entry, Json, entered
from boardhand_operator.http.transport import Client

SETTLED = 30.0
"""What a search finds may be older than the issue: so many seconds after an issue was first found as it is, issue and
changelog are told to the end."""

_Key = tuple[str, str, str]
"""An issue, its status and its last change, as a search found them."""
Placed = tuple[Json, Entry]


class Entered:
    """Issues with the event that put them into their column."""

    def __init__(self, http: Client, dialect: Dialect, clock: Callable[[], float] = time.monotonic) -> None:
        self._http, self._dialect, self._clock = http, dialect, clock
        self._seen: dict[_Key, float] = {}
        self._sure: dict[_Key, Placed] = {}

    async def of(self, issues: Sequence[Json]) -> list[Placed]:
        """Those of these issues, as a search found them, that still are in their status. No request where all are
        remembered; one or two for fifty of the others."""
        keys = {_key(issue): str(issue["id"]) for issue in issues}
        for kept in (self._seen, self._sure):
            for key in kept.keys() - keys.keys():
                del kept[key]
        unsure = [key for key in keys if key not in self._sure]
        found = {key: self._sure[key] for key in keys if key in self._sure}
        for first in range(0, len(unsure), TOGETHER):
            found |= await self._read(unsure[first : first + TOGETHER])
        return list(found.values())

    async def _read(self, keys: Sequence[_Key]) -> dict[_Key, Placed]:
        now = self._clock()
        there = await self._dialect.details(self._http, "read what is ready", [key[0] for key in keys])
        known = {str(issue["id"]): (issue, histories) for issue, histories in there}
        found: dict[_Key, Placed] = {}
        for key in keys:
            issue, histories = known.get(key[0], (None, []))
            if issue is None or str(issue["fields"]["status"]["id"]) != key[1]:
                continue
            settled = now - self._seen.setdefault(key, now) >= SETTLED
            entry = entered(issue, histories, strict=not settled)
            if entry:
                found[key] = (issue, entry)
            if entry and settled:
                self._sure[key] = (issue, entry)
        return found


def _key(issue: Json) -> _Key:
    return str(issue["id"]), str(issue["fields"]["status"]["id"]), str(issue["fields"]["updated"])
