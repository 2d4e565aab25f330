"""Who holds a place, who waits for one, and the queue of one pool."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from boardhand_api.run_status import TicketRunStatus
from boardhand_operator.memory.places import PoolQueue, at_work, order_of, waiting
from tests.support.objects import a_run

DONE = {"phase": "Succeeded", "claim": "c1", "tries": 1, "finishedAt": "2026-01-01T12:00:00Z"}


@pytest.mark.parametrize(
    ("status", "works", "waits"),
    [
        ({}, False, True),
        ({"claim": "c1"}, True, False),
        ({"tries": 1}, True, False),
        ({"phase": "Claimed", "claim": "c1", "tries": 1}, True, False),
        ({"phase": "Working", "claim": "c1", "tries": 1}, True, False),
        (DONE | {"phase": "Verifying"}, False, False),
        (DONE, False, False),
        ({"phase": "Cancelled"}, False, False),
        ({"finishedAt": "2026-01-01T12:00:00Z"}, False, False),
    ],
)
def test_a_run_holds_a_place_from_its_claim_to_its_outcome(status: dict[str, object], works: bool, waits: bool) -> None:
    read = TicketRunStatus.model_validate(status)
    assert (at_work(read), waiting(read)) == (works, waits)


def test_priority_comes_before_age_and_age_before_the_name() -> None:
    runs = [
        a_run(name="b", created="2026-01-01T12:00:00Z"),
        a_run(name="z", created="2026-01-01T11:59:59Z"),
        a_run(name="a", created="2026-01-01T12:00:00Z"),
        a_run(name="later", created="2026-01-01T12:00:09Z", priority=7),
        a_run(name="least", created="2026-01-01T11:00:00Z", priority=-1),
    ]
    assert [run.name for run in sorted(runs, key=order_of)] == ["later", "z", "a", "b", "least"]


@given(
    places=st.integers(0, 5),
    works=st.integers(0, 6),
    names=st.sets(st.sampled_from("abcdefgh")),
    level=st.integers(0, 9),
    name=st.sampled_from("abcdefgh"),
)
def test_what_comes_before_is_what_sorting_says(
    places: int, works: int, names: set[str], level: int, name: str
) -> None:
    queue = PoolQueue(places, {("team", str(number)) for number in range(works)})
    for one in names:
        queue.add((0, "", one, "team"))
    age = ("", name, "other")
    levelled = list(queue.nexts())
    assert [at for at, _ in levelled] == list(range(works, works + queue.able))
    assert [one for _, one in levelled] == sorted(("", one, "team") for one in names)[: queue.able]
    assert queue.before(level, age) == sum(one < (level, age) for one in levelled)


def test_one_that_does_not_wait_has_no_rank() -> None:
    queue = PoolQueue(1)
    first, second = (0, "", "a", "team"), (0, "", "b", "team")
    queue.add(second)
    queue.remove(first)
    assert (queue.rank(first), queue.rank(second)) == (None, 0)
    queue.add(first)
    assert (queue.rank(first), queue.rank(second)) == (0, 1)
