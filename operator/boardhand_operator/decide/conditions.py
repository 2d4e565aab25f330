"""Conditions after the Kubernetes API conventions, and kstatus' reading of them for runs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from boardhand_api.pool_status import Condition
from boardhand_api.run_status import Phase, TicketRunStatus


def stamp(now: datetime) -> str:
    """A time as Kubernetes writes it."""
    return now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def with_condition(
    conditions: Sequence[Condition],
    kind: str,
    status: bool,
    reason: str,
    message: str,
    now: datetime,
    generation: int,
) -> list[Condition]:
    """The conditions with this one set; its transition time moves only when its status does."""
    word = "True" if status else "False"
    before = next((condition for condition in conditions if condition.type == kind), None)
    since = before.last_transition_time if before and before.status == word else stamp(now)
    new = Condition(
        type=kind,
        status=word,
        reason=reason,
        message=message[:1000],
        last_transition_time=since,
        observed_generation=generation,
    )
    return [*(condition for condition in conditions if condition.type != kind), new]


def run_conditions(status: TicketRunStatus, message: str, now: datetime, reason: str | None = None) -> list[Condition]:
    """`Ready`, `Reconciling` and `Stalled` of a run, from its phase and failure; `reason` is why it waits."""
    phase, failure = status.phase, status.failure
    stalled = phase in (Phase.FAILED, Phase.CANCELLED)
    reason = failure.reason if stalled and failure else reason or phase.value
    text = failure.message if stalled and failure else message
    out: Sequence[Condition] = status.conditions
    out = with_condition(out, "Ready", phase is Phase.SUCCEEDED, reason, text, now, 1)
    out = with_condition(out, "Reconciling", not phase.finished, reason, text, now, 1)
    return with_condition(out, "Stalled", stalled, reason, text, now, 1)
