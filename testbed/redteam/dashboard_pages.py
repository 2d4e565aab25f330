"""What a ticket, a model or a repository writes, on the dashboard's pages: it stays text, and is never run."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import Any
from unittest.mock import patch

from playwright.async_api import Error, Page, async_playwright

from boardhand_api.events import DiffPiece
from boardhand_client import rows
from boardhand_dashboard import security, templating
from boardhand_dashboard.views import livepage, runview
from testbed import chromium
from testbed.redteam.attack import Attack, Outcome
from testbed.redteam.dashboard_ground import ADA, RUN, SPACE, House, Markup, Off, step, stream, tried
from testbed.redteam.lures import Heard, listening

ESCAPING = "templates escape whatever they are given"
POLICY = "the Content-Security-Policy"
AT = f"/ns/{SPACE}/runs/{RUN}"
PLACES = ("title", "step", "tool", "line", "diff", "verdict", "summary", "failure", "pool")
LOAD = 8_000
"""Milliseconds a page has."""


def attacks() -> list[Attack]:
    """Every attack of this theme."""
    return [
        Attack(
            "dashboard-markup-of-a-run", "markup of the attacker's on the page of who looks at a run",
            lambda: tried(_markup), lambda: tried(_markup, _unescaped()), ESCAPING,
        ),
        Attack(
            "dashboard-script-in-a-browser", "a script in the browser of who looks at a run",
            lambda: tried(_browsed), lambda: tried(_browsed, _both_off()), f"{ESCAPING}, and behind it {POLICY}",
        ),
        Attack(
            "dashboard-script-past-the-escaping", "the same, should a template ever forget to escape",
            lambda: tried(_browsed, _unescaped()), lambda: tried(_browsed, _both_off()), POLICY,
        ),
        Attack(
            "dashboard-script-as-an-address", "a script where people press the ticket or the pull request",
            lambda: tried(_addresses), lambda: tried(_addresses, _any_address()), "addresses are plain ones of the web",
        ),
        Attack(
            "dashboard-event-forged-in-a-step", "an event of the attacker's in the stream of a live page",
            lambda: tried(_forged_event), lambda: tried(_forged_event, _raw_events()),
            "every line of an event's text is a data line",
        ),
    ]  # fmt: skip


def _evil(place: str, beacon: str = "http://beacon.invalid") -> str:
    """Markup that is told apart by where it came from."""
    return (
        f"</pre></bdi></title><script>document.documentElement.dataset.owned='{place}'</script>"
        f'<img src="{beacon}/{place}" onerror="document.documentElement.dataset.owned=\'{place}\'">'
        f'<a href="javascript:alert(1)">{place}</a>'
    )


def _plant(here: House, beacon: str = "http://beacon.invalid") -> None:
    """Such markup wherever a run has words of others."""
    title, text, tool, line, change, verdict, summary, failure, pool = (_evil(place, beacon) for place in PLACES)
    here.put_run(
        {"title": title[:190] + "<img src=x onerror=alert(1)>", "body": title, "key": title[:60]},
        phase="Failed",
        title=summary,
        summary=summary,
        branch=f"boardhand/{pool}",
        commit="c" * 40,
        failure={"class": "Red", "reason": "VerifyFailed", "message": failure},
        verdict={"passed": False, "exitCode": 1, "commands": [verdict], "output": verdict},
        pullRequest={"url": "http://forge.invalid/pulls/1", "number": 1, "state": "Open"},
    )
    calls = {"calls": [f"run {tool}"], "results": [f"sha256:0 {tool}"], "outcomes": ["failed"], "role": tool}
    diff = f"diff --git a/{change} b/{change}\n--- a/x\n+++ b/x\n@@ -1 +1 @@ {change}\n-{change}\n+{change}\n"
    piece = DiffPiece(event="diff", number=1, of=1, text=diff).model_dump_json()
    here.put_pod([step(text, **calls), line], [piece])


async def _markup(here: House) -> Outcome:
    """Each page and each stream, as it is answered."""
    _plant(here)
    ada, _ = await here.visitor(ADA)
    pages = [(await ada.get(path)).text for path in (AT, f"{AT}/diff", f"{AT}/steps", f"/ns/{SPACE}/board")]
    pages += [await stream(ada, f"{AT}/live", 'class="entry line"')]
    missing = [place for place in PLACES if place != "pool" and not any(place in page for page in pages)]
    assert not missing, f"not planted: {missing}"
    found = [Markup(page) for page in pages]
    scripts = sum(one.tags.count("script") for one in found)
    own = sum(page.count('<script src="/static/') for page in pages)
    links = [link for one in found for link in one.links if link.startswith("javascript")]
    reached = scripts != own or any("img" in one.tags or one.handlers for one in found) or bool(links)
    return Outcome(reached, f"{len(pages)} answers show it as text: no element, no handler and no such link of it")


async def _browsed(here: House) -> Outcome:
    """The run's page in Chromium, until all of it came."""
    entrance = here.app.state.entrance
    with listening() as beacon:
        _plant(here, beacon.url)
        _, visitor = await here.visitor(ADA)
        cookie: Any = {"name": entrance.cookies.name, "value": await entrance.logins.enter(visitor)}
        async with async_playwright() as playwright:
            arguments = list(chromium.ARGUMENTS)
            browser = await playwright.chromium.launch(executable_path=chromium.executable(), args=arguments)
            context = await browser.new_context()
            await context.add_cookies([cookie | {"domain": "127.0.0.1", "path": "/", "secure": True}])
            reached, said = await _looked_at(await context.new_page(), here.url, beacon)
            await browser.close()
    return Outcome(reached, said)


async def _looked_at(page: Page, url: str, beacon: Heard) -> tuple[bool, str]:
    refused = list[str]()
    page.on("console", lambda said: refused.append(said.text) if "Content Security Policy" in said.text else None)
    await page.goto(f"{url}{AT}", wait_until="domcontentloaded")
    with suppress(Error):
        await page.wait_for_selector("#steps .entry", timeout=LOAD)
    await asyncio.sleep(0.5)
    owned = await page.evaluate("document.documentElement.dataset.owned || ''")
    outside = [request.partition("\n")[0] for request in beacon.requests]
    blocked = f"; the browser refused {len(refused)} things by the policy" if refused else ""
    said = f"script ran: {owned or 'none'}; requests elsewhere: {len(outside)}{blocked}"
    return bool(owned or outside), said


async def _addresses(here: House) -> Outcome:
    evil = ("javascript:alert(1)", "java\tscript:alert(1)", "data:text/html,<script>", 'http://x" onclick="alert(1)')
    leads = list[str]()
    for address in evil:
        here.put_run({"url": address}, pullRequest={"url": address, "number": 1, "state": "Open"})
        ada, _ = await here.visitor(ADA)
        for path in (AT, f"/ns/{SPACE}/board"):
            found = Markup((await ada.get(path)).text)
            leads += [link for link in (*found.links, *found.handlers) if link == address or link == "onclick"]
    return Outcome(bool(leads), f"of {len(evil)} such addresses none is a link")


async def _forged_event(here: House) -> Outcome:
    forged = "thought\n\nevent: closed\ndata: forged-by-a-step\n\n\r\rid: 7\r\revent: closed\u2028data: x"
    here.put_pod([step(forged), "plain\revent: closed\rdata: forged-by-a-step\r\r"])
    ada, _ = await here.visitor(ADA)
    heard = await stream(ada, f"{AT}/live", "never")
    lines = heard.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    assert any("forged-by-a-step" in line for line in lines), "the step did not come"
    reached = any(line.startswith(("event: closed", "data: forged-by-a-step", "id: 7")) for line in lines)
    return Outcome(reached, "the words came as text of the event in which they are")


@contextmanager
def _unescaped() -> Iterator[None]:
    """As if templates escaped nothing."""
    environment = templating.environment
    environment.autoescape = False
    _forget(environment.cache)
    try:
        yield
    finally:
        environment.autoescape = True
        _forget(environment.cache)


def _forget(cache: object) -> None:
    """Templates are compiled anew."""
    clear = getattr(cache, "clear", None)
    assert clear is not None
    clear()


@contextmanager
def _both_off() -> Iterator[None]:
    """As if there were no policy either."""
    without = {name: value for name, value in security._ALWAYS.items() if name != "Content-Security-Policy"}
    with ExitStack() as stack:
        stack.enter_context(patch.object(security, "_ALWAYS", without))
        stack.enter_context(_unescaped())
        yield


def _any_address() -> Off:
    def as_it_is(value: object) -> str:
        return str(value or "")

    stack = ExitStack()
    stack.enter_context(patch.object(rows, "web", as_it_is))
    stack.enter_context(patch.object(runview, "web", as_it_is))
    return stack


def _raw_events() -> Off:
    return patch.object(livepage, "event", lambda name, html: f"event: {name}\ndata: {html}\n\n".encode())
