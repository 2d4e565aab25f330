"""A pool as its page and its card show it. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from boardhand_api.run_status import Phase
from boardhand_client.rows import PoolRow, RunRow
from boardhand_dashboard.views.figures import Figures, Money, day_money, figures, month_money

_LATEST = 20


@dataclass(frozen=True, slots=True)
class Health:
    """In a word, by a colour, and in a sentence."""

    word: str
    kind: str
    sentence: str


@dataclass(frozen=True, slots=True)
class PoolView:
    """The pool and, where they are known, the figures of its runs."""

    row: PoolRow
    health: Health
    figures: Figures | None
    """None: the visitor may not see runs, or they are being read."""
    today: Money
    month: Money


@dataclass(frozen=True, slots=True)
class Work:
    """Its runs: at work, waiting in the order in which they will begin, and the last that ended."""

    working: tuple[RunRow, ...]
    waiting: tuple[RunRow, ...]
    ended: tuple[RunRow, ...]


def health(row: PoolRow) -> Health:
    """Whether it takes tickets, and why not."""
    if row.suspended:
        return Health("Suspended", "warn", "It takes no further tickets until somebody resumes it.")
    if row.ready:
        return Health("Ready", "good", "It takes tickets.")
    if row.reason in ("New", "Changed"):
        return Health("Not looked at yet", "", f"{_sentence(row.message)}")
    return Health("Not ready", "bad", _sentence(row.message or row.reason))


def view(row: PoolRow, runs: Iterable[RunRow] | None, now: datetime) -> PoolView:
    """The pool with its own runs; None: they are not known."""
    its = [] if runs is None else list(runs)
    told = None if runs is None else figures(its)
    return PoolView(row, health(row), told, day_money(row, its, now), month_money(row, its, now))


def by_pool(runs: Iterable[RunRow]) -> Mapping[str, list[RunRow]]:
    """A namespace's runs by their pool."""
    out: defaultdict[str, list[RunRow]] = defaultdict(list)
    for run in runs:
        out[run.pool].append(run)
    return out


def work(runs: Iterable[RunRow]) -> Work:
    """A pool's runs as its page lists them."""
    its = list(runs)
    waiting = [run for run in its if run.phase is Phase.QUEUED]
    working = [run for run in its if not run.phase.finished and run.phase is not Phase.QUEUED]
    ended = sorted((run for run in its if run.phase.finished), key=lambda run: (run.finished, run.name), reverse=True)
    waiting.sort(key=lambda run: (run.position is None, run.position or 0, run.created, run.name))
    working.sort(key=lambda run: (run.started or run.created, run.name))
    return Work(tuple(working), tuple(waiting), tuple(ended[:_LATEST]))


def _sentence(text: str) -> str:
    plain = text.strip()
    return f"{plain[:1].upper()}{plain[1:]}{'' if plain.endswith(('.', '!', '?')) else '.'}" if plain else ""
