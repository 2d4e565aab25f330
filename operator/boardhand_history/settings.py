"""The recorder's and the pages' settings: read once from the environment that the chart writes."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from boardhand_history.errors import Misplaced
from boardhand_operator import environment as read

DEFAULT = "sqlite+aiosqlite:////var/lib/boardhand/history.db"
_DRIVERS = {
    "sqlite": "sqlite+aiosqlite",
    "sqlite+aiosqlite": "sqlite+aiosqlite",
    "postgres": "postgresql+psycopg",
    "postgresql": "postgresql+psycopg",
    "postgresql+psycopg": "postgresql+psycopg",
}

_MOST_DAYS = 36_500
"""A century: no day that a calendar has not."""
_MOST_ROWS = 10_000_000


@dataclass(frozen=True)
class Settings:
    """What the history was installed with."""

    url: URL
    """Of the database; shown without its password."""
    namespaces: tuple[str, ...] = ()
    """Namespaces whose runs are recorded; empty: all."""
    days: int = 365
    """Rows of runs that finished longer ago are deleted."""
    rows: int = 100_000
    """So many of the newest rows are kept at most."""
    probes: tuple[str, int] = ("", 8080)
    """Where /healthz and /readyz are served; at every address, since the kubelet asks the pod's own."""

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Settings:
        """Read `BOARDHAND_HISTORY_*` and `BOARDHAND_NAMESPACES`. Raises ValueError naming what is wrong."""
        return cls(
            url=url_of(environment),
            namespaces=read.words(environment, "BOARDHAND_NAMESPACES"),
            days=read.count(environment, "BOARDHAND_HISTORY_DAYS", _MOST_DAYS) or cls.days,
            rows=read.count(environment, "BOARDHAND_HISTORY_ROWS", _MOST_ROWS) or cls.rows,
            probes=read.listening(environment, "BOARDHAND_HISTORY_PROBES") or cls.probes,
        )


def url_of(environment: Mapping[str, str] = os.environ) -> URL:
    """The database's address, from BOARDHAND_HISTORY_URL or from the file that BOARDHAND_HISTORY_URL_FILE names.

    Raises Misplaced, without what was given: it may hold a password.
    """
    text, file = environment.get("BOARDHAND_HISTORY_URL", ""), read.path(environment, "BOARDHAND_HISTORY_URL_FILE")
    if text and file:
        raise Misplaced("BOARDHAND_HISTORY_URL and BOARDHAND_HISTORY_URL_FILE: set one of them, not both")
    if file:
        try:
            text = file.read_text().strip()
        except OSError as missing:
            raise Misplaced(f"BOARDHAND_HISTORY_URL_FILE={file}: {missing.strerror}; mount the Secret there") from None
    return database_url(text or DEFAULT)


def database_url(text: str) -> URL:
    """The address with the driver that is used here. Raises Misplaced, without the address."""
    try:
        url = make_url(text)
    except ArgumentError:
        raise Misplaced(f"the history's address is none: give {DEFAULT}, or postgresql://user@host/database") from None
    driver = _DRIVERS.get(url.drivername)
    if driver is None:
        raise Misplaced(f"the history's database is {url.drivername}: SQLite and PostgreSQL are known (see {DEFAULT})")
    if driver.startswith("sqlite") and (not url.database or url.database == ":memory:"):
        raise Misplaced(f"the history's SQLite database needs a file, such as {DEFAULT}")
    return url.set(drivername=driver)
