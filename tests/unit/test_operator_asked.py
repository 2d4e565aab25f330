"""The next attempt that somebody asks for at the API server: begun once, claimed and told like any other."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Any

import pytest

from boardhand_api.failures import FailureClass
from boardhand_api.run_status import Phase
from boardhand_client.acting import cancel, retry, suspend_pool, suspend_run
from boardhand_client.errors import NotThere, Rejected
from boardhand_client.session import Session
from boardhand_operator.boards.claims import Claimant, claim
from boardhand_operator.boards.markers import find_claims, find_closing
from boardhand_operator.kube import Resource
from boardhand_operator.views import Run
from tests.support.api_server import ADA, ApiServer, serving
from tests.support.fake_board import DOING, FAILED, READY, REVIEW
from tests.support.fake_nodes import Fate
from tests.support.fuse import Fuse, When
from tests.support.objects import run_body
from tests.support.world import World, clocked, go_on, live

COLUMNS = {"ready": READY, "inProgress": DOING, "review": REVIEW, "failed": FAILED}
BOARD = {"type": "fake", "board": "b1", "secretRef": {"name": "s"}, "pollSeconds": 1, "columns": COLUMNS}
CARD = "card-1"


def _world(fuse: Fuse, fates: list[Fate], board: Any = None, **spec: Any) -> World:
    def fate(run: str, number: int) -> Fate:
        begun = sorted(made.runs(), key=lambda one: str(one.body["metadata"]["creationTimestamp"]))
        return fates[min([one.name for one in begun].index(run), len(fates) - 1)]

    made = World(fuse, fate)
    made.add_pool(board=BOARD if board is None else board, **spec)
    made.board.add(CARD)
    return made


@pytest.fixture
def world() -> Iterator[World]:
    made = _world(Fuse(armed=False), [Fate.RED, Fate.GREEN])
    with clocked(made.clock):
        yield made


@asynccontextmanager
async def ada(world: World) -> AsyncIterator[Session]:
    """Somebody at the API server."""
    async with serving(ApiServer(world.kube)) as server, Session.bearer(server.url, None, ADA) as session:
        yield session


def _newest(world: World) -> Run:
    return max(world.runs(), key=lambda run: (run.spec.attempt, str(run.body["metadata"]["creationTimestamp"])))


async def test_the_next_attempt_takes_the_card_from_where_it_is(world: World) -> None:
    await live(world)
    (first,) = world.runs()
    assert world.board.cards[CARD].column == FAILED
    async with ada(world) as session:
        made = await retry(session, "team", first.name, Decimal("2.5"))
    assert (made.attempt, made.made, made.waits) == (2, True, "")
    await go_on(world, 20)
    second = _newest(world)
    assert (second.name, second.status.phase, second.spec.money) == (made.name, Phase.SUCCEEDED, Decimal("2.5"))
    assert [one.failure_class for one in second.spec.earlier] == [FailureClass.RED]
    assert world.board.moves[-2:] == [(CARD, DOING), (CARD, REVIEW)]
    said = world.board.said[CARD]
    assert [mark.run for mark in find_claims(said)] == [first.name, second.name]
    assert "ada@example.com" in find_claims(said)[-1].event
    assert any("ada at example.com asked for it." in one.text for one in said)
    assert find_closing(said, second.uid)


async def test_two_clicks_are_one(world: World) -> None:
    await live(world)
    (first,) = world.runs()
    async with ada(world) as session:
        one, other = await retry(session, "team", first.name), await retry(session, "team", first.name)
        assert (one.name, one.made, other.made) == (other.name, True, False)
        await go_on(world, 20)
        assert len(world.runs()) == 2


@pytest.mark.slow
async def test_asked_again_for_the_first_it_is_the_attempt_after_the_last() -> None:
    world = _world(Fuse(armed=False), [Fate.RED])
    with clocked(world.clock):
        await live(world)
        (first,) = world.runs()
        async with ada(world) as session:
            for attempt in (2, 3):
                assert (await retry(session, "team", first.name)).attempt == attempt
                await go_on(world, 20)
            with pytest.raises(Rejected, match="no attempt is left: 3 of 3"):
                await retry(session, "team", first.name)
        assert [len(run.spec.earlier) for run in sorted(world.runs(), key=lambda run: run.spec.attempt)] == [0, 1, 2]


@pytest.mark.slow
async def test_what_spent_no_attempt_is_tried_as_the_same_one(world: World) -> None:
    await go_on(world, 2, step=1)
    (first,) = world.runs()
    async with ada(world) as session:
        with pytest.raises(Rejected, match="has not ended yet"):
            await retry(session, "team", first.name)
        assert (await cancel(session, "team", first.name)).cancel
        assert (await cancel(session, "team", first.name)).cancel
        await go_on(world, 5)
        with pytest.raises(Rejected, match="is finished"):
            await suspend_run(session, "team", first.name)
        assert (await retry(session, "team", first.name)).attempt == 1
        await go_on(world, 20)
        second = next(run for run in world.runs() if run.name != first.name)
        assert (second.spec.attempt, second.status.phase) == (1, Phase.SUCCEEDED)


@pytest.mark.slow
async def test_a_question_is_answered_with_it() -> None:
    world = _world(Fuse(armed=False), [Fate.NEEDS_INFO, Fate.GREEN])
    with clocked(world.clock):
        await live(world)
        (first,) = world.runs()
        async with ada(world) as session:
            with pytest.raises(Rejected, match="the agent has a question"):
                await retry(session, "team", first.name)
            assert len(world.runs()) == 1
            await retry(session, "team", first.name, say="In euros.")
        await go_on(world, 20)
        told = _newest(world).spec.ticket.comments[-1]
        assert (told.author, told.text) == ("ada@example.com", "In euros.")


@pytest.mark.slow
async def test_a_run_by_hand_is_tried_again_without_a_board() -> None:
    world = _world(Fuse(armed=False), [Fate.RED], board=False)
    world.kube.put(Resource.RUNS, "team", run_body("by-hand", event=None))
    with clocked(world.clock):
        await go_on(world, 20)
        async with ada(world) as session:
            second = await retry(session, "team", "by-hand")
            await go_on(world, 20)
            with pytest.raises(Rejected, match=f"retried before, as {second.name}"):
                await retry(session, "team", "by-hand")
            third = await retry(session, "team", second.name)
            await go_on(world, 20)
    runs = {run.name: run for run in world.runs()}
    assert (runs[third.name].spec.attempt, len(runs[third.name].spec.earlier)) == (3, 2)
    assert not runs[third.name].on_board
    assert world.board.moves == []


async def test_another_run_of_the_ticket_keeps_it(world: World) -> None:
    await live(world)
    (first,) = world.runs()
    async with ada(world) as session:
        made = await retry(session, "team", first.name)
        # Meanwhile somebody moves the card: the poll makes a run of its own before the one asked for is looked at.
        world.board.put(CARD, READY)
        label = first.body["metadata"]["labels"]
        other = run_body("other", event="event-other", ticket={"id": CARD})
        other["metadata"]["labels"] = dict(label)
        other["metadata"]["labels"].pop("boardhand.dev/settled", None)
        world.kube.put(Resource.RUNS, "team", other)
        await go_on(world, 20)
    asked = next(run for run in world.runs() if run.name == made.name)
    assert (asked.status.phase, asked.status.failure and asked.status.failure.reason) == (
        Phase.CANCELLED,
        "ClaimedElsewhere",
    )
    assert find_closing(world.board.said[CARD], asked.uid) is None


@pytest.mark.slow
async def test_a_claim_of_another_cluster_keeps_the_ticket(world: World) -> None:
    await live(world)
    (first,) = world.runs()
    world.board.put(CARD, READY)
    await claim(world.board, CARD, Claimant("theirs", "uid-theirs", "event-x", "other", "uid-pool"))
    async with ada(world) as session:
        made = await retry(session, "team", first.name)
    await go_on(world, 3, step=1)
    asked = next(run for run in world.runs() if run.name == made.name)
    assert asked.status.failure and asked.status.failure.reason == "ClaimedElsewhere"


@pytest.mark.parametrize(("column", "phase"), [(REVIEW, Phase.CANCELLED), (FAILED, Phase.SUCCEEDED)])
async def test_a_card_that_never_was_the_pools_stays_where_it_is(column: str, phase: Phase) -> None:
    world = _world(Fuse(armed=False), [Fate.GREEN])
    world.board.put(CARD, column)
    world.kube.put(Resource.RUNS, "team", run_body("made-up", event="boardhand.dev/retry:eve/x", ticket={"id": CARD}))
    moves = len(world.board.moves)
    with clocked(world.clock):
        await go_on(world, 20)
    (run,) = world.runs()
    assert run.status.phase is phase
    assert (world.board.moves[moves:] == []) is (phase is Phase.CANCELLED)


async def test_a_card_that_is_gone_ends_the_attempt(world: World) -> None:
    await live(world)
    (first,) = world.runs()
    async with ada(world) as session:
        made = await retry(session, "team", first.name)
    world.board.cards.clear()
    await go_on(world, 3)
    asked = next(run for run in world.runs() if run.name == made.name)
    assert asked.status.failure and asked.status.failure.reason == "TicketMoved"


@pytest.mark.slow
async def test_a_deleted_attempt_leaves_the_card_alone(world: World) -> None:
    await live(world)
    (first,) = world.runs()
    async with ada(world) as session:
        await suspend_pool(session, "team", "shop")
        made = await retry(session, "team", first.name)
        assert made.waits == "pool shop is suspended: it begins once that is resumed"
        await go_on(world, 2)
        said = len(world.board.said[CARD])
        world.kube.remove(Resource.RUNS, ("team", made.name))
        await suspend_pool(session, "team", "shop", suspend=False)
        await go_on(world, 3)
    assert len(world.board.said[CARD]) == said


@pytest.mark.slow
@pytest.mark.parametrize("money", [Decimal(0), Decimal(-1), Decimal(9)])
async def test_money_that_cannot_be_is_refused_before_anything_is_written(money: Decimal) -> None:
    spec = {"limits": {"money": 1}, "budget": {"day": 5}}
    world = _world(Fuse(armed=False), [Fate.RED], **spec)
    with clocked(world.clock):
        await live(world)
        (first,) = world.runs()
        async with ada(world) as session:
            with pytest.raises(Rejected, match="US dollars"):
                await retry(session, "team", first.name, money)
            with pytest.raises(NotThere, match="there is no TicketRun none"):
                await retry(session, "team", "none")
    assert len(world.runs()) == 1


@pytest.mark.slow
@pytest.mark.parametrize("at", range(1, 24))
@pytest.mark.parametrize("when", list(When))
async def test_whatever_dies_the_attempt_is_claimed_once(at: int, when: When) -> None:
    world = _world(Fuse(armed=False), [Fate.RED, Fate.GREEN])
    with clocked(world.clock):
        await live(world)
        (first,) = world.runs()
        async with ada(world) as session:
            made = await retry(session, "team", first.name)
        world.fuse.armed, world.fuse.plan = True, {at: when}
        await live(world)
        assert len(world.fuse.calls) >= at
    second = next(run for run in world.runs() if run.name == made.name)
    assert second.status.phase is Phase.SUCCEEDED
    assert [mark.run for mark in find_claims(world.board.said[CARD])] == [first.name, made.name]
    assert world.board.cards[CARD].column == REVIEW
