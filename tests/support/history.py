"""Finished runs and their rows, for tests of the history."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from boardhand_api.events import DiffPiece
from boardhand_history import schema
from boardhand_history.database import close, connect
from boardhand_history.entries import Entry, entry_of
from boardhand_history.queries import History
from boardhand_history.records import Records
from boardhand_history.settings import database_url
from boardhand_history.texts import Text, diff, transcript
from tests.support.objects import run_body

Json = dict[str, Any]
BASE, HEAD = "b" * 40, "c" * 40
DIFF = "diff --git a/cart.py b/cart.py\n--- a/cart.py\n+++ b/cart.py\n@@ -1 +1 @@\n-old\n+new\n"
TRANSCRIPT = '{"event":"started","at":"2026-01-01T12:00:00Z","run":"run-1"}\nplain words\n'
DIFF_LOG = DiffPiece(event="diff", number=1, of=1, text=DIFF).model_dump_json() + "\n"


def pull_request(number: int = 7, **fields: Any) -> Json:
    """As a status has it: open, unless it is said otherwise."""
    return {"url": f"https://forge.test/shop/cart/pulls/{number}", "number": number, "head": HEAD, **fields}


def body_of(name: str = "run-1", *, version: str = "5", namespace: str = "team", **rest: Any) -> Json:
    """A finished TicketRun, which opened a pull request unless `pullRequest` is said to be None."""
    status: Json = {
        "phase": "Succeeded",
        "startedAt": "2026-01-01T12:01:00Z",
        "finishedAt": "2026-01-01T12:20:00Z",
        "job": f"{name}-1",
        "tries": 1,
        "branch": "boardhand/1-fix-the-cart",
        "commit": HEAD,
        "usage": {"promptTokens": 1000, "cachedTokens": 100, "completionTokens": 50, "money": "0.25", "seconds": 60},
        "verdict": {"passed": True, "exitCode": 0, "commands": ["pytest -q"], "tests": {"ran": 3}},
        "pullRequest": pull_request(),
    }
    spec = {key: rest.pop(key) for key in ("pool", "ticket", "task", "attempt", "created") if key in rest}
    merged = {key: value for key, value in (status | rest).items() if value is not None}
    body = run_body(name, namespace=namespace, settled=True, **spec, **merged)
    body["metadata"] |= {"resourceVersion": version, "uid": f"uid-{namespace}-{name}"}
    return body


def failed(of_class: str = "Red", reason: str = "VerifyFailed", message: str = "A test failed.") -> Json:
    """What is other of a run that failed."""
    failure = {"class": of_class, "reason": reason, "message": message}
    return {"phase": "Failed", "failure": failure, "pullRequest": None}


def entry(name: str = "run-1", board: str = "trello", **rest: Any) -> Entry:
    """Its rows."""
    return entry_of(body_of(name, **rest), board)


def texts(log: str = TRANSCRIPT, pieces: str = DIFF_LOG) -> tuple[Text, Text]:
    """A transcript and a diff."""
    return transcript(log), diff(pieces)


def day(number: int, hour: int = 12) -> str:
    """A time in January 2026, as Kubernetes writes it."""
    return f"2026-01-{number:02}T{hour:02}:00:00Z"


def moment(number: int, hour: int = 12) -> datetime:
    return datetime(2026, 1, number, hour, tzinfo=UTC)


class Stored:
    """A database with its tables: who writes it, and who reads it."""

    def __init__(self, url: str) -> None:
        self.url = database_url(url)
        self.engine = connect(self.url)
        self.reading = connect(self.url, reading=True)
        self.records, self.history = Records(self.engine), History(self.reading)

    async def close(self) -> None:
        for engine in (self.engine, self.reading):
            await close(engine)


_template: list[bytes] = []
"""SQLite's file with its tables: made once, since that takes longer than most tests."""


@asynccontextmanager
async def stored(url: str) -> AsyncIterator[Stored]:
    """The empty database at this address, with its tables."""
    made = Stored(url)
    file = Path(made.url.database or "") if made.url.drivername.startswith("sqlite") else None
    try:
        if file and _template:
            file.write_bytes(_template[0])
        else:
            await schema.upgrade(made.engine)
        if file and not _template:
            await made.engine.dispose()
            _template.append(file.read_bytes())
        yield made
    finally:
        await made.close()


async def quiet() -> None:
    """Wait for the threads of connections that could not be made: they tell a loop that must still be there."""
    async with asyncio.timeout(10):
        while any("_connection_worker_thread" in thread.name for thread in threading.enumerate()):
            await asyncio.sleep(0.005)


def sqlite_url(folder: Path, name: str = "history.db") -> str:
    return f"sqlite+aiosqlite:///{folder / name}"


async def scalar(engine: AsyncEngine, statement: str) -> Any:
    """The statement's only value."""
    async with engine.begin() as connection:
        return await connection.scalar(text(statement))


async def sync(engine: AsyncEngine, do: Callable[[Any], Any]) -> Any:
    """What `do` makes of a connection, in a transaction."""
    async with engine.begin() as connection:
        return await connection.run_sync(do)
