"""A pool's conditions: what its board, its forge and its runs found, for as long as it holds."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from boardhand_api.pool_status import Condition
from boardhand_api.run_status import Phase, TicketRunStatus
from boardhand_operator.decide.conditions import run_conditions, stamp, with_condition
from boardhand_operator.pools.health import Problem, conditions, run_problem
from boardhand_operator.views import Pool
from tests.support.objects import pool_body

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
CHECKED = Problem("CredentialsRefused", "The token is wrong.")
FLAGGED = Problem("ImagePull", "The image is not there.")


def pool(*, generation: int = 1, said: list[dict[str, Any]] | None = None, **spec: Any) -> Pool:
    body = pool_body(**spec)
    body["metadata"]["generation"] = generation
    body["status"] = {"conditions": said or []}
    return Pool.of(body)


def flag(status: str = "False", generation: int = 1) -> dict[str, Any]:
    words = {"type": "Configured", "status": status, "reason": FLAGGED.reason, "message": FLAGGED.message}
    return words | {"lastTransitionTime": stamp(NOW), "observedGeneration": generation}


def read(said: list[Condition]) -> dict[str, tuple[str, str]]:
    return {condition.type: (condition.status, condition.reason) for condition in said}


@pytest.mark.parametrize(
    ("made", "seconds", "problem"),
    [
        (pool(), 0, None),
        (pool(said=[flag("True")]), 0, None),
        (pool(said=[flag()]), 0, FLAGGED),
        (pool(said=[flag()]), 599, FLAGGED),
        (pool(said=[flag()]), 600, None),
        (pool(said=[flag()], generation=2), 0, None),
    ],
)
def test_what_a_run_found_holds_until_the_spec_changes_or_time_passes(
    made: Pool, seconds: int, problem: Problem | None
) -> None:
    assert run_problem(made, NOW + timedelta(seconds=seconds), 600) == problem


@pytest.mark.parametrize(
    ("made", "checked", "flagged", "ready", "configured"),
    [
        (pool(), None, None, ("True", "Ready"), ("True", "Configured")),
        (pool(suspend=True), None, None, ("False", "Suspended"), ("True", "Configured")),
        (pool(), CHECKED, None, ("False", "CredentialsRefused"), ("True", "Configured")),
        (pool(said=[flag()]), None, FLAGGED, ("False", "ImagePull"), ("False", "ImagePull")),
        (pool(said=[flag()]), CHECKED, FLAGGED, ("False", "CredentialsRefused"), ("False", "ImagePull")),
        (pool(said=[flag()]), None, None, ("True", "Ready"), ("True", "Configured")),
        (pool(suspend=True), CHECKED, None, ("False", "CredentialsRefused"), ("True", "Configured")),
    ],
)
def test_ready_says_the_first_reason_why_no_ticket_is_taken(
    made: Pool,
    checked: Problem | None,
    flagged: Problem | None,
    ready: tuple[str, str],
    configured: tuple[str, str],
) -> None:
    assert read(conditions(made, checked, flagged, NOW)) == {"Ready": ready, "Configured": configured}


@given(st.booleans(), st.sampled_from([None, CHECKED]))
def test_with_nothing_new_the_conditions_stay_as_they_are(suspended: bool, checked: Problem | None) -> None:
    """So that no status is written, and nobody woken, for nothing."""
    first = conditions(pool(suspend=suspended), checked, None, NOW)
    known = pool(suspend=suspended, said=[condition.wire() for condition in first])
    assert conditions(known, checked, None, NOW + timedelta(hours=1)) == first


def test_the_time_of_a_condition_is_that_of_its_last_change() -> None:
    said: list[Condition] = []
    for minute, status in enumerate([True, True, False, False, True]):
        said = with_condition(said, "Ready", status, "R", str(minute), NOW + timedelta(minutes=minute), 1)
    assert [(one.last_transition_time, one.message) for one in said] == [(stamp(NOW + timedelta(minutes=4)), "4")]
    assert len(with_condition([], "Ready", True, "R", "x" * 5000, NOW, 1)[0].message) == 1000


@pytest.mark.parametrize(
    ("phase", "ready", "reconciling", "stalled"),
    [(phase, "False", "True", "False") for phase in Phase if not phase.finished]
    + [
        (Phase.SUCCEEDED, "True", "False", "False"),
        (Phase.FAILED, "False", "False", "True"),
        (Phase.CANCELLED, "False", "False", "True"),
    ],
)
def test_a_runs_conditions_are_what_kstatus_reads(phase: Phase, ready: str, reconciling: str, stalled: str) -> None:
    failure = {"class": "Stuck", "reason": "NoChange", "message": "Nothing came of it."}
    status = TicketRunStatus.model_validate({"phase": phase.value, "failure": failure})
    said = {one.type: one for one in run_conditions(status, "told", NOW)}
    assert {kind: one.status for kind, one in said.items()} == {
        "Ready": ready,
        "Reconciling": reconciling,
        "Stalled": stalled,
    }
    told = ("NoChange", "Nothing came of it.") if stalled == "True" else (phase.value, "told")
    assert {(one.reason, one.message) for one in said.values()} == {told}


def test_a_time_is_written_as_kubernetes_writes_it() -> None:
    assert stamp(datetime(2026, 1, 1, 12, 30, 15, 999, tzinfo=UTC)) == "2026-01-01T12:30:15Z"
