"""The pages of the history in a real Chromium: read out, by keyboard, on a phone, in light and dark."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, cast

import pytest
import pytest_asyncio
from playwright.async_api import Page, async_playwright, expect

from boardhand_client.rights import Rights
from boardhand_client.session import Session
from boardhand_dashboard.app import build
from boardhand_dashboard.settings import Settings
from boardhand_dashboard.visitor import Visitor
from testbed import chromium
from tests.contract.serving import serving
from tests.support.history import Stored, day, entry, failed, pull_request, sqlite_url, stored, texts
from tests.support.livecluster import LiveCluster, LiveSession

pytestmark = pytest.mark.slow
"""Chromium takes seconds to begin."""
expect.set_options(timeout=chromium.PATIENCE)
AXE = "axe.run({runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'best-practice']})"
PHONE = 360
WIDER = "() => document.documentElement.scrollWidth"
SIZED = """
width => new Promise(done =>
  requestAnimationFrame(() => requestAnimationFrame(() => done(innerWidth === width))))
"""
RIGHTS = (("list", "ticketruns"), ("get", "pods/log"))
HOSTILE = "</td><script>alert(1)</script><img src=x onerror=alert(1)>"
RUN = "uid-team-evil"


@dataclass
class Scene:
    """A page of the dashboard."""

    page: Page
    url: str
    errors: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("pageerror", lambda wrong: self.errors.append(str(wrong)))
        self.page.on("console", lambda said: self.errors.append(said.text) if said.type == "error" else None)

    async def goes(self, path: str) -> None:
        answer = await self.page.goto(f"{self.url}/ns/team/{path}")
        assert answer is not None and answer.status == 200

    async def wrong(self) -> list[str]:
        """What axe finds, in both schemes, and whether a phone must be scrolled aside."""
        await self.page.evaluate(chromium.axe())
        found: list[str] = []
        schemes: tuple[Literal["light", "dark"], ...] = ("light", "dark")
        for scheme in schemes:
            await self.page.emulate_media(color_scheme=scheme)
            result: Any = await self.page.evaluate(AXE)
            found += [f"{scheme}: {one['id']}: {one['nodes'][0]['html'][:200]}" for one in result["violations"]]
        await self._sized(PHONE, 740)
        if await self.page.evaluate(WIDER) > PHONE:
            found.append("it is wider than a phone")
        await self._sized(1280, 800)
        return found

    async def _sized(self, width: int, height: int) -> None:
        """The window of this size, and painted so: it answers before that, and what is clicked would still move."""
        await self.page.set_viewport_size({"width": width, "height": height})
        await self.page.wait_for_function(SIZED, arg=width)


async def fill(kept: Stored) -> None:
    """Some months' runs, one of them hostile."""
    for number in range(60):
        opened = pull_request(number, **({"state": "Merged", "mergedAt": day(20)} if number % 3 else {}))
        rest = failed("Stuck") if number % 5 == 0 else {"pullRequest": opened}
        ticket = {"id": str(number), "title": f"Cart {number}"}
        await kept.records.put(entry(f"run-{number}", finishedAt=day(1 + number % 28), ticket=ticket, **rest))
    step = {"event": "step", "at": "x", "number": 1, "role": "coder", "text": HOSTILE, "calls": [HOSTILE]}
    log = "\n".join(json.dumps(step | {"number": number}) for number in range(1, 302))
    evil = entry("evil", ticket={"title": HOSTILE, "key": "X-1"}, summary=HOSTILE, finishedAt=day(29))
    await kept.records.put(evil, texts(log))


@pytest_asyncio.fixture
async def scene(tmp_path: Path) -> AsyncIterator[Scene]:
    session = cast(Session, LiveSession(LiveCluster(), "ann", *((*right, "team") for right in RIGHTS)))
    visitor = Visitor("ann", session, Rights(session))
    async with stored(sqlite_url(tmp_path)) as kept:
        await fill(kept)
        app = build(Settings(database=sqlite_url(tmp_path)))
        cookie = await app.state.entrance.logins.enter(visitor)
        async with serving(app) as url, async_playwright() as playwright:
            browser = await playwright.chromium.launch(
                executable_path=chromium.executable(), args=list(chromium.ARGUMENTS)
            )
            context = await browser.new_context()
            name = app.state.entrance.cookies.name
            await context.add_cookies(
                [{"name": name, "value": cookie, "domain": "127.0.0.1", "path": "/", "secure": True}]
            )
            yield Scene(await context.new_page(), url)
            await browser.close()


async def test_a_search_by_keyboard_leads_to_a_run(scene: Scene) -> None:
    """Keys alone: entries out of sight are no more than estimated, so a pointer may find them moved."""
    page = scene.page
    await scene.goes("history")
    await expect(page.locator("tbody tr")).to_have_count(50)
    await page.get_by_role("link", name="Older").press("Enter")
    await expect(page.locator("tbody tr")).to_have_count(11)
    await page.get_by_label("Words of the ticket").focus()
    await page.keyboard.type("script ALERT")
    await page.keyboard.press("Enter")
    await expect(page.locator("tbody tr")).to_have_count(1)
    assert await scene.wrong() == []
    await page.get_by_role("link", name=re.compile("script")).press("Enter")
    await expect(page.locator("h1")).to_contain_text("<script>alert(1)</script>")
    await expect(page.locator("li.entry")).to_have_count(200)
    await expect(page.locator("pre.diff .added")).to_have_text("+new")
    assert await scene.wrong() == []
    await page.get_by_role("link", name="Later").press("Enter")
    await expect(page.locator("li.entry")).to_have_count(101)
    assert scene.errors == []


async def test_filters_stay_and_the_csv_is_theirs(scene: Scene) -> None:
    page = scene.page
    await scene.goes("history")
    await page.get_by_label("Failure", exact=True).select_option("Stuck")
    await page.get_by_role("button", name="Search").click()
    await expect(page.locator("tbody tr")).to_have_count(12)
    assert await page.get_by_label("Failure", exact=True).input_value() == "Stuck"
    async with page.expect_download() as download:
        await page.get_by_role("link", name="As CSV").click()
    file = await (await download.value).path()
    assert len(file.read_text().splitlines()) == 13
    assert scene.errors == []


async def test_a_report_is_drawn_and_told(scene: Scene) -> None:
    page = scene.page
    await scene.goes("reports?by=week&since=2026-01-01&until=2026-01-31")
    await expect(page.get_by_role("img")).to_have_count(6)
    heights = (
        await page.locator("figure.chart svg")
        .first.locator("rect.part")
        .evaluate_all("all => all.map(one => one.getBoundingClientRect().height)")
    )
    assert len(heights) == 5 and all(height > 5 for height in heights)
    fills = await page.locator("rect.part").first.evaluate("one => getComputedStyle(one).fill")
    assert fills not in ("none", "rgb(0, 0, 0)")
    assert await scene.wrong() == []
    await page.get_by_label("By", exact=True).select_option("month")
    await page.get_by_role("button", name="Show").click()
    await expect(page.locator("tbody").first.locator("tr")).to_have_count(1)
    assert scene.errors == []
