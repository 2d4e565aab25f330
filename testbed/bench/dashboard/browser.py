"""A real Chromium that looks at the board: when it first paints, when the runs are there, when a change is seen."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import Page, sync_playwright

from testbed import chromium
from testbed.bench.dashboard.scene import Scene
from testbed.shell import TestbedError

_SECONDS = 60_000
_PAINT = "() => performance.getEntriesByName('first-contentful-paint')[0]?.startTime"
_WATCH = """() => {
  window.seen = {};
  const look = () => {
    for (const card of document.querySelectorAll("li.card[id^='run-live-']")) {
      window.seen[card.id] ??= Date.now();
    }
  };
  new MutationObserver(look).observe(document.getElementById("board"), {childList: true, subtree: true});
}"""


@contextmanager
def page(stage: Scene, person: str) -> Iterator[Page]:
    """A page of a browser of its own, with nothing cached. Raises TestbedError where there is no Chromium."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium.executable(), args=list(chromium.ARGUMENTS))
        try:
            yield browser.new_context(extra_http_headers=stage.headers(person)).new_page()
        finally:
            browser.close()


def first_look(stage: Scene) -> tuple[float, float]:
    """Seconds to the first contentful paint of the board, and until its runs are there. The browser itself is warm."""
    with page(stage, "first") as tab:
        tab.goto(f"{stage.url}/healthz")
        begun = time.monotonic()
        tab.goto(stage.board, wait_until="commit")
        tab.wait_for_selector("li.card", timeout=_SECONDS)
        there = time.monotonic() - begun
        return _number(tab.evaluate(_PAINT)) / 1000, there


def seen_after(tab: Page, name: str, written: float) -> float:
    """Seconds from when the run was written until its card is in the page that `watch` began to watch."""
    tab.wait_for_function("name => name in window.seen", arg=f"run-{name}", timeout=_SECONDS)
    return _number(tab.evaluate("name => window.seen[name]", f"run-{name}")) / 1000 - written


def watch(stage: Scene, tab: Page) -> None:
    """Open the board, and note when cards of live runs come."""
    tab.goto(stage.board)
    tab.wait_for_selector("li.card", timeout=_SECONDS)
    tab.evaluate(_WATCH)


def _number(said: Any) -> float:
    if not isinstance(said, (int, float)):
        raise TestbedError(f"the browser tells no time but {said!r}")
    return float(said)
