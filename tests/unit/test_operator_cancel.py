"""Calling a run off: by its spec, by moving its ticket, by deleting it. The ticket is told once, whatever dies."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Iterator
from datetime import datetime
from typing import Any
from unittest.mock import Mock

import pytest

from boardhand_api.failures import FailureClass
from boardhand_api.run_status import Phase
from boardhand_operator.app import App
from boardhand_operator.boards import Card, Look
from boardhand_operator.boards.claims import Claimant, claim
from boardhand_operator.boards.markers import find_claims, find_closing
from boardhand_operator.kube import Resource
from boardhand_operator.pools.cards import LOOKUPS, Cards
from boardhand_operator.pools.tickets import Tickets
from boardhand_operator.pools.worker import PoolWorker
from boardhand_operator.settings import Settings
from boardhand_operator.views import Pool, Run
from tests.support.fake_board import DOING, FAILED, READY, REVIEW
from tests.support.fake_nodes import Fate
from tests.support.fuse import Fuse, When
from tests.support.objects import run_body
from tests.support.world import Replica, World, clocked, go_on, live

COLUMNS = {"ready": READY, "inProgress": DOING, "review": REVIEW, "failed": FAILED}
BOARD = {"type": "fake", "board": "b1", "secretRef": {"name": "s"}, "pollSeconds": 1, "columns": COLUMNS}
CARD = "card-1"


@pytest.fixture
def world() -> Iterator[World]:
    made = _world(Fuse(armed=False))
    with clocked(made.clock):
        yield made


def _world(fuse: Fuse) -> World:
    made = World(fuse, lambda run, number: Fate.DEADLINE)
    made.add_pool(board=BOARD, limits={"concurrency": 30})
    made.board.add(CARD)
    return made


async def _at_work(world: World) -> Run:
    """The card's run once its pod works."""
    replica = Replica(world)
    for _ in range(20):
        replica.watch()
        await replica.poll()
        replica.watch()
        await replica.work()
        world.pass_time(5)
        runs = world.runs()
        if runs and runs[0].status.phase is Phase.WORKING:
            return runs[0]
    raise AssertionError([run.status for run in world.runs()])


async def _cancel(world: World, run: Run) -> None:
    await world.kube.patch(Resource.RUNS, run.namespace, run.name, {"spec": {"cancel": True}})


async def _move_away(world: World, run: Run) -> None:
    world.board.put(CARD, "Ideas")


async def _delete(world: World, run: Run) -> None:
    world.kube.remove(Resource.RUNS, (run.namespace, run.name))


def _closings(world: World, run: Run) -> list[str]:
    return [one.text for one in world.board.said[CARD] if find_closing([one], run.uid)]


async def _let_go(world: World) -> None:
    """Lives of the operator until nothing changes any more."""
    await go_on(world, 8)


@pytest.mark.parametrize(
    ("call_off", "reason", "moves"),
    [
        (_cancel, "CancelRequested", [DOING, FAILED]),
        (_move_away, "TicketMoved", [DOING, "Ideas"]),
    ],
)
async def test_a_run_that_is_called_off_ends_with_its_job_and_one_word(
    world: World, call_off: Callable[..., Any], reason: str, moves: list[str]
) -> None:
    run = await _at_work(world)
    await call_off(world, run)
    await _let_go(world)
    (after,) = world.runs()
    assert (after.status.phase, after.settled, after.status.tries) == (Phase.CANCELLED, True, 1)
    assert after.status.failure
    assert (after.status.failure.failure_class, after.status.failure.reason) == (FailureClass.CANCELLED, reason)
    assert not world.kube.objects[Resource.JOBS]
    assert not world.forge.opened
    assert len(_closings(world, run)) == 1
    assert [to for _, to in world.board.moves] == moves


async def test_a_deleted_runs_ticket_is_told_and_never_taken_for_the_same_event_again(world: World) -> None:
    run = await _at_work(world)
    await _delete(world, run)
    await _let_go(world)
    assert not world.runs()
    assert not world.kube.objects[Resource.JOBS]
    (said,) = _closings(world, run)
    assert run.name in said
    assert [to for _, to in world.board.moves] == [DOING, FAILED]
    assert len(world.board.said[CARD]) == 2


async def test_a_run_that_is_deleted_while_it_waits_is_not_made_again_by_a_later_operator(world: World) -> None:
    replica = Replica(world)
    await replica.poll()
    (run,) = world.runs()
    world.kube.objects[Resource.RUNS].clear()
    replica.watch()
    board, pool = world.board, Pool.of(next(iter(world.kube.objects[Resource.POOLS].values())))
    tickets = Tickets(world.kube, replica.store, replica.queue)
    tickets.let_be(run)
    await tickets.take(pool, board, (await board.look()).ready, world.clock.time)
    for _ in range(2):
        await Replica(world).poll()
    assert not world.runs()
    assert len(_closings(world, run)) == 1
    board.put(CARD, READY)
    await Replica(world).poll()
    (again,) = world.runs()
    assert (again.name != run.name, again.spec.attempt) == (True, 1)


async def test_a_run_that_was_deleted_between_its_claim_and_the_move_is_not_made_again(world: World) -> None:
    replica = Replica(world)
    await replica.poll()
    (run,) = world.runs()
    (pool,) = world.kube.objects[Resource.POOLS].values()
    event = run.spec.ticket.event
    assert event
    await claim(world.board, CARD, Claimant(run.name, run.uid, event, "shop", pool["metadata"]["uid"]))
    world.kube.objects[Resource.RUNS].clear()
    await Replica(world).poll()
    assert not world.runs()
    assert len(_closings(world, run)) == 1


async def test_a_run_that_waits_is_cancelled_and_its_ticket_stays_and_is_not_taken_again(world: World) -> None:
    world.add_pool("idle", board={**BOARD, "board": "b2"}, suspend=True)
    replica = Replica(world)
    await replica.poll()
    (run,) = [one for one in world.runs() if one.spec.pool == "shop"]
    await _cancel(world, run)
    await _let_go(world)
    (after,) = [one for one in world.runs() if one.spec.pool == "shop"]
    assert (after.status.phase, after.status.tries) == (Phase.CANCELLED, 0)
    assert world.kube.created[("jobs", "team", f"{run.name}-1")] == 0
    assert [to for _, to in world.board.moves] == [FAILED]


@pytest.mark.slow
@pytest.mark.parametrize("call_off", [_cancel, _move_away, _delete])
@pytest.mark.parametrize("when", When)
def test_whatever_dies_while_it_is_called_off(call_off: Callable[..., Any], when: When) -> None:
    """A crash at the n-th call, for every n there is."""

    async def scenario(fuse: Fuse) -> World:
        world = _world(fuse)
        fuse.armed = False
        with clocked(world.clock):
            run = await _at_work(world)
            await call_off(world, run)
            fuse.armed = True
            await _let_go(world)
            assert len(_closings(world, run)) == 1
            assert not world.kube.objects[Resource.JOBS]
            wanted = [DOING, "Ideas"] if call_off is _move_away else [DOING, FAILED]
            assert [to for _, to in world.board.moves] == wanted
        return world

    whole = Fuse()
    asyncio.run(scenario(whole))
    assert len(whole.calls) > 10
    for number in range(1, min(len(whole.calls), 60) + 1):
        asyncio.run(scenario(Fuse({number: when})))


async def test_tickets_of_other_pools_and_those_that_were_told_are_let_be(world: World) -> None:
    board = world.board
    for name, pool_uid in (("strange", "uid-elsewhere"), ("old", "")):
        board.add(name, column=DOING)
        await claim(board, name, Claimant("run-x", f"uid-{name}", "event-x", "shop", pool_uid))
    board.add("by-hand", column=DOING)
    before = {card: len(said) for card, said in board.said.items()}
    await _let_go(world)
    assert {card: len(board.said[card]) for card in ("strange", "old", "by-hand")} == {
        card: before[card] for card in ("strange", "old", "by-hand")
    }


async def test_a_ticket_that_a_person_took_over_is_theirs(world: World) -> None:
    run = await _at_work(world)
    await _delete(world, run)
    await _let_go(world)
    world.board.put(CARD, DOING)
    await _let_go(world)
    assert world.board.cards[CARD].column == DOING
    assert len(_closings(world, run)) == 1


async def test_many_orphans_are_told_a_few_a_poll_until_all_are(world: World) -> None:
    (pool,) = world.kube.objects[Resource.POOLS].values()
    orphans = [f"orphan-{number}" for number in range(LOOKUPS + 3)]
    for name in orphans:
        world.board.add(name, column=DOING)
        await claim(world.board, name, Claimant(f"run-{name}", f"uid-{name}", "event", "shop", pool["metadata"]["uid"]))
    replica = Replica(world)
    await replica.poll()
    await _let_go(world)
    assert [world.board.cards[name].column for name in orphans] == [FAILED] * len(orphans)


@pytest.mark.parametrize("known", [True, False])
async def test_a_run_that_is_deleted_during_a_sweep_is_not_overlooked(world: World, known: bool) -> None:
    """known: its ticket is not looked at in that sweep; else it is, a moment too early."""
    run = await _at_work(world)
    world.board.add("other", column=DOING)
    replica, read, get = Replica(world), world.board.read, world.kube.get
    if known:
        replica.watch()
    cards, pool = Cards(world.kube, replica.store, replica.queue), Pool.of(*world.kube.objects[Resource.POOLS].values())

    async def goes() -> None:
        body = world.kube.objects[Resource.RUNS][run.namespace, run.name]
        await _delete(world, run)
        replica.store.gone(Resource.RUNS, body)
        cards.sweep()

    async def gone_before(ticket: str) -> Card | None:
        if ticket == "other" and world.runs():
            await goes()
        return await read(ticket)

    async def gone_after(resource: Resource, namespace: str, name: str) -> dict[str, Any] | None:
        found = await get(resource, namespace, name)
        if resource is Resource.RUNS and found is not None:
            await goes()
        return found

    world.board.read = gone_before  # type: ignore[method-assign,assignment]
    world.kube.get = gone_after  # type: ignore[method-assign]
    inside = {DOING: [CARD, "other"]}
    await cards.follow(pool, world.board, inside)
    assert world.board.cards[CARD].column == DOING
    assert DOING in cards.columns(pool)
    await cards.follow(pool, world.board, inside)
    assert world.board.cards[CARD].column == FAILED
    assert len(_closings(world, run)) == 1
    assert not cards.columns(pool)


async def test_a_run_that_is_deleted_while_it_tells_its_ticket_is_let_finish(world: World) -> None:
    """Else the ticket would be told of two ends, and be moved twice."""
    run = await _at_work(world)
    await _delete(world, run)
    replica, working = Replica(world), {(run.namespace, run.name)}
    replica.queue.working = working.__contains__  # type: ignore[method-assign,assignment]
    cards, pool = Cards(world.kube, replica.store, replica.queue), Pool.of(*world.kube.objects[Resource.POOLS].values())
    await cards.follow(pool, world.board, {DOING: [CARD]})
    assert not _closings(world, run)
    working.clear()
    await cards.follow(pool, world.board, {DOING: [CARD]})
    assert len(_closings(world, run)) == 1
    assert world.board.cards[CARD].column == FAILED


async def test_a_run_that_is_deleted_while_it_claims_is_marked_once(world: World) -> None:
    replica = Replica(world)
    await replica.poll()
    (run,) = world.runs()
    replica.watch()
    await _delete(world, run)
    working = {(run.namespace, run.name)}
    replica.queue.working = working.__contains__  # type: ignore[method-assign,assignment]
    tickets, pool = (
        Tickets(world.kube, replica.store, replica.queue),
        Pool.of(*world.kube.objects[Resource.POOLS].values()),
    )
    tickets.let_be(run)
    await tickets.take(pool, world.board, [], world.clock.time)
    assert not world.board.said[CARD]
    working.clear()
    for _ in range(2):
        await tickets.take(pool, world.board, [], world.clock.time)
    assert [mark.uid for mark in find_claims(world.board.said[CARD])] == [run.uid]
    assert len(_closings(world, run)) == 1


async def test_a_ticket_that_left_while_the_column_was_read_ends_nothing(world: World) -> None:
    """The list is read before the claim's move, the runs after it: asked by itself, the ticket is in its place."""
    run = await _at_work(world)

    async def nobody(columns: Collection[str] = (), since: datetime | None = None) -> Look:
        return Look([], dict.fromkeys(columns, frozenset()))

    world.board.look = nobody  # type: ignore[method-assign]
    await Replica(world).poll()
    await _let_go(world)
    (after,) = world.runs()
    assert after.name == run.name
    assert after.status.failure is None or after.status.failure.failure_class is not FailureClass.CANCELLED


async def test_a_finished_run_is_not_cancelled_any_more(world: World) -> None:
    world.nodes._fate = lambda run, number: Fate.GREEN
    await live(world)
    (run,) = world.runs()
    await _cancel(world, run)
    await _let_go(world)
    (after,) = world.runs()
    assert after.status.phase is Phase.SUCCEEDED


@pytest.mark.parametrize(("phase", "told"), [("Working", 1), ("Succeeded", 0)])
def test_a_run_that_leaves_the_watch_because_it_is_settled_was_not_deleted(phase: str, told: int) -> None:
    """The event shows its last state before that, without the label by which it left."""
    app, worker = App(Settings("runner:1")), Mock(PoolWorker)
    body = run_body(phase=phase)
    app.crew.workers[(body["metadata"]["namespace"], body["spec"]["pool"])] = worker
    app.crew.run_deleted(body)
    assert worker.run_deleted.call_count == told


async def test_a_job_that_was_made_and_not_noted_goes_with_its_run(world: World) -> None:
    """The operator died between the two; then somebody called the run off."""
    run = await _at_work(world)
    world.kube.set_status(Resource.RUNS, (run.namespace, run.name), {"phase": "Queued"})
    await _cancel(world, run)
    await _let_go(world)
    assert not world.kube.objects[Resource.JOBS]
    assert len(_closings(world, run)) == 1


@pytest.mark.parametrize("spec", [{"cancel": True}, {"attempt": 99}])
async def test_whoever_may_make_runs_has_no_card_moved_or_told_that_no_run_of_theirs_had(
    world: World, spec: dict[str, Any]
) -> None:
    """Nor does a run that waited end another cluster's, which has the ticket."""
    world.board.put(CARD, REVIEW)
    body = run_body("by-hand", event="event-made-up", ticket={"id": CARD})
    body["spec"] |= spec
    world.kube.put(Resource.RUNS, "team", body)
    await _let_go(world)
    (after,) = world.runs()
    assert (after.status.phase.finished, after.settled) == (True, True)
    assert world.board.cards[CARD].column == REVIEW
    assert world.board.texts(CARD) == []


async def test_a_run_whose_pool_is_gone_is_called_off_all_the_same(world: World) -> None:
    """Nobody is there to tell of it, and its pod is to end."""
    run = await _at_work(world)
    world.kube.remove(Resource.POOLS, ("team", "shop"))
    await _let_go(world)
    assert world.kube.objects[Resource.JOBS]
    await _cancel(world, run)
    await _let_go(world)
    (after,) = world.runs()
    assert (after.status.phase, after.settled) == (Phase.CANCELLED, True)
    assert not world.kube.objects[Resource.JOBS]
    assert _closings(world, run) == []
