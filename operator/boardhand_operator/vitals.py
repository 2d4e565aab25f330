"""Whether the operator does what it is there for, and not only answers: pure but for its clock's reading."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

WATCH_SECONDS = 120.0
"""A write of ours that no watch has shown for so long: the watches are dead, whatever they say."""
LEASE_SECONDS = 30.0
"""Who stands by must have seen the Lease within so long, else it could not take over."""


class Role(StrEnum):
    """What the operator is doing."""

    STARTING = "starting"
    STANDING_BY = "standing by"
    WORKING = "working"
    ENDED = "ended"


@dataclass(frozen=True)
class Vitals:
    """What is told to probes, and to people who ask."""

    role: Role
    watch_lag_seconds: float
    """For how long the oldest write of ours has not been shown by a watch; 0: all were."""
    lease_age_seconds: float | None
    """Since the Lease was last read or written; None: there is none."""
    oldest_poll_seconds: float | None
    """Since the last good poll of the pool that waits longest for one; None: no pool has polled yet."""
    waiting: int
    """Runs to look at."""

    @property
    def alive(self) -> bool:
        """Whether a restart would not help. A board that is down is no reason for one."""
        return self.role is not Role.ENDED and self.watch_lag_seconds < WATCH_SECONDS

    @property
    def ready(self) -> bool:
        """Whether it works, or could take over now."""
        at_hand = self.lease_age_seconds is None or self.lease_age_seconds < LEASE_SECONDS
        return self.alive and at_hand and self.role in (Role.WORKING, Role.STANDING_BY)

    def told(self) -> dict[str, Any]:
        """As JSON."""
        return {**asdict(self), "alive": self.alive, "ready": self.ready}
