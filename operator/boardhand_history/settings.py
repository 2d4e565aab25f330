"""The recorder's and the pages' settings: read once from the environment that the chart writes."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from boardhand_history.errors import Misplaced

DEFAULT = "sqlite+aiosqlite:////var/lib/boardhand/history.db"
_DRIVERS = {
    "sqlite": "sqlite+aiosqlite",
    "sqlite+aiosqlite": "sqlite+aiosqlite",
    "postgres": "postgresql+psycopg",
    "postgresql": "postgresql+psycopg",
    "postgresql+psycopg": "postgresql+psycopg",
}


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
    probes: tuple[str, int] = ("0.0.0.0", 8080)  # noqa: S104 (the kubelet asks the pod's address)
    """Where /healthz and /readyz are served."""

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Settings:
        """Read `BOARDHAND_HISTORY_*` and `BOARDHAND_NAMESPACES`. Raises Misplaced naming the variable that is wrong."""
        names = environment.get("BOARDHAND_NAMESPACES", "")
        return cls(
            url=url_of(environment),
            namespaces=tuple(name.strip() for name in names.split(",") if name.strip()),
            days=_number(environment, "BOARDHAND_HISTORY_DAYS", cls.days),
            rows=_number(environment, "BOARDHAND_HISTORY_ROWS", cls.rows),
            probes=_address(environment, "BOARDHAND_HISTORY_PROBES", cls.probes),
        )


def url_of(environment: Mapping[str, str] = os.environ) -> URL:
    """The database's address, from BOARDHAND_HISTORY_URL or from the file that BOARDHAND_HISTORY_URL_FILE names.

    Raises Misplaced, without what was given: it may hold a password.
    """
    text, file = (environment.get(f"BOARDHAND_HISTORY_{name}", "") for name in ("URL", "URL_FILE"))
    if text and file:
        raise Misplaced("BOARDHAND_HISTORY_URL and BOARDHAND_HISTORY_URL_FILE: set one of them, not both")
    if file:
        try:
            text = Path(file).read_text().strip()
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


def _number(environment: Mapping[str, str], name: str, otherwise: int) -> int:
    text = environment.get(name, "")
    if not text:
        return otherwise
    if not text.isascii() or not text.isdigit() or not 0 < int(text) <= 10_000_000:
        raise Misplaced(f"{name}={text!r}: give a whole number from 1 to 10000000")
    return int(text)


def _address(environment: Mapping[str, str], name: str, otherwise: tuple[str, int]) -> tuple[str, int]:
    text = environment.get(name, "")
    host, _, port = text.rpartition(":")
    if not text:
        return otherwise
    if not host or not port.isdigit() or int(port) > 65535:
        raise Misplaced(f"{name}={text!r}: give host:port, such as 127.0.0.1:8080")
    return host, int(port)
