"""Whose turn it is: pure. A run that is about to begin is counted before its status says so."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from boardhand_api.run import Phase, TicketRunStatus
from boardhand_operator.views import Run


def at_work(status: TicketRunStatus) -> bool:
    """Whether a run holds a place: from its claim or first Job to its outcome."""
    begun = status.claim is not None or status.tries > 0
    return begun and not status.phase.finished and status.finished_at is None


def waiting(status: TicketRunStatus) -> bool:
    """Whether a run waits for a place."""
    return status.phase is Phase.QUEUED and not at_work(status) and status.finished_at is None


def has_place(run: Run, all_of_pool: Iterable[Run], concurrency: int, beginning: Collection[str] = ()) -> bool:
    """Whether the run may begin: enough places are free for it and for all that waited longer.

    beginning: UIDs of runs that were let begin this moment. Two runs of one second have no age between them but their
    names, so a later one can come first; it must not take the place a second time.
    """
    others = [other for other in all_of_pool if other.uid != run.uid]
    taken = [at_work(other.status) or other.uid in beginning for other in others]
    before = [
        not has and waiting(other.status) and _age(other) < _age(run) for other, has in zip(others, taken, strict=True)
    ]
    return sum(taken) + sum(before) < concurrency


def _age(run: Run) -> tuple[str, str]:
    return str(run.body["metadata"]["creationTimestamp"]), run.name
