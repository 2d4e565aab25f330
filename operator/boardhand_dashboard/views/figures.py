"""What a pool's runs come to: shares, times and money. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from statistics import median

from boardhand_api.run_status import Phase
from boardhand_client.rows import PoolRow, RunRow
from boardhand_dashboard.words import parsed


@dataclass(frozen=True, slots=True)
class Money:
    """US dollars of a day or a month, UTC."""

    used: float
    most: float | None
    """The pool's cap; None: it has none."""

    @property
    def near(self) -> bool:
        """Whether nine tenths of the cap are used."""
        return self.most is not None and self.used >= 0.9 * self.most


@dataclass(frozen=True, slots=True)
class Figures:
    """Of the runs that the cluster still has."""

    finished: int
    """Those that succeeded or failed. Who was cancelled says nothing of the pool."""
    succeeded: int
    typical_seconds: float | None
    """From a run's start to its end, half of those that succeeded were faster."""

    @property
    def success(self) -> float | None:
        """Share of the finished runs that succeeded."""
        return self.succeeded / self.finished if self.finished else None


def figures(runs: Iterable[RunRow]) -> Figures:
    """The figures of these runs."""
    finished = [run for run in runs if run.phase in (Phase.SUCCEEDED, Phase.FAILED)]
    good = [run for run in finished if run.phase is Phase.SUCCEEDED]
    seconds = [spent for run in good if (spent := _seconds(run)) is not None]
    return Figures(len(finished), len(good), median(seconds) if seconds else None)


def day_money(pool: PoolRow, runs: Iterable[RunRow], now: datetime) -> Money:
    """Of this day. A pool with a budget keeps books; of another one the runs that ended that day are added up."""
    day = f"{now:%Y-%m-%d}"
    booked = (pool.day_money if pool.day == day else 0.0) if pool.day else _of(runs, day)
    return Money(booked, pool.day_most)


def month_money(pool: PoolRow, runs: Iterable[RunRow], now: datetime) -> Money:
    """Of this month; see `day_money`."""
    month = f"{now:%Y-%m}"
    booked = (pool.month_money if pool.month == month else 0.0) if pool.month else _of(runs, month)
    return Money(booked, pool.month_most)


def _of(runs: Iterable[RunRow], since: str) -> float:
    return sum(run.money or 0.0 for run in runs if run.finished.startswith(since))


def _seconds(run: RunRow) -> float | None:
    start, end = parsed(run.started), parsed(run.finished)
    return None if start is None or end is None else max(0.0, (end - start).total_seconds())
