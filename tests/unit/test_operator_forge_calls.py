"""A forge that calls has the pool's pull requests looked at, wherever it calls; a board that calls does not."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import suppress

import pytest

from boardhand_operator.after import pulls
from boardhand_operator.after.care import Aftercare
from boardhand_operator.app import App
from boardhand_operator.kube import Resource
from boardhand_operator.memory.store import Store
from boardhand_operator.webhooks import relay
from boardhand_operator.webhooks.door import Door
from boardhand_operator.webhooks.relay import POKE, Relay, of_board, of_forge
from tests.support.fuse import Fuse
from tests.support.objects import SECRET
from tests.support.world import SETTINGS, FakeServices, World, clocked

SHOP = ("team", "shop")
HOOK = {"webhook": {"callbackUrl": "https://boardhand.example/webhooks/team/shop"}, "secretRef": SECRET}
BOARD = {"type": "fake", "board": "b1", **HOOK}
FORGE = {"type": "fake", "url": "http://forge.test", **HOOK}
ONE_LOOK = ["list RUNS", "list RUNS"]
"""For those that are open, and for those that were closed."""
BOARD_CALLS, FORGE_CALLS = {"x-signature": "olleh"}, {"x-forge-signature": "olleh"}


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    monkeypatch.setattr(pulls, "SOONEST", 0.01)
    monkeypatch.setattr("random.random", lambda: 1.0)
    made = World(Fuse())
    made.add_pool(board=BOARD, forge=FORGE)
    with clocked(made.clock):
        yield made


def parts(world: World) -> tuple[Store, FakeServices]:
    store = Store()
    store.put(Resource.POOLS, world.kube.objects[Resource.POOLS][SHOP])
    return store, FakeServices(world.kube, world.board, world.forge, lambda: 0.0)


async def until(seen: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not seen():
            await asyncio.sleep(0.005)


async def test_the_door_tells_a_call_of_the_forge_from_one_of_the_board(world: World) -> None:
    """A forge calls with every check of every pull request: the board is not polled for that."""
    door, called, polled = Door(*parts(world)), list[tuple[str, str]](), list[tuple[str, str]]()
    door.forge_called, door.board_called = called.append, polled.append
    assert await door.admits(SHOP, BOARD_CALLS, b"hello")
    assert not await door.admits(SHOP, {}, b"hello")
    assert (called, polled) == ([], [SHOP])
    assert await door.admits(SHOP, FORGE_CALLS, b"hello")
    assert (called, polled) == ([SHOP], [SHOP])
    assert await door.admits(SHOP, BOARD_CALLS | FORGE_CALLS, b"hello")
    assert (called, polled) == ([SHOP] * 2, [SHOP] * 2)


async def test_it_is_passed_on_that_the_forge_was_among_those_who_called(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relay, "EVERY_SECONDS", 0.01)

    def written() -> str:
        return str((world.kube.objects[Resource.POOLS][SHOP]["metadata"].get("annotations") or {}).get(POKE, ""))

    passing = Relay(world.kube)
    passing.pass_on(SHOP)
    await until(lambda: bool(written()) and not passing._tasks)
    assert (of_board(written()), of_forge(written())) == (True, False)
    passing.pass_on(SHOP, forge=True)
    await until(lambda: of_forge(written()) and not passing._tasks)
    assert not of_board(written())
    for order in (True, False), (False, True):
        for forge in order:
            passing.pass_on(SHOP, forge=forge)
        await until(lambda: of_forge(written()) and of_board(written()) and not passing._tasks)
        passing.pass_on(SHOP)
        await until(lambda: not of_forge(written()) and not passing._tasks)
    await passing.aclose()


async def test_a_call_that_was_passed_on_is_one_look_and_an_old_one_none(world: World) -> None:
    store, services = parts(world)
    world.kube.objects[Resource.POOLS][SHOP]["metadata"]["annotations"] = {POKE: "1 forge"}
    store.put(Resource.POOLS, world.kube.objects[Resource.POOLS][SHOP])
    care = Aftercare(SHOP, world.kube, store, services, SETTINGS)
    task = asyncio.create_task(care.run())
    for poke in ("1 forge", "2", "3"):
        care.passed_on(poke)
    await asyncio.sleep(0.05)
    assert world.fuse.calls == []
    care.passed_on("4 forge")
    care.passed_on("4 forge")
    await until(lambda: bool(world.fuse.calls))
    await asyncio.sleep(0.05)
    assert world.fuse.calls == ONE_LOOK
    task.cancel()


async def test_an_operator_looks_when_the_forge_calls_and_ends_with_its_worker(world: World) -> None:
    app = App(SETTINGS)
    app.store, services = parts(world)
    app._kube, app._services = world.kube, services
    task = asyncio.create_task(_work(app))
    await until(lambda: SHOP in app.crew.aftercare)
    app.webhooks.forge_called(SHOP)
    app.crew.pool_changed(world.kube.objects[Resource.POOLS][SHOP])
    await until(lambda: world.fuse.calls == ONE_LOOK)
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
    assert not app.crew.aftercare
    app.webhooks.forge_called(SHOP)
    assert world.fuse.calls == ONE_LOOK


async def _work(app: App) -> None:
    async with app.pool_worker(SHOP):
        await asyncio.Event().wait()
