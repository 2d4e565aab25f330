"""The pool's form in a real Chromium: tried while one types, looked at without losing what was typed, by keyboard."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any, Literal

import pytest
import pytest_asyncio
from playwright.async_api import Page, async_playwright, expect

from boardhand_dashboard.form.quiet import Quiet
from boardhand_operator.kube import Resource
from testbed import chromium
from tests.contract.serving import serving
from tests.contract.trello_board import COLUMNS, KEY, TOKEN, Desk
from tests.support.pool_server import PoolServer, browsing

pytestmark = pytest.mark.slow
"""Chromium takes seconds to begin."""
expect.set_options(timeout=chromium.PATIENCE)


class Scene:
    """A page of the dashboard, the API server behind it, and a board that can be tried."""

    def __init__(self, page: Page, server: PoolServer, desk: Desk, url: str) -> None:
        self.page, self.server, self.desk, self.url = page, server, desk, url
        self.errors: list[str] = []
        page.on("pageerror", lambda wrong: self.errors.append(str(wrong)))
        page.on("console", lambda said: self.errors.append(said.text) if said.type == "error" else None)

    async def typed(self, label: str, text: str, within: str = "") -> None:
        """As a person types."""
        where: Any = self.page.locator(within) if within else self.page
        await where.get_by_label(label, exact=True).press_sequentially(text)


@pytest_asyncio.fixture
async def scene() -> AsyncIterator[Scene]:
    server, desk = PoolServer(), Desk()
    async with (
        browsing(server, Quiet(transport=desk.wire)) as ada,
        serving(ada.app) as url,
        async_playwright() as playwright,
    ):
        browser = await playwright.chromium.launch(executable_path=chromium.executable(), args=list(chromium.ARGUMENTS))
        context = await browser.new_context()
        [(name, value)] = ada.http.cookies.items()
        await context.add_cookies([{"name": name, "value": value, "domain": "127.0.0.1", "path": "/", "secure": True}])
        page = await context.new_page()
        yield Scene(page, server, desk, url)
        await browser.close()


async def test_a_pool_is_made_by_typing(scene: Scene) -> None:
    page, board = scene.page, "#section-board"
    await page.goto(f"{scene.url}/ns/team/pools/new")
    await scene.typed("Name", "shop")
    await page.get_by_label("Kind of board").select_option("trello")
    await page.get_by_label("Board", exact=True).fill(scene.desk.board["id"])
    await page.locator(board).get_by_label("Address", exact=True).fill("http://trello.test/1")
    await scene.typed("Key", KEY, board)
    await scene.typed("Token", TOKEN, board)
    await expect(page.locator("#trial-board")).to_contain_text(f"The lists on this board are: {', '.join(COLUMNS)}.")
    offered = page.locator("#offers-board-columns option")
    await expect(offered).to_have_count(len(COLUMNS))
    assert await page.locator("#board-columns-ready").get_attribute("list") == "offers-board-columns"

    await page.get_by_role("button", name="Check and show").click()
    await expect(page.locator("#outcome")).to_contain_text("to correct")
    image = page.locator("#workbench-image")
    await expect(image).to_have_attribute("aria-invalid", "true")
    await expect(page.locator("#error-workbench-image")).to_have_text("is required")
    # What was typed is still there: the page was not loaded anew.
    assert await page.locator(board).get_by_label("Token", exact=True).input_value() == TOKEN

    await page.get_by_label("Clone address").fill("https://git.test/shop/cart.git")
    await page.get_by_label("Kind of forge").select_option("git")
    await page.locator("#repository-pushSecretRef-name").fill("push")
    await page.locator("#models-large-name").fill("large")
    await image.fill("toolchain:1")
    await page.get_by_role("button", name="Check and show").click()
    await expect(page.locator("#outcome")).to_contain_text("The cluster would take this.")
    await expect(image).not_to_have_attribute("aria-invalid", "true")
    assert scene.server.writes == []

    await page.get_by_role("button", name="Apply").focus()
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/ns/team/pools/shop")
    assert set(scene.server.pool()["spec"]["board"]["secretRef"]) == {"name"}
    assert ("team", "shop-board") in scene.server.kube.objects[Resource.SECRETS]


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_axe_finds_nothing(scene: Scene, scheme: Literal["light", "dark"]) -> None:
    page = scene.page
    await page.emulate_media(color_scheme=scheme)
    scene.server.put_pool({"board": {"type": "trello", "board": "b", "sealed": {"token": "gAAAA"}}, "suspend": True})
    await page.goto(f"{scene.url}/ns/team/pools/shop/edit")
    await page.get_by_role("button", name="Check and show").click()
    await expect(page.locator("#outcome")).to_contain_text("to correct")
    for details in await page.locator("details").all():
        await details.evaluate("one => one.open = true")
    await page.evaluate(chromium.axe())
    found = await page.evaluate("axe.run({runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa', 'best-practice']})")
    assert [(one["id"], one["nodes"][0]["html"]) for one in found["violations"]] == []


async def test_it_is_one_column_on_a_phone_and_breaks_no_policy(scene: Scene) -> None:
    page = scene.page
    await page.set_viewport_size({"width": 360, "height": 740})
    await page.goto(f"{scene.url}/ns/team/pools/new")
    wide = await page.evaluate("document.documentElement.scrollWidth")
    assert wide <= 360
    lefts = await page.evaluate(
        "[...document.querySelectorAll('#section-limits .field')].map(one => one.getBoundingClientRect().left)"
    )
    assert len(set(lefts)) == 1
    assert scene.errors == []
