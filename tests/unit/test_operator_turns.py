"""Whose turn it is over all pools: never more at work than a limit, nobody passed over, no pool starved, nobody left
asleep, and no more work than there are runs."""

from __future__ import annotations

import random
from math import log2
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from boardhand_operator.memory.places import order_of
from boardhand_operator.memory.turns import Turn, Turns
from boardhand_operator.views import Key, Run
from tests.support.objects import pool_body, run_body

WORKING: dict[str, Any] = {"phase": "Claimed", "claim": "c1"}
DONE = WORKING | {"phase": "Succeeded", "finishedAt": "2026-01-01T12:00:00Z"}


class Life:
    """Runs that are looked at when they are new, changed or due, as the operator's queue does it."""

    def __init__(self, limit: int | None, **pools: int) -> None:
        self.limit, self.places = limit, pools
        self.turns = Turns(limit)
        self.bodies: dict[Key, dict[str, Any]] = {}
        self.queue: set[Key] = set()
        self.failed: set[Key] = set()
        """They could not begin, and look again later."""
        self.began: list[str] = []
        self.due = 0
        for name in pools:
            self.pool(name)

    def pool(self, name: str, **said: Any) -> None:
        limits = {"concurrency": self.places[name]}
        self.turns.pool_seen(("team", name), pool_body(name, limits=limits, **said))

    def see(self, name: str, pool: str = "", **kwargs: Any) -> None:
        key = ("team", name)
        known = self.bodies.get(key)
        body = run_body(name, pool=pool or known["spec"]["pool"] if known else pool, **kwargs)
        if known:
            body = {**known, "spec": known["spec"] | {"suspend": kwargs["suspend"]}}
        self.bodies[key] = body
        self.turns.run_seen(body)
        self.queue.add(key)

    def status(self, name: str, status: dict[str, Any]) -> None:
        body = self.bodies["team", name]
        self.bodies["team", name] = body | {"status": status}
        self.turns.run_seen(self.bodies["team", name])

    def drop(self, name: str) -> None:
        del self.bodies["team", name]
        self.failed.discard(("team", name))
        self.turns.run_gone(("team", name))

    def at_work(self, pool: str) -> list[str]:
        return [run.name for run in self._of(pool) if run.status.claim and not run.status.finished_at]

    def asleep(self, pool: str) -> list[Run]:
        """Those that wait and may begin, in order."""
        return sorted((run for run in self._of(pool) if not run.status.claim and not run.spec.suspend), key=order_of)

    def _of(self, pool: str) -> list[Run]:
        return [Run.of(body) for body in self.bodies.values() if body["spec"]["pool"] == pool]

    def work(self, rng: random.Random, fails: bool = False) -> None:
        """Look at runs in any order until nobody is due; with `fails` the first that may begin cannot."""
        while True:
            due = self.turns.due()
            self.due += len(due)
            self.queue |= set(due)
            if not self.queue:
                return
            key = rng.choice(sorted(self.queue))
            self.queue.discard(key)
            if key in self.bodies:
                fails = self._look(Run.of(self.bodies[key]), fails) and fails

    def _look(self, run: Run, fails: bool) -> bool:
        """Whether a failure is still to come."""
        self.turns.look((run.namespace, run.name))
        self.failed.discard((run.namespace, run.name))
        if run.status.claim or not self.turns.turn(run).place:
            return True
        self.assert_nobody_is_passed_over(run)
        with self.turns.beginning(run):
            if not fails:
                self.status(run.name, WORKING)
                self.began.append(run.name)
        if fails:
            self.failed.add((run.namespace, run.name))
        return False

    def assert_nobody_is_passed_over(self, run: Run) -> None:
        mine = len(self.at_work(run.spec.pool))
        before = [other for other in self.asleep(run.spec.pool) if order_of(other) < order_of(run)]
        if self.limit:
            failed = {Run.of(self.bodies[key]).spec.pool for key in self.failed}
            others = [pool for pool in self.places if pool not in failed and len(self.at_work(pool)) < mine]
            before += [self.asleep(pool)[0] for pool in others if self.asleep(pool) and self.able(pool)]
        assert all(self.turns.turn(other).place for other in before)

    def able(self, pool: str) -> int:
        """As many as the index thinks that the pool takes now."""
        return self.turns._pool(("team", pool)).able

    def assert_well(self) -> None:
        """Within the limits, and no place is free that somebody waits for."""
        working = {pool: self.at_work(pool) for pool in self.places}
        total = sum(map(len, working.values()))
        assert all(len(names) <= self.places[pool] for pool, names in working.items())
        assert self.limit is None or total <= self.limit
        failed = {Run.of(self.bodies[key]).spec.pool for key in self.failed}
        for pool in self.places:
            assert self.turns.counts(("team", pool))[0] == len(working[pool])
            if pool not in failed and (self.limit is None or total < self.limit):
                assert not self.able(pool)


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["add", "add", "add", "finish", "finish", "fail", "retry", "suspend", "drop", "close", "open"]),
        st.sampled_from("abc"),
        st.integers(0, 2),
        st.integers(0, 9),
    ),
    max_size=40,
)


@given(STEPS, st.none() | st.integers(1, 4), st.tuples(*[st.integers(1, 3)] * 3), st.randoms(use_true_random=False))
@settings(max_examples=150, deadline=None)
def test_whatever_happens_the_limits_hold_and_nobody_is_passed_over_or_left_asleep(
    steps: list[tuple[str, str, int, int]], limit: int | None, places: tuple[int, int, int], rng: random.Random
) -> None:
    life = Life(limit, **dict(zip("abc", places, strict=True)))
    for number, (step, pool, priority, pick) in enumerate(steps):
        names = [run.name for run in life.asleep(pool)] or [run.name for run in life._of(pool)]
        chosen = names[pick % len(names)] if names else None
        if step == "add" or (step == "fail" and pick > 4):
            life.see(f"run-{pick}-{number}", pool, created=f"2026-01-01T12:00:0{pick}Z", priority=priority)
        elif step == "finish" and (working := life.at_work(pool)):
            life.status(working[pick % len(working)], DONE)
        elif step == "retry":
            life.queue |= life.failed
        elif step == "suspend" and chosen:
            life.see(chosen, suspend=pick > 4)
        elif step == "drop" and chosen:
            life.drop(chosen)
        elif step in ("close", "open"):
            life.pool(pool, suspend=step == "close")
        life.work(rng, fails=step == "fail")
        life.assert_well()


@pytest.mark.parametrize("limit", [1, 2, 3])
def test_no_pool_starves_for_others_that_always_have_urgent_work(limit: int) -> None:
    life, rng = Life(limit, busy=9, other=9, quiet=1), random.Random(1)
    for number in range(40):
        for pool in ("busy", "other"):
            life.see(f"{pool}-{number:02}", pool, created=f"2026-01-01T12:{number:02}:00Z", priority=9)
        if number == 10:
            life.see("quiet-1", "quiet", created="2026-01-01T12:10:30Z")
        life.work(rng)
        working = [name for pool in life.places for name in life.at_work(pool)]
        life.status(working[0], DONE)
        life.work(rng)
        if "quiet-1" in life.began:
            break
    assert "quiet-1" in life.began
    assert len(life.began) < 11 + 31


def test_a_place_goes_to_the_pool_with_fewest_at_work() -> None:
    life, rng = Life(4, many=9, few=9), random.Random(1)
    for number in range(6):
        life.see(f"many-{number}", "many", created="2026-01-01T12:00:00Z")
    life.work(rng)
    for number in range(3):
        life.see(f"few-{number}", "few", created="2026-01-01T13:00:00Z")
    life.work(rng)
    assert [len(life.at_work(pool)) for pool in ("many", "few")] == [4, 0]
    for _ in range(3):
        life.status(life.at_work("many")[0], DONE)
        life.work(rng)
    assert [len(life.at_work(pool)) for pool in ("many", "few")] == [2, 2]
    assert life.began[4:] == ["few-0", "few-1", "many-4"]


def test_a_pool_whose_runs_cannot_begin_keeps_no_other_waiting() -> None:
    life, rng = Life(1, broken=1, fine=1), random.Random(1)
    life.see("broken-1", "broken", created="2026-01-01T11:00:00Z")
    life.work(rng, fails=True)
    life.see("fine-1", "fine")
    life.work(rng)
    assert life.began == ["fine-1"]
    life.status("fine-1", DONE)
    life.queue |= life.failed
    life.work(rng)
    assert life.began == ["fine-1", "broken-1"]


def test_what_a_run_waits_for_is_named_with_its_position() -> None:
    life, rng = Life(2, shop=2, other=1), random.Random(1)
    for name, second in (("a", 1), ("b", 2), ("c", 3)):
        life.see(name, "shop", created=f"2026-01-01T12:00:0{second}Z")
    life.see("d", "other", created="2026-01-01T12:00:09Z", priority=5)
    life.see("e", "shop", suspend=True)
    life.work(rng)
    assert sorted(life.began) == ["a", "d"]
    said = {name: life.turns.turn(Run.of(life.bodies["team", name])) for name in "abcde"}
    assert said == {"a": Turn(), "b": Turn(False, 1, 2), "c": Turn(False, 2), "d": Turn(), "e": Turn()}
    assert life.turns.counts(("team", "shop")) == (1, 3)


def test_one_that_cannot_be_read_counts_for_nothing() -> None:
    turns = Turns()
    turns.run_seen(run_body("a") | {"spec": {"pool": 7}})
    turns.pool_seen(("team", "shop"), pool_body() | {"spec": {}})
    turns.run_seen(run_body("b"))
    assert turns.counts(("team", "shop")) == (0, 1)
    assert turns.turn(Run.of(run_body("b"))) == Turn(False, 1)


class Counted(str):
    """A time that counts how often it is compared."""

    compared = 0

    def __lt__(self, other: str) -> bool:
        Counted.compared += 1
        return str.__lt__(self, other)

    def __eq__(self, other: object) -> bool:
        Counted.compared += 1
        return str.__eq__(self, other)

    def __str__(self) -> str:
        return self

    __hash__ = str.__hash__


def lived(number: int, limit: int | None) -> tuple[int, int]:
    """Comparisons, and looks that were asked for, over the lives of so many runs that were all made at once."""
    turns = Turns(limit)
    for pool in ("a", "b"):
        turns.pool_seen(("team", pool), pool_body(pool, limits={"concurrency": 10}))
    turns.due()
    order = random.Random(7).sample(range(number), number)
    bodies = {("team", f"run-{at}"): run_body(f"run-{at}", pool="ab"[at % 2]) for at in order}
    Counted.compared = looks = 0
    for (_, name), body in bodies.items():
        body["metadata"]["creationTimestamp"] = Counted(f"{int(name[4:]):09}")
        turns.run_seen(body)
    working: list[Key] = []
    todo = list(bodies)
    while todo or working:
        looks += len(todo)
        for key in todo:
            run = Run.of(bodies[key])
            if turns.turn(run).place:
                with turns.beginning(run):
                    turns.run_seen(bodies[key] | {"status": WORKING})
                working.append(key)
        if working:
            ends = working.pop(0)
            turns.run_seen(bodies[ends] | {"status": DONE})
        todo = turns.due()
    assert turns.counts(("team", "a")) == turns.counts(("team", "b")) == (0, 0)
    return Counted.compared, looks


@pytest.mark.parametrize(("limit", "number"), [(None, 2000), (12, 5000)])
def test_thousands_of_waiting_runs_cost_each_of_them_little_more_than_few_do(limit: int | None, number: int) -> None:
    (few, few_looks), (many, many_looks) = lived(200, limit), lived(number, limit)
    assert many / number < 1.2 * few / 200 * log2(number) / log2(200)
    assert few_looks <= 2 * 200
    assert many_looks <= 2 * number
