"""Whose turn it is: what of it is pure, and the queue of one pool."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice

from boardhand_api.run_status import Phase, TicketRunStatus
from boardhand_operator.views import Key, Run

Order = tuple[int, str, str, str]
"""What a pool's waiting runs are sorted by."""
Age = tuple[str, str, str]
"""The same without the priority, which is a pool's own: between pools it would starve those that set none."""


def at_work(status: TicketRunStatus) -> bool:
    """Whether a run holds a place: from its claim or first Job to its outcome."""
    begun = status.claim is not None or status.tries > 0
    return begun and not status.phase.finished and status.finished_at is None


def waiting(status: TicketRunStatus) -> bool:
    """Whether a run waits for a place."""
    return status.phase is Phase.QUEUED and not at_work(status) and status.finished_at is None


def order_of(run: Run) -> Order:
    """The highest priority first, then the oldest; those made in one second by their names."""
    return -run.spec.priority, str(run.body["metadata"]["creationTimestamp"]), run.name, run.namespace


@dataclass
class PoolQueue:
    """A pool's runs at work, and those that wait in order. Nothing here costs more than O(log n) comparisons."""

    places: int = 0
    """So many may be at work; 0 while the pool takes none."""
    at_work: set[Key] = field(default_factory=set)
    waiting: list[Order] = field(default_factory=list)
    suspended: set[Key] = field(default_factory=set)
    """They wait as well, and may not begin."""
    room: int | None = None
    """So many more may begin for the pool's budget; None: it has none."""

    def add(self, order: Order) -> None:
        insort(self.waiting, order)

    def remove(self, order: Order) -> None:
        if (rank := self.rank(order)) is not None:
            del self.waiting[rank]

    def rank(self, order: Order) -> int | None:
        """How many wait before this one; None: it does not wait."""
        at = bisect_left(self.waiting, order)
        return at if at < len(self.waiting) and self.waiting[at] == order else None

    @property
    def able(self) -> int:
        """So many could begin now, were it for this pool alone."""
        free = max(0, min(self.places - len(self.at_work), len(self.waiting)))
        return free if self.room is None else min(free, self.room)

    def nexts(self) -> Iterator[tuple[int, Age]]:
        """Those, each with how many of the pool will be at work before it: by these pools take turns."""
        return enumerate((order[1:] for order in islice(self.waiting, self.able)), start=len(self.at_work))

    def before(self, level: int, age: Age) -> int:
        """How many of those come before (level, age)."""
        below = level - len(self.at_work)
        if not 0 <= below < self.able:
            return max(0, min(below, self.able))
        return below + (self.waiting[below][1:] < age)
