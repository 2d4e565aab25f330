"""Pure: a report of what the database counted. Days, weeks and months are those of UTC; weeks begin on Monday.

Runs, their outcome, their money and the pull requests that they opened count when they finished; a merge counts when it
was made, so a pull request may be opened in one period and merged in the next. A pull request counts once, for its
first run, whatever the number of runs that worked at it.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from math import ceil
from typing import NamedTuple

PERIODS = 400
"""So many a report has at most."""
SUCCEEDED = "Succeeded"


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


class Finished(NamedTuple):
    """Runs of one outcome that finished in a period, of one pool."""

    begin: date
    """First day of the period."""
    namespace: str
    pool: str
    outcome: str
    """Succeeded, else the failure's class."""
    runs: int
    money: Decimal | None
    """US dollars; None where no price is known."""
    unpriced: int
    """Runs of which no price is known."""


class Merged(NamedTuple):
    """Pull requests of one pool that were merged in a period."""

    begin: date
    namespace: str
    pool: str
    merged: int
    clean: int
    """The ticket had this one attempt, and nobody added to the pull request."""


class Opened(NamedTuple):
    """Pull requests that runs of one pool opened in a period."""

    begin: date
    namespace: str
    pool: str
    waits: list[int]
    """Of each, the seconds from its ticket's being taken to the run's outcome."""


@dataclass
class Figures:
    """Of a period, or of a pool."""

    outcomes: Counter[str] = field(default_factory=Counter)
    merged: int = 0
    clean: int = 0
    """Merged without rework: the ticket had one attempt, and the pull request's head was the run's commit."""
    money: Decimal = Decimal(0)
    """US dollars of all runs, those that failed among them."""
    unpriced: int = 0
    """Runs of which no price is known."""
    waits: list[int] = field(default_factory=list)
    """Seconds from a ticket's being taken to the outcome of a run that opened a pull request, in order."""

    def finish(self, some: Finished) -> None:
        """Runs finished."""
        self.outcomes[some.outcome] += some.runs
        self.money += some.money or 0
        self.unpriced += some.unpriced

    def merge(self, some: Merged) -> None:
        """Pull requests were merged."""
        self.merged += some.merged
        self.clean += some.clean

    @property
    def opened(self) -> int:
        """Pull requests."""
        return len(self.waits)

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

    def wait(self, share: float) -> int | None:
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


def begins(grain: Grain, since: date, until: date) -> tuple[date, ...]:
    """First days of all periods that have a day from `since` to `until`; the last PERIODS of them."""
    out, begin = [], grain.begin(since)
    if (until - since).days > PERIODS * 31:
        begin = grain.begin(until - timedelta(days=PERIODS * 31))
    while begin <= until:
        out.append(begin)
        try:
            begin = grain.after(begin)
        except OverflowError:
            # After the calendar's last day nothing begins.
            break
    return tuple(out[-PERIODS:])


def nearest_rank(ordered: Sequence[int], share: float) -> int | None:
    """The smallest of the ordered values that at least this share (above 0, up to 1) do not exceed; None of none."""
    return ordered[min(len(ordered), max(1, ceil(len(ordered) * share))) - 1] if ordered else None


def report_of(
    grain: Grain,
    periods: Iterable[date],
    finished: Iterable[Finished],
    merged: Iterable[Merged],
    opened: Iterable[Opened],
) -> Report:
    """What was counted in these periods."""
    by_period = {begin: Figures() for begin in periods}
    by_pool: defaultdict[tuple[str, str], Figures] = defaultdict(Figures)
    total = Figures()

    def counted(begin: date, namespace: str, pool: str) -> tuple[Figures, Figures, Figures]:
        return by_period[begin], by_pool[namespace, pool], total

    for done in finished:
        for figures in counted(*done[:3]):
            figures.finish(done)
    for some in merged:
        for figures in counted(*some[:3]):
            figures.merge(some)
    for new in opened:
        for figures in counted(*new[:3]):
            figures.waits += new.waits
    for figures in (*by_period.values(), *by_pool.values(), total):
        figures.waits.sort()
    pools = tuple((*key, figures) for key, figures in sorted(by_pool.items()))
    return Report(grain, tuple(Period(*both) for both in by_period.items()), pools, total)
