"""The operator's parts, put together once."""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

from boardhand_operator.after.care import Aftercare
from boardhand_operator.beside import with_beside
from boardhand_operator.cluster import definitions
from boardhand_operator.election import Election, Lost
from boardhand_operator.kube import Kube, Resource
from boardhand_operator.log.fields import about
from boardhand_operator.memory.kept import KEPT
from boardhand_operator.memory.store import Key, Store, key_of
from boardhand_operator.observing import Observers
from boardhand_operator.pools.crew import Crew
from boardhand_operator.pools.pace import first_pause
from boardhand_operator.pools.worker import PoolWorker
from boardhand_operator.queue import Work, WorkQueue
from boardhand_operator.reconcile import Reconciler
from boardhand_operator.redacting import Redactor
from boardhand_operator.relisting import Relisting
from boardhand_operator.services import Services
from boardhand_operator.settings import Settings
from boardhand_operator.vitals import Role, Vitals
from boardhand_operator.webhooks.waking import Waking

Json = Mapping[str, Any]

_FIRST = (Resource.POOLS, Resource.RUNS, Resource.JOBS)
"""What is known before the first decision."""
_log = logging.getLogger(__name__)


async def _nothing_left() -> None:
    """Nobody waits for the end of the work."""


class App:
    """Memory, queue and workers of one operator process."""

    def __init__(self, settings: Settings, redactor: Redactor | None = None) -> None:
        """redactor: the one that cleans this process's log."""
        self.settings = settings
        self.redactor = redactor or Redactor()
        self.observers = Observers()
        """Told of what happens."""
        self.timed: Callable[[Work[Key]], Work[Key]] = lambda work: work
        """Measures the queue's work."""
        self.farewell: Callable[[], Awaitable[None]] = _nothing_left
        """What is still done once the work has ended, with the API server at hand."""
        self.store = Store(concurrency=settings.concurrency)
        self.queue: WorkQueue[Key] = WorkQueue()
        self.crew = Crew()
        """Who works the pools."""
        self._kube: Kube | None = None
        self._line: Kube | None = None
        self._services: Services | None = None
        self._election: Election | None = None
        self._task: asyncio.Task[None] | None = None
        self.working = asyncio.Event()
        """Set from when this operator is the one that works: pools are polled, runs are worked."""
        self.webhooks = Waking(self.store, self.crew, self.observers, self.working)
        self.deposed = asyncio.Event()
        """Set where it must stop working: the process ends, and what comes after it competes anew."""

    async def start(self) -> None:
        """Connect, learn which pools and unsettled runs there are, and begin to work the queue.

        All of them are known before the first decision: places are counted over all runs of a pool, and over Jobs that
        their maker could not note any more. May be repeated where the API server was not ready.
        """
        kube = self._kube = self._kube or await Kube.connect()
        if self.settings.seat:
            # On connections of its own: what the queue asks for at once must not hold up a renewal.
            self._line = self._line or await Kube.connect()
            self._election = self._election or Election(self._line, self.settings.seat)
        kube.outgoing = self.redactor.outgoing
        services = self._services = Services(
            kube,
            self.settings.certificates,
            may_write=self._may_write,
            keys=self.settings.sealing_keys,
            redactor=self.redactor,
            observer=self.observers,
            user_namespaces=self.settings.user_namespaces,
        )
        self.webhooks.open(kube, services)
        services.settled, services.deleted = self.crew.settled, self.crew.run_deleted
        for namespace in self.settings.namespaces or (None,):
            for resource in _FIRST:
                async for body in kube.list(resource, namespace, KEPT[resource]):
                    self.store.put(resource, body)
        reconciler = Reconciler(kube, self.store, services, self.settings, self.queue)
        relisting = Relisting(kube, self.store, self.settings.namespaces, self.heard)
        beside = (partial(relisting.run, self._let_go), partial(definitions.told, kube))
        self._task = asyncio.create_task(with_beside(partial(self._work, reconciler), *beside))
        self._task.add_done_callback(self._ended)

    def _may_write(self) -> bool:
        return self._election is None or self._election.sure

    def _let_go(self) -> None:
        """Keep nothing more of pools and runs that are not there any more."""
        if self._services:
            self._services.keep_only(self.store)

    def _ended(self, task: asyncio.Task[None]) -> None:
        """Without its work the operator would still poll boards, and hold the Lease for a while."""
        if not task.cancelled() and (problem := task.exception()):
            _log.critical("this operator ends: its work met what nobody foresaw", exc_info=problem)
            self.deposed.set()

    async def _work(self, reconciler: Reconciler) -> None:
        """Stand by, then work until deposed. Others may stand by with a memory as full as the worker's."""
        if self._election is None:
            await self._work_queue(reconciler)
            return
        await self._election.acquire()
        async with asyncio.TaskGroup() as group:
            work = group.create_task(self._work_queue(reconciler))
            try:
                await self._election.keep()
            except Lost as lost:
                _log.warning("this operator ends: its Lease is lost (%s)", lost)
                work.cancel()
                self.deposed.set()

    async def _work_queue(self, reconciler: Reconciler) -> None:
        self.working.set()
        for body in self.store.bodies(Resource.RUNS):
            self.queue.add(key_of(body))
        await self.queue.run(self.timed(reconciler.work), self.settings.workers)

    async def stop(self) -> None:
        """End the work; whatever was under way is found again by the next start, or by who stood by."""
        if self._task:
            self._task.cancel()
            await asyncio.wait({self._task})
        await self.farewell()
        await self.webhooks.aclose()
        if self._services:
            await self._services.aclose()
        if self._election:
            await self._election.release()
        for connection in (self._kube, self._line):
            if connection:
                await connection.close()

    @property
    def kube(self) -> Kube:
        """The session with the API server. Raises RuntimeError before the start."""
        if self._kube is None:
            raise RuntimeError("the operator has not started")
        return self._kube

    def polled(self, pool: Key) -> float | None:
        """Seconds since the pool's board was last read in full here; None: it was not, or there is nothing to read."""
        at = self.crew.polled_at(pool)
        return None if at is None else time.monotonic() - at

    def vitals(self) -> Vitals:
        """How the operator is now."""
        oldest = self.crew.oldest_poll
        return Vitals(
            role=self._role(),
            watch_lag_seconds=round(self.store.lag, 1),
            lease_age_seconds=None if self._election is None else round(self._election.age, 1),
            oldest_poll_seconds=None if oldest is None else round(time.monotonic() - oldest, 1),
            waiting=len(self.queue),
        )

    def _role(self) -> Role:
        if self._task is None:
            return Role.STARTING
        if self._task.done():
            return Role.ENDED
        return Role.WORKING if self.working.is_set() else Role.STANDING_BY

    def heard(self, resource: Resource, body: Json, gone: bool) -> None:
        """A watch showed this object, or that it is gone: look at its run; wake the pool's worker."""
        self.seen(resource, body, gone=gone)
        if resource is Resource.POOLS:
            self.crew.pool_changed(body)
        elif resource is not Resource.RUNS:
            self.wake_owner(body)
        else:
            self.wake(key_of(body))
            # A run that is settled also leaves the watch as if it were deleted.
            if gone:
                self.crew.run_deleted(body)

    def seen(self, resource: Resource, body: Json, *, gone: bool) -> None:
        """Keep what a watch showed, and look at the runs that got a turn by it."""
        if gone:
            self.store.gone(resource, body)
        else:
            self.store.heard(resource, dict(body))
        for key in self.store.turns.due():
            self.wake(key)

    def wake(self, key: Key) -> None:
        """Look at this run. Who stands by does not keep whom to look at: once it works, that is all who are there."""
        if self.working.is_set():
            self.queue.add(key)

    def wake_owner(self, body: Json) -> None:
        """Look at the run that owns this Job, or whose Job owns this pod: both carry the order's run name."""
        namespace, _ = key_of(body)
        for owner in body["metadata"].get("ownerReferences") or []:
            if owner["kind"] == "TicketRun":
                self.wake((namespace, owner["name"]))
            elif owner["kind"] == "Job" and (job := self.store.get(Resource.JOBS, (namespace, owner["name"]))):
                self.wake_owner(job)

    def first_pause(self, body: Json) -> float:
        """Seconds before the pool's first poll: those of many pools are spread, a single one polls at once."""
        board = body["spec"].get("board") or {}
        return first_pause(self.store.count(Resource.POOLS), float(board.get("pollSeconds") or 30), random.random())  # noqa: S311

    @asynccontextmanager
    async def pool_worker(self, key: Key) -> AsyncIterator[PoolWorker]:
        """The worker of a pool, known for as long as it runs."""
        if self._kube is None or self._services is None:
            raise RuntimeError("the operator has not started")
        about(namespace=key[0], pool=key[1])
        worker = PoolWorker(key, self._kube, self.store, self._services, self.settings, self.queue)
        after = Aftercare(key, self._kube, self.store, self._services, self.settings)
        try:
            async with self.crew.at_work(key, worker, after):
                yield worker
        finally:
            await self._services.forget(key)
