"""Live rows of a namespace's objects: a list, and a watch that keeps it true."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from typing import Generic, TypeVar

from boardhand_client.errors import Expired, Refused
from boardhand_client.session import Session
from boardhand_dashboard.live.shared import Told
from boardhand_dashboard.live.viewers import Ask
from boardhand_operator.kube import Json, Resource

T = TypeVar("T")
_BREATH = 0.2
"""Between a watch that ended, as all do after some minutes, and the next."""
_AGAIN = 1.0
"""Before a list that must be read anew."""
_SOME = 500


class Rows(Generic[T]):
    """The objects of one kind in one namespace, as rows: listed once, then watched, from where the last watch was.

    row: from an object to its row, which is all that is kept. name: this object alone. selector: labels, as kubectl has
    them.
    """

    def __init__(
        self, resource: Resource, namespace: str, row: Callable[[Json], T], selector: str = "", name: str = ""
    ) -> None:
        self.rows: dict[str, T] = {}
        """By name; before `ready` those that are read so far."""
        self.ready = False
        """Whether all were read."""
        self.asks = (Ask("list", resource, name), Ask("watch", resource, name))
        self._of = (resource, namespace)
        self._row = row
        self._selector, self._name = selector, name
        self._since = ""

    async def read(self, session: Session, told: Told) -> None:
        """See Reader."""
        while True:
            try:
                if not self._since:
                    await self._list(session, told)
                await self._watch(session, told)
            except Expired:
                self._since = ""
                await asyncio.sleep(_AGAIN)
            await asyncio.sleep(_BREATH)

    async def _list(self, session: Session, told: Told) -> None:
        fresh: dict[str, T] = {}
        if not self.ready:
            self.rows = fresh

        def keep(body: Json) -> None:
            name = str(body["metadata"]["name"])
            fresh[name] = self._row(body)
            if not self.ready and len(fresh) % _SOME == 0:
                told((name,))

        since = await session.snapshot(*self._of, keep, self._selector, self._name)
        before, first = self.rows, not self.ready
        self.rows, self.ready, self._since = fresh, True, since
        names = fresh if first else _differing(before, fresh)
        # Viewers of an empty namespace wait for a word, too.
        told(names or ("",))

    async def _watch(self, session: Session, told: Told) -> None:
        # A watch says nothing until something happens: that the API server is there is asked by itself.
        if not await session.allowed(self.asks[1].attributes(self._of[1])):
            raise Refused(f"you may no longer watch {self._of[0].value[1]} in namespace {self._of[1]}")
        told(())
        async for event in session.watch(*self._of, self._selector, self._since, self._name):
            metadata = event["object"]["metadata"]
            self._since = str(metadata["resourceVersion"])
            if event["type"] != "BOOKMARK" and self._taken(event["type"], str(metadata["name"]), event["object"]):
                told((str(metadata["name"]),))

    def _taken(self, kind: str, name: str, body: Json) -> bool:
        """Whether this changes a row."""
        if kind == "DELETED":
            return self.rows.pop(name, None) is not None
        row = self._row(body)
        if self.rows.get(name) == row:
            return False
        self.rows[name] = row
        return True


def _differing(before: dict[str, T], after: dict[str, T]) -> Iterable[str]:
    return {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}
