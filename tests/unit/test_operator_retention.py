"""What is kept of runs that are done."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from boardhand_api.keeping import Retention
from boardhand_api.pod import LABEL_POOL
from boardhand_operator.decide.conditions import stamp
from boardhand_operator.kube import Resource
from boardhand_operator.pools.retention import EVERY, expired
from tests.support.fuse import Fuse
from tests.support.objects import run_body
from tests.support.world import Replica, World, clocked

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)


def _settled(days: float, name: str) -> dict[str, Any]:
    body = run_body(name, settled=True, created=stamp(NOW - timedelta(days=days)))
    body["metadata"]["labels"][LABEL_POOL] = "shop"
    return body


@given(
    st.lists(st.integers(0, 60), max_size=30),
    st.integers(1, 40),
    st.integers(1, 20),
    st.sets(st.integers(0, 29), max_size=5),
)
def test_what_is_kept_is_young_few_and_the_newest(ages: list[int], days: int, runs: int, spared: set[int]) -> None:
    made = {f"run-{at:02}": stamp(NOW - timedelta(days=age)) for at, age in enumerate(ages)}
    stays = {f"run-{at:02}" for at in spared}
    gone = expired([(when, name) for name, when in made.items()], Retention(days=days, runs=runs), NOW, stays)
    kept = made.keys() - gone
    assert not stays & set(gone)
    assert len(kept - stays) <= runs
    assert all(ages[int(name[4:])] <= days for name in kept - stays)
    oldest_kept = max((ages[int(name[4:])] for name in kept - stays), default=0)
    assert all(ages[int(name[4:])] >= min(oldest_kept, days + 1) for name in gone)
    assert [ages[int(name[4:])] for name in gone] == sorted((ages[int(name[4:])] for name in gone), reverse=True)


@pytest.fixture
def world() -> Iterator[World]:
    made = World(Fuse(armed=False))
    made.clock.time = NOW
    made.add_pool(retention={"days": 7, "runs": 3})
    with clocked(made.clock):
        yield made


async def test_a_pool_sweeps_its_settled_runs_and_no_others(world: World) -> None:
    for name, days in (("old", 8), ("a", 4), ("b", 3), ("c", 2), ("d", 1)):
        world.kube.clock = partial(stamp, NOW - timedelta(days=days))
        world.kube.put(Resource.RUNS, "team", _settled(days, name))
    other = run_body("by-hand", settled=True, event=None)
    world.kube.put(Resource.RUNS, "team", other)
    unsettled = run_body("working")
    unsettled["metadata"]["labels"][LABEL_POOL] = "shop"
    world.kube.put(Resource.RUNS, "team", unsettled)
    await Replica(world).poll()
    assert sorted(run.name for run in world.runs()) == ["b", "by-hand", "c", "d", "working"]


async def test_a_run_whose_card_still_waits_stays_or_it_would_be_worked_twice(world: World) -> None:
    card = world.board.add("card-1")
    replica = Replica(world)
    await replica.poll()
    (run,) = world.runs()
    await world.kube.patch(Resource.RUNS, "team", run.name, {"metadata": {"labels": {"boardhand.dev/settled": "true"}}})
    world.clock.time += timedelta(days=30) + EVERY
    await Replica(world).poll()
    assert [one.name for one in world.runs()] == [run.name]
    world.board.put(card.id, "Done")
    world.clock.time += EVERY
    await Replica(world).poll()
    assert world.runs() == []
