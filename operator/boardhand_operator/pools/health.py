"""A pool's conditions: pure. `Configured` says whether its runs can work at all, `Ready` whether tickets are taken."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from boardhand_api.pool_status import Condition
from boardhand_operator.decide.conditions import with_condition
from boardhand_operator.decide.observe import parse_time
from boardhand_operator.views import Pool


@dataclass(frozen=True)
class Problem:
    """Why tickets cannot be taken."""

    reason: str
    """One CamelCase word."""
    message: str
    """What is wrong, and what to do."""


def run_problem(pool: Pool, now: datetime, retry_seconds: float) -> Problem | None:
    """What a run found wrong with the pool, until its spec changes or `retry_seconds` have passed."""
    flagged = pool.condition("Configured")
    if flagged is None or flagged.status == "True" or flagged.observed_generation != pool.generation:
        return None
    if (now - parse_time(flagged.last_transition_time)).total_seconds() >= retry_seconds:
        return None
    return Problem(flagged.reason, flagged.message)


def conditions(pool: Pool, checked: Problem | None, flagged: Problem | None, now: datetime) -> list[Condition]:
    """The pool's conditions, from what checking its board and forge found and what its runs found."""
    out = list(pool.status.conditions)
    if flagged is None:
        out = with_condition(out, "Configured", True, "Configured", "no run found fault", now, pool.generation)
    problem = checked or flagged
    if problem:
        return with_condition(out, "Ready", False, problem.reason, problem.message, now, pool.generation)
    text = "suspended: no ticket is taken" if pool.spec.suspend else "tickets are taken"
    reason = "Suspended" if pool.spec.suspend else "Ready"
    return with_condition(out, "Ready", not pool.spec.suspend, reason, text, now, pool.generation)
