"""The operator's loop among fakes: an API server, a board, a forge and nodes, with a clock that a test sets."""

from __future__ import annotations

import asyncio
import copy
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from types import ModuleType
from typing import Any
from unittest import mock

from boardhand_api.pod import LABEL_SETTLED
from boardhand_operator import gathering
from boardhand_operator.act import deliver, doing, launch, take
from boardhand_operator.after import notices, pulls
from boardhand_operator.boards import Board
from boardhand_operator.credentials import Source
from boardhand_operator.credentials.fingerprinting import Fingerprinting
from boardhand_operator.decide.conditions import stamp
from boardhand_operator.forges import Forge
from boardhand_operator.kube import Resource
from boardhand_operator.memory.store import Key, Store, key_of
from boardhand_operator.money import ledgers
from boardhand_operator.pools import worker as pools
from boardhand_operator.pools.worker import PoolWorker
from boardhand_operator.queue import WorkQueue
from boardhand_operator.reconcile import Reconciler
from boardhand_operator.services import Services
from boardhand_operator.settings import Settings
from boardhand_operator.views import Pool, Run
from tests.support.fake_board import FakeBoard
from tests.support.fake_forge import FakeForge
from tests.support.fake_kube import FakeKube
from tests.support.fake_nodes import FakeNodes, Fate
from tests.support.fuse import Crash, Fuse
from tests.support.objects import pool_body

SETTINGS = Settings(runner_image="runner:1")
_CLOCKED: tuple[ModuleType, ...] = (gathering, ledgers, pools, deliver, doing, launch, notices, pulls, take)
_TURNS = 400
"""A round of a pool's worker gives way fewer times than that."""


class Clock:
    """Stands where a module says `datetime`."""

    def __init__(self) -> None:
        self.time = datetime(2026, 1, 1, 12, tzinfo=UTC)

    def now(self, zone: Any = None) -> datetime:
        return self.time


@contextmanager
def clocked(clock: Clock) -> Iterator[None]:
    """The operator's modules read this clock."""
    patches = [mock.patch.object(module, "datetime", clock) for module in _CLOCKED]
    for patch in patches:
        patch.start()
    try:
        yield
    finally:
        for patch in patches:
            patch.stop()


async def _no_secrets(_pool: Pool, _source: Source) -> dict[str, str]:
    """Pools of a test name Secrets that nobody made."""
    return {}


class FakeServices(Services):
    """Opens the test's board and forge for every pool that names one."""

    def __init__(self, kube: FakeKube, board: FakeBoard, forge: FakeForge, clock: Callable[[], float]) -> None:
        super().__init__(kube, None, clock)
        self.fingerprints = Fingerprinting(_no_secrets, clock)
        self._fakes: tuple[Board, Forge] = (board, forge)
        self.hooks_signed = {"board": "ours", "forge": "ours"}

    async def board(self, pool: Pool) -> Board | None:
        return self.guarded_board(pool, self._fakes[0]) if pool.spec.board else None

    async def forge(self, pool: Pool) -> Forge | None:
        return self.guarded_forge(pool, self._fakes[1]) if pool.spec.forge else None

    async def require_secrets(self, pool: Pool) -> None:
        return

    async def hook_secrets(self, pool: Pool) -> dict[str, str]:
        return dict(self.hooks_signed)


class World:
    """Everything that outlives the operator."""

    def __init__(self, fuse: Fuse, fate: Callable[[str, int], Fate] = lambda run, number: Fate.GREEN) -> None:
        self.clock = Clock()
        self.fuse = fuse
        self.kube = FakeKube(fuse, lambda: stamp(self.clock.time))
        self.board = FakeBoard(fuse)
        self.forge = FakeForge(fuse)
        self.nodes = FakeNodes(self.kube, self.forge, fate)

    def add_pool(self, name: str = "shop", **kwargs: Any) -> None:
        """Create a pool that is Ready."""
        body = pool_body(name, **kwargs)
        self.kube.put(Resource.POOLS, body["metadata"]["namespace"], body)
        self.kube.set_status(Resource.POOLS, key_of(body), body["status"])

    def runs(self) -> list[Run]:
        """Every TicketRun there is."""
        return [Run.of(body) for body in self.kube.objects[Resource.RUNS].values()]

    def pass_time(self, seconds: float) -> None:
        """Time goes on, and so do the pods."""
        self.clock.time += timedelta(seconds=seconds)
        self.nodes.tick()


class Replica:
    """One life of the operator's process: its memory and what it opened."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.store = Store(lambda: world.clock.time.timestamp())
        self._seen: dict[Resource, set[Key]] = {resource: set() for resource in Resource}
        self.queue: WorkQueue[Key] = WorkQueue()
        self.services = FakeServices(world.kube, world.board, world.forge, lambda: world.clock.time.timestamp())
        self.reconciler = Reconciler(world.kube, self.store, self.services, SETTINGS, self.queue)
        self.watch()

    def watch(self) -> None:
        """Bring the memory up to date, as the watches do: what is settled or gone is not in them."""
        for resource in (Resource.POOLS, Resource.RUNS, Resource.JOBS, Resource.PODS):
            there = self.world.kube.objects[resource]
            for key, body in there.items():
                if LABEL_SETTLED in (body["metadata"].get("labels") or {}):
                    self.store.drop(resource, key)
                else:
                    self.store.put(resource, copy.deepcopy(body))
            for key in self._seen[resource] - there.keys():
                self.store.drop(resource, key)
            self._seen[resource] = set(there)

    async def poll(self) -> None:
        """One round of every pool's worker. Raises Crash."""
        for key in list(self.world.kube.objects[Resource.POOLS]):
            worker = PoolWorker(key, self.world.kube, self.store, self.services, SETTINGS, self.queue)
            task = asyncio.create_task(worker.run())
            for _ in range(_TURNS):
                await asyncio.sleep(0)
                if task.done():
                    break
            task.cancel()
            (end,) = await asyncio.gather(task, return_exceptions=True)
            if isinstance(end, Crash):
                raise end

    async def work(self) -> None:
        """Look once at every run that is not settled. Raises Crash."""
        for key in sorted(self.world.kube.objects[Resource.RUNS]):
            await self.reconciler.work(key)


async def _once(replica: Replica, *, polls: bool) -> Replica:
    """Poll, and look at every run; the replica that goes on: after a crash a new one."""
    try:
        replica.watch()
        if polls:
            await replica.poll()
            replica.watch()
        await replica.work()
    except Crash:
        return Replica(replica.world)
    return replica


async def go_on(world: World, passes: int, *, step: float = 20) -> None:
    """Run the operator for so many passes, over its deaths."""
    replica = Replica(world)
    for _ in range(passes):
        replica = await _once(replica, polls=True)
        world.pass_time(step)


async def live(world: World, passes: int = 80, *, polls: bool = True, step: float = 20) -> int:
    """Run the operator until every run is settled and no card waits; a new life after each crash. Lives it took."""
    lives, replica = 1, Replica(world)
    for _ in range(passes):
        following = await _once(replica, polls=polls)
        lives, replica = lives + (following is not replica), following
        world.pass_time(step)
        if _quiet(world):
            return lives
    raise AssertionError(
        f"after {passes} passes: {[(run.name, run.status.phase, run.settled) for run in world.runs()]}"
    )


def _quiet(world: World) -> bool:
    runs = world.runs()
    waiting = any(card.column == "Sprint Backlog" for card in world.board.cards.values())
    return bool(runs) and all(run.settled for run in runs) and not waiting
