"""Whatever dies at whatever moment: one Job a try, one claim, one closing comment, one pull request, one move each."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from boardhand_api.failures import FailureClass
from boardhand_api.run_status import Phase
from boardhand_operator.boards.markers import find_claims, find_closing
from boardhand_operator.views import Run
from tests.support.fake_board import DOING, FAILED, READY, REVIEW
from tests.support.fake_nodes import Fate
from tests.support.fuse import Crash, Fuse, When, refused
from tests.support.world import Replica, World, clocked, live

COLUMNS = {"ready": READY, "inProgress": DOING, "review": REVIEW, "failed": FAILED}
BOARD = {"type": "fake", "board": "b1", "secretRef": {"name": "s"}, "pollSeconds": 1, "columns": COLUMNS}
ENDS = {
    Fate.GREEN: (Phase.SUCCEEDED, None, REVIEW, 1),
    Fate.RED: (Phase.FAILED, FailureClass.RED, FAILED, 1),
    Fate.ANSWER: (Phase.SUCCEEDED, None, REVIEW, 0),
    Fate.NEEDS_INFO: (Phase.FAILED, FailureClass.NEEDS_INFO, FAILED, 0),
    Fate.DEADLINE: (Phase.FAILED, FailureClass.DEADLINE, FAILED, 0),
}
"""Phase, class, column and pull requests."""


def lived(fuse: Fuse, fates: list[Fate], concurrency: int = 1, first: Fate | None = None) -> tuple[World, int]:
    """A world in which one card for each fate was worked to its end, and the lives of the operator it took.

    first: how the first try of each ends, where that is not its fate.
    """
    by_key = {f"#{at}": fate for at, fate in enumerate(fates, start=1)}

    def fate(run: str, number: int) -> Fate:
        key = next(one.spec.ticket.key for one in made.runs() if one.name == run)
        return first if first and number == 1 else by_key[key]

    made = World(fuse, fate)
    made.add_pool(board=BOARD, limits={"concurrency": concurrency, "retrySeconds": 5})
    for at in range(len(fates)):
        made.board.add(f"card-{at + 1}", f"Ticket {at + 1}")
    with clocked(made.clock):
        return made, asyncio.run(live(made))


def assert_once(made: World, run: Run, fate: Fate, tries: int = 1, rivals: int = 0) -> None:
    """The run ended as its fate says, and everything was done once."""
    phase, failure, column, requests = ENDS[fate]
    status, card = run.status, run.spec.ticket.id
    assert (status.phase, run.settled, status.tries) == (phase, True, tries)
    assert (status.failure.failure_class if status.failure else None) == failure
    assert [
        number for (plural, _, name), number in made.kube.created.items() if plural == "jobs" and run.name in name
    ] == [1] * tries
    said = made.board.said[card]
    assert [claim.uid for claim in find_claims(said)] == [run.uid]
    closing = [comment.id for comment in said if find_closing([comment], run.uid)]
    assert status.delivery and closing == [status.delivery.comment]
    assert len(said) == 2 + rivals
    assert [to for one, to in made.board.moves if one == card] == [DOING, column]
    opened = [request for branch, request in made.forge.opened if branch == status.branch]
    assert len(opened) == requests
    assert status.pull_request == (opened[0] if opened else None)


def test_a_card_becomes_a_pull_request() -> None:
    made, lives = lived(Fuse(), [Fate.GREEN])
    (run,) = made.runs()
    assert_once(made, run, Fate.GREEN)
    assert lives == 1
    assert made.forge.bodies[1].startswith("Fix it\n")


@pytest.mark.slow
@pytest.mark.parametrize("when", When)
@pytest.mark.parametrize("error", [Crash, refused], ids=["crash", "refused"])
def test_any_one_call_may_fail(when: When, error: Callable[[str], Exception]) -> None:
    calls = len(lived(counted := Fuse(), [Fate.GREEN])[0].fuse.calls)
    assert calls == len(counted.calls) > 30
    for at in range(1, calls + 1):
        made, lives = lived(Fuse({at: when}, error), [Fate.GREEN])
        (run,) = made.runs()
        assert_once(made, run, Fate.GREEN)
        assert lives == (2 if error is Crash else 1)


@pytest.mark.slow
@given(
    plan=st.dictionaries(st.integers(1, 150), st.sampled_from(When), max_size=6),
    error=st.sampled_from([Crash, refused]),
    fates=st.lists(st.sampled_from(list(ENDS)), min_size=1, max_size=3),
    concurrency=st.integers(1, 2),
    first=st.sampled_from([None, Fate.MODEL_DOWN, Fate.EVICTED]),
)
@settings(max_examples=40, deadline=None)
def test_many_calls_of_many_runs_may_fail(
    plan: dict[int, When],
    error: Callable[[str], Exception],
    fates: list[Fate],
    concurrency: int,
    first: Fate | None,
) -> None:
    made, _ = lived(Fuse(plan, error), fates, concurrency, first)
    runs = sorted(made.runs(), key=lambda run: run.spec.ticket.key)
    assert [run.spec.ticket.id for run in runs] == [f"card-{at + 1}" for at in range(len(fates))]
    for run, fate in zip(runs, fates, strict=True):
        assert_once(made, run, fate, tries=2 if first else 1)
        assert run.status.usage is None or run.status.usage.prompt_tokens == 100 * _answers(fate, first)


def _answers(fate: Fate, first: Fate | None) -> int:
    """Tries whose agent lived to report what it used."""
    return (fate is not Fate.DEADLINE) + (first is Fate.MODEL_DOWN)


def test_what_the_infrastructure_ended_goes_back_and_is_taken_again() -> None:
    """All tries of the first run find the model down; the card is put back, which is a new event and a new run."""
    made = World(Fuse(), lambda run, number: Fate.MODEL_DOWN if run == first_run() else Fate.GREEN)

    def first_run() -> str:
        return min(made.runs(), key=lambda run: str(run.status.started_at)).name

    made.add_pool(board=BOARD, limits={"retrySeconds": 5, "tries": 2})
    made.board.add("card-1")
    with clocked(made.clock):
        asyncio.run(live(made))
    lost, green = sorted(made.runs(), key=lambda run: str(run.status.started_at))
    assert lost.status.failure and lost.status.failure.failure_class is FailureClass.INFRASTRUCTURE
    assert (lost.status.tries, green.status.tries) == (2, 1)
    assert (lost.spec.attempt, green.spec.attempt) == (1, 1)
    assert [column for _, column in made.board.moves] == [DOING, READY, DOING, REVIEW]
    assert len(made.forge.opened) == 1
    assert Counter(claim.uid for claim in find_claims(made.board.said["card-1"])) == {lost.uid: 1, green.uid: 1}


def test_two_pools_of_two_namespaces_on_one_column_share_the_cards() -> None:
    made = World(Fuse())
    for namespace in ("team-a", "team-b"):
        made.add_pool(board=BOARD, namespace=namespace)
    made.board.add("card-1")
    with clocked(made.clock):
        asyncio.run(live(made))
    won, lost = sorted(made.runs(), key=lambda run: run.status.phase is not Phase.SUCCEEDED)
    # Both read the card before either claimed it: the later one's claim became a sentence.
    assert_once(made, won, Fate.GREEN, rivals=1)
    assert any(f"left this ticket to run {won.name}" in text for text in made.board.texts("card-1"))
    assert (lost.status.phase, lost.status.tries, lost.status.claim) == (Phase.CANCELLED, 0, None)
    assert lost.settled


@given(st.lists(st.tuples(st.integers(0, 1), st.booleans()), max_size=40), st.sampled_from(list(ENDS)))
@settings(max_examples=40, deadline=None)
def test_two_replicas_that_take_turns_do_everything_once(turns: list[tuple[int, bool]], fate: Fate) -> None:
    """Each turn one of the two looks at the run, with a memory that may be old."""
    made = World(Fuse(), lambda run, number: fate)
    made.add_pool(board=BOARD)
    made.board.add("card-1")

    async def play() -> None:
        pair = [Replica(made), Replica(made)]
        await pair[0].poll()
        for replica in pair:
            replica.watch()
        seen = 0
        for one, fresh in turns:
            if fresh:
                pair[one].watch()
            await pair[one].work()
            (run,) = made.runs()
            order = ORDER[run.status.phase]
            assert order >= seen
            seen = order
            made.pass_time(7)
        await live(made)

    with clocked(made.clock):
        asyncio.run(play())
    (run,) = made.runs()
    assert_once(made, run, fate)


ORDER = {phase: at for at, phase in enumerate(Phase) if not phase.finished} | {
    phase: len(Phase) for phase in Phase if phase.finished
}


def test_two_replicas_at_the_same_moment_make_one_job_and_one_pull_request() -> None:
    """No board has a conditional write, so a second comment cannot be kept out without the Lease; all else can."""
    made = World(Fuse())
    made.add_pool(board=BOARD)
    made.board.add("card-1")

    async def play() -> None:
        pair = [Replica(made), Replica(made)]
        await asyncio.gather(*(replica.poll() for replica in pair))
        for _ in range(30):
            for replica in pair:
                replica.watch()
            await asyncio.gather(*(replica.work() for replica in pair))
            made.pass_time(20)

    with clocked(made.clock):
        asyncio.run(play())
    (run,) = made.runs()
    assert (run.status.phase, run.settled, run.status.tries) == (Phase.SUCCEEDED, True, 1)
    assert made.kube.created[("jobs", "team", run.status.job or "")] == 1
    assert len(made.forge.opened) == 1
    assert [column for _, column in made.board.moves] == [DOING, REVIEW]
    assert {claim.uid for claim in find_claims(made.board.said["card-1"])} == {run.uid}
