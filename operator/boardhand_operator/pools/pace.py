"""Pure: when a pool's board is asked next. Every pool has a pace of its own."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from boardhand_operator.decide.conditions import stamp

LONGEST = 600.0
"""A board that fails is asked again after so many seconds at the latest, or at its own pace where that is slower."""
SPREAD = 0.05
"""Seconds that each pool adds to the time over which the first polls after a start are spread."""
_MOST_DOUBLINGS = 20


@dataclass(frozen=True)
class Pause:
    """Until the next poll."""

    seconds: float
    least: float = 0.0
    """A vendor's wish: nothing shortens the pause below this."""
    patient: bool = False
    """A board that fails: a webhook does not shorten it, a changed pool does."""

    def jittered(self, roll: float) -> float:
        """Seconds to wait, a tenth more or less, never less than `least`. roll: from 0 to 1."""
        return max(self.seconds * (0.9 + 0.2 * roll), self.least * (1.0 + 0.1 * roll))


@dataclass(frozen=True)
class Failing:
    """Polls that failed in a row."""

    since: datetime
    times: int = 1
    asked: float = 0.0
    """Seconds that the vendor asked to wait."""

    def wait(self, poll_seconds: float) -> float:
        """Seconds until the next try: the pool's own, doubled with each failure."""
        doubled = poll_seconds * float(2 ** min(self.times - 1, _MOST_DOUBLINGS))
        return max(min(doubled, max(LONGEST, poll_seconds)), self.asked)

    def told(self, now: datetime, wait: float) -> str:
        """For the pool's condition."""
        tries = "once" if self.times == 1 else f"{self.times} times in a row"
        again = stamp(now + timedelta(seconds=wait))
        return f"Failed {tries} since {stamp(self.since)}; the next try is at about {again}."


def failed(before: Failing | None, now: datetime, asked: float | None) -> Failing:
    """After one more failure. asked: seconds that the vendor asked to wait, where it did."""
    return Failing(before.since if before else now, before.times + 1 if before else 1, asked or 0.0)


def first_pause(pools: int, poll_seconds: float, roll: float) -> float:
    """Seconds before a pool's first poll, so that many do not poll in the same instant; 0 where there is one only."""
    return min(poll_seconds, (pools - 1) * SPREAD) * roll if pools > 1 else 0.0
