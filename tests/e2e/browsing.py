"""People at the dashboard of the testbed's cluster, each in a real Chromium with a token of their own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from playwright.sync_api import Browser, Page, ViewportSize, expect, sync_playwright

from testbed import chromium
from testbed.dashboard import Dashboard

SCREENSHOTS = Path("build") / "screenshots"
"""`make screenshots` takes them into the docs."""
SECONDS = 120_000
"""Milliseconds in which a run does what is waited for; Playwright polls."""
MOST_HIGH = 1400
PHONE: ViewportSize = {"width": 360, "height": 740}
AXE = "axe.run({runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'best-practice']})"
WIDER = """
() => document.documentElement.scrollWidth <= innerWidth ? [] : [...document.querySelectorAll("body *")]
  .filter(one => one.getBoundingClientRect().right > innerWidth && !one.closest("pre, .scroll"))
  .map(one => `${one.tagName} #${one.id} .${one.className}: ${one.textContent.trim().slice(0, 40)}`)
"""
Scheme = Literal["light", "dark"]


@dataclass
class Person:
    """Somebody who is signed in. `wrong`: what the browser complained of."""

    page: Page
    address: str
    wrong: list[str] = field(default_factory=list)

    def goes(self, path: str) -> int:
        """Go to a page; the answer's status."""
        answer = self.page.goto(f"{self.address}{path}")
        assert answer is not None
        return answer.status

    def pictured(self, name: str, scheme: Scheme = "light") -> None:
        """The upper part of the page as a picture for the docs."""
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        before = self.page.viewport_size
        high = int(self.page.evaluate("document.querySelector('main').getBoundingClientRect().bottom + scrollY"))
        self.page.set_viewport_size({"width": 1000, "height": max(400, min(high + 40, MOST_HIGH))})
        self.page.evaluate("scrollTo(0, 0)")
        self.page.emulate_media(color_scheme=scheme)
        self.page.screenshot(path=SCREENSHOTS / f"{name}.png")
        if before:
            self.page.set_viewport_size(before)

    def violations(self) -> list[tuple[str, str]]:
        """What axe finds on the page as it is, in light and in dark."""
        self.page.evaluate(chromium.axe())
        found: list[tuple[str, str]] = []
        for scheme in ("light", "dark"):
            self.page.emulate_media(color_scheme=scheme)
            result: Any = self.page.evaluate(AXE)
            found += [(f"{scheme}: {one['id']}", one["nodes"][0]["html"][:200]) for one in result["violations"]]
        return found

    def overflow(self) -> list[str]:
        """What makes the page wider than a phone: nothing, where it can be read without scrolling aside."""
        before = self.page.viewport_size
        self.page.set_viewport_size(PHONE)
        found: list[str] = self.page.evaluate(WIDER)
        if before:
            self.page.set_viewport_size(before)
        return found


@contextmanager
def browser() -> Iterator[Browser]:
    """Debian's Chromium."""
    with sync_playwright() as playwright:
        made = playwright.chromium.launch(executable_path=chromium.executable(), args=list(chromium.ARGUMENTS))
        try:
            yield made
        finally:
            made.close()


@contextmanager
def signed_in(browser: Browser, dashboard: Dashboard, who: str) -> Iterator[Person]:
    """This person, signed in by the form with their bearer token."""
    # The testbed's authority is known to nobody.
    context = browser.new_context(ignore_https_errors=True, viewport={"width": 1200, "height": 900})
    page = context.new_page()
    person = Person(page, dashboard.address)
    page.on("pageerror", lambda error: person.wrong.append(str(error)))
    page.on("console", lambda said: person.wrong.append(said.text) if "Content Security" in said.text else None)
    page.goto(dashboard.address)
    page.get_by_label("Your bearer token for this cluster").fill(dashboard.tokens[who])
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()
    try:
        yield person
    finally:
        context.close()
