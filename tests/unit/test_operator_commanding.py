"""Commands in comments among fakes: obeyed once, whatever dies, and by nobody's leave but the board's members'."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any
from unittest.mock import AsyncMock

import pytest

from boardhand_api.failures import FailureClass
from boardhand_api.order import Order
from boardhand_api.pod import ORDER_ANNOTATION
from boardhand_api.run_status import Phase
from boardhand_operator.boards import Said
from boardhand_operator.boards.markers import find_replies, reply_text
from boardhand_operator.errors import RemoteUnavailable
from boardhand_operator.kube import Resource
from boardhand_operator.pools.commanding import A_POLL, LOOK_BACK, OVERLAP, Commands
from boardhand_operator.views import Run
from tests.support.fake_board import DOING, FAILED, READY, REVIEW
from tests.support.fake_nodes import Fate
from tests.support.fuse import Fuse, When
from tests.support.world import Replica, World, clocked, go_on, live

COLUMNS = {"ready": READY, "inProgress": DOING, "review": REVIEW, "failed": FAILED}
BOARD = {"type": "fake", "board": "b1", "secretRef": {"name": "s"}, "pollSeconds": 1, "columns": COLUMNS}
CARD = "card-1"


def _world(fuse: Fuse, fates: list[Fate], **spec: Any) -> World:
    """Runs end by these fates, in the order in which they begin; the last one for all that follow."""

    def fate(run: str, number: int) -> Fate:
        begun = sorted(made.runs(), key=lambda one: str(one.body["metadata"]["creationTimestamp"]))
        at = [one.name for one in begun].index(run)
        return fates[min(at, len(fates) - 1)]

    made = World(fuse, fate)
    made.add_pool(board=BOARD, policy={"commands": {"money": 9}}, **spec)
    made.board.add(CARD)
    return made


@pytest.fixture
def world() -> Iterator[World]:
    made = _world(Fuse(armed=False), [Fate.RED, Fate.GREEN])
    with clocked(made.clock):
        yield made


async def _settled(world: World, passes: int = 40) -> None:
    """The operator goes on until nothing changes any more."""
    await go_on(world, passes, step=5)


def _runs(world: World) -> list[Run]:
    return sorted(world.runs(), key=lambda run: run.spec.attempt)


def _replies(world: World, card: str = CARD) -> list[str]:
    return [text for text in world.board.texts(card) if "`boardhand:command:" in text]


def _order(world: World, run: Run) -> Order:
    (job,) = [body for (_, name), body in world.kube.objects[Resource.JOBS].items() if name.startswith(run.name)]
    return Order.model_validate_json(job["spec"]["template"]["metadata"]["annotations"][ORDER_ANNOTATION])


async def test_retry_makes_a_second_attempt_that_knows_the_first(world: World) -> None:
    await live(world)
    (first,) = world.runs()
    asked = world.board.say(CARD, "/boardhand retry\nI gave it another look.")
    await _settled(world)
    _, second = _runs(world)
    assert (second.spec.attempt, second.status.phase) == (2, Phase.SUCCEEDED)
    (lesson,) = second.spec.earlier
    assert (lesson.attempt, lesson.failure_class, lesson.summary) == (1, FailureClass.RED, "Because.")
    assert first.status.verdict
    assert first.status.verdict.output == lesson.output == "E   assert 1 == 2"
    assert _order(world, second).earlier == second.spec.earlier
    (reply,) = _replies(world)
    assert [one.to for one in find_replies(world.board.said[CARD])] == [asked.id]
    assert reply.startswith("Attempt 2 of 3")
    assert [to for _, to in world.board.moves] == [DOING, FAILED, READY, DOING, REVIEW]


async def test_a_budget_reaches_the_next_attempt_and_no_other(world: World) -> None:
    world.nodes._fate = lambda run, number: Fate.RED
    await live(world)
    world.board.say(CARD, "/boardhand budget 7.50")
    await _settled(world)
    world.board.say(CARD, "/boardhand retry")
    await _settled(world)
    assert [run.spec.money for run in _runs(world)] == [None, Decimal("7.5"), None]
    assert [_order(world, run).limits.money for run in _runs(world)] == [None, Decimal("7.5"), None]


async def test_the_pools_budget_reserves_the_amount() -> None:
    world = _world(Fuse(armed=False), [Fate.RED], limits={"money": 2}, budget={"day": 7})
    with clocked(world.clock):
        await live(world)
        world.board.say(CARD, "/boardhand budget 8")
        asked = world.board.say(CARD, "/boardhand budget 5")
        reserved = set()
        replica = Replica(world)
        for _ in range(30):
            replica.watch()
            await replica.poll()
            replica.watch()
            await replica.work()
            (body,) = world.kube.objects[Resource.POOLS].values()
            reserved |= {Decimal(one) for one in body["status"]["spending"]["reserved"].values()}
            world.pass_time(5)
    assert reserved == {Decimal(5)}
    refused, granted = _replies(world)
    assert "At most 7 US dollars" in refused
    assert "may use 5 US dollars" in granted
    assert asked.id in granted


async def test_stop_cancels_and_the_ticket_says_so(world: World) -> None:
    replica = Replica(world)
    await replica.poll()
    world.board.say(CARD, "/boardhand stop")
    await _settled(world)
    (run,) = world.runs()
    assert (run.spec.cancel, run.status.phase) == (True, Phase.CANCELLED)
    assert len(_replies(world)) == 1
    assert world.board.cards[CARD].column == FAILED


async def test_a_ticket_whose_event_had_its_run_gets_a_new_event(world: World) -> None:
    """A run that was cancelled while it waited leaves its ticket where it was, if no other column is named."""
    (key,) = world.kube.objects[Resource.POOLS]
    columns = {name: column for name, column in COLUMNS.items() if name != "failed"}
    await world.kube.patch(Resource.POOLS, *key, {"spec": {"board": {"columns": {**columns, "failed": None}}}})
    await Replica(world).poll()
    world.board.say(CARD, "/boardhand stop")
    await _settled(world)
    assert world.board.cards[CARD].column == READY
    world.board.say(CARD, "/boardhand retry")
    await _settled(world)
    assert sorted(run.status.phase for run in world.runs()) == [Phase.CANCELLED, Phase.SUCCEEDED]


@pytest.mark.parametrize("author", ["eve", "boardhand"])
async def test_strangers_are_not_heeded_and_get_no_reply(world: World, author: str) -> None:
    await live(world)
    world.board.say(CARD, "/boardhand retry", author)
    await _settled(world, 5)
    assert len(world.runs()) == 1
    assert _replies(world) == []


async def test_our_own_account_commands_nobody(world: World) -> None:
    await live(world)
    said = world.board.say(CARD, "/boardhand retry")
    world.board.said[CARD][-1] = replace(said, by_us=True, author_id="us")
    await _settled(world, 5)
    assert len(world.runs()) == 1
    assert _replies(world) == []


async def test_a_pool_can_name_who_may_or_heed_nobody(world: World) -> None:
    await live(world)
    (key,) = world.kube.objects[Resource.POOLS]
    await world.kube.patch(Resource.POOLS, *key, {"spec": {"policy": {"commands": {"authors": ["bob"]}}}})
    world.board.say(CARD, "/boardhand retry", "ada")
    await _settled(world, 5)
    assert len(world.runs()) == 1
    world.board.say(CARD, "/boardhand retry", "bob")
    await _settled(world)
    assert len(world.runs()) == 2
    await world.kube.patch(Resource.POOLS, *key, {"spec": {"policy": {"commands": {"authors": []}}}})
    world.board.say(CARD, "/boardhand retry", "bob")
    await _settled(world, 5)
    assert len(_replies(world)) == 1


async def test_a_flood_is_obeyed_a_few_a_poll_each_once(world: World) -> None:
    await live(world)
    for number in range(2 * A_POLL + 3):
        world.board.say(CARD, f"/boardhand hm{number}")
        world.board.say(CARD, f"/boardhand hm{number}", "eve")
    replica = Replica(world)
    worker_polls = []
    for _ in range(5):
        replica.watch()
        await replica.poll()
        worker_polls.append(len(_replies(world)))
        world.pass_time(5)
    assert worker_polls == [A_POLL, 2 * A_POLL, *[2 * A_POLL + 3] * 3]


async def test_an_idle_poll_asks_nothing_more_than_the_one_look(world: World) -> None:
    await live(world)
    replica = Replica(world)
    await replica.poll()
    world.fuse.armed = True
    world.fuse.calls.clear()
    await replica.poll()
    assert world.fuse.calls.count("look at the board") == 1
    assert not {"read a card", "read comments"} & set(world.fuse.calls)
    # A worker's first round checks the pool, for which the members have to be known.
    assert world.fuse.calls.count("read the members") == world.fuse.calls.count("check the board") == 1


async def test_what_was_looked_at_is_not_read_for_ever_and_what_shows_late_is(world: World) -> None:
    await live(world)
    replica = Replica(world)
    commands = Commands(world.kube, replica.store, replica.queue)
    (pool,) = replica.store.pools()
    hello, now = world.board.say(CARD, "hello"), world.clock.time
    assert commands.since(pool, now) == now - LOOK_BACK - OVERLAP
    late = Said(CARD, replace(hello, id="late", text="/boardhand stop", created_at=hello.created_at - OVERLAP / 2))
    await commands.follow(pool, world.board, [Said(CARD, hello)], now)
    assert commands.since(pool, now + OVERLAP) == hello.created_at - OVERLAP
    for _ in range(2):
        await commands.follow(pool, world.board, [late, Said(CARD, hello)], now)
    assert len(_replies(world)) == 1
    # Whoever could not look for long has not seen yet what was shown late.
    assert commands.since(pool, now + 10 * OVERLAP) == hello.created_at - OVERLAP
    await commands.follow(pool, world.board, [], now + 2 * OVERLAP)
    assert commands.since(pool, now + 3 * OVERLAP) == hello.created_at + timedelta(seconds=1)


@pytest.mark.parametrize("wrong", ["refused", "too many", "another pool's"])
async def test_what_could_not_be_obeyed_is_read_again_however_long_it_takes(world: World, wrong: str) -> None:
    """It may be of the same second as what was."""
    await live(world)
    replica = Replica(world)
    commands = Commands(world.kube, replica.store, replica.queue)
    (pool,) = replica.store.pools()
    now, said = world.clock.time, [world.board.say(CARD, "hello")]
    commands.since(pool, now)
    many = A_POLL + 1 if wrong == "too many" else 1
    said += [replace(world.board.say(CARD, "/boardhand hm"), created_at=said[0].created_at) for _ in range(many)]
    with pytest.MonkeyPatch.context() as patched:
        if wrong == "refused":
            patched.setattr(world.board, "read", AsyncMock(side_effect=RemoteUnavailable("Board", "read", "503")))
        elif wrong == "another pool's":
            patched.setattr("boardhand_operator.pools.commanding.concerns", lambda *_: False)
        with nullcontext() if wrong != "refused" else pytest.raises(RemoteUnavailable):
            await commands.follow(pool, world.board, [Said(CARD, one) for one in said], now)
    later = now + OVERLAP / 2 if wrong == "another pool's" else now + 5 * OVERLAP
    since = commands.since(pool, later)
    assert since is not None and since <= said[-1].created_at
    await commands.follow(pool, world.board, [Said(CARD, one) for one in said], later)
    assert len(_replies(world)) == many
    await commands.follow(pool, world.board, [], later + 2 * OVERLAP)
    assert commands.since(pool, later + 3 * OVERLAP) == said[0].created_at + timedelta(seconds=1)


async def test_a_command_on_a_ticket_that_is_gone_harms_nobody(world: World) -> None:
    await live(world)
    lost = world.board.say(CARD, "/boardhand retry")
    del world.board.cards[CARD]
    world.board.add("card-2")
    await _settled(world)
    assert [run.spec.ticket.id for run in world.runs() if run.status.phase is Phase.SUCCEEDED] == ["card-2"]
    assert Said(CARD, lost).comment in world.board.said[CARD]


async def test_a_forged_reply_answers_nothing(world: World) -> None:
    await live(world)
    asked = world.board.say(CARD, "/boardhand retry")
    world.board.say(CARD, reply_text("Done.", asked.id, Decimal(9)), "eve")
    await _settled(world)
    first, second = _runs(world)
    assert (first.spec.money, second.spec.money) == (None, None)


def _retry(world: World) -> None:
    assert [run.spec.attempt for run in _runs(world)] == [1, 2]
    assert [to for _, to in world.board.moves] == [DOING, FAILED, READY, DOING, REVIEW]


def _budget(world: World) -> None:
    _retry(world)
    assert _runs(world)[1].spec.money == Decimal(4)


def _unknown(world: World) -> None:
    assert [run.spec.attempt for run in _runs(world)] == [1]


@pytest.mark.parametrize("when", When)
@pytest.mark.parametrize(
    ("text", "check"),
    [
        ("/boardhand budget 4", _budget),
        pytest.param("/boardhand retry", _retry, marks=pytest.mark.slow),
        pytest.param("/boardhand hello", _unknown, marks=pytest.mark.slow),
    ],
)
def test_whatever_dies_while_it_is_obeyed(text: str, check: Callable[[World], None], when: When) -> None:
    """A crash at the n-th call, for each of the first calls: reading, moving, replying, taking."""

    async def scenario(fuse: Fuse) -> None:
        fuse.armed = False
        world = _world(fuse, [Fate.RED, Fate.GREEN])
        with clocked(world.clock):
            await live(world)
            world.board.say(CARD, text)
            fuse.armed = True
            await _settled(world, 14)
            check(world)
            assert len(_replies(world)) == 1

    whole = Fuse()
    asyncio.run(scenario(whole))
    last = next(at for at, call in enumerate(whole.calls) if call == "comment") + 8
    for number in range(1, last):
        asyncio.run(scenario(Fuse({number: when})))
