"""What can go wrong with the database, each as a sentence for whoever installed it.

HistoryError
├── Misplaced     the settings name no database that can be used
├── WrongSchema   another version of Boardhand keeps this database
└── Unreachable   nobody answers there now: waited for
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout


class HistoryError(Exception):
    """Root of what is raised on purpose. No message holds a password."""


class Misplaced(HistoryError, ValueError):
    """The settings name no database that can be used."""


class WrongSchema(HistoryError):
    """The tables are not those that this version reads."""


class Unreachable(HistoryError):
    """The database does not answer, or has not been made yet."""


@contextmanager
def answering() -> Iterator[None]:
    """Raises Unreachable where the database is down, its disk is full, or others hold it for too long."""
    try:
        yield
    except (OperationalError, InterfaceError, PoolTimeout, OSError) as down:
        raise Unreachable(f"the history's database does not answer: {_said(down)}") from down


def _said(down: Exception) -> str:
    """The driver's sentence alone: that of SQLAlchemy repeats the statement."""
    return " ".join(str(getattr(down, "orig", None) or down).split())[:300]
