"""Whose turn it is: fair by age, and never more at work than the pool has places."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from boardhand_api.run import TicketRunStatus
from boardhand_operator.places import at_work, has_place, waiting
from boardhand_operator.views import Run
from tests.support.objects import a_run

QUEUED: dict[str, object] = {}
WORKING = {"phase": "Working", "claim": "c1", "tries": 1}
RETRYING = {"phase": "Claimed", "claim": "c1", "tries": 1}
DELIVERING = {"phase": "Verifying", "claim": "c1", "tries": 1, "finishedAt": "2026-01-01T12:00:00Z"}
DONE = {"phase": "Succeeded", "claim": "c1", "tries": 1, "finishedAt": "2026-01-01T12:00:00Z"}


@pytest.mark.parametrize(
    ("status", "works", "waits"),
    [
        (QUEUED, False, True),
        ({"claim": "c1"}, True, False),
        ({"tries": 1}, True, False),
        (RETRYING, True, False),
        (WORKING, True, False),
        (DELIVERING, False, False),
        (DONE, False, False),
        ({"phase": "Cancelled"}, False, False),
        ({"finishedAt": "2026-01-01T12:00:00Z"}, False, False),
    ],
)
def test_a_run_holds_a_place_from_its_claim_to_its_outcome(status: dict[str, object], works: bool, waits: bool) -> None:
    read = TicketRunStatus.model_validate(status)
    assert (at_work(read), waiting(read)) == (works, waits)


RUNS = st.lists(
    st.tuples(st.integers(0, 5), st.sampled_from([QUEUED, WORKING, RETRYING, DELIVERING, DONE])), max_size=8
).map(
    lambda rows: [
        a_run(name=f"run-{at}", created=f"2026-01-01T12:00:0{second}Z", **status)
        for at, (second, status) in enumerate(rows)
    ]
)


def allowed(runs: list[Run], concurrency: int, beginning: frozenset[str] = frozenset()) -> list[Run]:
    waits = [run for run in runs if waiting(run.status) and run.uid not in beginning]
    return [run for run in waits if has_place(run, runs, concurrency, beginning)]


@given(RUNS, st.integers(1, 4))
def test_as_many_begin_as_there_are_places_the_oldest_first(runs: list[Run], concurrency: int) -> None:
    """All who ask at once are given the same answer, so nobody is let in twice."""
    free = max(0, concurrency - sum(at_work(run.status) for run in runs))
    queue = sorted(
        (run for run in runs if waiting(run.status)),
        key=lambda run: (run.body["metadata"]["creationTimestamp"], run.name),
    )
    chosen = allowed(runs, concurrency)
    assert sorted(run.name for run in chosen) == sorted(run.name for run in queue[:free])


@given(RUNS, st.integers(1, 4), st.sets(st.integers(0, 7)))
def test_those_that_begin_this_moment_are_counted(runs: list[Run], concurrency: int, begun: set[int]) -> None:
    queued = [run for run in runs if waiting(run.status)]
    beginning = frozenset(run.uid for at, run in enumerate(queued) if at in begun)
    working = sum(at_work(run.status) for run in runs) + len(beginning)
    chosen = allowed(runs, concurrency, beginning)
    assert len(chosen) == max(0, min(concurrency - working, len(queued) - len(beginning)))


def test_a_run_whose_outcome_stands_frees_its_place() -> None:
    waits = a_run(name="run-2")
    for body in (DELIVERING, DONE):
        assert has_place(waits, [a_run(**body), waits], 1)
    assert not has_place(waits, [a_run(**WORKING), waits], 1)
