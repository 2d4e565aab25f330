"""Probes tell whether the operator works, not only whether it answers."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from boardhand_operator.kube import Resource
from boardhand_operator.memory.store import Store
from boardhand_operator.vitals import LEASE_SECONDS, WATCH_SECONDS, Role, Vitals
from boardhand_operator.web import serving
from tests.support.objects import run_body

KEY = ("team", "run-1")


def vitals(**changes: Any) -> Vitals:
    usual = {"watch_lag_seconds": 0.0, "lease_age_seconds": 1.0, "oldest_poll_seconds": None, "waiting": 0}
    return Vitals(**({"role": Role.WORKING} | usual | changes))


@pytest.mark.parametrize(
    ("changes", "alive", "ready"),
    [
        ({}, True, True),
        ({"role": Role.STANDING_BY}, True, True),
        ({"role": Role.STARTING}, True, False),
        ({"role": Role.ENDED}, False, False),
        ({"watch_lag_seconds": WATCH_SECONDS}, False, False),
        ({"watch_lag_seconds": WATCH_SECONDS - 1}, True, True),
        ({"lease_age_seconds": LEASE_SECONDS}, True, False),
        ({"lease_age_seconds": None}, True, True),
        ({"oldest_poll_seconds": 86400.0}, True, True),
    ],
)
def test_what_makes_it_ill(changes: dict[str, Any], alive: bool, ready: bool) -> None:
    now = vitals(**changes)
    assert (now.alive, now.ready) == (alive, ready)


@pytest.mark.parametrize("role", [Role.WORKING, Role.STARTING, Role.ENDED])
async def test_probes_answer_what_is(role: Role) -> None:
    now = vitals(role=role)
    async with serving(lambda: now, "127.0.0.1", 0) as port, httpx.AsyncClient(trust_env=False) as http:
        healthy, ready = [await http.get(f"http://127.0.0.1:{port}/{path}") for path in ("healthz", "readyz")]
    assert (healthy.is_success, ready.is_success) == (now.alive, now.ready)
    assert healthy.json()["role"] == role.value


class _Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def _run(version: int, **kwargs: Any) -> dict[str, Any]:
    body = run_body(**kwargs)
    body["metadata"]["resourceVersion"] = str(version)
    return body


def test_a_write_that_no_watch_shows_is_a_lag_until_it_or_a_later_state_is_seen() -> None:
    clock = _Clock()
    store = Store(clock)
    store.heard(Resource.RUNS, _run(1))
    assert store.lag == 0
    store.wrote(Resource.RUNS, _run(5))
    clock.now += 10
    store.wrote(Resource.RUNS, _run(7))
    store.heard(Resource.RUNS, _run(3))
    assert store.lag == 10
    store.heard(Resource.RUNS, _run(6))
    assert store.lag == 0


def test_what_leaves_the_watch_is_not_waited_for() -> None:
    clock = _Clock()
    store = Store(clock)
    store.wrote(Resource.RUNS, _run(5, settled=True))
    store.wrote(Resource.RUNS, _run(6))
    store.drop(Resource.RUNS, KEY)
    clock.now += 10
    assert store.lag == 0


def test_a_write_that_changed_nothing_or_was_shown_before_its_answer_came_is_not_waited_for() -> None:
    """No watch shows it again: the operator would be ended for a pool that two runs flag alike."""
    clock = _Clock()
    store = Store(clock)
    store.heard(Resource.RUNS, _run(5))
    store.wrote(Resource.RUNS, _run(5))
    store.heard(Resource.RUNS, _run(7))
    store.wrote(Resource.RUNS, _run(6))
    clock.now += WATCH_SECONDS
    assert store.lag == 0
    store.wrote(Resource.RUNS, _run(8))
    store.wrote(Resource.RUNS, _run(8))
    clock.now += 10
    assert store.lag == 10
