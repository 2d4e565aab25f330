"""The board and a run's page in a real Chromium: what happens is seen, heard and harmless."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import cast

import pytest
import pytest_asyncio
from playwright.async_api import Page, async_playwright, expect

from boardhand_api.events import DiffPiece
from boardhand_client.rights import Rights
from boardhand_client.session import Session
from boardhand_dashboard.app import build
from boardhand_dashboard.live.feeds import Feeds
from boardhand_dashboard.live.viewers import Pace
from boardhand_dashboard.settings import Settings
from boardhand_dashboard.visitor import Visitor
from boardhand_operator.kube import Resource
from testbed import chromium
from tests.contract.serving import serving
from tests.support.livecluster import LiveCluster, LiveSession
from tests.unit.test_dashboard_runs import ACTS, DIFF, HOSTILE, LOOKS, PODS, log, put_pod, put_run, step

pytestmark = pytest.mark.slow
"""Chromium takes seconds to begin."""
expect.set_options(timeout=chromium.PATIENCE)
PACE = Pace(review=0.2, doubt=0.1)
AXE = "axe.run({runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'best-practice']})"


@dataclass
class Scene:
    """A page of the dashboard, and the cluster behind it."""

    page: Page
    cluster: LiveCluster
    session: LiveSession
    url: str
    errors: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("pageerror", lambda wrong: self.errors.append(str(wrong)))
        self.page.on("console", lambda said: self.errors.append(said.text) if said.type == "error" else None)
        self.page.on("dialog", lambda dialog: asyncio.ensure_future(dialog.accept()))

    async def goes(self, path: str) -> None:
        await self.page.goto(f"{self.url}/ns/shop/{path}")

    async def violations(self) -> list[tuple[str, str]]:
        await self.page.evaluate(chromium.axe())
        found = await self.page.evaluate(AXE)
        return [(one["id"], one["nodes"][0]["html"][:200]) for one in found["violations"]]


@pytest_asyncio.fixture
async def scene() -> AsyncIterator[Scene]:
    cluster = LiveCluster()
    session = LiveSession(cluster, "ann", *((verb, plural, "shop") for verb, plural in (*LOOKS, *PODS, *ACTS)))
    visitor = Visitor("ann", cast(Session, session), Rights(cast(Session, session)))
    app = build(Settings())
    app.state.feeds = Feeds(PACE)
    cookie = await app.state.entrance.logins.enter(visitor)
    async with serving(app) as url, async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium.executable(), args=list(chromium.ARGUMENTS))
        context = await browser.new_context()
        name = app.state.entrance.cookies.name
        await context.add_cookies([{"name": name, "value": cookie, "domain": "127.0.0.1", "path": "/", "secure": True}])
        yield Scene(await context.new_page(), cluster, session, url)
        await browser.close()


async def test_cards_move_as_runs_do(scene: Scene) -> None:
    page, cluster = scene.page, scene.cluster
    for name in ("a", "b.c", "d"):
        await put_run(cluster, name, {"title": f"Ticket of {name}"})
    await scene.goes("board")
    await expect(page.locator("#column-waiting li.card")).to_have_count(3)
    await expect(page.locator("#count-waiting")).to_have_text("3")
    assert await page.locator("#board-pool").input_value() == ""
    await page.locator("[id='open-b.c']").focus()

    await put_run(cluster, "b.c", {"title": "Ticket of b.c"}, phase="Working")
    await expect(page.locator("#column-working li.card a")).to_have_text(["SHOP-1 Ticket of b.c"])
    await expect(page.locator("#column-waiting li.card")).to_have_count(2)
    await expect(page.locator("#count-working")).to_have_text("1")
    await expect(page.locator("#board-said")).to_have_text("SHOP-1 Ticket of b.c: Working.")
    await expect(page.locator("[id='open-b.c']")).to_be_focused()

    await put_run(cluster, "evil", {"title": HOSTILE[:1000]})
    await expect(page.locator("#run-evil")).to_contain_text("<script>alert(1)</script>")
    await cluster.delete(Resource.RUNS, "shop", "d")
    await expect(page.locator("#run-d")).to_have_count(0)
    assert await scene.violations() == []
    assert scene.errors == []

    scene.session.may.discard(("watch", "ticketruns", "shop"))
    await expect(page.locator("#board-state")).to_contain_text("somebody took the right away")
    await put_run(cluster, "unseen", {"title": "Nobody's business"})
    await asyncio.sleep(0.6)
    await expect(page.locator("#run-unseen")).to_have_count(0)


async def test_steps_come_as_they_happen_and_older_ones_on_demand(scene: Scene) -> None:
    page, cluster = scene.page, scene.cluster
    await put_run(cluster, phase="Working")
    await put_pod(cluster, "a-1")
    await log(cluster, "a-1", *(step(number, f"thought {number}") for number in range(1, 301)))
    await scene.goes("runs/a")
    steps = page.locator("#steps > li.entry")
    await expect(page.locator("#entry-300")).to_contain_text("thought 300")
    calls = {"calls": ["run_command make test"], "results": [f"sha256:0 {HOSTILE}"], "outcomes": ["failed"]}
    await log(cluster, "a-1", step(301, "the newest", **calls))
    await expect(page.locator("#entry-301 summary")).to_contain_text("run_command")
    await page.locator("#entry-301 summary").focus()
    await page.keyboard.press("Enter")
    await expect(page.locator("#entry-301 details pre").last).to_contain_text("<script>alert(1)</script>")

    # How many there were at first depends on how fast they were read.
    older = page.get_by_role("button", name="Show older ones")
    if await older.count():
        await older.press("Enter")
    await expect(page.locator("#entry-1")).to_have_count(1)
    await expect(steps).to_have_count(301)
    assert await page.evaluate("[...document.querySelectorAll('#steps > li.entry')].map(one => one.id)") == [
        f"entry-{number}" for number in range(1, 302)
    ]
    await expect(older).to_have_count(0)
    assert await scene.violations() == []
    assert scene.errors == []


async def test_the_diff_comes_once_it_is_pushed_and_a_click_cancels(scene: Scene) -> None:
    page, cluster = scene.page, scene.cluster
    await put_run(cluster, ticket={"body": "A long story.\n" * 200}, phase="Working", summary="Why.\n" * 200)
    await put_pod(cluster, "a-1")
    await scene.goes("runs/a")
    await page.get_by_text("The ticket as it was taken").click()
    await expect(page.locator("#run-state")).to_contain_text("The agent is at work.")
    piece = DiffPiece(event="diff", number=1, of=1, text=DIFF)
    cluster.logs["a-1", "publish"] = [piece.model_dump_json()]
    await put_run(cluster, phase="Verifying", commit="c" * 40)
    await expect(page.locator("details.file")).to_have_count(2)
    await expect(page.locator("pre.diff .added")).to_have_text("++++ new")
    await page.get_by_role("button", name="Cancel").click()
    await expect(page.locator("#run-actions")).to_contain_text("It is being stopped.")
    assert cluster.objects[Resource.RUNS, "shop", "a"]["spec"]["cancel"] is True
    await page.emulate_media(color_scheme="dark")
    assert await scene.violations() == []
    assert scene.errors == []
