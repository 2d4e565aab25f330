"""The statements of a report: the database counts, so that a report of many runs reads few rows."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any

from sqlalchemy import Label, Select, case, exists, func, literal_column, select, true, tuple_
from sqlalchemy.orm import aliased
from sqlalchemy.sql.elements import ColumnElement

from boardhand_history.expressions import Moment, beginning, elapsed, together
from boardhand_history.models import PastRun
from boardhand_history.reports import SUCCEEDED, Grain

_POOL = ("namespace", "pool")
_KEY = ("begin", *_POOL)


@dataclass(frozen=True)
class Counting:
    """What is counted: the runs of these days, UTC, in these namespaces."""

    dialect: str
    """Of the database: sqlite or postgresql."""
    namespaces: Collection[str]
    pool: str
    """Empty: all."""
    grain: Grain
    since: date
    until: date

    def finished(self) -> Select[Any]:
        """Rows of `reports.Finished`."""
        failed = func.coalesce(PastRun.failure_class, PastRun.phase)
        outcome = case((PastRun.phase == SUCCEEDED, PastRun.phase), else_=failed).label("outcome")
        runs = func.count()
        counted = (runs, func.sum(PastRun.money), runs - func.count(PastRun.money))
        at = PastRun.finished_at
        return select(*self._key(at), outcome, *counted).where(self._within(at)).group_by(*_KEY, "outcome")

    def merged(self) -> Select[Any]:
        """Rows of `reports.Merged`."""
        clean = (PastRun.commit == PastRun.pull_request_head) & ~_tried_again()
        counted = (func.count(), func.sum(case((clean, 1), else_=0)))
        at = PastRun.merged_at
        return select(*self._key(at), *counted).where(self._within(at), _first(merged=True)).group_by(*_KEY)

    def opened(self) -> Select[Any]:
        """Rows of `reports.Opened`."""
        at = PastRun.finished_at
        waits = together(self.dialect, elapsed(self.dialect, PastRun.created_at, at))
        return select(*self._key(at), waits).where(self._within(at), _first(merged=False)).group_by(*_KEY)

    def _key(self, at: Moment) -> tuple[Label[Any], ...]:
        """The columns _KEY."""
        begin = beginning(self.dialect, self.grain, at)
        return begin.label("begin"), PastRun.namespace.label("namespace"), PastRun.pool.label("pool")

    def _within(self, at: Moment) -> ColumnElement[bool]:
        first, last = datetime.combine(self.since, time.min, UTC), datetime.combine(self.until, time.max, UTC)
        mine = PastRun.namespace.in_(sorted(self.namespaces)) & at.between(first, last)
        return mine & (PastRun.pool == self.pool) if self.pool else mine


def _first(*, merged: bool) -> ColumnElement[bool]:
    """Whether no run had its pull request before it; merged: none of those whose merge is known."""
    before = aliased(PastRun)
    same = (before.namespace == PastRun.namespace) & (before.pull_request_url == PastRun.pull_request_url)
    earlier = tuple_(before.finished_at, before.uid) < tuple_(PastRun.finished_at, PastRun.uid)
    known = before.merged_at.is_not(None) if merged else true()
    return PastRun.pull_request_url.is_not(None) & ~exists().where(same, earlier, known)


def _tried_again() -> ColumnElement[bool]:
    """Whether its ticket had another attempt."""
    other = aliased(PastRun)
    same = [getattr(other, name) == getattr(PastRun, name) for name in (*_POOL, "ticket_id")]
    # The number stands in the statement: SQLite takes the index of such runs for no parameter.
    return exists().where(*same, other.attempt > literal_column("1"))
