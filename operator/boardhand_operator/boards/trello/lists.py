"""The open lists of one Trello board by name, looked up as seldom as can be."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from boardhand_operator.errors import Misconfigured
from boardhand_operator.http.transport import Client, segment

SECONDS = 60.0
"""Lists are looked up again after so long, so that a renamed or archived one is noticed."""


class Lists:
    """Ids and names of the open lists. Names are compared without the spaces around them."""

    def __init__(self, http: Client, board_id: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._http = http
        self._board_id = board_id
        self._clock = clock
        self._names: dict[str, str] = {}
        self._until = 0.0

    @property
    def route(self) -> str:
        """What to ask for the lists."""
        return f"/boards/{segment(self._board_id)}/lists?filter=open&fields=name"

    async def refresh(self) -> None:
        """Look the lists up now."""
        self.learn(await self._http.get(f"read the lists of board {self._board_id}", self.route))

    def learn(self, lists: list[dict[str, Any]]) -> None:
        """Take what `route` was answered with."""
        self._names = {entry["id"]: entry["name"].strip() for entry in lists}
        self._until = self._clock() + SECONDS

    def known(self, name: str) -> str:
        """The id of the list with this name. Raises Misconfigured, naming the lists there are."""
        ids = [id_ for id_, known in self._names.items() if known == name.strip()]
        if not ids:
            there = ", ".join(repr(known) for known in self._names.values()) or "none"
            raise Misconfigured(
                "ColumnMissing",
                f"Trello board {self._board_id} has no open list {name!r}; its lists are: {there}. "
                "Rename one, or name it in spec.board.columns.",
                self._names.values(),
            )
        if len(ids) > 1:
            raise Misconfigured(
                "ColumnAmbiguous",
                f"Trello board {self._board_id} has {len(ids)} open lists {name!r}: rename all but one.",
            )
        return ids[0]

    async def id_of(self, name: str) -> str:
        """As `known`, after a look-up where the name misses or what is known is old."""
        if self.old:
            await self.refresh()
        return await self.last_id_of(name)

    async def last_id_of(self, name: str) -> str:
        """As `known`, after a look-up where the name misses: the caller reads the lists anew where they are `old`."""
        if name.strip() not in self._names.values():
            await self.refresh()
        return self.known(name)

    async def name_of(self, list_id: str) -> str | None:
        """The name of the list, or None where it is archived or on another board."""
        if list_id not in self._names or self.old:
            await self.refresh()
        return self._names.get(list_id)

    @property
    def old(self) -> bool:
        """Whether what is known is to be read anew."""
        return self._clock() >= self._until
