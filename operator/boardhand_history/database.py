"""The connection to either database, for the recorder that writes and for the pages that only read."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Coroutine
from functools import wraps
from typing import Any, ParamSpec, TypeVar
from urllib.parse import quote

from sqlalchemy import URL, event
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

_BUSY_SECONDS = 20.0
_CONNECT_SECONDS = 10
_STATEMENT_MS = 30_000
_AGAIN_SECONDS = 0.05
_PRAGMAS = ("synchronous = NORMAL", "foreign_keys = ON")


_under_way: set[asyncio.Future[Any]] = set()
P = ParamSpec("P")
T = TypeVar("T")


def to_its_end(method: Callable[P, Coroutine[Any, Any, T]]) -> Callable[P, Coroutine[Any, Any, T]]:
    """What was begun at the database is carried out, also where who waits for it is cancelled: with SQLite, statements
    that were broken off have been seen to leave their lock behind."""

    @wraps(method)
    async def shielded(*args: P.args, **kwargs: P.kwargs) -> T:
        task = asyncio.ensure_future(method(*args, **kwargs))
        _under_way.add(task)
        task.add_done_callback(_done)
        return await asyncio.shield(task)

    return shielded


async def close(engine: AsyncEngine) -> None:
    """Let go of its connections, once what was begun is carried out."""
    loop = asyncio.get_running_loop()
    while here := [task for task in _under_way if task.get_loop() is loop]:
        await asyncio.wait(here)
    await engine.dispose()


def _done(task: asyncio.Future[Any]) -> None:
    _under_way.discard(task)
    # Where nobody waited to the end, nobody is told how it ended.
    if not task.cancelled():
        task.exception()


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
    file = url.set(
        database=f"file:{quote(url.database or '')}", query={"mode": "rw" if reading else "rwc", "uri": "true"}
    )
    engine = create_async_engine(
        file,
        connect_args={"timeout": _BUSY_SECONDS},
        # There is one writer at a time in any case: who waits does so here, in turn.
        pool_size=5 if reading else 1,
        max_overflow=5 if reading else 0,
        pool_timeout=_BUSY_SECONDS,
        hide_parameters=True,
    )

    @event.listens_for(engine.sync_engine, "connect")
    def connected(connection: Any, _: Any) -> None:
        # The driver's own transactions begin too late and know no kind: they are begun below.
        connection.isolation_level = None
        cursor = connection.cursor()
        for pragma in ["query_only = ON" if reading else "auto_vacuum = INCREMENTAL", *_PRAGMAS]:
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()
        if not reading:
            # As the vacuum's kind it stands in the file's header, and after that, before there is a table.
            connection.run_async(_write_ahead)

    @event.listens_for(engine.sync_engine, "begin")
    def begun(connection: Any) -> None:
        connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")

    return engine


async def _write_ahead(driver: Any) -> None:
    """Of several that open a new file at once SQLite refuses some without any wait, whatever its time-out."""
    loop = asyncio.get_running_loop()
    until = loop.time() + _BUSY_SECONDS
    while True:
        try:
            async with driver.execute("PRAGMA journal_mode = WAL"):
                return
        except sqlite3.OperationalError as refused:
            # The lowest byte is the kind, the others say more of it.
            if refused.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or loop.time() > until:
                raise
        await asyncio.sleep(_AGAIN_SECONDS)
