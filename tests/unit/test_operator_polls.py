"""When pools poll: each at its own pace, backing off alone, woken at once and never too often."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any

import httpx
import pytest

from boardhand_api import pool as api
from boardhand_operator.boards import Board, Look
from boardhand_operator.boards.trello.board import TrelloBoard
from boardhand_operator.errors import Misconfigured, RateLimited, RemoteUnavailable
from boardhand_operator.http.transport import Connection
from boardhand_operator.kube import Resource
from boardhand_operator.memory.store import Key, Store
from boardhand_operator.pools import rest
from boardhand_operator.pools.pace import Pause
from boardhand_operator.pools.worker import PoolWorker
from boardhand_operator.queue import WorkQueue
from boardhand_operator.views import Pool
from tests.support.fake_board import FakeBoard
from tests.support.fake_forge import FakeForge
from tests.support.fuse import Fuse
from tests.support.objects import SECRET
from tests.support.world import SETTINGS, FakeServices, World, clocked

LATER = {"type": "fake", "board": "b1", "secretRef": SECRET, "pollSeconds": 3600}


@dataclass
class Sick(FakeBoard):
    """A board whose reads do what the test says."""

    times: list[float] = field(default_factory=list)
    """When it was read."""

    ill: Callable[[], Awaitable[None]] | None = None

    @property
    def looks(self) -> int:
        return len(self.times)

    async def look(self, columns: Collection[str] = (), since: datetime | None = None) -> Look:
        self.times.append(time.monotonic())
        if self.ill:
            await self.ill()
        return await super().look(columns, since)


class Boards(FakeServices):
    """A board for each pool, by its name."""

    def __init__(self, world: World, boards: dict[str, Board]) -> None:
        super().__init__(world.kube, FakeBoard(), FakeForge(world.fuse), time.monotonic)
        self._boards = boards

    async def board(self, pool: Pool) -> Board | None:
        return self._boards[pool.name]


@pytest.fixture
def world() -> Iterator[World]:
    made = World(Fuse(armed=False))
    with clocked(made.clock):
        yield made


def _worker(world: World, boards: dict[str, Board], name: str = "shop") -> PoolWorker:
    if ("team", name) not in world.kube.objects[Resource.POOLS]:
        world.add_pool(name, board=LATER)
    store = Store()
    store.put(Resource.POOLS, world.kube.objects[Resource.POOLS]["team", name])
    queue: WorkQueue[Key] = WorkQueue()
    return PoolWorker(("team", name), world.kube, store, Boards(world, boards), SETTINGS, queue)


@asynccontextmanager
async def _running(*workers: PoolWorker) -> AsyncIterator[None]:
    tasks = [asyncio.create_task(worker.run()) for worker in workers]
    yield
    for task in tasks:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def _until(seen: Callable[[], Any], seconds: float = 5) -> None:
    async with asyncio.timeout(seconds):
        while not seen():
            await asyncio.sleep(0.002)


def _beyond(board: Sick, looks: int) -> bool:
    return board.looks > looks


def _raising(error: Exception) -> Callable[[], Awaitable[None]]:
    async def ill() -> None:
        raise error

    return ill


def _ready(world: World) -> dict[str, Any]:
    conditions = world.kube.objects[Resource.POOLS]["team", "shop"]["status"]["conditions"]
    (found,) = [condition for condition in conditions if condition["type"] == "Ready"]
    return dict(found)


async def test_a_board_that_fails_is_left_alone_for_longer_each_time(world: World) -> None:
    board = Sick()
    world.add_pool("shop", board=LATER | {"pollSeconds": 30})
    worker = _worker(world, {"shop": board})
    board.ill = _raising(RemoteUnavailable("Board", "look", "gone"))
    pauses = []
    for _ in range(7):
        pauses.append(await worker._round())
        world.pass_time(pauses[-1].seconds)
    assert [pause.seconds for pause in pauses] == [30, 60, 120, 240, 480, 600, 600]
    assert all(pause.patient for pause in pauses)
    said = _ready(world)
    assert (said["status"], said["reason"]) == ("False", "Unavailable")
    assert "Board, asked to look: gone. Failed 7 times in a row since 2026-01-01T12:00:00Z" in said["message"]
    assert "the next try is at about 2026-01-01T12:35:30Z" in said["message"]
    board.ill = None
    assert await worker._round() == Pause(30)
    assert _ready(world)["status"] == "True"
    board.ill = _raising(RemoteUnavailable("Board", "look", "gone"))
    assert (await worker._round()).seconds == 30


@pytest.mark.parametrize("error", [KeyError("id"), TypeError("none"), AttributeError("get"), ValueError("x")])
async def test_a_board_that_answers_in_another_form_is_told_of(
    world: World, error: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    board = Sick()
    world.add_pool("shop", board=LATER | {"pollSeconds": 30})
    worker = _worker(world, {"shop": board})
    board.ill = _raising(error)
    assert [(await worker._round()).seconds for _ in range(2)] == [30, 60]
    said = _ready(world)
    assert (said["status"], said["reason"]) == ("False", "AnswerUnreadable")
    assert type(error).__name__ in said["message"]
    assert "an answer of another shape" in caplog.text


async def test_a_board_that_answers_wrongly_is_asked_at_the_pools_pace(world: World) -> None:
    board = Sick()
    worker = _worker(world, {"shop": board})
    board.ill = _raising(Misconfigured("ColumnMissing", "there is no such column"))
    assert [await worker._round() for _ in range(2)] == [Pause(3600)] * 2
    board.ill = _raising(RemoteUnavailable("Board", "look", "in a while", retry_after=9000))
    assert await worker._round() == Pause(9000, patient=True)


async def test_a_rate_limit_is_waited_out_whoever_calls(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(rest, "SOONEST", 0.01)
    board = Sick()
    worker = _worker(world, {"shop": board})
    board.ill = _raising(RateLimited("Board", "look", "slower", retry_after=0.4))
    async with _running(worker):
        await _until(lambda: board.looks == 1)
        worker.poke()
        worker.wake(generation=7)
        await _until(lambda: board.looks == 2)
    assert board.times[1] - board.times[0] >= 0.4
    assert "nothing is asked for 0 s" in caplog.text


async def test_a_flood_of_calls_is_a_poll_now_and_then(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rest, "SOONEST", 0.1)
    board = Sick()
    worker = _worker(world, {"shop": board})
    async with _running(worker):
        await _until(lambda: board.looks == 1)
        begun = time.monotonic()
        while time.monotonic() - begun < 0.45:
            worker.poke()
            await asyncio.sleep(0.001)
        assert 3 <= board.looks <= 6
        await asyncio.sleep(0.15)
        settled = board.looks
        await asyncio.sleep(0.15)
        assert board.looks == settled


async def test_a_call_during_a_poll_makes_another_poll(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rest, "SOONEST", 0.01)
    board = Sick()
    answered = asyncio.Event()
    board.ill = answered.wait  # type: ignore[assignment]
    worker = _worker(world, {"shop": board})
    async with _running(worker):
        await _until(lambda: board.looks == 1)
        worker.poke()
        answered.set()
        await _until(lambda: board.looks == 2)


async def test_a_call_does_not_end_a_back_off_and_a_changed_pool_does(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rest, "SOONEST", 0.01)
    board = Sick()
    board.ill = _raising(RemoteUnavailable("Board", "look", "gone"))
    worker = _worker(world, {"shop": board})
    async with _running(worker):
        await _until(lambda: board.looks == 1)
        for _ in range(20):
            worker.poke()
            await asyncio.sleep(0.005)
        assert board.looks == 1
        worker.wake(generation=8)
        await _until(lambda: board.looks == 2)


async def test_a_call_passed_on_by_another_replica_is_one_poll(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rest, "SOONEST", 0.01)
    board = Sick()
    worker = _worker(world, {"shop": board})
    async with _running(worker):
        await _until(lambda: board.looks == 1)
        worker.wake(0, "12:00:01")
        await _until(lambda: board.looks == 2)
        worker.wake(0, "12:00:01")
        worker.wake(0, "12:00:02 only forge")
        await asyncio.sleep(0.05)
        assert board.looks == 2
        worker.wake(0, "12:00:03 forge")
        await _until(lambda: board.looks == 3)


def _giant() -> TrelloBoard:
    def endless(_: httpx.Request) -> httpx.Response:
        return httpx.Response(200, content=b"[" + b"0," * 6_000_000 + b"0]")

    spec = api.Board.model_validate({"type": "trello", "board": "b", "secretRef": {"name": "s"}})
    return TrelloBoard(spec, {"key": "k", "token": "t"}, Connection(transport=httpx.MockTransport(endless)))


async def test_one_broken_board_delays_no_other(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """One hangs, one fails, one answers without end; the fourth polls on as if it were alone."""
    monkeypatch.setattr(rest, "SOONEST", 0.01)
    hanging, failing, healthy = Sick(), Sick(), Sick()
    hanging.ill = asyncio.Event().wait  # type: ignore[assignment]
    failing.ill = _raising(RemoteUnavailable("Board", "look", "500"))
    boards: dict[str, Board] = {"hanging": hanging, "failing": failing, "giant": _giant(), "healthy": healthy}
    workers = {name: _worker(world, boards, name) for name in boards}
    world.board.add("card-1")
    longest, polls = 0.0, 0
    async with _running(*workers.values()):
        await _until(lambda: hanging.looks and failing.looks)
        while polls < 30:
            asked, before = time.monotonic(), healthy.looks
            workers["healthy"].poke()
            await _until(partial(_beyond, healthy, before))
            longest, polls = max(longest, time.monotonic() - asked), polls + 1
    assert longest < 1
    assert (hanging.looks, failing.looks) == (1, 1)
    await boards["giant"].aclose()


async def test_first_polls_wait_for_their_turn_and_a_call_ends_the_wait(world: World) -> None:
    board = Sick()
    worker = _worker(world, {"shop": board})
    task = asyncio.create_task(worker.run(first=60))
    await asyncio.sleep(0.05)
    assert board.looks == 0
    worker.poke()
    await _until(lambda: board.looks == 1)
    task.cancel()
