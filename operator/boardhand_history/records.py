"""Writing the history: each run once, whatever is repeated."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, delete, inspect, select, tuple_
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from boardhand_history.database import to_its_end
from boardhand_history.entries import Entry
from boardhand_history.errors import answering
from boardhand_history.models import Base, PastDetail, PastRun, PastText
from boardhand_history.texts import Text

_AT_ONCE = 200
"""So many rows are deleted in one transaction: the pages' readers wait for none, and a new run not for long."""
_PAGES = 10_000
"""So many free pages SQLite gives back at a sweep."""


class Records:
    """The rows of one database. Methods raise Unreachable where it is down."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    @to_its_end
    async def known(self, uids: Collection[str]) -> dict[str, str]:
        """The recorded version of those of these runs that are recorded."""
        wanted = select(PastRun.uid, PastRun.version).where(PastRun.uid.in_(uids))
        with answering():
            async with self._engine.connect() as connection:
                return {row.uid: row.version for row in await connection.execute(wanted)}

    @to_its_end
    async def put(self, entry: Entry, texts: Iterable[Text] = ()) -> None:
        """Write a run, all of it or nothing; what is there of it is replaced, but for texts that are not given."""
        with answering():
            async with self._engine.begin() as connection:
                await connection.run_sync(_upsert, PastRun, dict(entry.run))
                await connection.run_sync(_upsert, PastDetail, {"uid": entry.uid, **entry.detail})
                for one in texts:
                    row = {"uid": entry.uid, "kind": one.kind, "kept": one.kept, "size": one.size, "data": one.data}
                    await connection.run_sync(_upsert, PastText, row)

    @to_its_end
    async def floor(self, rows: int) -> datetime | None:
        """Runs that finished before this one are beyond what is kept, by number; None where there is room."""
        with answering():
            async with self._engine.connect() as connection:
                last = await _last_kept(connection, rows)
        return last[0] if last else None

    @to_its_end
    async def sweep(self, now: datetime, days: int, rows: int) -> int:
        """Delete what finished more than so many days ago, or is beyond so many rows; how many runs that were."""
        deleted = 0
        with answering():
            async with self._engine.connect() as connection:
                last = await _last_kept(connection, rows)
            old = PastRun.finished_at < now - timedelta(days=days)
            if last:
                old |= tuple_(PastRun.finished_at, PastRun.uid) < tuple_(*last)
            while gone := await self._delete_some(old):
                deleted += gone
            if deleted and self._engine.dialect.name == "sqlite":
                await self._give_back()
        return deleted

    async def _give_back(self) -> None:
        """SQLite's file gets smaller. As a script: of a statement the driver carries out one page alone."""
        async with self._engine.connect() as connection:
            driver: Any = (await connection.get_raw_connection()).driver_connection
            await driver.executescript(f"PRAGMA incremental_vacuum({_PAGES})")

    async def _delete_some(self, old: Any) -> int:
        async with self._engine.begin() as connection:
            uids = list(await connection.scalars(select(PastRun.uid).where(old).limit(_AT_ONCE)))
            await connection.execute(delete(PastRun).where(PastRun.uid.in_(uids)))
        return len(uids)


async def _last_kept(connection: AsyncConnection, rows: int) -> tuple[datetime, str] | None:
    """The oldest of the newest so many runs; None where there are not so many."""
    newest = select(PastRun.finished_at, PastRun.uid).order_by(PastRun.finished_at.desc(), PastRun.uid.desc())
    found = (await connection.execute(newest.offset(rows - 1).limit(1))).first()
    return (found[0], found[1]) if found else None


def _upsert(connection: Connection, table: type[Base], row: dict[str, Any]) -> None:
    keys = [column.name for column in inspect(table).primary_key]
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    wanted = dialect.insert(table).values(row)
    changed = {name: wanted.excluded[name] for name in row if name not in keys}
    connection.execute(wanted.on_conflict_do_update(index_elements=keys, set_=changed))
