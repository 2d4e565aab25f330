"""The statuses of one Jira project by name, looked up as seldom as can be."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection

from boardhand_api import pool
from boardhand_operator.boards.jira.issues import Issues
from boardhand_operator.boards.jira.log import Json
from boardhand_operator.errors import Misconfigured, NotFound
from boardhand_operator.http.transport import Client, segment

SECONDS = 60.0
"""Statuses are looked up again after so long, so that a renamed or deleted one is noticed."""


class Statuses:
    """Ids of the statuses that the project's workflows have; two of them may bear the same name."""

    def __init__(
        self, http: Client, issues: Issues, api: str, spec: pool.Board, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._http, self._issues, self._spec, self._clock = http, issues, spec, clock
        self._path = f"{api}/project/{segment(spec.board)}/statuses"
        self._ids: dict[str, list[str]] = {}
        self._until = 0.0

    async def refresh(self) -> None:
        """Look the statuses up now. Raises Misconfigured where there is no such project, and as `Client.get`."""
        operation = f"read the statuses of project {self._spec.board}"
        try:
            kinds: list[Json] = await self._issues.sure(self._http.get(operation, self._path))
        except NotFound as failed:
            raise missing(self._spec, failed) from failed
        ids: dict[str, dict[str, None]] = {}
        for status in (status for kind in kinds for status in kind["statuses"]):
            ids.setdefault(status["name"], {})[str(status["id"])] = None
        self._ids = {name: list(found) for name, found in ids.items()}
        self._until = self._clock() + SECONDS

    def known(self, name: str) -> list[str]:
        """The ids of the statuses with this name. Raises Misconfigured, naming those that there are."""
        if name not in self._ids:
            there = ", ".join(repr(known) for known in self._ids) or "none"
            raise Misconfigured(
                "ColumnMissing",
                f"Jira project {self._spec.board} has no status {name!r}; its statuses are: {there}. "
                "Add it to the project's workflow, or name another one in spec.board.columns.",
                self._ids,
            )
        return self._ids[name]

    async def ids_of(self, name: str) -> list[str]:
        """As `known`, after a look-up where the name misses or what is known is old."""
        if self._clock() >= self._until or name not in self._ids:
            await self.refresh()
        return self.known(name)

    async def check(self, columns: Collection[str]) -> None:
        """See that there are statuses of these names, looked up now."""
        await self.refresh()
        for name in columns:
            self.known(name)


def missing(spec: pool.Board, failed: NotFound) -> Misconfigured:
    """What is said where the project is not to be seen."""
    return Misconfigured(
        "BoardMissing",
        f"Jira has no project {spec.board} that the account of the token in Secret {spec.secret_name} may see "
        f"({failed.message}): correct spec.board.board, which is the project's key, or give the account the "
        "permission Browse projects.",
    )
