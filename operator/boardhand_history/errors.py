"""What can go wrong with the database, each as a sentence for whoever installed it.

HistoryError
├── Misplaced     the settings name no database that can be used
├── WrongSchema   another version of Boardhand keeps this database
└── Unreachable   nobody answers there now: waited for
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import InterfaceError, InternalError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout


class HistoryError(Exception):
    """Root of what is raised on purpose. No message holds a password."""


class Misplaced(HistoryError, ValueError):
    """The settings name no database that can be used."""


class WrongSchema(HistoryError):
    """The tables are not those that this version reads."""


class Unreachable(HistoryError):
    """The database does not answer, or has not been made yet."""


_FULL = (sqlite3.SQLITE_FULL, "53100")
"""That of SQLite, and PostgreSQL's (https://www.postgresql.org/docs/current/errcodes-appendix.html)."""

_STANDBY = "25006"
"""Of PostgreSQL: only reading is allowed, as while another server takes over."""


@contextmanager
def answering() -> Iterator[None]:
    """Raises Unreachable where the database is down, its disk is full, it may only be read for now, or others hold it
    for too long."""
    try:
        yield
    except (OperationalError, InterfaceError, PoolTimeout, OSError, sqlite3.OperationalError) as down:
        raise Unreachable(_told(down)) from down
    except InternalError as refused:
        if getattr(refused.orig, "sqlstate", None) != _STANDBY:
            raise
        raise Unreachable(_told(refused)) from refused


def _told(down: Exception) -> str:
    """By the driver's sentence alone: that of SQLAlchemy repeats the statement."""
    driver = getattr(down, "orig", None) or down
    said = " ".join(str(driver).split())[:300]
    if getattr(driver, "sqlite_errorcode", None) in _FULL or getattr(driver, "sqlstate", None) in _FULL:
        return f"the disk of the history's database is full: make room on its volume ({said})"
    return f"the history's database does not answer: {said}"
