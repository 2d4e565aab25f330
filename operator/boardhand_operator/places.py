"""Whose turn it is: pure, and the same answer whoever asks, so nothing has to be reserved."""

from __future__ import annotations

from collections.abc import Iterable

from boardhand_api.run import Phase, TicketRunStatus
from boardhand_operator.views import Run


def at_work(status: TicketRunStatus) -> bool:
    """Whether a run holds a place: from its claim or first Job to its outcome."""
    begun = status.claim is not None or status.tries > 0
    return begun and not status.phase.finished and status.finished_at is None


def waiting(status: TicketRunStatus) -> bool:
    """Whether a run waits for a place."""
    return status.phase is Phase.QUEUED and not at_work(status) and status.finished_at is None


def has_place(run: Run, all_of_pool: Iterable[Run], concurrency: int) -> bool:
    """Whether the run may begin: enough places are free for it and for all that waited longer."""
    runs = list(all_of_pool)
    free = concurrency - sum(at_work(other.status) for other in runs if other.uid != run.uid)
    queue = sorted((other for other in runs if waiting(other.status)), key=_age)
    before = sum(_age(other) < _age(run) for other in queue)
    return before < free


def _age(run: Run) -> tuple[str, str]:
    return str(run.body["metadata"]["creationTimestamp"]), run.name
