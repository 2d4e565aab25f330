"""Pure: what the runs of a period came to. Days, weeks and months are those of UTC; weeks begin on Monday.

Runs, their outcome, their money and the pull requests that they opened count when they finished; a merge counts when it
was made, so a pull request may be opened in one period and merged in the next. A pull request counts once, whatever the
number of runs that worked at it.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from math import ceil

from boardhand_api.failures import FailureClass

PERIODS = 400
"""So many a report has at most."""
SUCCEEDED = "Succeeded"
OUTCOMES = (SUCCEEDED, *(one.value for one in FailureClass))


class Grain(StrEnum):
    """How long a period is."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"

    def begin(self, day: date) -> date:
        """First day of the period that this day is in."""
        if self is Grain.WEEK:
            return day - timedelta(days=day.weekday())
        return day.replace(day=1) if self is Grain.MONTH else day

    def after(self, begin: date) -> date:
        """First day of the next period."""
        if self is Grain.MONTH:
            return (begin.replace(day=1) + timedelta(days=31)).replace(day=1)
        return begin + timedelta(days=7 if self is Grain.WEEK else 1)


@dataclass(frozen=True, slots=True)
class Fact:
    """What of a run is counted."""

    namespace: str
    pool: str
    outcome: str
    """One of OUTCOMES."""
    created_at: datetime
    finished_at: datetime
    money: Decimal | None = None
    pull_request: str | None = None
    """Its address."""
    merged_at: datetime | None = None
    clean: bool = False
    """The ticket had this one attempt, and nobody added to the pull request."""


@dataclass
class Figures:
    """Of a period, or of a pool."""

    outcomes: Counter[str] = field(default_factory=Counter)
    opened: int = 0
    merged: int = 0
    clean: int = 0
    """Merged without rework: the ticket had one attempt, and the pull request's head was the run's commit."""
    money: Decimal = Decimal(0)
    """US dollars of all runs, those that failed among them."""
    unpriced: int = 0
    """Runs of which no price is known."""
    waits: list[float] = field(default_factory=list)
    """Seconds from a ticket's being taken to the outcome of a run that opened a pull request."""

    def finish(self, fact: Fact, opens: bool) -> None:
        """A run finished, and its pull request is a new one or not."""
        self.outcomes[fact.outcome] += 1
        self.money += fact.money or 0
        self.unpriced += fact.money is None
        if opens:
            self.opened += 1
            self.waits.append(max(0.0, (fact.finished_at - fact.created_at).total_seconds()))

    def merge(self, fact: Fact) -> None:
        """A pull request was merged."""
        self.merged += 1
        self.clean += fact.clean

    @property
    def runs(self) -> int:
        return self.outcomes.total()

    @property
    def clean_share(self) -> float | None:
        """Of those merged, 0 to 1; None where none was."""
        return self.clean / self.merged if self.merged else None

    @property
    def money_merged(self) -> Decimal | None:
        """All money for each merged pull request; None where none was merged, or a price is not known."""
        return self.money / self.merged if self.merged and not self.unpriced else None

    def wait(self, share: float) -> float | None:
        """The time in which that share of them had a pull request: 0.5 is the median, by nearest rank."""
        return nearest_rank(self.waits, share)


@dataclass(frozen=True)
class Period:
    """A day, a week or a month."""

    begin: date
    figures: Figures


@dataclass(frozen=True)
class Report:
    """All periods from the first day to the last, empty ones among them."""

    grain: Grain
    periods: tuple[Period, ...]
    pools: tuple[tuple[str, str, Figures], ...]
    """Namespace, pool and its figures, by name."""
    total: Figures


def nearest_rank(values: Iterable[float], share: float) -> float | None:
    """The smallest value that at least this share (above 0, up to 1) of all do not exceed; None of no values."""
    ordered = sorted(values)
    if not ordered:
        return None
    return ordered[min(len(ordered), max(1, ceil(len(ordered) * share))) - 1]


def begins(grain: Grain, since: date, until: date) -> tuple[date, ...]:
    """First days of all periods that have a day from `since` to `until`; the last PERIODS of them."""
    out, begin = [], grain.begin(since)
    if (until - since).days > PERIODS * 31:
        begin = grain.begin(until - timedelta(days=PERIODS * 31))
    while begin <= until:
        out.append(begin)
        begin = grain.after(begin)
    return tuple(out[-PERIODS:])


class Tally:
    """Counts facts as they come, so that a report of many runs holds none of them."""

    def __init__(self, grain: Grain, since: date, until: date) -> None:
        """Both days are counted. Of a longer time than PERIODS the last of it."""
        self._grain, self._until = grain, until
        self._begins = begins(grain, since, until)
        self._since = max(since, self._begins[0]) if self._begins else since
        self._periods = [Figures() for _ in self._begins]
        self._pools: defaultdict[tuple[str, str], Figures] = defaultdict(Figures)
        self._total = Figures()
        self._opened: set[tuple[str, str]] = set()
        self._merged: set[tuple[str, str]] = set()

    def add(self, fact: Fact) -> None:
        """Count a run for when it finished, and its merge for when that was. Give the runs as they finished."""
        opens = _first(self._opened, fact)
        for figures in self._figures(fact, fact.finished_at):
            figures.finish(fact, opens)
        if fact.merged_at and _first(self._merged, fact):
            for figures in self._figures(fact, fact.merged_at):
                figures.merge(fact)

    def _figures(self, fact: Fact, at: datetime) -> Sequence[Figures]:
        """Where it counts at that time: its period, its pool and the total; nowhere where it is outside."""
        day = (at if at.tzinfo is UTC else at.astimezone(UTC)).date()
        if not self._since <= day <= self._until:
            return ()
        period = self._periods[bisect_right(self._begins, day) - 1]
        return period, self._pools[fact.namespace, fact.pool], self._total

    def report(self) -> Report:
        """What was counted."""
        periods = tuple(Period(*both) for both in zip(self._begins, self._periods, strict=True))
        pools = tuple((*key, figures) for key, figures in sorted(self._pools.items()))
        return Report(self._grain, periods, pools, self._total)


def _first(seen: set[tuple[str, str]], fact: Fact) -> bool:
    """Whether it has a pull request that was not seen before; it is, then."""
    key = (fact.namespace, fact.pull_request or "")
    if not fact.pull_request or key in seen:
        return False
    seen.add(key)
    return True
