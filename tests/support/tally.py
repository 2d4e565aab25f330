"""A report counted the plain way, run by run, for tests of the one that the database counts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import delete, insert
from sqlalchemy.ext.asyncio import AsyncEngine

from boardhand_history.models import PastRun
from boardhand_history.reports import Figures, Grain, Period, Report, begins
from tests.support.history import entry

_PLAIN = dict(entry().run) | {"pull_request_number": None, "pull_request_state": None, "words": ""}


@dataclass(frozen=True)
class Past:
    """What of a run is counted."""

    uid: str
    finished_at: datetime
    waited: int = 600
    """Seconds from its ticket's being taken."""
    namespace: str = "team"
    pool: str = "shop"
    ticket: str = "t"
    attempt: int = 1
    failure: str | None = None
    """Its class; absent where the run succeeded."""
    money: Decimal | None = None
    pull_request: str | None = None
    merged_at: datetime | None = None
    commit: str | None = None
    head: str | None = None

    def row(self) -> dict[str, Any]:
        """Its columns."""
        return _PLAIN | {
            "uid": self.uid,
            "namespace": self.namespace,
            "pool": self.pool,
            "ticket_id": self.ticket,
            "attempt": self.attempt,
            "phase": "Failed" if self.failure else "Succeeded",
            "failure_class": self.failure,
            "money": self.money,
            "pull_request_url": self.pull_request,
            "merged_at": self.merged_at,
            "commit": self.commit,
            "pull_request_head": self.head,
            "created_at": self.finished_at - timedelta(seconds=self.waited),
            "finished_at": self.finished_at,
        }


async def put(engine: AsyncEngine, runs: Iterable[Past]) -> None:
    """Have these runs in the database, and no others."""
    rows = [run.row() for run in runs]
    async with engine.begin() as connection:
        await connection.execute(delete(PastRun))
        if rows:
            await connection.execute(insert(PastRun), rows)


@dataclass(frozen=True)
class Wanted:
    """A report that is asked for."""

    grain: Grain
    since: date
    until: date
    pool: str = ""
    namespaces: Collection[str] = ("team",)

    def of(self, runs: Iterable[Past]) -> Report:
        """What these runs come to."""
        found = sorted(
            (run for run in runs if run.namespace in self.namespaces), key=lambda one: (one.finished_at, one.uid)
        )
        first, first_merged = _first(found), _first(one for one in found if one.merged_at)
        again = {(run.namespace, run.pool, run.ticket) for run in found if run.attempt > 1}
        mine = [run for run in found if self.pool in ("", run.pool)]
        finished = [run for run in mine if self._within(run.finished_at)]
        opened = [run for run in finished if run.uid in first]
        merged = [run for run in mine if self._within(run.merged_at) and run.uid in first_merged]

        def figures(scope: Callable[[Past, datetime | None], bool]) -> Figures:
            done = [run for run in finished if scope(run, run.finished_at)]
            waits = sorted(max(0, run.waited) for run in opened if scope(run, run.finished_at))
            of_scope = [run for run in merged if scope(run, run.merged_at)]
            clean = [
                run
                for run in of_scope
                if run.commit and run.commit == run.head and (run.namespace, run.pool, run.ticket) not in again
            ]
            return Figures(
                outcomes=Counter(run.failure or "Succeeded" for run in done),
                merged=len(of_scope),
                clean=len(clean),
                money=sum((run.money or Decimal(0) for run in done), Decimal(0)),
                unpriced=sum(run.money is None for run in done),
                waits=waits,
            )

        def of_period(begin: date) -> Figures:
            return figures(lambda _, at: at is not None and self.grain.begin(at.date()) == begin)

        def of_pool(namespace: str, pool: str) -> Figures:
            return figures(lambda run, _: (run.namespace, run.pool) == (namespace, pool))

        periods = tuple(Period(begin, of_period(begin)) for begin in begins(self.grain, self.since, self.until))
        pools = sorted({(run.namespace, run.pool) for run in (*finished, *merged)})
        by_pool = tuple((*key, of_pool(*key)) for key in pools)
        return Report(self.grain, periods, by_pool, figures(lambda *_: True))

    def _within(self, at: datetime | None) -> bool:
        return at is not None and self.since <= at.astimezone(UTC).date() <= self.until


def _first(runs: Iterable[Past]) -> set[str]:
    """The uids of the first runs of all pull requests."""
    found: dict[tuple[str, str], str] = {}
    for run in runs:
        if run.pull_request:
            found.setdefault((run.namespace, run.pull_request), run.uid)
    return set(found.values())
