"""Who works which pool in this process: a worker a pool, with the care for its settled runs beside it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from boardhand_operator.after.care import Aftercare
from boardhand_operator.memory.store import Key, key_of
from boardhand_operator.pools.worker import PoolWorker
from boardhand_operator.views import readable_runs
from boardhand_operator.webhooks.relay import POKE

Json = Mapping[str, Any]


class Crew:
    """The workers, and what each of them is told."""

    def __init__(self) -> None:
        self.workers: dict[Key, PoolWorker] = {}
        """By pool."""
        self.aftercare: dict[Key, Aftercare] = {}
        """By the same keys."""

    @asynccontextmanager
    async def at_work(self, pool: Key, worker: PoolWorker, after: Aftercare) -> AsyncIterator[None]:
        """Both are known, and the care goes on beside the worker, for as long as the block runs."""
        self.workers[pool], self.aftercare[pool] = worker, after
        try:
            async with asyncio.TaskGroup() as beside:
                care = beside.create_task(after.run())
                yield
                care.cancel()
        finally:
            self.workers.pop(pool, None)
            self.aftercare.pop(pool, None)

    def polled_at(self, pool: Key) -> float | None:
        """When its board was last read in full, by the monotonic clock; None: it was not."""
        worker = self.workers.get(pool)
        return worker.polled_at if worker else None

    @property
    def oldest_poll(self) -> float | None:
        """The oldest of the pools' last polls; None: there was none."""
        return min((worker.polled_at for worker in self.workers.values() if worker.polled_at is not None), default=None)

    def pool_changed(self, body: Json) -> None:
        """Wake the pool's worker where its spec changed, or another replica passed a webhook on."""
        worker = self.workers.get(key_of(body))
        if worker:
            meta = body["metadata"]
            poke = (meta.get("annotations") or {}).get(POKE, "")
            worker.wake(int(meta.get("generation") or 0), poke)
            self.aftercare[key_of(body)].passed_on(poke)

    def poke(self, pool: Key) -> bool:
        """Have its board polled now; whether it is worked here."""
        worker = self.workers.get(pool)
        if worker:
            worker.poke()
        return worker is not None

    def forge_called(self, pool: Key) -> bool:
        """Have its pull requests looked at now; whether it is worked here."""
        after = self.aftercare.get(pool)
        if after:
            after.forge_called()
        return after is not None

    def settled(self, run: Json) -> None:
        """A run of one of the pools is settled."""
        after = self.aftercare.get((str(run["metadata"]["namespace"]), str(run["spec"].get("pool"))))
        if after:
            after.settled(run)

    def run_deleted(self, body: Json) -> None:
        """Tell the pool's worker, where the run was deleted before it ended: its ticket waits for a word.

        A settled run leaves the watch in the same way, with its last state before that.
        """
        worker = self.workers.get((str(body["metadata"]["namespace"]), str(body["spec"].get("pool"))))
        for run in readable_runs([body]):
            if worker and not run.status.phase.finished:
                worker.run_deleted(run)
