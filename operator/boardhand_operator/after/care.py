"""What runs beside a pool's worker: it waits for nothing that is seen to here, nor this for it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from boardhand_operator.after.notices import Notices
from boardhand_operator.after.pulls import PullRequests
from boardhand_operator.kube import Kube, Resource
from boardhand_operator.memory.store import Key, Store
from boardhand_operator.services import Services
from boardhand_operator.settings import Settings
from boardhand_operator.webhooks.relay import POKE, of_forge


class Aftercare:
    """Of one pool's settled runs."""

    def __init__(self, key: Key, kube: Kube, store: Store, services: Services, settings: Settings) -> None:
        self._pulls = PullRequests(key, kube, store, services)
        self._notices = Notices(key, kube, store, services, settings)
        pool = store.get(Resource.POOLS, key)
        self._passed_on = ((pool or {}).get("metadata", {}).get("annotations") or {}).get(POKE, "")

    def forge_called(self) -> None:
        """The pool's forge called its webhook."""
        self._pulls.called()

    def settled(self, run: Mapping[str, Any]) -> None:
        """A run of the pool was settled here."""
        self._notices.settled(run)

    def passed_on(self, poke: str) -> None:
        """Another replica was called; poke: what it wrote of that."""
        if poke != self._passed_on and of_forge(poke):
            self.forge_called()
        self._passed_on = poke

    async def run(self) -> None:
        """Until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._pulls.run())
            group.create_task(self._notices.run())
