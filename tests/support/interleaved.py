"""A whole operator at work among fakes, where everything takes its time: calls, their answers, and the watches.

A seed draws all of it, so what goes wrong goes wrong again: how slow each kind of call is, which of them fail before or
after their effect, when each watch shows what, when the process dies, and what people do meanwhile.
"""

from __future__ import annotations

import asyncio
import copy
import random
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from unittest import mock

import aiohttp

from boardhand_api.pod import LABEL_RUN, LABEL_SETTLED
from boardhand_operator.app import App
from boardhand_operator.boards import Board
from boardhand_operator.decide.conditions import stamp
from boardhand_operator.forges import Forge
from boardhand_operator.handlers import register
from boardhand_operator.kube import ApiException, Json, Resource
from boardhand_operator.memory.store import Key, key_of
from boardhand_operator.settings import Settings
from boardhand_operator.views import Pool
from tests.support.fake_board import FakeBoard
from tests.support.fake_forge import FakeForge
from tests.support.fake_kube import FakeKube, selects
from tests.support.fake_nodes import FakeNodes, Fate
from tests.support.fuse import Fuse, refused
from tests.support.virtual_time import LoopClock
from tests.support.world import FakeServices, World

WATCHED = (Resource.POOLS, Resource.RUNS, Resource.JOBS, Resource.PODS)
_SELECTOR = {
    Resource.POOLS: "",
    Resource.RUNS: f"!{LABEL_SETTLED}",
    Resource.JOBS: f"{LABEL_RUN},!{LABEL_SETTLED}",
    Resource.PODS: f"{LABEL_RUN},!{LABEL_SETTLED}",
}
_QUICK, _SLOW = (0.0, 0.02, 0.2), (1.0, 3.0, 8.0)
"""Seconds that calls of one kind take about: before their effect, and after it."""
_ODD, _OFTEN = 0.5, 0.4
"""How many kinds of calls are slow or fail; and how often they do."""
_TICK = 1e-6
SETTINGS = Settings(runner_image="runner:1")
_COLLECTED = 5.0
_BATCH = 0.1
"""Seconds for which kopf gathers events of one object, to handle the last one only."""


@dataclass(frozen=True)
class _Habit:
    """Of all calls of one name."""

    before: float
    after: float
    refused: float
    lost: float
    """How likely the call fails before its effect, or only its answer is lost."""


class Weather(Fuse):
    """Every call takes its time, and while it is stormy some fail."""

    def __init__(self, dice: random.Random, trouble: float) -> None:
        """trouble: how many fail of the kinds of calls that are not quick and well."""
        super().__init__()
        self._dice, self._trouble = dice, trouble
        self._habits: dict[str, _Habit] = {}
        self.stormy = True

    @asynccontextmanager
    async def call(self, name: str) -> AsyncIterator[None]:
        habit = self._habit(name)
        self.calls.append(name)
        await asyncio.sleep(self._dice.uniform(0, 2 * habit.before))
        if self.stormy and self._dice.random() < habit.refused:
            raise refused(name)
        yield
        await asyncio.sleep(self._dice.uniform(0, 2 * habit.after))
        if self.stormy and self._dice.random() < habit.lost:
            raise refused(name)

    def _habit(self, name: str) -> _Habit:
        """Most kinds of calls are quick and do well; of the others each is odd in one way."""
        if name not in self._habits:
            dice = self._dice
            quick = _Habit(dice.choice(_QUICK), dice.choice(_QUICK), 0.0, 0.0)
            odd = [replace(quick, before=dice.choice(_SLOW)), replace(quick, after=dice.choice(_SLOW))]
            fails = [replace(quick, refused=_OFTEN), replace(quick, lost=_OFTEN)]
            kinds = odd if dice.random() > self._trouble else fails
            self._habits[name] = dice.choice(kinds) if dice.random() < _ODD else quick
        return self._habits[name]


Told = Callable[[Resource, str, Json], None]


def _nobody(_resource: Resource, _kind: str, _body: Json) -> None:
    return


class WatchedKube(FakeKube):
    """Tells what happened as watches with the operator's selectors do."""

    def __init__(self, fuse: Fuse, clock: Callable[[], str]) -> None:
        super().__init__(fuse, clock)
        self.told: Told = _nobody
        self.heard: Told = _nobody
        """As `told`, of everything, whether or not the operator watches it."""
        self._shown: dict[tuple[Resource, Key], Json] = {}

    def visible(self, resource: Resource) -> list[Json]:
        """What a watch that begins lists."""
        return [copy.deepcopy(body) for body in self.objects[resource].values() if _visible(resource, body)]

    def put(self, resource: Resource, namespace: str, body: Json) -> Json:
        """What owner is gone is removed by the garbage collector."""
        made = super().put(resource, namespace, body)
        owners = {owner["uid"] for owner in made["metadata"].get("ownerReferences") or []}
        there = {one["metadata"]["uid"] for some in self.objects.values() for one in some.values()}
        if not owners <= there:
            asyncio.get_running_loop().call_later(_COLLECTED, self.remove, resource, key_of(made))
        return made

    def remove(self, resource: Resource, key: Key) -> None:
        there = self.objects[resource].get(key)
        super().remove(resource, key)
        if there is not None:
            self._version += 1
            self.heard(resource, "DELETED", there)
            self._hide(resource, key)

    def _touched(self, body: Json) -> Json:
        answer, key = super()._touched(body), key_of(body)
        resource = next(one for one in Resource if self.objects[one].get(key) is body)
        self.heard(resource, "MODIFIED", body)
        if _visible(resource, body):
            kind = "MODIFIED" if (resource, key) in self._shown else "ADDED"
            self._shown[resource, key] = copy.deepcopy(body)
            self.told(resource, kind, copy.deepcopy(body))
        else:
            self._hide(resource, key)
        return answer

    def _hide(self, resource: Resource, key: Key) -> None:
        """Deleted, or not selected any more: its last state that was, with the version of what took it away."""
        last = self._shown.pop((resource, key), None)
        if last is not None:
            last["metadata"]["resourceVersion"] = str(self._version)
            self.told(resource, "DELETED", last)


def _visible(resource: Resource, body: Json) -> bool:
    done = resource is Resource.JOBS and (body.get("status") or {}).get("succeeded") == 1
    labels = body["metadata"].get("labels") or {}
    return resource in WATCHED and selects(_SELECTOR[resource], labels) and not done


class TimedBoard(FakeBoard):
    """With the world's clock, and which moves were ours."""

    def __init__(self, fuse: Fuse, clock: LoopClock) -> None:
        super().__init__(fuse)
        self._clock = clock
        self.ours: list[tuple[str, str]] = []

    def put(self, card_id: str, column: str, by: str = "ada", us: bool = False) -> None:
        super().put(card_id, column, by, us)
        if us:
            self.ours.append((card_id, column))

    def _now(self) -> datetime:
        self._ticks += 1
        at: datetime = self._clock.now()
        return at + timedelta(microseconds=self._ticks)


class SlowServices(FakeServices):
    """Opening a board or a forge reads a Secret."""

    def __init__(self, town: Town) -> None:
        super().__init__(town.cluster, town.board, town.forge, asyncio.get_running_loop().time)
        self._weather = town.weather

    async def board(self, pool: Pool) -> Board | None:
        async with self._weather.call("get SECRETS"):
            return await super().board(pool)

    async def forge(self, pool: Pool) -> Forge | None:
        async with self._weather.call("get SECRETS"):
            return await super().forge(pool)


class Town(World):
    """What outlives the operator."""

    def __init__(self, dice: random.Random, clock: LoopClock, trouble: float, fate: Callable[[str, int], Fate]) -> None:
        """trouble: see `Weather`."""
        self.dice, self.weather = dice, Weather(dice, trouble)
        super().__init__(self.weather)
        self.clock = clock
        self.kube = self.cluster = WatchedKube(self.weather, lambda: stamp(clock.now()))
        self.board = self.cards = TimedBoard(self.weather, clock)
        self.forge = FakeForge(self.weather)
        self.nodes = FakeNodes(self.cluster, self.forge, fate)
        self.life: Life | None = None
        """The operator's present one."""
        self.wrong: list[str] = []
        """What was seen that must not be."""

    async def pods_go_on(self) -> None:
        """Until cancelled."""
        pace = self.dice.choice((0.5, 3.0, 12.0))
        while True:
            await asyncio.sleep(self.dice.uniform(0, 2 * pace))
            self.nodes.tick()


class _Watch:
    """One of a life's: its events come in their order, late, and each object's last one of a moment is handled."""

    def __init__(self, town: Town, resource: Resource, handle: Callable[[str | None, Json], None]) -> None:
        self._town, self._resource, self._handle = town, resource, handle
        self._late = town.dice.choice((0.0, 0.05, 0.5, 8.0))
        self._arrives_at = 0.0
        self._runs = 0
        """So often it was begun anew."""
        self._newest: dict[str, Json] = {}
        self._on = False

    def begins(self) -> None:
        """With what is there. What went meanwhile is not told."""
        self._on = True
        for body in self._town.cluster.visible(self._resource):
            self.shows(None, body)

    def breaks(self, seconds: float) -> None:
        """What is under way is lost; it begins anew."""
        self._runs, self._on = self._runs + 1, False
        asyncio.get_running_loop().call_later(seconds, self.begins)

    def shows(self, kind: str | None, body: Json) -> None:
        if self._on:
            loop = asyncio.get_running_loop()
            arrives = loop.time() + self._town.dice.uniform(0, 2 * self._late)
            self._arrives_at = max(self._arrives_at + _TICK, arrives)
            loop.call_at(self._arrives_at, self._arrived, self._runs, kind, body)

    def _arrived(self, run: int, kind: str | None, body: Json) -> None:
        if run == self._runs:
            self._newest[body["metadata"]["uid"]] = body
            pause = self._town.dice.uniform(0, _BATCH)
            asyncio.get_running_loop().call_later(pause, self._settled, kind, body)

    def _settled(self, kind: str | None, body: Json) -> None:
        if self._newest[body["metadata"]["uid"]] is body:
            self._handle(kind, body)


class Life:
    """One process of the operator, from its start to its death."""

    def __init__(self, town: Town) -> None:
        self._town = town
        self.app = App(SETTINGS)
        # Its default is the machine's own.
        self.app.store._clock = asyncio.get_running_loop().time
        registry = register(self.app)
        self._handlers: dict[str, Any] = {_plural(one): one.fn for one in registry._watching.get_all_handlers()}
        daemons: list[Any] = [one.fn for one in registry._spawning.get_all_handlers()]
        (self._daemon,) = daemons
        self.watches = {one: _Watch(town, one, partial(self._event, one)) for one in WATCHED}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._dead = False
        self._begins = asyncio.create_task(self._begin())
        town.life = self

    async def _begin(self) -> None:
        connect, services = mock.AsyncMock(return_value=self._town.cluster), partial(_services, self._town)
        with (
            mock.patch("boardhand_operator.app.Kube.connect", connect),
            mock.patch("boardhand_operator.app.Services", services),
            # What the operator says of the cluster's definitions takes a tenth of a second of computing.
            mock.patch("boardhand_operator.app.definitions.told", mock.AsyncMock()),
        ):
            while True:
                try:
                    await self.app.start()
                    break
                except (ApiException, aiohttp.ClientError, OSError):
                    # As the handler of kopf's that starts it.
                    await asyncio.sleep(1)
        self._town.cluster.told = lambda resource, kind, body: self.watches[resource].shows(kind, body)
        for watch in self.watches.values():
            watch.begins()

    def _event(self, resource: Resource, kind: str | None, body: Json) -> None:
        if self._dead:
            return
        self._do(f"{resource.name} {body['metadata']['name']}", self._handlers[resource.value[1]](type=kind, body=body))
        daemon = f"worker of {body['metadata']['name']}"
        if resource is Resource.POOLS and daemon not in self._tasks:
            self._do(daemon, self._daemon(body=body))

    def _do(self, name: str, coroutine: Coroutine[Any, Any, None]) -> None:
        task = self._tasks[name] = asyncio.create_task(coroutine)
        task.add_done_callback(partial(self._done, name))

    def _done(self, name: str, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and task.exception() is not None:
            self._town.wrong.append(f"{name}: {task.exception()!r}")

    async def dies(self) -> None:
        """At once, whatever it is at; once."""
        if self._dead:
            return
        self._dead, self._town.cluster.told = True, _nobody
        work = self.app._task
        if work is not None and work.done():
            self._town.wrong.append(f"the queue's work had ended: {work}")
        tasks = {self._begins, *self._tasks.values(), *([work] if work else [])}
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)


def _services(town: Town, *_: Any, **__: Any) -> SlowServices:
    return SlowServices(town)


def _plural(handler: Any) -> str:
    return str(handler.selector.any_name)
