"""One ticket that the board refuses to read, or to have a word written on, keeps no other from being taken."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from boardhand_operator.boards import Card
from boardhand_operator.boards.claims import Claimant, claim
from boardhand_operator.errors import Rejected
from boardhand_operator.kube import Resource
from boardhand_operator.pools.tickets import Tickets
from boardhand_operator.views import Pool
from tests.support.fake_board import DOING
from tests.support.fuse import Fuse
from tests.support.world import Replica, World, clocked

BAD = "card-01"
REFUSAL = Rejected("Board", "do it", "this ticket is locked", status=400)


@pytest.fixture
def world() -> Iterator[World]:
    made = World(Fuse(armed=False))
    made.add_pool()
    read, comment = made.board.read, made.board.comment

    async def reads(ticket_id: str) -> Card | None:
        if ticket_id == BAD:
            raise REFUSAL
        return await read(ticket_id)

    async def comments(ticket_id: str, text: str) -> str:
        if ticket_id == BAD:
            raise REFUSAL
        return await comment(ticket_id, text)

    made.board.read, made.board.comment = reads, comments  # type: ignore[method-assign]
    with clocked(made.clock):
        yield made


def ready(world: World) -> bool:
    return Pool.of(world.kube.objects[Resource.POOLS][("team", "shop")]).ready


async def test_a_ticket_that_cannot_be_read_is_passed_over(world: World) -> None:
    names = [f"card-{number:02}" for number in range(1, 13)]
    for name in names:
        world.board.add(name)
    replica = Replica(world)
    await replica.poll()
    assert {run.spec.ticket.id for run in world.runs()} == set(names) - {BAD}
    assert ready(world)


async def test_a_ticket_that_takes_no_word_of_its_deleted_run_is_let_be(world: World) -> None:
    world.board.add(BAD)
    (pool,) = [Pool.of(body) for body in world.kube.objects[Resource.POOLS].values()]
    replica = Replica(world)
    tickets = Tickets(world.kube, replica.store, replica.queue)
    world.board.add("card-02")
    world.board.add("card-03")
    await tickets.take(pool, world.board, [world.board.cards["card-02"]], world.clock.time)
    (run,) = world.runs()
    body = dict(run.body)
    body["spec"] = body["spec"] | {"ticket": body["spec"]["ticket"] | {"id": BAD}}
    tickets.let_be(type(run).of(body))
    await tickets.take(pool, world.board, [world.board.cards["card-03"]], world.clock.time)
    assert len(world.runs()) == 2


async def test_an_orphan_that_takes_no_word_is_let_be(world: World) -> None:
    (pool,) = world.kube.objects[Resource.POOLS].values()
    for name in (BAD, "card-02"):
        world.board.add(name, column=DOING)
    who = Claimant("run-x", "uid-x", "event", "shop", pool["metadata"]["uid"])
    await claim(world.board, "card-02", who)
    await Replica(world).poll()
    assert ready(world)
    assert len(world.board.said["card-02"]) == 2
