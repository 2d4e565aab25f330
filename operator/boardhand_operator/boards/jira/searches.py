"""What a poll finds: the issues of some columns, and those that changed since a moment."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from datetime import datetime

from boardhand_api import pool
from boardhand_operator.boards.jira import jql
from boardhand_operator.boards.jira.dialect import Dialect
from boardhand_operator.boards.jira.issues import Issues
from boardhand_operator.boards.jira.log import Json
from boardhand_operator.boards.jira.statuses import Statuses
from boardhand_operator.errors import Rejected
from boardhand_operator.http.transport import Client

LIGHT = ("status", "project", "labels", "updated")
"""Fields that are read of every issue; the others only of those that are ready, and when they change."""
RECONCILED, RECONCILED_SECONDS = 50, 300.0
"""Of so many issues that we moved within this time searches must not be old."""


class Searches:
    """Searches of one project."""

    def __init__(self, http: Client, dialect: Dialect, spec: pool.Board, issues: Issues, statuses: Statuses) -> None:
        self._http, self._dialect, self._spec = http, dialect, spec
        self._issues, self._statuses = issues, statuses
        self._moved: dict[str, float] = {}
        """By issue, when we moved it."""

    def moved(self, ticket_id: str) -> None:
        """Remember that we move this issue now."""
        self._moved[ticket_id] = time.monotonic()

    async def find(self, ids: Mapping[str, Sequence[str]], since: datetime | None) -> tuple[list[Json], list[Json]]:
        """The issues in these columns, and those that changed since then: one request, two with a filter.

        ids: of the statuses by their names; the first is the ready column. Raises Misconfigured where one is gone.
        """
        names = list(ids)
        ready, others = ids[names[0]], [one for name in names[1:] for one in ids[name]]
        changed = jql.since(since, (await self._issues.account()).get("timeZone") or "") if since else ""
        board, condition = self._spec.board, self._spec.filter
        if condition is None:
            found = await self._search(names, jql.in_columns(board, [*ready, *others], changed))
            return found, found
        found = await self._search(names, jql.filtered(board, ready, condition, others))
        return found, await self._search(names, jql.changed(board, changed)) if changed else []

    async def _search(self, names: list[str], query: str) -> list[Json]:
        operation = f"read columns {', '.join(names)}"
        while True:
            moved = self._moved_lately()
            try:
                found = await self._issues.sure(self._all(operation, query, moved))
                break
            except Rejected:
                # One of these may be gone; then the search goes without.
                self._moved.clear()
                if not moved:
                    # A status or the whole project may be gone, which is said better.
                    await self._statuses.check(names)
                    raise
        # By id, since what changes while pages are read shifts issues from one to the other.
        return list({str(issue["id"]): issue for issue in found}.values())

    async def _all(self, operation: str, query: str, moved: list[str]) -> list[Json]:
        return [issue async for issue in self._dialect.find(self._http, operation, query, LIGHT, moved)]

    def _moved_lately(self) -> list[str]:
        now = time.monotonic()
        self._moved = {id_: at for id_, at in self._moved.items() if now - at < RECONCILED_SECONDS}
        return sorted(self._moved, key=lambda id_: self._moved[id_])[-RECONCILED:]
