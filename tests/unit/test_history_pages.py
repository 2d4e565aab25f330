"""The pages of the history: who sees what, and that nothing a ticket says has an effect."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from typing import cast
from urllib.parse import quote

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request

from boardhand_client.rights import Rights
from boardhand_client.session import Session
from boardhand_dashboard import problems
from boardhand_dashboard.pages import history, reports
from boardhand_dashboard.settings import Settings
from boardhand_dashboard.views.charts import HEIGHT, WIDTH, Bar, Chart
from boardhand_dashboard.visitor import Visitor
from boardhand_history.queries import History
from tests.support.history import Stored, day, entry, failed, pull_request, quiet, sqlite_url, stored, texts
from tests.support.livecluster import LiveCluster, LiveSession

LISTS = ("list", "ticketruns")
LOGS = ("get", "pods/log")
HOSTILE = "</td><script>alert(1)</script>\u202e\x1b[31m<img src=x onerror=alert(1)> {{ 7*7 }}"


class Tags(HTMLParser):
    """Names of all attributes of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.attributes: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.attributes |= {name for name, _ in attrs}


def app_for(known: History | None, *rights: tuple[str, str]) -> Starlette:
    session = cast(Session, LiveSession(LiveCluster(), "ann", *((*right, "team") for right in rights)))
    visitor = Visitor("ann", session, Rights(session))

    class Entrance:
        async def enter(self, _: Request) -> tuple[Visitor, None]:
            return visitor, None

    app = Starlette(routes=[*history.routes, *reports.routes], exception_handlers=problems.HANDLERS)
    app.state.entrance, app.state.settings = Entrance(), Settings(database="sqlite:////there")
    app.state.history = known
    return app


@asynccontextmanager
async def browser(known: History | None, *rights: tuple[str, str]) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app=app_for(known, *rights))
    async with httpx.AsyncClient(transport=transport, base_url="http://dashboard/ns/team") as client:
        yield client


@pytest.fixture
async def kept(tmp_path: Path) -> AsyncIterator[Stored]:
    async with stored(sqlite_url(tmp_path)) as made:
        yield made


async def text(client: httpx.AsyncClient, path: str, status: int = 200) -> str:
    answer = await client.get(path)
    assert answer.status_code == status, answer.text
    return answer.text


async def test_runs_are_searched_filtered_and_turned_over(kept: Stored) -> None:
    for number in range(history_pages := 51):
        await kept.records.put(entry(f"run-{number}", finishedAt=day(2), ticket={"title": f"Cart {number:02}"}))
    await kept.records.put(entry("red", ticket={"title": "A red one"}, **failed()))
    async with browser(kept.history, LISTS) as client:
        first = await text(client, "/history?phase=Succeeded")
        assert len(re.findall(r"Cart \d\d", first)) == 50
        (older,) = re.findall(r'rel="next" href="\?([^"]+)"', first)
        second = await text(client, f"/history?{older.replace('&amp;', '&')}")
        assert len(re.findall(r"Cart \d\d", second)) == history_pages - 50
        assert 'rel="next"' not in second
        found = await text(client, "/history?q=RED+one&class=Red&since=2026-01-01&until=2026-01-01")
        assert "A red one" in found and "Cart" not in found
        assert "No finished run is like that" in await text(client, "/history?q=nothing&pool=%00")


async def test_the_same_search_comes_as_csv(kept: Stored) -> None:
    await kept.records.put(entry("run-1", ticket={"title": "=HYPERLINK(1)"}))
    await kept.records.put(entry("red", **failed()))
    async with browser(kept.history, LISTS) as client:
        assert "/ns/team/history.csv?phase=Succeeded" in await text(client, "/history?phase=Succeeded&q=")
        answer = await client.get("/history.csv?phase=Succeeded")
    lines = answer.text.splitlines()
    assert answer.headers["content-type"].startswith("text/csv")
    assert answer.headers["content-disposition"] == 'attachment; filename="history-team.csv"'
    assert len(lines) == 2 and ",'=HYPERLINK(1)," in lines[1]


@pytest.mark.parametrize(
    "query", ["since=yesterday", "until=2026-02-30", "phase=Working", "class=x", "task=x", "pull-request=x", "after=x"]
)
async def test_what_cannot_be_asked_is_told_by_its_name(kept: Stored, query: str) -> None:
    async with browser(kept.history, LISTS) as client:
        assert query.partition("=")[0] in await text(client, f"/history?{query}", 400)


@pytest.mark.parametrize("grain", ["day", "week", "month"])
async def test_a_report_ends_with_the_calendar(kept: Stored, grain: str) -> None:
    async with browser(kept.history, LISTS) as client:
        assert "9999-12" in await text(client, f"/reports?by={grain}&since=9999-11-20&until=9999-12-31")


async def test_only_who_may_list_runs_sees_any(kept: Stored) -> None:
    await kept.records.put(entry(), texts())
    paths = ("/history", "/history.csv", "/history/uid-team-run-1", "/reports")
    async with browser(kept.history, LOGS) as client:
        for path in paths:
            assert "You may not list the runs of namespace team" in await text(client, path, 403)
    async with browser(None, LISTS) as client:
        for path in paths:
            assert "history.enabled" in await text(client, path, 404)


async def test_a_run_of_another_namespace_is_not_found_by_its_uid(kept: Stored) -> None:
    await kept.records.put(entry(namespace="other"), texts())
    async with browser(kept.history, LISTS, LOGS) as client:
        for uid in ("uid-other-run-1", "nothing", "%00"):
            assert "no such run" in await text(client, f"/history/{uid}", 404)


async def test_transcript_and_diff_are_for_who_may_read_logs(kept: Stored) -> None:
    await kept.records.put(entry(), texts())
    async with browser(kept.history, LISTS, LOGS) as client:
        page = await text(client, "/history/uid-team-run-1")
        assert "plain words" in page and "cart.py" in page and "Succeeded" in page
        assert "pytest -q" in page and "https://forge.test/shop/cart/pulls/7" in page
    async with browser(kept.history, LISTS) as client:
        page = await text(client, "/history/uid-team-run-1")
        assert "Succeeded" in page and "plain words" not in page and "cart.py" not in page
        assert "read the logs of pods" in page


async def test_a_long_transcript_is_turned_over(kept: Stored) -> None:
    log = "\n".join(f"line-{number}-" for number in range(1, 451))
    await kept.records.put(entry(), texts(log))
    async with browser(kept.history, LISTS, LOGS) as client:
        at, seen = "/history/uid-team-run-1", list[str]()
        path = at
        while path:
            page = await text(client, path)
            seen += re.findall(r"line-\d+-", page)
            later = re.search(r'rel="next" href="(\?from=\d+)', page)
            path = f"{at}{later[1]}" if later else ""
        assert seen == [f"line-{number}-" for number in range(1, 451)]
        assert "line-450-" in await text(client, f"{at}?from=99999999")


async def test_what_strangers_wrote_has_no_effect(kept: Stored) -> None:
    step = {"event": "step", "at": "x", "number": 1, "role": HOSTILE, "text": HOSTILE, "calls": [HOSTILE]}
    body = entry(
        ticket={"title": HOSTILE, "key": HOSTILE[:60], "url": "javascript:alert(1)"},
        summary=HOSTILE,
        pullRequest=pull_request() | {"url": "javascript:alert(2)"},
    )
    await kept.records.put(body, texts(json.dumps(step)))
    async with browser(kept.history, LISTS, LOGS) as client:
        for path in (
            "/history",
            "/history/uid-team-run-1",
            f"/history?q={quote(HOSTILE)}&pool={quote(HOSTILE)}",
            "/reports",
        ):
            page = await text(client, path)
            for sign in ("<script>alert", "<img src=x", "\x1b", "\u202e", 'href="javascript', " 49 "):
                assert sign not in page, (path, sign)
            tags = Tags()
            tags.feed(page)
            assert {name for name in tags.attributes if name == "style" or name.startswith("on")} == set()


async def test_a_report_has_the_figures_as_table_and_as_bars(kept: Stored) -> None:
    merged = {"state": "Merged", "mergedAt": day(9)}
    await kept.records.put(entry("clean", pullRequest=pull_request(1, **merged), ticket={"id": "a"}))
    await kept.records.put(entry("red", ticket={"id": "b"}, **failed()))
    async with browser(kept.history, LISTS) as client:
        # What was spent in one period and merged in another costs nothing there, so that bar is none.
        for grain, periods, drawn in (("day", 11, 5), ("week", 2, 5), ("month", 1, 6)):
            page = await text(client, f"/reports?by={grain}&since=2026-01-01&until=2026-01-11")
            body = re.search(r"<tbody>(.*?)</tbody>", page, re.DOTALL)
            assert body is not None and body[1].count("<tr>") == periods
            assert page.count('role="img"') == page.count("<svg") == drawn
            assert page.count("Nothing yet") == 6 - drawn
            assert "$0.50" in page and "100 %" in page and "20 min" in page
        assert "$0.50" not in await text(client, "/reports?since=2025-01-01&until=2025-01-02")
        assert "<svg" not in await text(client, "/reports?pool=none")
        assert "by" in await text(client, "/reports?by=year", 400)
        assert "since" in await text(client, "/reports?since=2026-01-02&until=2026-01-01", 400)
        assert "Reports" in await text(client, "/reports?by=month&until=0001-01-01")


async def test_a_history_that_cannot_be_read_says_so(tmp_path: Path) -> None:
    known = History.at(sqlite_url(tmp_path))
    async with browser(known, LISTS) as client:
        page = await text(client, "/history", 503)
    assert "The history cannot be read" in page and "does not answer" in page
    await known.close()
    await quiet()


def test_bars_stay_within_the_drawing() -> None:
    chart = Chart("c", tuple(Bar(str(number), number, number * 2, str(number)) for number in range(30)))
    drawn = chart.drawn()
    assert (chart.most, chart.top) == (58, "29")
    assert max(one.whole for one in drawn) == HEIGHT
    assert all(one.height * 2 == pytest.approx(one.whole, abs=0.02) for one in drawn)
    assert all(one.x >= 0 and one.x + one.width <= WIDTH for one in drawn)
    assert all(left.x + left.width < right.x for left, right in pairwise(drawn))
    assert [one.height for one in Chart("none", (Bar("a", 0, 0, "0"),)).drawn()] == [0.0]
