"""The work queue: a key never twice at once, again if it changed meanwhile, later after a failure."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from boardhand_operator import queue as queue_module
from boardhand_operator.queue import WorkQueue

DEADLINE = 5.0


@asynccontextmanager
async def worked(
    queue: WorkQueue[str], work: Callable[[str], Awaitable[float | None]], workers: int = 2
) -> AsyncIterator[None]:
    task = asyncio.create_task(queue.run(work, workers))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait({task})


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(DEADLINE):
        while not condition():
            await asyncio.sleep(0.001)


async def test_a_key_that_is_added_while_worked_is_worked_again_and_not_beside() -> None:
    queue: WorkQueue[str] = WorkQueue()
    gate, at_once, most, looks = asyncio.Event(), 0, 0, 0

    async def work(key: str) -> None:
        nonlocal at_once, most, looks
        at_once, looks = at_once + 1, looks + 1
        most = max(most, at_once)
        await gate.wait()
        at_once -= 1

    async with worked(queue, work, workers=4):
        queue.add("a")
        await until(lambda: looks == 1)
        for _ in range(5):
            queue.add("a")
        await asyncio.sleep(0.01)
        assert looks == 1
        gate.set()
        await until(lambda: looks == 2)
        await asyncio.sleep(0.01)
    assert (most, looks) == (1, 2)


async def test_a_key_that_waits_is_worked_once_however_often_it_is_added() -> None:
    queue: WorkQueue[str] = WorkQueue()
    seen: list[str] = []

    async def work(key: str) -> None:
        seen.append(key)

    for key in ("a", "b", "a", "a"):
        queue.add(key)
    async with worked(queue, work):
        await until(lambda: len(seen) == 2)
        await asyncio.sleep(0.01)
    assert seen == ["a", "b"]


async def test_an_answer_of_seconds_is_a_later_look() -> None:
    queue: WorkQueue[str] = WorkQueue()
    loop, times = asyncio.get_running_loop(), list[float]()

    async def work(key: str) -> float | None:
        times.append(loop.time())
        return 0.05 if len(times) == 1 else None

    async with worked(queue, work):
        queue.add("a")
        await until(lambda: len(times) == 2)
        await asyncio.sleep(0.06)
    assert len(times) == 2
    assert times[1] - times[0] >= 0.05


@pytest.mark.parametrize("seconds", [(0.02, 30.0), (30.0, 0.02), (30.0, 0.02, 60.0)])
async def test_of_several_times_the_earliest_counts(seconds: tuple[float, ...]) -> None:
    queue: WorkQueue[str] = WorkQueue()
    seen: list[str] = []

    async def work(key: str) -> None:
        seen.append(key)

    async with worked(queue, work):
        for one in seconds:
            queue.add_after("a", one)
        assert seen == []
        await until(lambda: seen == ["a"])


async def test_a_bug_met_by_one_key_backs_off_and_leaves_the_others_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queue_module, "_FIRST", 0.01)
    queue: WorkQueue[str] = WorkQueue()
    loop, times, others = asyncio.get_running_loop(), list[float](), list[str]()

    async def work(key: str) -> None:
        if key == "bad":
            times.append(loop.time())
            if len(times) <= 4:
                raise ZeroDivisionError
        else:
            others.append(key)

    async with worked(queue, work, workers=1):
        queue.add("bad")
        await until(lambda: len(times) == 2)
        queue.add("good")
        await until(lambda: others == ["good"])
        await until(lambda: len(times) == 5)
        await asyncio.sleep(0.2)
    waits = [later - earlier for earlier, later in pairwise(times)]
    assert len(times) == 5
    assert all(wait >= least for wait, least in zip(waits, (0.01, 0.02, 0.04, 0.08), strict=True))


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 3)), max_size=25), st.integers(1, 4))
@settings(max_examples=50, deadline=None)
def test_no_key_is_worked_twice_at_once_and_no_change_is_missed(adds: list[tuple[str, int]], workers: int) -> None:
    """After the last change of a key there is always a look that began later."""

    async def play() -> None:
        queue: WorkQueue[str] = WorkQueue()
        now: set[str] = set()
        clashes: list[str] = []
        version = dict.fromkeys("abc", 0)
        seen = dict.fromkeys("abc", 0)

        async def work(key: str) -> None:
            clashes.extend(now & {key})
            now.add(key)
            seen[key] = version[key]
            for _ in range(3):
                await asyncio.sleep(0)
            now.discard(key)

        async with worked(queue, work, workers):
            for key, turns in adds:
                version[key] += 1
                queue.add(key)
                for _ in range(turns):
                    await asyncio.sleep(0)
            await until(lambda: seen == version and not now)
        assert clashes == []

    asyncio.run(play())


async def test_a_look_that_is_cancelled_from_within_ends_no_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    """As by a connection that is closed while somebody waits for it."""
    monkeypatch.setattr(queue_module, "_FIRST", 0.01)
    queue: WorkQueue[str] = WorkQueue()
    seen: list[str] = []

    async def work(key: str) -> None:
        seen.append(key)
        if len(seen) <= 2:
            raise asyncio.CancelledError

    async with worked(queue, work, workers=1):
        queue.add("a")
        await until(lambda: len(seen) == 3)
        queue.add("b")
        await until(lambda: seen[-1] == "b")
