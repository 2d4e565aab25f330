"""Pools are polled, runs are worked and watches tell, all at once and each at its own pace: nothing is done twice."""

from __future__ import annotations

import asyncio
import logging
import random
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from boardhand_api.run_status import Phase
from boardhand_operator.boards.markers import find_claims, find_closing, find_replies
from boardhand_operator.kube import Json, Resource
from boardhand_operator.pools.commands import parse
from boardhand_operator.relisting import EVERY_SECONDS
from boardhand_operator.views import Run
from tests.support.fake_board import DOING, FAILED, READY, REVIEW
from tests.support.fake_nodes import Fate
from tests.support.interleaved import Life, Town
from tests.support.interleaved_people import Act, People
from tests.support.virtual_time import LoopClock, virtually
from tests.support.world import clocked

COLUMNS = {"ready": READY, "inProgress": DOING, "review": REVIEW, "failed": FAILED}
BOARD = {"type": "fake", "board": "b1", "secretRef": {"name": "s"}, "columns": COLUMNS}
_PATIENCE = 3 * 3600.0
"""Seconds after the last trouble by which all must be done."""
_QUIET = EVERY_SECONDS + 100.0
"""Seconds in which nothing happens once all is done; by then the memory was compared with the lists."""


@dataclass(frozen=True)
class Story:
    """What happens in a world, but for what the seed draws."""

    seed: int
    pools: int = 1
    cards: int = 2
    deaths: int = 0
    breaks: int = 0
    """So often a watch breaks off."""
    trouble: float = 0.5
    acts: Sequence[Act] = ()
    times: int = 6
    """So much people do."""
    fates: Sequence[Fate] = (Fate.GREEN,)
    """Of first tries; all others end well."""


class Told(logging.Handler):
    """What is logged as an error."""

    def __init__(self, wrong: list[str]) -> None:
        super().__init__(logging.ERROR)
        self._wrong = wrong

    def emit(self, record: logging.LogRecord) -> None:
        text = record.getMessage()
        self._wrong.append(f"{text}: {record.exc_info[1]!r}" if record.exc_info else text)


@contextmanager
def _errors(wrong: list[str]) -> Iterator[None]:
    """Errors go there, and nothing else anywhere: so many lines would take longer than all the rest."""
    log, told_of = logging.getLogger("boardhand_operator"), Told(wrong)
    level, log.propagate = log.level, False
    log.setLevel(logging.ERROR)
    log.addHandler(told_of)
    try:
        yield
    finally:
        log.removeHandler(told_of)
        log.setLevel(level)
        log.propagate = True


class Witness:
    """Sees each Job as it begins and ends."""

    def __init__(self, town: Town, most: int) -> None:
        """most: so many may be at work of a pool."""
        self._town, self._most = town, most
        self.begun: dict[str, Json] = {}
        """Jobs by their UIDs."""
        self.succeeded: dict[str, str] = {}
        """The runs of Jobs that succeeded, by the Jobs' UIDs."""
        town.cluster.heard = self.hear

    def hear(self, resource: Resource, kind: str, body: Json) -> None:
        if resource is Resource.JOBS and kind != "DELETED":
            if body["metadata"]["uid"] not in self.begun:
                self._begins(body)
            self.begun[body["metadata"]["uid"]] = body
            if (body.get("status") or {}).get("succeeded"):
                self.succeeded[body["metadata"]["uid"]] = _owner(body)

    def _begins(self, new: Json) -> None:
        """Of runs that are called off the Jobs are removed a moment after their place is free."""
        runs = {run.uid: run for run in self._town.runs()}
        mine, name = runs.get(_owner(new)), new["metadata"]["name"]
        if mine is None:
            # Deleted in this moment: the garbage collector sees to it.
            return
        alive = [job for job in self._town.cluster.objects[Resource.JOBS].values() if not _ended(job)]
        others = [runs[_owner(job)] for job in alive if job is not new and _owner(job) in runs]
        if any((one.spec.pool, one.spec.ticket.id) == (mine.spec.pool, mine.spec.ticket.id) for one in others):
            self._town.wrong.append(f"Job {name} begins where another of its ticket is alive")
        at_work = [one for one in others if one.spec.pool == mine.spec.pool and not one.status.finished_at]
        if len(at_work) >= self._most:
            self._town.wrong.append(f"Job {name} begins where {[one.name for one in at_work]} are at work")


def _ended(job: Json) -> bool:
    return bool((job.get("status") or {}).get("conditions"))


def _owner(job: Json) -> str:
    return str(job["metadata"]["ownerReferences"][0]["uid"])


def told(story: Story) -> Town:
    """The world of the story once nothing happens in it any more; judged."""
    towns: list[Town] = []

    async def main(clock: LoopClock) -> None:
        with clocked(clock):
            towns.append(await _play(story, clock))

    random.seed(story.seed)
    virtually(main)
    (town,) = towns
    assert not town.wrong, "\n".join([repr(story), *town.wrong])
    return town


async def _play(story: Story, clock: LoopClock) -> Town:
    dice = random.Random(story.seed)
    firsts: dict[str, Fate] = {}

    def fate(run: str, number: int) -> Fate:
        return firsts.setdefault(run, dice.choice(story.fates)) if number == 1 else Fate.GREEN

    town = Town(dice, clock, story.trouble, fate)
    most = dice.randint(1, 2)
    witness = Witness(town, most)
    for at in range(story.pools):
        board = BOARD | {"pollSeconds": dice.choice((3, 20))}
        limits = {"concurrency": most, "retrySeconds": 5, "attempts": 20}
        town.add_pool(f"pool-{at}", namespace=f"team-{at}", board=board, limits=limits)
    people = People(town, story.acts)
    with _errors(town.wrong):
        around = [asyncio.create_task(town.pods_go_on()), asyncio.create_task(_lives(town, story))]
        await _story(town, story, people)
        await _calm(town)
        _judge(town, story, witness)
        if town.wrong:
            town.wrong += [f"at {at - 1000:.1f} s people {act.value}: {what}" for at, act, what in people.done]
    assert town.life is not None
    await town.life.dies()
    for task in around:
        task.cancel()
    await asyncio.wait(around)
    for task in around:
        if not task.cancelled():
            task.result()
    return town


async def _lives(town: Town, story: Story) -> None:
    for _ in range(story.deaths):
        life = Life(town)
        await asyncio.sleep(town.dice.uniform(0, 60))
        await life.dies()
        await asyncio.sleep(town.dice.uniform(0, 10))
    Life(town)


async def _story(town: Town, story: Story, people: People) -> None:
    """Cards come, people do what they do, watches break off; then there is no more trouble."""

    async def cards() -> None:
        for at in range(story.cards):
            town.cards.add(f"card-{at + 1}", f"Ticket {at + 1}")
            await asyncio.sleep(town.dice.choice((0.0, 3.0, 30.0)))

    async def breaks() -> None:
        for _ in range(story.breaks):
            await asyncio.sleep(town.dice.uniform(0, 60))
            if town.life:
                town.dice.choice(list(town.life.watches.values())).breaks(town.dice.uniform(0, 30))

    await asyncio.gather(cards(), breaks(), people.live(story.times if story.acts else 0))
    await asyncio.sleep(town.dice.uniform(0, 60 * (1 + story.deaths)))
    town.weather.stormy = False


async def _calm(town: Town) -> None:
    """Wait until nothing is to be done, and nothing has happened for a while."""
    loop = asyncio.get_running_loop()
    until = loop.time() + _PATIENCE
    since, seen = loop.time(), _happened(town)
    while loop.time() - since < _QUIET:
        if loop.time() > until:
            town.wrong += [f"still to be done: {one}" for one in _left(town)] or ["something goes on for ever"]
            return
        await asyncio.sleep(20)
        now = _happened(town)
        if _left(town) or now != seen:
            since, seen = loop.time(), now


def _happened(town: Town) -> object:
    """Another value after each thing that somebody sees."""
    said = sum(len(one) for one in town.cards.said.values())
    runs = [(run.uid, run.status.phase, run.settled) for run in town.runs()]
    return len(town.cards.moves), said, len(town.forge.opened), runs


def _left(town: Town) -> list[str]:
    """What is still to be done."""
    left = [f"run {run.name} is {run.status.phase}" for run in town.runs() if not run.settled]
    for card in town.cards.cards.values():
        said = town.cards.said[card.id]
        answered = {reply.to for reply in find_replies(said)}
        # Of several pools that are refused for minutes each may leave it to another.
        asked = [one for one in said if parse(one.text) and one.id not in answered]
        left += [f"{one.text} on {card.id}" for one in asked if len(town.cluster.objects[Resource.POOLS]) == 1]
        ended = {mark.event for mark in find_claims(said) if find_closing(said, mark.uid)}
        if card.column == READY and card.event not in ended:
            left.append(f"{card.id} is ready")
        if card.column == DOING and card.moved_by_us:
            left.append(f"{card.id} is in progress")
    return left


def _judge(town: Town, story: Story, witness: Witness) -> None:
    """Everything was done, and once."""
    wrong, runs = town.wrong, town.runs()
    for at, said in town.cards.said.items():
        for mark, often in Counter(mark.uid for mark in find_claims(said)).items():
            wrong += [f"{at}: claimed {often} times by {mark}"] * (often > 1)
            closing = [one.id for one in said if find_closing([one], mark)]
            there = at in town.cards.cards and mark in {run.uid for run in runs}
            wrong += [f"{at}: told {len(closing)} times of the end of {mark}"] * (not there <= len(closing) <= 1)
        for to, often in Counter(reply.to for reply in find_replies(said)).items():
            # No board has a conditional write: pools that look in the same seconds, around a claim, may both answer.
            wrong += [f"{at}: {to} was answered {often} times"] * (often > story.pools)
    # Of a run that is deleted as it begins a Job may be made once more; the garbage collector takes it away.
    left = {run.uid for run in runs}
    made = Counter((_owner(job), job["metadata"]["name"]) for job in witness.begun.values())
    wrong += [f"Job {name} was made {n} times" for (uid, name), n in made.items() if n > 1 and uid in left]
    ended = Counter(witness.succeeded.values())
    wrong += [f"{n} Jobs of {uid} succeeded" for uid, n in ended.items() if n > 1 and uid in left]
    wrong += [f"{n} pull requests of {one}" for one, n in Counter(one for one, _ in town.forge.opened).items() if n > 1]
    _judge_memory(town)
    if not story.acts:
        _judge_quiet(town, runs)


def _judge_memory(town: Town) -> None:
    """The operator's memory holds nothing of what is over."""
    assert town.life is not None
    store, wrong = town.life.app.store, town.wrong
    wrong += [f"a write was not seen for {store.lag} s"] * (store.lag > _QUIET)
    for resource in (Resource.RUNS, Resource.JOBS, Resource.PODS):
        wrong += [f"{body['metadata']['name']} is remembered" for body in store.bodies(resource)]
    for pool in store.pools():
        counts = store.turns.counts((pool.namespace, pool.name))
        wrong += [f"{pool.name} counts {counts}"] * (counts != (0, 0))
    wrong += [f"moved: {store.moved}"] * bool(store.moved)


def _judge_quiet(town: Town, runs: Sequence[Run]) -> None:
    """Where people did nothing: one run a ticket and pool, of which one has it, and its ticket went there and back."""
    for card in town.cards.cards.values():
        its = [run for run in runs if run.spec.ticket.id == card.id]
        having, names = [run for run in its if run.status.claim is not None], [run.namespace for run in its]
        if len(having) != 1 or len(names) != len(set(names)):
            town.wrong.append(f"{card.id} has the runs {[(run.name, run.status.phase) for run in its]}")
            continue
        (had,) = having
        moves = [to for one, to in town.cards.moves if one == card.id]
        if moves != [DOING, card.column] or card.column not in (REVIEW, FAILED):
            town.wrong.append(f"{card.id} was moved to {moves}")
        opened = [pull for branch, pull in town.forge.opened if branch == had.status.branch]
        if len(opened) != (had.status.branch is not None):
            town.wrong.append(f"{card.id} has the pull requests {opened}")
        if had.status.phase is not (Phase.SUCCEEDED if card.column == REVIEW else Phase.FAILED):
            town.wrong.append(f"{card.id} is in {card.column}, its run {had.status.phase}")


def test_a_card_becomes_a_pull_request() -> None:
    town = told(Story(0, cards=1, trouble=0.0))
    assert [column for _, column in town.cards.moves] == [DOING, REVIEW]
    assert len(town.forge.opened) == 1


@pytest.mark.parametrize(
    "story",
    [
        # A run deleted during a sweep for orphans, and one while it tells its ticket.
        Story(3726, breaks=2, trouble=0.0, acts=[Act.EDIT, Act.DELETE], times=2),
        Story(4168641457, cards=3, deaths=1, breaks=2, trouble=0.6, acts=[Act.DELETE], times=5),
        # Two that deleted their runs in the midst of a claim.
        Story(101881278, pools=2, trouble=0.3, acts=[Act.DELETE, Act.SUSPEND, Act.POKE], times=5),
        Story(972749517, breaks=2, trouble=0.0, acts=[Act.DELETE], times=6, fates=tuple(Fate)),
        # Two pools that each left a ticket to the other.
        Story(1953142266, pools=2, trouble=0.0),
        # A command of the same second as the one before, for which the board was not to be had for long.
        Story(3433867369, cards=1, deaths=1, trouble=0.3, acts=[Act.RETRY], times=5, fates=tuple(Fate)),
        # A run deleted while its ticket is moved, whose answer was lost; and a ticket that went before its claim was
        # noted, whose Job worked on.
        Story(3337037867, trouble=0.3, acts=[Act.DELETE, Act.POKE], times=4),
        Story(2885869687, pools=2, deaths=1, trouble=0.6, acts=[Act.TEAR, Act.READY], times=1, fates=tuple(Fate)),
        # A claim that was written and not known to be, beside which another run began.
        Story(3618641402, pools=2, cards=3, deaths=1, trouble=0.6, acts=[Act.EDIT], times=4, fates=tuple(Fate)),
    ],
)
def test_worlds_that_once_went_wrong(story: Story) -> None:
    told(story)


@given(st.integers(0, 2**32))
@settings(max_examples=3)
def test_all_at_once(seed: int) -> None:
    told(Story(seed))


@pytest.mark.slow
@given(st.integers(0, 2**32))
@example(83)
@settings(max_examples=200)
def test_all_at_once_for_long(seed: int) -> None:
    """One in fifty worlds finds a claim that is written from an old copy of its ticket, such as this one."""
    told(Story(seed))


SEEDS = st.integers(0, 2**32)
TROUBLE = st.sampled_from([0.0, 0.3, 0.6])
FATES = st.sampled_from([(Fate.GREEN,), tuple(Fate)])


@pytest.mark.slow
@given(
    st.builds(
        Story,
        SEEDS,
        cards=st.integers(1, 3),
        deaths=st.sampled_from([0, 0, 1, 3]),
        breaks=st.sampled_from([0, 2]),
        trouble=TROUBLE,
        fates=FATES,
    )
)
@settings(max_examples=100)
def test_whatever_is_slow_fails_or_dies(story: Story) -> None:
    told(story)


@pytest.mark.slow
@given(st.builds(Story, SEEDS, pools=st.just(2), cards=st.integers(1, 3), deaths=st.integers(0, 1), trouble=TROUBLE))
@settings(max_examples=25)
def test_two_pools_of_one_board(story: Story) -> None:
    told(story)


@pytest.mark.slow
@given(
    st.builds(
        Story,
        SEEDS,
        pools=st.integers(1, 2),
        cards=st.integers(1, 3),
        deaths=st.sampled_from([0, 0, 1]),
        breaks=st.sampled_from([0, 2]),
        trouble=TROUBLE,
        acts=st.lists(st.sampled_from(Act), min_size=1, max_size=3, unique=True),
        times=st.integers(1, 8),
        fates=FATES,
    )
)
@settings(max_examples=40)
def test_whatever_people_do_meanwhile(story: Story) -> None:
    told(story)
