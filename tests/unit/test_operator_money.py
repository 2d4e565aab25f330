"""A pool's budget among fakes: never overdrawn, booked once each, and waited for with a reason; whatever dies."""

from __future__ import annotations

import asyncio
import copy
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from boardhand_api.pod import LABEL_SETTLED
from boardhand_api.pool_status import Spending
from boardhand_api.run_status import Phase
from boardhand_operator.kube import Resource
from boardhand_operator.memory.store import Key
from boardhand_operator.memory.turns import Turns
from boardhand_operator.views import Pool, Run
from tests.support.fake_board import DOING, READY, REVIEW
from tests.support.fake_nodes import Fate
from tests.support.fuse import Crash, Fuse, When, refused
from tests.support.objects import a_run, pool_body, run_body
from tests.support.world import Replica, World, clocked, live

POOL = ("team", "shop")
EACH, USED = Decimal(1), Decimal("0.25")
COLUMNS = {"ready": READY, "inProgress": DOING, "review": REVIEW}
BOARD = {"type": "fake", "board": "b1", "secretRef": {"name": "s"}, "pollSeconds": 1, "columns": COLUMNS}
HALF_A_DAY = 12 * 3600


class Audited(Fuse):
    """After each call of anybody: nothing is overdrawn, and who may use money has it reserved."""

    world: World

    @asynccontextmanager
    async def call(self, name: str) -> AsyncIterator[None]:
        try:
            async with super().call(name):
                yield
        finally:
            audit(self.world)


def audit(world: World) -> None:
    pool = world.kube.objects[Resource.POOLS][POOL]
    spent = Spending.model_validate((pool.get("status") or {}).get("spending") or {})
    reserved = sum(spent.reserved.values(), Decimal(0))
    for booked, cap in ((spent.day_money, "day"), (spent.month_money, "month")):
        assert booked + reserved <= Decimal(str(pool["spec"]["budget"].get(cap, "Infinity")))
    for run in world.kube.objects[Resource.RUNS].values():
        uid, labels = run["metadata"]["uid"], run["metadata"]["labels"]
        if run["spec"]["pool"] != POOL[1] or LABEL_SETTLED in labels:
            continue
        for (_, name), job in world.kube.objects[Resource.JOBS].items():
            if job["metadata"]["ownerReferences"][0]["uid"] == uid:
                key = f"{uid}/{name.rsplit('-', 1)[1]}"
                assert (key in spent.reserved) != (key in spent.counted)


def pool_of(world: World) -> Pool:
    return Pool.of(world.kube.objects[Resource.POOLS][POOL])


def spending(world: World) -> Spending:
    spent = pool_of(world).status.spending
    assert spent
    return spent


def made(
    fuse: Fuse,
    fate: Callable[[str, int], Fate] = lambda run, number: Fate.GREEN,
    concurrency: int = 5,
    board: Any = BOARD,
    **budget: Any,
) -> World:
    world = World(fuse, fate)
    limits = {"concurrency": concurrency, "retrySeconds": 5, "money": float(EACH)}
    world.add_pool(board=board, limits=limits, budget=budget)
    if isinstance(fuse, Audited):
        fuse.world = world
    return world


def lived(fuse: Fuse, fates: list[Fate], concurrency: int = 5, first: Fate | None = None, **budget: Any) -> World:
    """One card a fate, worked to its end; each pass of the operator's loop takes half a day."""

    def fate(run: str, number: int) -> Fate:
        if first and number == 1:
            return first
        return fates[int(next(one.spec.ticket.key for one in there.runs() if one.name == run)[1:]) - 1]

    there = made(fuse, fate, concurrency, **budget)
    for at in range(len(fates)):
        there.board.add(f"card-{at + 1}")
    with clocked(there.clock):
        asyncio.run(live(there, 200, step=HALF_A_DAY))
    return there


def cost(fate: Fate) -> Decimal:
    """What is booked for a try that ends so: all of its reservation, where its agent told nothing."""
    return EACH if fate in (Fate.EVICTED, Fate.DEADLINE) else USED


def assert_booked_once(world: World, fates: list[Fate], first: Fate | None = None) -> None:
    spent = spending(world)
    assert spent.month == "2026-01"
    assert spent.month_money == sum(cost(fate) + (cost(first) if first else 0) for fate in fates)
    assert not spent.reserved


def test_each_run_is_booked_with_what_it_used() -> None:
    fates = [Fate.GREEN, Fate.DEADLINE, Fate.RED]
    world = lived(Audited(), fates, month=10)
    assert_booked_once(world, fates)
    assert len(spending(world).counted) == 3


def test_runs_that_do_not_fit_wait_for_the_next_day_and_all_are_worked() -> None:
    fates = [Fate.GREEN] * 4
    world = lived(Audited(), fates, day=1, month=100)
    assert_booked_once(world, fates)
    days = sorted(str(run.status.started_at)[:10] for run in world.runs())
    assert days == sorted(set(days))


def test_a_try_that_failed_for_its_infrastructure_is_booked_before_the_next_one_begins() -> None:
    world = lived(Audited(), [Fate.GREEN, Fate.GREEN], 1, Fate.EVICTED, day=1, month=100)
    assert_booked_once(world, [Fate.GREEN] * 2, Fate.EVICTED)
    assert [run.status.tries for run in world.runs()] == [2, 2]


@pytest.mark.slow
@pytest.mark.parametrize("when", When)
@pytest.mark.parametrize("error", [Crash, refused], ids=["crash", "refused"])
def test_any_one_call_may_fail(when: When, error: Callable[[str], Exception]) -> None:
    calls = len(lived(Audited(), [Fate.GREEN], 2, Fate.MODEL_DOWN, day=1, month=10).fuse.calls)
    assert calls > 30
    for at in range(1, calls + 1):
        world = lived(Audited({at: when}, error), [Fate.GREEN], 2, Fate.MODEL_DOWN, day=1, month=10)
        assert_booked_once(world, [Fate.GREEN], Fate.MODEL_DOWN)


FATES = st.lists(st.sampled_from([Fate.GREEN, Fate.RED, Fate.NEEDS_INFO, Fate.DEADLINE]), min_size=1, max_size=3)


def played(
    plan: dict[int, When], error: Callable[[str], Exception], fates: list[Fate], concurrency: int, first: Fate | None
) -> None:
    world = lived(Audited(plan, error), fates, concurrency, first, day=2, month=20)
    assert_booked_once(world, fates, first)


@pytest.mark.slow
@given(
    st.dictionaries(st.integers(1, 150), st.sampled_from(When), max_size=6), st.sampled_from([Crash, refused]), FATES
)
@settings(max_examples=8, deadline=None)
def test_many_calls_may_fail(plan: dict[int, When], error: Callable[[str], Exception], fates: list[Fate]) -> None:
    played(plan, error, fates, 2, Fate.EVICTED)


@pytest.mark.slow
@given(
    st.dictionaries(st.integers(1, 300), st.sampled_from(When), max_size=12),
    st.sampled_from([Crash, refused]),
    FATES,
    st.integers(1, 3),
    st.sampled_from([None, Fate.MODEL_DOWN, Fate.EVICTED]),
)
@settings(max_examples=80, deadline=None)
def test_many_calls_of_many_runs_may_fail(
    plan: dict[int, When], error: Callable[[str], Exception], fates: list[Fate], concurrency: int, first: Fate | None
) -> None:
    played(plan, error, fates, concurrency, first)


def add_runs(world: World, number: int) -> list[Key]:
    """Runs without a board."""
    keys = [("team", f"run-{at}") for at in range(number)]
    for at, (_, name) in enumerate(keys):
        ticket = {"id": f"t-{at}", "key": f"#{at + 1}"}
        world.kube.put(Resource.RUNS, "team", run_body(name, event=None, ticket=ticket))
    return keys


def run_of(world: World, key: Key) -> Run:
    return Run.of(world.kube.objects[Resource.RUNS][key])


def waits_for(run: Run) -> str:
    return next(one.reason for one in run.status.conditions if one.type == "Reconciling")


@given(st.lists(st.tuples(st.booleans(), st.booleans(), st.booleans()), max_size=25))
@settings(max_examples=8, deadline=None)
def test_two_operators_side_by_side_give_no_money_twice(turns: list[tuple[bool, bool, bool]]) -> None:
    """No Lease holds one of them back: each turn one or both look at all runs, with memories that may be old."""
    world = made(Audited(), board=False, day=2, month=20)
    add_runs(world, 4)

    async def play() -> None:
        pair = [Replica(world), Replica(world)]
        for first, second, fresh in turns:
            working = [replica for replica, looks in zip(pair, (first, second), strict=True) if looks]
            for replica in pair if fresh else []:
                replica.watch()
            await asyncio.gather(*(replica.work() for replica in working))
            world.pass_time(HALF_A_DAY / 4)
        await live(world, 200, polls=False, step=HALF_A_DAY)

    with clocked(world.clock):
        asyncio.run(play())
    assert_booked_once(world, [Fate.GREEN] * 4)
    assert {run.status.tries for run in world.runs()} == {1}


@pytest.fixture
def world() -> Iterator[World]:
    one = made(Audited(), board=False, day=2, month=20)
    with clocked(one.clock):
        yield one


async def test_who_waits_says_why_and_is_woken_once_the_others_used_less(world: World) -> None:
    first, second, third, fourth = add_runs(world, 4)
    replica = Replica(world)
    await replica.work()
    assert [run_of(world, key).status.tries for key in (first, second, third, fourth)] == [1, 1, 0, 0]
    assert waits_for(run_of(world, third)) == "BudgetDay"
    assert run_of(world, third).status.position == 1
    world.pass_time(1)
    await due(replica)
    for key, wakes in ((first, False), (second, True)):
        for _ in range(8):
            world.pass_time(1)
            replica.watch()
            await replica.reconciler.work(key)
            if run_of(world, key).status.finished_at:
                break
        woken = await due(replica)
        assert woken & {third, fourth} == ({third, fourth} if wakes else set())
    assert spending(world).day_money == 2 * USED
    await replica.reconciler.work(fourth)
    await replica.reconciler.work(third)
    assert run_of(world, third).status.tries == 1
    assert waits_for(run_of(world, fourth)) == "NoPlace"


async def due(replica: Replica) -> set[Key]:
    """Whom the operator would look at now; nobody is."""
    keys: set[Key] = set()

    async def note(key: Key) -> None:
        keys.add(key)

    workers = asyncio.create_task(replica.queue.run(note, 1))
    while len(replica.queue):
        await asyncio.sleep(0)
    workers.cancel()
    await asyncio.wait({workers})
    return keys


async def test_who_waits_looks_again_when_the_day_begins(world: World) -> None:
    world.clock.time = world.clock.time.replace(hour=23, minute=55)
    keys = add_runs(world, 3)
    replica = Replica(world)
    await replica.work()
    again = await replica.reconciler.work(keys[2])
    assert again == 301
    world.clock.time += timedelta(seconds=301)
    replica.watch()
    await replica.reconciler.work(keys[2])
    assert waits_for(run_of(world, keys[2])) == "BudgetDay"  # the two of yesterday still hold both dollars
    assert spending(world).day == "2026-01-01"


async def test_a_run_deleted_at_work_is_booked_with_all_it_reserved(world: World) -> None:
    (key,) = add_runs(world, 1)
    replica = Replica(world)
    await replica.work()
    world.kube.remove(Resource.RUNS, key)
    replica.watch()
    await replica.poll()
    assert spending(world).reserved and not spending(world).day_money
    world.pass_time(60)
    await replica.poll()
    assert (spending(world).reserved, spending(world).day_money) == ({}, EACH)


async def test_a_round_begins_a_new_day_and_forgets_who_is_settled(world: World) -> None:
    add_runs(world, 1)
    await live(world, polls=False, step=5)
    replica = Replica(world)
    await replica.poll()
    assert len(spending(world).counted) == 1
    world.pass_time(24 * 3600)
    await replica.poll()
    spent = spending(world)
    assert (spent.day, spent.day_money, spent.month_money, spent.counted) == ("2026-01-02", Decimal(0), USED, [])
    before = len(world.fuse.calls)
    await replica.services.ledgers.sweep(replica.store, pool_of(world))
    assert len(world.fuse.calls) == before


async def test_a_report_of_the_pools_worker_takes_nothing_back_that_was_booked_meanwhile(world: World) -> None:
    """Its memory of the pool is older than the last booking, and it has something to say."""
    add_runs(world, 1)
    await live(world, polls=False, step=5)
    world.kube.put(Resource.RUNS, "team", run_body("run-9", event=None))
    old = Replica(world)
    await live(world, polls=False, step=5)
    assert spending(world).day_money == 2 * USED
    await old.poll()
    assert pool_of(world).status.queued == 1
    assert spending(world).day_money == 2 * USED


async def test_an_operator_that_slept_books_nothing_that_was_booked_and_forgotten(world: World) -> None:
    """It takes the run to be at work, while another operator booked and settled it, and let go of its name."""
    (key,) = add_runs(world, 1)
    await Replica(world).work()
    slept = Replica(world)
    await live(world, polls=False, step=5)
    other = Replica(world)
    for _ in range(2):
        await other.poll()
        world.pass_time(60)
    assert (spending(world).counted, spending(world).day_money) == ([], USED)
    for resource in (Resource.POOLS, Resource.JOBS, Resource.PODS):
        for body in world.kube.objects[resource].values():
            slept.store.put(resource, copy.deepcopy(body) | {"metadata": {**body["metadata"], "labels": {}}})
    await slept.reconciler.work(key)
    assert spending(world).day_money == USED


async def test_a_run_that_reserved_before_a_crash_begins_before_one_that_only_comes_first(world: World) -> None:
    """Else the one waits for its turn, and the other for the money, for ever."""
    world.kube.objects[Resource.POOLS][POOL]["spec"]["budget"]["day"] = float(EACH)
    (reserved,) = add_runs(world, 1)
    world.fuse.plan[len(world.fuse.calls) + 3] = When.AFTER
    with pytest.raises(Crash):
        await Replica(world).work()
    assert len(spending(world).reserved) == 1
    assert not world.kube.objects[Resource.JOBS]
    world.kube.put(Resource.RUNS, "team", run_body("urgent", event=None, priority=9))
    replica = Replica(world)
    await replica.work()
    await replica.work()
    assert run_of(world, reserved).status.tries == 1
    assert waits_for(run_of(world, ("team", "urgent"))) == "BudgetDay"


async def test_a_place_elsewhere_is_not_kept_free_for_a_pool_without_money(world: World) -> None:
    world.add_pool("other", board=False)
    add_runs(world, 3)
    world.kube.put(Resource.RUNS, "team", run_body("run-9", event=None, pool="other", created="2026-01-02T12:00:00Z"))
    replica = Replica(world)
    replica.store.turns = Turns(3)
    replica.watch()
    await replica.work()
    assert run_of(world, ("team", "run-9")).status.tries == 1
    assert waits_for(run_of(world, ("team", "run-2"))) == "BudgetDay"


async def test_a_run_that_needs_more_than_the_others_keeps_no_place_of_another_pool(world: World) -> None:
    """Both pools have one at work, and one that waits; that without money would be the next."""
    world.add_pool("other", board=False, limits={"concurrency": 2})
    add_runs(world, 1)
    big = run_body("run-1", event=None)
    world.kube.put(Resource.RUNS, "team", big | {"spec": big["spec"] | {"money": 1.5}})
    for name in ("run-8", "run-9"):
        world.kube.put(Resource.RUNS, "team", run_body(name, event=None, pool="other"))
    replica = Replica(world)
    replica.store.turns = Turns(3)
    replica.watch()
    for number in (0, 8, 1, 9):
        await replica.reconciler.work(("team", f"run-{number}"))
    assert [run.status.tries for run in world.runs()] == [1, 0, 1, 1]
    assert waits_for(run_of(world, ("team", "run-1"))) == "BudgetDay"


def test_a_run_that_needs_more_than_the_others_is_woken_whenever_there_is_more() -> None:
    turns, waits = Turns(), a_run()
    turns.pool_seen(POOL, pool_body(limits={"concurrency": 3}))
    turns.room_seen(POOL, 1)
    turns.run_seen(waits.body)
    assert turns.turn(waits).place
    turns.hold(waits)
    turns.due()
    for room, wakes in ((1, False), (2, True), (1, False), (2, True), (None, True)):
        turns.room_seen(POOL, room)
        assert (("team", waits.name) in turns.due()) is wakes


async def test_a_run_that_needs_more_than_the_whole_budget_says_so(world: World) -> None:
    body = run_body("big", event=None)
    world.kube.put(Resource.RUNS, "team", body | {"spec": body["spec"] | {"money": 2.5}})
    await Replica(world).work()
    assert waits_for(run_of(world, ("team", "big"))) == "BudgetTooSmall"


async def test_a_ticket_that_was_lost_costs_nothing() -> None:
    world = made(Audited(), day=2, month=20)
    world.board.add("card-1")
    with clocked(world.clock):
        replica = Replica(world)
        await replica.poll()
        world.board.put("card-1", REVIEW)
        world.pass_time(60)
        replica.watch()
        await replica.work()
        replica.watch()
        await replica.work()
    (run,) = world.runs()
    assert (run.status.phase, spending(world).reserved, spending(world).day_money) == (Phase.CANCELLED, {}, Decimal(0))


async def test_a_pool_whose_budget_fits_no_run_says_so() -> None:
    world = made(Audited(), day=float(EACH) / 2)
    with clocked(world.clock):
        await Replica(world).poll()
    ready = pool_of(world).condition("Ready")
    assert ready
    assert (ready.status, ready.reason) == ("False", "BudgetTooSmall")
