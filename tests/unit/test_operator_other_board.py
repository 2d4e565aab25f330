"""A pool that was given another board under way: the ticket of the same number there is another one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from boardhand_api.run_status import Phase
from boardhand_operator.kube import Resource
from tests.support.fake_board import READY, REVIEW
from tests.support.fuse import Fuse
from tests.support.world import Replica, World, clocked, live

CARD, KEY = "12", ("team", "shop")


@pytest.fixture
def world() -> Iterator[World]:
    made = World(Fuse(armed=False))
    made.add_pool()
    made.board.add(CARD)
    with clocked(made.clock):
        yield made


async def _other_board(world: World) -> None:
    await world.kube.patch(Resource.POOLS, *KEY, {"spec": {"board": {"board": "b2"}, "suspend": False}})
    world.kube.set_status(Resource.POOLS, KEY, world.kube.objects[Resource.POOLS][KEY]["status"] | {"conditions": [
        {"type": "Ready", "status": "True", "reason": "R", "lastTransitionTime": "2026-01-01T12:00:00Z"}
    ]})  # fmt: skip


async def test_a_run_that_waits_does_not_claim_the_others_ticket(world: World) -> None:
    await Replica(world).poll()
    await _other_board(world)
    replica = Replica(world)
    for _ in range(4):
        await replica.work()
        replica.watch()
    (run,) = world.runs()
    assert run.status.failure and (run.status.phase, run.status.failure.reason) == (Phase.CANCELLED, "TicketMoved")
    assert (world.board.cards[CARD].column, world.board.texts(CARD)) == (READY, [])


async def test_what_came_of_a_run_is_not_told_to_the_others_ticket(world: World) -> None:
    """The pool was deleted and made anew: the spec that the run began with is gone."""
    replica = Replica(world)
    await replica.poll()
    await replica.work()
    before = world.board.texts(CARD)
    world.board.put(CARD, REVIEW)
    world.kube.remove(Resource.POOLS, KEY)
    world.add_pool(board={"type": "fake", "board": "b2", "secretRef": {"name": "s"}, "pollSeconds": 1})
    await live(world, polls=False)
    (run,) = world.runs()
    assert run.status.phase is Phase.SUCCEEDED
    assert (world.board.cards[CARD].column, world.board.texts(CARD)) == (REVIEW, before)
