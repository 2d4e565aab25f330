"""From a webhook to the pool that is looked at for it: here, or by the replica that works."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from boardhand_operator.kube import Kube
from boardhand_operator.memory.store import Key, Store
from boardhand_operator.observing import Observer
from boardhand_operator.pools.crew import Crew
from boardhand_operator.services import Services
from boardhand_operator.webhooks.door import Door
from boardhand_operator.webhooks.relay import Relay


class Waking:
    """Lets callers in and wakes whom they mean; nobody before it is opened."""

    def __init__(self, store: Store, crew: Crew, observer: Observer, working: asyncio.Event) -> None:
        """observer: told of each call. working: set where this replica is the one that works."""
        self._store, self._crew, self._observer, self._working = store, crew, observer, working
        self._door: Door | None = None
        self._relay: Relay | None = None

    def open(self, kube: Kube, services: Services) -> None:
        """From now on callers are let in."""
        self._door, self._relay = Door(self._store, services), Relay(kube)
        self._door.board_called, self._door.forge_called = self.poke, self.forge_called

    async def admits(self, key: Key, headers: Mapping[str, str], content: bytes) -> bool:
        """Whether this webhook was sent by the pool's own board or forge, which has it looked at."""
        admitted = self._door is not None and await self._door.admits(key, headers, content)
        self._observer.webhook(key, admitted=admitted)
        return admitted

    def poke(self, key: Key) -> None:
        """Have the pool polled now."""
        if not self._crew.poke(key):
            self._pass_on(key, forge=False)

    def forge_called(self, key: Key) -> None:
        """Have the pool's pull requests looked at now."""
        if not self._crew.forge_called(key):
            self._pass_on(key, forge=True)

    def _pass_on(self, key: Key, *, forge: bool) -> None:
        if self._relay and not self._working.is_set():
            self._relay.pass_on(key, forge=forge)

    async def aclose(self) -> None:
        """Pass nothing on any more."""
        if self._relay:
            await self._relay.aclose()
