"""The connection to either database, for the recorder that writes and for the pages that only read."""

from __future__ import annotations

from typing import Any

from sqlalchemy import URL, event
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

_BUSY_SECONDS = 20.0
_CONNECT_SECONDS = 10
_STATEMENT_MS = 30_000


def connect(url: URL, *, reading: bool = False) -> AsyncEngine:
    """An engine of few connections. `reading`: nothing can be written by it, and a missing file is not made.

    SQLite runs in WAL mode, so that pages read while the recorder writes: both processes on one node, the file on
    a file system that is no network share (https://www.sqlite.org/wal.html).
    """
    return _sqlite(url, reading) if url.drivername.startswith("sqlite") else _postgresql(url, reading)


def _postgresql(url: URL, reading: bool) -> AsyncEngine:
    options = f"-c statement_timeout={_STATEMENT_MS} -c timezone=UTC"
    if reading:
        options += " -c default_transaction_read_only=on"
    return create_async_engine(
        url,
        connect_args={"options": options, "connect_timeout": _CONNECT_SECONDS, "application_name": "boardhand"},
        pool_pre_ping=True,
        pool_size=5,
        max_overflow=5,
        pool_timeout=_CONNECT_SECONDS,
        hide_parameters=True,
    )


def _sqlite(url: URL, reading: bool) -> AsyncEngine:
    file = url.set(database=f"file:{url.database}", query={"mode": "rw" if reading else "rwc", "uri": "true"})
    engine = create_async_engine(
        file, connect_args={"timeout": _BUSY_SECONDS}, pool_size=5, max_overflow=5, hide_parameters=True
    )

    @event.listens_for(engine.sync_engine, "connect")
    def connected(connection: Any, _: Any) -> None:
        # The driver's own transactions begin too late and know no kind: they are begun below.
        connection.isolation_level = None
        cursor = connection.cursor()
        # The first two stand in the file's header, so in this order, before there is a table.
        pragmas = ["query_only = ON"] if reading else ["auto_vacuum = INCREMENTAL", "journal_mode = WAL"]
        for pragma in [*pragmas, "synchronous = NORMAL", "foreign_keys = ON"]:
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def begun(connection: Any) -> None:
        connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")

    return engine
