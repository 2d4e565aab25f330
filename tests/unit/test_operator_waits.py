"""A board or a forge that is down: who waits, how often it is asked, what the status says; then all is delivered."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from boardhand_api.run_status import Phase
from boardhand_operator.boards.markers import find_claims, find_closing
from boardhand_operator.errors import NotFound, RateLimited, RemoteUnavailable
from boardhand_operator.gates import IN_A_ROW, Gate
from boardhand_operator.kube import Resource
from boardhand_operator.views import Run
from boardhand_operator.waits import BOARD_UNAVAILABLE, DELIVERY_WAITS, FIRST_SECONDS, MOST_SECONDS
from tests.support.fake_board import DOING, READY, REVIEW
from tests.support.fake_nodes import Fate
from tests.support.fuse import Fuse
from tests.support.objects import run_body
from tests.support.world import Replica, World, clocked, live

HOUR = 3600.0
STEP = 5.0


class Outage(Fuse):
    """Nothing is answered while `down`; what was asked meanwhile is counted."""

    def __init__(self) -> None:
        super().__init__()
        self.down = False
        self.knocks: list[str] = []

    @asynccontextmanager
    async def call(self, name: str) -> AsyncIterator[None]:
        if self.down:
            self.knocks.append(name)
            raise RemoteUnavailable("The service", name, "it is down (503)")
        async with super().call(name):
            yield


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


async def fails() -> str:
    raise RemoteUnavailable("Board", "ask", "no answer")


async def answers() -> str:
    return "yes"


async def closed(gate: Gate) -> None:
    for _ in range(IN_A_ROW):
        with pytest.raises(RemoteUnavailable):
            await gate.through(fails)


async def test_a_gate_lets_single_failures_pass(clock: Clock) -> None:
    gate = Gate(clock)
    for _ in range(20):
        for _ in range(IN_A_ROW - 1):
            with pytest.raises(RemoteUnavailable):
                await gate.through(fails)
        assert await gate.through(answers) == "yes"


async def test_a_closed_gate_sends_one_and_opens_with_the_first_answer(clock: Clock) -> None:
    opened: list[int] = []
    gate = Gate(clock, lambda: opened.append(1))
    await closed(gate)
    with pytest.raises(RemoteUnavailable, match="no answer"):
        await gate.through(answers)
    clock.now += 3
    arrived, go = asyncio.Event(), asyncio.Event()

    async def slow() -> str:
        arrived.set()
        await go.wait()
        return "slow"

    probe = asyncio.create_task(gate.through(slow))
    await arrived.wait()
    with pytest.raises(RemoteUnavailable):
        await gate.through(answers)
    go.set()
    assert (await probe, opened) == ("slow", [1])
    assert await gate.through(answers) == "yes"


async def test_a_probe_that_was_cancelled_leaves_the_gate_to_the_next(clock: Clock) -> None:
    gate = Gate(clock)
    await closed(gate)
    clock.now += 3
    probe = asyncio.create_task(gate.through(asyncio.Event().wait))
    await asyncio.sleep(0)
    probe.cancel()
    await asyncio.wait({probe})
    assert await gate.through(answers) == "yes"


async def test_a_service_that_says_no_is_there(clock: Clock) -> None:
    gate = Gate(clock)
    await closed(gate)
    clock.now += 3

    async def gone() -> str:
        raise NotFound("Board", "ask", "gone")

    with pytest.raises(NotFound):
        await gate.through(gone)
    assert await gate.through(answers) == "yes"


async def test_a_limit_holds_everybody_for_as_long_as_is_asked(clock: Clock) -> None:
    gate = Gate(clock)

    async def limited() -> str:
        raise RateLimited("Board", "ask", "slower", retry_after=60)

    with pytest.raises(RateLimited):
        await gate.through(limited)
    clock.now += 59
    with pytest.raises(RateLimited) as held:
        await gate.through(answers)
    assert 0 < held.value.retry_after <= 13
    clock.now += 13
    assert await gate.through(answers) == "yes"


async def test_one_who_is_down_and_says_for_how_long_is_believed(clock: Clock) -> None:
    gate = Gate(clock)

    async def down() -> str:
        raise RemoteUnavailable("Board", "ask", "maintenance", retry_after=100)

    with pytest.raises(RemoteUnavailable):
        await gate.through(down)
    clock.now += 99
    with pytest.raises(RemoteUnavailable) as held:
        await gate.through(answers)
    assert held.value.retry_after is not None
    assert 0 < held.value.retry_after <= 21
    clock.now += 21
    assert await gate.through(answers) == "yes"


async def test_a_short_pause_is_no_longer_than_was_asked(clock: Clock) -> None:
    gate = Gate(clock)

    async def limited() -> str:
        raise RateLimited("Board", "ask", "slower", retry_after=0.5)

    with pytest.raises(RateLimited):
        await gate.through(limited)
    clock.now += 0.61
    with pytest.raises(RateLimited):
        await gate.through(limited)
    clock.now += 0.61
    with pytest.raises(RateLimited):
        await gate.through(answers)
    clock.now += 5
    assert await gate.through(answers) == "yes"


async def test_a_poll_is_sent_through_a_closed_gate_unless_a_pause_was_asked_for(clock: Clock) -> None:
    gate = Gate(clock)
    await closed(gate)
    with pytest.raises(RemoteUnavailable):
        await gate.through(fails, poll=True)
    with pytest.raises(RemoteUnavailable):
        await gate.through(answers)
    assert await gate.through(answers, poll=True) == "yes"
    assert await gate.through(answers) == "yes"

    async def limited() -> str:
        raise RateLimited("Board", "ask", "slower", retry_after=60)

    with pytest.raises(RateLimited):
        await gate.through(limited)
    with pytest.raises(RateLimited):
        await gate.through(answers, poll=True)


async def test_an_hour_of_silence_is_asked_into_rarely(clock: Clock) -> None:
    gate, sent = Gate(clock), 0

    async def counted() -> str:
        nonlocal sent
        sent += 1
        return await fails()

    while clock.now < HOUR:
        for _ in range(10):
            with pytest.raises(RemoteUnavailable):
                await gate.through(counted)
        clock.now += 1
    assert HOUR / 36 <= sent <= HOUR / 30 + 10


def cards_of(world: World, number: int) -> None:
    for at in range(1, number + 1):
        world.board.add(f"card-{at}", f"Ticket {at}")


async def steps(world: World, replica: Replica, seconds: float, step: float = STEP) -> None:
    """Everybody is looked at in each step, though most asked to be left alone for longer."""
    for _ in range(int(seconds / step)):
        replica.watch()
        await replica.work()
        world.pass_time(step)


def reconciling(run: Run) -> tuple[str, str]:
    (said,) = [one for one in run.status.conditions if one.type == "Reconciling"]
    return said.reason, said.message


def assert_delivered_once(world: World) -> None:
    for run in world.runs():
        card = run.spec.ticket.id
        assert (run.status.phase, run.settled, run.status.tries) == (Phase.SUCCEEDED, True, 1)
        said = world.board.said[card]
        assert [mark.uid for mark in find_claims(said)] == [run.uid]
        assert len([one for one in said if find_closing([one], run.uid)]) == 1
        assert [column for one, column in world.board.moves if one == card] == [DOING, REVIEW]
    assert max(Counter(branch for branch, _ in world.forge.opened).values()) == 1


async def test_a_board_that_is_down_for_an_hour_gets_every_result_once() -> None:
    """Three runs are at work when it goes, three others wait for their claim."""
    world, outage = World(Fuse()), Outage()
    world.board.fuse = outage
    world.add_pool(limits={"concurrency": 3})
    cards_of(world, 6)
    with clocked(world.clock):
        replica = Replica(world)
        await replica.poll()
        await steps(world, replica, 2 * STEP)
        assert Counter(card.column for card in world.board.cards.values()) == {DOING: 3, READY: 3}
        outage.down = True
        written = world.fuse.calls.count("patch RUNS/status")
        await steps(world, replica, HOUR, 15)
        runs = world.runs()
        done = [run for run in runs if run.status.finished_at]
        assert [run.status.pull_request is not None for run in done] == [True] * 3
        for run in runs:
            reason, message = reconciling(run)
            if run in done:
                assert reason == DELIVERY_WAITS
                assert message.startswith("still to be done: the ticket is to be told: The service, asked to")
            else:
                assert (reason, run.status.tries) == (BOARD_UNAVAILABLE, 0)
                assert message.startswith("the ticket is still to be claimed: The service, asked to")
        assert len(outage.knocks) < HOUR / 20
        assert world.fuse.calls.count("patch RUNS/status") - written <= 6 * 12
        outage.down = False
        await live(world, polls=False)
    assert_delivered_once(world)
    assert len(world.runs()) == 6


async def test_who_waits_goes_on_as_soon_as_the_board_answers() -> None:
    world, outage = World(Fuse()), Outage()
    world.board.fuse = outage
    world.add_pool(limits={"concurrency": 5})
    cards_of(world, 5)
    with clocked(world.clock):
        replica = Replica(world)
        await replica.poll()
        outage.down = True
        await steps(world, replica, 600)
        outage.down = False
        world.pass_time(40)
        keys = [(run.namespace, run.name) for run in world.runs()]
        before = len(replica.queue)
        await replica.reconciler.work(keys[0])
        assert len(replica.queue) == max(before, len(keys))


async def test_a_forge_that_is_down_keeps_no_other_pool_from_its_board() -> None:
    """Nor the pool's own tickets from being claimed and worked."""
    fates = {"shop": Fate.GREEN, "answers": Fate.ANSWER}
    world, outage = World(Fuse(), lambda run, number: fates[pool_of[run]]), Outage()
    pool_of: dict[str, str] = {}
    world.forge.fuse = outage
    world.add_pool("shop", limits={"concurrency": 2})
    cards_of(world, 2)
    with clocked(world.clock):
        replica = Replica(world)
        await replica.poll()
        pool_of |= {run.name: "shop" for run in world.runs()}
        outage.down = True
        await steps(world, replica, HOUR / 4, 15)
        for run in world.runs():
            reason, message = reconciling(run)
            assert reason == DELIVERY_WAITS
            text = "still to be done: the pull request is to be opened and the ticket is to be told: The service, asked"
            assert message.startswith(text)
        assert {card.column for card in world.board.cards.values()} == {DOING}
        world.add_pool("answers")
        card = world.board.add("card-3", "A question")
        body = run_body("question", pool="answers", event=card.event, ticket={"id": card.id})
        world.kube.put(Resource.RUNS, "team", body)
        pool_of["question"] = "answers"
        await steps(world, replica, 120)
        assert world.board.cards["card-3"].column == REVIEW
        assert len(outage.knocks) < 60
        outage.down = False
        await live(world, polls=False)
    assert_delivered_once(world)


async def test_each_refusal_in_a_row_doubles_the_wait() -> None:
    world = World(Fuse())
    world.add_pool()
    world.board.add("card-1")
    with clocked(world.clock):
        replica = Replica(world)
        await replica.poll()
        world.board.fuse = Outage()
        world.board.fuse.down = True
        (run,) = world.runs()
        for row in range(8):
            replica.watch()
            seconds = await replica.reconciler.work((run.namespace, run.name))
            least = min(FIRST_SECONDS * 2**row, MOST_SECONDS)
            assert seconds is not None
            assert least <= seconds <= least * 1.2
            world.pass_time(seconds)


async def test_a_column_that_is_gone_is_told_of_and_asked_for_ever_more_seldom_until_it_is_there() -> None:
    """The run has ended by then, so it holds no place; only its ticket waits for a person."""
    world = World(Fuse(armed=False))
    world.add_pool()
    world.board.add("card-1")
    world.board.columns = (READY, DOING)
    with clocked(world.clock):
        replica = Replica(world)
        for _ in range(8):
            replica.watch()
            await replica.poll()
            await replica.work()
            world.pass_time(20)
        key = (world.runs()[0].namespace, world.runs()[0].name)
        replica.watch()
        waits = [await replica.reconciler.work(key) or 0.0 for _ in range(4)]
        (run,) = world.runs()
        assert waits[-1] > 4 * FIRST_SECONDS
        reason, said = reconciling(run)
        assert (reason, "there is no column In Review" in said) == (DELIVERY_WAITS, True)
        world.board.columns = (READY, DOING, REVIEW)
        await live(world)
    assert_delivered_once(world)


async def test_a_run_that_cannot_begin_for_its_pool_says_so_and_is_looked_at_ever_more_seldom() -> None:
    """It has its ticket by then, and goes on as soon as what stands in its way is gone."""
    world = World(Fuse(armed=False))
    world.add_pool()
    world.board.add("card-1")
    with clocked(world.clock):
        await Replica(world).poll()
        foreign = {"metadata": {"name": "boardhand-shop"}, "spec": {"podSelector": {}}}
        world.kube.remove(Resource.POLICIES, ("team", "boardhand-shop"))
        world.kube.put(Resource.POLICIES, "team", foreign)
        replica = Replica(world)
        key = (world.runs()[0].namespace, world.runs()[0].name)
        waits = []
        for _ in range(5):
            waits.append(await replica.reconciler.work(key) or 0.0)
            replica.watch()
        assert waits[-1] > 4 * FIRST_SECONDS
        reason, said = reconciling(world.runs()[0])
        assert reason == "ForeignNetworkPolicy"
        assert said.endswith("delete it")
        world.kube.remove(Resource.POLICIES, ("team", "boardhand-shop"))
        await live(world)
    assert_delivered_once(world)
