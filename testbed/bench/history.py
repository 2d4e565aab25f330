"""The rows of the history: searches, reports and the export of 100,000 runs, in both databases."""

from __future__ import annotations

import asyncio
import random
import tempfile
import time
import tracemalloc
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import insert, text
from sqlalchemy.ext.asyncio import AsyncEngine

from boardhand_history import schema
from boardhand_history.database import connect
from boardhand_history.entries import words
from boardhand_history.models import PastDetail, PastRun
from boardhand_history.queries import History, Page, Search
from boardhand_history.reports import Grain
from boardhand_history.settings import database_url
from boardhand_history.sheet import COLUMNS, sheet
from testbed.bench.rows import Row, row
from testbed.postgres import serving
from testbed.shell import say

RUNS = 100_000
AIM = 0.2
REPORT_AIM = 1.0
_TIMES = 7
_BATCH = 2_000
_LAST = datetime(2026, 11, 1, tzinfo=UTC)
_DAYS = 360
_TEAM = frozenset({"team"})
_WORDS = (
    *("cart", "total", "price", "order", "login", "export", "report", "invoice", "search", "filter"),
    *("upload", "retry", "cache", "index", "label", "header"),
)


def measure() -> list[Row]:
    """Every row, of SQLite and then of PostgreSQL. Raises TestbedError where there is no PostgreSQL."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        rows = asyncio.run(_database("SQLite", f"sqlite:///{folder / 'history.db'}"))
        with serving(folder / "postgres") as server:
            return rows + asyncio.run(_database("PostgreSQL", server.create("history")))


async def _database(name: str, url: str) -> list[Row]:
    say(f"bench: history, {RUNS:,} runs in {name}")
    async with AsyncExitStack() as stack:
        engine = connect(database_url(url))
        stack.push_async_callback(engine.dispose)
        await schema.upgrade(engine)
        await _fill(engine)
        history = History.at(url)
        stack.push_async_callback(history.close)
        asked: dict[str, Callable[[], Awaitable[Any]]] = {
            "newest page": lambda: _found(history, Search(), 50),
            "a rare word": lambda: _found(history, Search(text="zebra"), 1),
            "a word that is nowhere": lambda: _found(history, Search(text="unheard of"), 0),
            "three words and four filters": lambda: _found(
                history,
                Search("cart invoice label", "pool-3", "Failed", "Red", "Implement", since=date(2026, 3, 1)),
                None,
            ),
            "the last of 2,000 pages": lambda: _found(history, Search(until=date(2025, 11, 6)), None),
        }
        rows = [row(f"history, {name}: {what}", await _seconds(ask), AIM) for what, ask in asked.items()]
        year, weeks = date(2025, 11, 1), date(2026, 8, 10)
        for what, grain, since in (("all of them", Grain.MONTH, year), ("twelve weeks", Grain.WEEK, weeks)):
            took = await _seconds(partial(_reported, history, grain, since))
            rows.append(row(f"history, {name}: report of {what}", took, REPORT_AIM))
        seconds, megabytes = await _exported(history)
        rows.append(row(f"history, {name}: all of them as CSV", [seconds]))
        return [*rows, row(f"history, {name}: memory that the CSV takes", [megabytes], 20, unit="MB")]


async def _reported(history: History, grain: Grain, since: date) -> None:
    """What the page asks for."""
    report = await history.report(_TEAM, grain, since, date(2026, 11, 1))
    await history.pools(_TEAM)
    if not 0 < report.total.clean < report.total.merged < report.total.opened < report.total.runs:
        raise ValueError(f"bench: a report came to {report.total}")


async def _exported(history: History) -> tuple[float, float]:
    """Seconds for all lines, and the megabytes that it holds at most, of a shorter one: to count them takes long."""
    begun = time.perf_counter()
    lines = await _lines(history, Search())
    seconds = time.perf_counter() - begun
    if lines != RUNS + 1:
        raise ValueError(f"bench: {lines} lines came")
    tracemalloc.start()
    await _lines(history, Search(until=date(2026, 3, 1)))
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return seconds, most / 1e6


async def _lines(history: History, search: Search) -> int:
    lines = 0
    async for some in sheet(history.every(_TEAM, search, COLUMNS)):
        lines += some.count("\r\n")
    return lines


async def _found(history: History, search: Search, number: int | None) -> Page:
    page = await history.search(_TEAM, search)
    if number is not None and len(page.rows) != number:
        raise ValueError(f"bench: {len(page.rows)} rows came for {search}, and not {number}")
    return page


async def _seconds(ask: Callable[[], Awaitable[Any]], times: int = _TIMES) -> list[float]:
    """How long it took, each time; the first one, which opens the connection, is left out."""
    await ask()
    took = []
    for _ in range(times):
        begun = time.perf_counter()
        await ask()
        took.append(time.perf_counter() - begun)
    return took


async def _fill(engine: AsyncEngine) -> None:
    lots = random.Random(7)
    for first in range(0, RUNS, _BATCH):
        runs = [_run(number, lots) for number in range(first, first + _BATCH)]
        async with engine.begin() as connection:
            await connection.execute(insert(PastRun), runs)
            said: dict[str, Any] = {"verdict": None, "evidence": None, "stages": []}
            await connection.execute(
                insert(PastDetail), [{"uid": run["uid"], "title": "", "summary": "", "said": said} for run in runs]
            )
    async with engine.begin() as connection:
        await connection.execute(text("ANALYZE"))


def _run(number: int, lots: random.Random) -> dict[str, Any]:
    """One like those of a year's work; one of all has the rare word."""
    finished = _LAST - timedelta(days=_DAYS) * number / RUNS
    failed = number % 4 == 0
    title = " ".join(lots.choices(_WORDS, k=7)) + (" zebra" if number == RUNS // 2 else "")
    merged = finished + timedelta(days=1) if not failed and number % 3 else None
    columns = {
        "uid": f"{number:08x}-0000-4000-8000-000000000000",
        "version": str(number),
        "namespace": "team",
        "name": f"trello-shop-{number}-{lots.randbytes(6).hex()}",
        "pool": f"pool-{number % 7}",
        "board": "trello",
        "ticket_id": lots.randbytes(12).hex(),
        "ticket_key": f"SHOP-{number}",
        "ticket_title": title,
        "ticket_url": f"https://board.example/c/{number}",
        "task": ("Auto", "Implement")[number // 7 % 2],
        "attempt": 1 + (number % 20 == 0),
        "tries": 1,
        "phase": "Failed" if failed else "Succeeded",
        "failure_class": ("Red", "Stuck")[number // 4 % 2] if failed else None,
        "failure_reason": "VerifyFailed" if failed else None,
        "failure_message": f"2 of 310 tests failed: tests/test_{lots.choice(_WORDS)}.py" if failed else None,
        "passed": not failed,
        "tests_ran": 310,
        "tests_failed": 2 if failed else 0,
        "specialist": "coder",
        "branch": f"boardhand/shop-{number}-{title.replace(' ', '-')[:40]}",
        "commit": "c" * 40,
        "pull_request_url": None if failed else f"https://forge.example/shop/cart/pulls/{number}",
        "pull_request_number": None if failed else number,
        "pull_request_state": None if failed else "Merged" if merged else "Open",
        "pull_request_head": "c" * 40 if merged and number % 5 else None,
        "merged_at": merged,
        "money": Decimal("0.31"),
        "prompt_tokens": 200_000,
        "cached_tokens": 150_000,
        "completion_tokens": 5_000,
        "seconds": 300.0,
        "created_at": finished - timedelta(minutes=9),
        "started_at": finished - timedelta(minutes=8),
        "finished_at": finished,
    }
    return columns | {"words": words(columns)}
