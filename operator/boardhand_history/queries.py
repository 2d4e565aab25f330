"""Reading the history: only ever of namespaces that the visitor may list runs in, which every method takes first."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, select, tuple_
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession
from sqlalchemy.orm import defer

from boardhand_history import schema
from boardhand_history.counting import Counting
from boardhand_history.database import close, connect, to_its_end
from boardhand_history.errors import answering
from boardhand_history.models import Kept, Kind, PastDetail, PastRun, PastText
from boardhand_history.reports import Finished, Grain, Merged, Opened, Report, begins, report_of
from boardhand_history.settings import database_url
from boardhand_history.texts import Text, absent

PAGE = 50
_SHEET = 1_000
_WORDS, _WORD_CHARACTERS = 8, 100
Namespaces = Collection[str]


@dataclass(frozen=True)
class Search:
    """What is looked for; what is empty does not count."""

    text: str = ""
    """Words that all stand in a run's ticket, name, branch or failure, in any order, large or small."""
    name: str = ""
    """Of the run, as a whole."""
    pool: str = ""
    phase: str = ""
    failure_class: str = ""
    task: str = ""
    pull_request: str = ""
    """Open, Merged or Closed."""
    since: date | None = None
    """First day, UTC, on which it finished."""
    until: date | None = None
    """Last day."""


@dataclass(frozen=True)
class Cursor:
    """The last row of a page: the next page begins after it, whatever was recorded meanwhile."""

    finished_at: datetime
    uid: str

    def __str__(self) -> str:
        return f"{int(self.finished_at.timestamp() * 1_000_000)}.{self.uid}"

    @classmethod
    def of(cls, text: str) -> Cursor:
        """Raises ValueError for what is none."""
        at, _, uid = text.partition(".")
        if not at.isascii() or not at.isdigit() or len(at) > 17 or not uid or not uid.isprintable():
            raise ValueError("Nothing comes after that in the history: begin at its first page.")
        return cls(datetime.fromtimestamp(0, UTC) + timedelta(microseconds=int(at)), uid)


@dataclass(frozen=True)
class Page:
    """Rows, the newest first."""

    rows: tuple[PastRun, ...]
    next: Cursor | None
    """Where the next page begins; None: this is the last."""


@dataclass(frozen=True)
class Told:
    """All that is known of one run."""

    run: PastRun
    detail: PastDetail
    transcript: Text
    diff: Text


class History:
    """Reads one database. Methods raise Unreachable where it is down, WrongSchema where another version keeps it."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._fits = False

    @classmethod
    def at(cls, url: str) -> History:
        """The history at this address; asked for the first time when it is needed. Raises Misplaced."""
        return cls(connect(database_url(url), reading=True))

    async def close(self) -> None:
        """Let go of its connections."""
        await close(self._engine)

    @asynccontextmanager
    async def _session(self) -> AsyncIterator[AsyncSession]:
        """A session on tables that are known to fit: they are looked at once."""
        if not self._fits:
            await schema.check(self._engine)
            self._fits = True
        with answering():
            async with AsyncSession(self._engine) as session:
                yield session

    @to_its_end
    async def search(
        self, namespaces: Namespaces, search: Search, after: Cursor | None = None, limit: int = PAGE
    ) -> Page:
        """A page of what is looked for."""
        wanted = _runs(namespaces, search).order_by(PastRun.finished_at.desc(), PastRun.uid.desc())
        if after:
            place = tuple_(PastRun.finished_at, PastRun.uid)
            wanted = wanted.where(place < tuple_(after.finished_at, after.uid))
        found = await self._all(wanted.limit(limit + 1))
        rows = tuple(found[:limit])
        return Page(rows, Cursor(rows[-1].finished_at, rows[-1].uid) if len(found) > limit else None)

    async def every(
        self, namespaces: Namespaces, search: Search, columns: Sequence[str]
    ) -> AsyncIterator[Sequence[tuple[Any, ...]]]:
        """These columns of all that is looked for, page by page: who reads slowly holds no connection."""
        place = (PastRun.finished_at, PastRun.uid)
        wanted = select(*(getattr(PastRun, name) for name in columns), *place).where(*_filters(namespaces, search))
        wanted = wanted.order_by(*(column.desc() for column in place)).limit(_SHEET)
        after: tuple[Any, ...] = ()
        while True:
            page = await self._rows(wanted.where(tuple_(*place) < tuple_(*after)) if after else wanted)
            yield [row[:-2] for row in page]
            if len(page) < _SHEET:
                return
            after = page[-1][-2:]

    @to_its_end
    async def one(self, namespaces: Namespaces, uid: str) -> Told | None:
        """One run with its texts; None where there is none that may be seen."""
        async with self._session() as session:
            wanted = select(PastRun, PastDetail).join(PastDetail, PastDetail.uid == PastRun.uid)
            both = (await session.execute(wanted.where(_visible(namespaces), PastRun.uid == uid))).first()
            if both is None:
                return None
            rows = {row.kind: row for row in await session.scalars(select(PastText).where(PastText.uid == uid))}
        return Told(both[0], both[1], *(_text(kind, rows.get(kind)) for kind in (Kind.TRANSCRIPT, Kind.DIFF)))

    @to_its_end
    async def pools(self, namespaces: Namespaces) -> list[str]:
        """Pools that have a history, by name."""
        wanted = select(PastRun.pool).where(_visible(namespaces)).distinct().order_by(PastRun.pool)
        return await self._all(wanted)

    @to_its_end
    async def report(self, namespaces: Namespaces, grain: Grain, since: date, until: date, pool: str = "") -> Report:
        """What the runs of these days, of all pools or of one, came to; of too long a time its last PERIODS."""
        periods = begins(grain, since, until)
        since = max([since, *periods[:1]])
        counting = Counting(self._engine.dialect.name, namespaces, pool, grain, since, until)
        # At once: the database does all of the work, each connection on a processor of its own where there is one.
        finished, merged, opened = await asyncio.gather(
            *(self._rows(statement) for statement in (counting.finished(), counting.merged(), counting.opened()))
        )
        return report_of(
            grain,
            periods,
            (Finished(*row) for row in finished),
            (Merged(*row) for row in merged),
            (Opened(*row) for row in opened),
        )

    @to_its_end
    async def _rows(self, wanted: Select[Any]) -> list[tuple[Any, ...]]:
        async with self._session() as session:
            return [tuple(row) for row in await session.execute(wanted)]

    async def _all(self, wanted: Select[Any]) -> list[Any]:
        async with self._session() as session:
            return list(await session.scalars(wanted))


def _visible(namespaces: Namespaces) -> ColumnElement[bool]:
    return PastRun.namespace.in_(sorted(namespaces))


def _runs(namespaces: Namespaces, search: Search) -> Select[PastRun]:
    wanted = select(PastRun).options(defer(PastRun.words, raiseload=True))
    return wanted.where(*_filters(namespaces, search))


def _filters(namespaces: Namespaces, search: Search) -> Iterator[ColumnElement[bool]]:
    equal = {
        PastRun.name: search.name,
        PastRun.pool: search.pool,
        PastRun.phase: search.phase,
        PastRun.failure_class: search.failure_class,
        PastRun.task: search.task,
        PastRun.pull_request_state: search.pull_request,
    }
    yield _visible(namespaces)
    yield from (column == value for column, value in equal.items() if value)
    for word in search.text.casefold().split()[:_WORDS]:
        yield PastRun.words.contains(word[:_WORD_CHARACTERS], autoescape=True)
    if search.since:
        yield PastRun.finished_at >= datetime.combine(search.since, time.min, UTC)
    if search.until:
        yield PastRun.finished_at <= datetime.combine(search.until, time.max, UTC)


def _text(kind: Kind, row: PastText | None) -> Text:
    return Text(kind, Kept(row.kept), row.size, row.data) if row else absent(kind, Kept.GONE)
