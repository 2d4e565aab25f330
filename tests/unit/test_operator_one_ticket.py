"""One ticket: claimed once whatever came late or was lost; and where the board refuses to read it, or to have a word
written on it, it keeps no other from being taken."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from boardhand_operator.boards import Card
from boardhand_operator.boards.claims import Claimant, claim
from boardhand_operator.boards.markers import find_claims
from boardhand_operator.errors import Rejected, RemoteUnavailable
from boardhand_operator.kube import Json, Resource
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


@pytest.mark.parametrize("lost", ["comment", "move"])
async def test_a_run_that_is_worked_before_its_creation_is_answered_claims_once(
    world: World, monkeypatch: pytest.MonkeyPatch, lost: str
) -> None:
    """The watch is quicker than the answer; of the first look's writes one is done, and its answer lost."""
    world.board.add("card-02")
    replica = Replica(world)
    create, write = world.kube._create, getattr(world.board, lost)

    async def loses(*args: Any) -> None:
        await write(*args)
        monkeypatch.setattr(world.board, lost, write)
        raise RemoteUnavailable("Board", lost, "the answer was lost")

    async def answers_late(resource: Resource, namespace: str, body: Json) -> Json:
        made = await create(resource, namespace, body)
        if resource is Resource.RUNS:
            replica.watch()
            await replica.work()
        return made

    monkeypatch.setattr(world.board, lost, loses)
    monkeypatch.setattr(world.kube, "_create", answers_late)
    await replica.poll()
    for _ in range(4):
        world.pass_time(1)
        await replica.work()
    (run,) = world.runs()
    assert run.status.job is not None
    assert len(find_claims(world.board.said["card-02"])) == 1
