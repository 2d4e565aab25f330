"""A run's page: what it shows, what it follows, what may be done, and that nothing strangers wrote has an effect."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from html.parser import HTMLParser
from types import SimpleNamespace
from typing import Any, cast

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.applications import Starlette
from starlette.requests import Request

from boardhand_client.diffs import Diff
from boardhand_client.rights import Rights
from boardhand_client.session import Session
from boardhand_dashboard import problems
from boardhand_dashboard.live import follows, listing
from boardhand_dashboard.live.feeds import Feeds
from boardhand_dashboard.live.sse import Places
from boardhand_dashboard.live.viewers import CutOff, Pace
from boardhand_dashboard.pages import board, runs
from boardhand_dashboard.settings import Settings
from boardhand_dashboard.templating import part
from boardhand_dashboard.views.diffs import CHARACTERS, LINES, files_of
from boardhand_dashboard.views.livepage import LOOK_BACK, updates
from boardhand_dashboard.views.runview import view_of
from boardhand_dashboard.visitor import Visitor
from boardhand_history.queries import Search
from boardhand_operator.kube import Json, Resource
from tests.support.livecluster import LiveCluster, LiveSession

QUICK = Pace(spacing=0.005, review=5, answer=1, doubt=0.01, holds=30, linger=0.05, retry=0.01, longest=0.03)
LOOKS = [("get", "ticketruns"), ("list", "ticketruns"), ("watch", "ticketruns")]
PODS = [("list", "pods"), ("watch", "pods"), ("get", "pods/log")]
ACTS = [("patch", "ticketruns"), ("create", "ticketruns"), ("get", "codingagents")]
HOSTILE = (
    "</pre></li><script>alert(1)</script><img src=x onerror=alert(1)> \u202e\x1b[31m @team "
    "![](https://evil.example/a.png)\r\n\r\nevent: closed\ndata: forged\n\n" + "x" * 5000
)


@pytest.fixture(autouse=True)
def breath(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listing, "_BREATH", 0.001)
    monkeypatch.setattr(follows, "_LOOK_SECONDS", 0.005)


def person(cluster: LiveCluster, *rights: tuple[str, str], name: str = "ann") -> Visitor:
    session = LiveSession(cluster, name, *((verb, plural, "shop") for verb, plural in rights))
    return Visitor(name, cast(Session, session), Rights(cast(Session, session)))


def app_for(visitor: Visitor) -> Starlette:
    class Entrance:
        async def enter(self, _: Request) -> tuple[Visitor, None]:
            return visitor, None

    app = Starlette(routes=[*runs.routes, *board.routes], exception_handlers=problems.HANDLERS)
    app.state.entrance, app.state.settings = Entrance(), Settings()
    app.state.feeds, app.state.places = Feeds(QUICK), Places(most=3, most_of_one=2)
    return app


@asynccontextmanager
async def browser(visitor: Visitor) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app=app_for(visitor))
    async with httpx.AsyncClient(transport=transport, base_url="http://dashboard") as client:
        yield client


async def put_run(cluster: LiveCluster, name: str = "a", ticket: Json | None = None, **status: Any) -> None:
    told = {"id": "1", "key": "SHOP-1", "title": "A basket"} | (ticket or {})
    await cluster.put(Resource.RUNS, "shop", name, spec={"pool": "web", "ticket": told}, status=status)


async def put_pod(cluster: LiveCluster, name: str, phase: str = "Running") -> None:
    state = {"running": {"startedAt": "2026-11-23T10:00:01Z"}}
    status = {"phase": phase, "initContainerStatuses": [{"name": "agent", "state": state}]}
    spec = {"initContainers": [{"name": "agent"}]}
    await cluster.put(Resource.PODS, "shop", name, labels={"boardhand.dev/run": "a"}, spec=spec, status=status)


def step(number: int, text: str = "thinking", **more: Any) -> str:
    told = {"event": "step", "at": "2026-11-23T10:00:00Z", "number": number, "role": "coder", "text": text}
    return json.dumps(told | more)


async def log(cluster: LiveCluster, pod: str, *lines: str, ended: bool = False) -> None:
    cluster.logs.setdefault((pod, "agent"), []).extend(lines)
    if ended:
        cluster.ended.add((pod, "agent"))
    await cluster.stir()


class Page:
    """What reaches a page, as events."""

    def __init__(self, cluster: LiveCluster, visitor: Visitor, feeds: Feeds | None = None) -> None:
        feeds = Feeds(QUICK) if feeds is None else feeds
        self._stream = updates(feeds, visitor, feeds.viewer(), "shop", "a")

    async def next(self, name: str) -> str:
        """The HTML of the next event of that name."""
        async with asyncio.timeout(2):
            async for one in self._stream:
                head, _, data = one.decode().partition("\n")
                if head == f"event: {name}":
                    return "\n".join(line.removeprefix("data: ") for line in data.strip("\n").split("\n"))
        raise AssertionError(f"the stream ended without {name}")

    async def names(self, last: str) -> list[str]:
        """The names of the next events, up to the one of this name."""
        found: list[str] = []
        async with asyncio.timeout(2):
            async for one in self._stream:
                found.append(one.decode().partition("\n")[0].removeprefix("event: "))
                if found[-1] == last:
                    break
        return found

    async def close(self) -> None:
        await self._stream.aclose()


@asynccontextmanager
async def opened(cluster: LiveCluster, *rights: tuple[str, str], feeds: Feeds | None = None) -> AsyncIterator[Page]:
    page = Page(cluster, person(cluster, *rights), feeds)
    try:
        yield page
    finally:
        await page.close()


@pytest.fixture
def cluster() -> LiveCluster:
    return LiveCluster()


async def test_every_step_reaches_the_page_as_it_happens(cluster: LiveCluster) -> None:
    await put_run(cluster, phase="Working")
    await put_pod(cluster, "a-1")
    await log(cluster, "a-1", step(1, "first"))
    async with opened(cluster, *LOOKS, *PODS) as page:
        assert "first" in await page.next("whole")
        calls = {"calls": ["edit_file src/a.py"], "results": ["sha256:00 ok"], "outcomes": ["done"]}
        await log(cluster, "a-1", step(2, "second", usage={"promptTokens": 1200, "money": "0.5"}, **calls))
        html = await page.next("steps")
        for said in ("second", "edit_file", "src/a.py", "done", "1,200 + 0 tokens", "$0.50", 'id="entry-2"'):
            assert said in html
        assert "first" not in html


async def test_the_page_stays_while_the_api_server_does_not_answer(cluster: LiveCluster) -> None:
    now = 0.0
    await put_run(cluster, phase="Working")
    ann = person(cluster, *LOOKS, ("patch", "ticketruns"))
    ann.rights = Rights(ann.session, lambda: now)
    page = Page(cluster, ann)
    assert "notice" not in await page.next("problem"), "what an earlier stream said of this is gone"
    assert "cancel" in await page.next("actions")
    now = 60.0
    cluster.down = True
    await cluster.stir()
    assert "the cluster is down" in await page.next("problem")
    cluster.down = False
    await put_run(cluster, phase="Verifying")
    assert "Verifying" in await page.next("state")
    await page.close()


async def test_what_looks_the_same_is_not_sent_again(cluster: LiveCluster) -> None:
    await put_run(cluster, phase="Working")
    await put_pod(cluster, "a-1")
    await log(cluster, "a-1", step(1))
    async with opened(cluster, *LOOKS, *PODS) as page:
        while "Stages" not in await page.next("state"):
            pass
        await asyncio.sleep(0.05)
        await put_run(cluster, phase="Working", column="Doing")
        await asyncio.sleep(0.05)
        await log(cluster, "a-1", step(2))
        seen = await page.names("steps")
        # What came of the same changes stands behind the steps.
        await log(cluster, "a-1", step(3))
        seen += await page.names("steps")
        assert "state" not in seen


async def test_the_stages_move_as_the_pod_does(cluster: LiveCluster) -> None:
    await put_run(cluster, phase="Working")
    async with opened(cluster, *LOOKS, *PODS) as page:
        assert "Stages" not in await page.next("state")
        await put_pod(cluster, "a-1")
        html = await page.next("state")
        assert 'class="running" aria-current="step"' in html
        await put_run(
            cluster, phase="Failed", failure={"class": "Red", "reason": "VerifyFailed", "message": "2 failed"}
        )
        html = await page.next("state")
        assert "The verify commands failed, so the change is not proved." in html


async def test_a_second_try_follows_the_first(cluster: LiveCluster) -> None:
    await put_run(cluster, phase="Working")
    await put_pod(cluster, "a-1")
    await log(cluster, "a-1", step(1, "first"), ended=True)
    async with opened(cluster, *LOOKS, *PODS) as page:
        assert "first" in await page.next("whole")
        await put_pod(cluster, "a-2")
        await log(cluster, "a-2", step(1, "again"))
        html = await page.next("steps")
        assert "again" in html
        assert 'id="entry-2"' in html


async def test_another_viewer_goes_on_with_the_log_where_it_was(cluster: LiveCluster) -> None:
    await put_run(cluster, phase="Working")
    await put_pod(cluster, "a-1")
    await log(cluster, "a-1", step(1, "first"))
    feeds = Feeds(QUICK)
    first, second = (Page(cluster, person(cluster, *LOOKS, *PODS, name=name), feeds) for name in ("ann", "ben"))
    assert "first" in await first.next("whole")
    assert "first" in await second.next("whole")
    await first.close()
    await log(cluster, "a-1", step(2, "second"))
    html = await second.next("steps")
    assert html.count("second") == 1
    assert 'id="entry-2"' in html
    assert 'id="entry-3"' not in html
    await second.close()


async def test_a_long_log_shows_its_newest_entries_and_offers_older_ones(cluster: LiveCluster) -> None:
    await put_run(cluster, phase="Succeeded")
    await put_pod(cluster, "a-1", "Succeeded")
    await log(cluster, "a-1", *(step(number) for number in range(1, 1001)), ended=True)
    async with opened(cluster, *LOOKS, *PODS) as page:
        html = await page.next("whole")
    assert html.count('class="entry step"') == LOOK_BACK
    assert f'id="entry-{1001 - LOOK_BACK}"' in html
    assert f"/ns/shop/runs/a/steps?before={1001 - LOOK_BACK}" in html
    async with browser(person(cluster, *LOOKS, *PODS)) as client:
        older = (await client.get(f"/ns/shop/runs/a/steps?before={1001 - LOOK_BACK}")).text
        assert older.count('class="entry step"') == LOOK_BACK
        assert f'id="entry-{1000 - LOOK_BACK}"' in older
        first = (await client.get("/ns/shop/runs/a/steps?before=51")).text
        assert first.count('class="entry step"') == 50
        assert "Show older" not in first


async def test_memory_of_a_log_is_bounded(cluster: LiveCluster) -> None:
    await put_run(cluster, phase="Succeeded")
    await put_pod(cluster, "a-1", "Succeeded")
    await log(cluster, "a-1", *(step(number) for number in range(1, 1001)), ended=True)
    steps = follows.Steps("shop", "a")
    session = person(cluster, *LOOKS, *PODS).session
    await steps.read(session, lambda _: None)
    assert (steps.total, len(steps.newest)) == (1000, follows.KEPT)
    assert [cast(Any, one).number for one in steps.since(998)] == [999, 1000]


async def test_who_may_not_read_logs_sees_the_rest(cluster: LiveCluster) -> None:
    await put_run(cluster, phase="Working")
    await put_pod(cluster, "a-1")
    await log(cluster, "a-1", step(1, "hidden"))
    async with opened(cluster, *LOOKS) as page:
        assert "hidden" not in await page.next("whole")
        assert "The agent is at work." in await page.next("state")
    async with browser(person(cluster, *LOOKS)) as client:
        assert "hidden" not in (await client.get("/ns/shop/runs/a/steps")).text
        assert (await client.get("/ns/shop/runs/a")).status_code == 200


async def test_who_may_not_see_the_run_sees_nothing(cluster: LiveCluster) -> None:
    await put_run(cluster, ticket={"title": "unseen-title"})
    async with browser(person(cluster, *PODS)) as client:
        for path in ("", "/steps", "/diff"):
            answer = await client.get(f"/ns/shop/runs/a{path}")
            assert "unseen-title" not in answer.text
        assert (await client.get("/ns/shop/runs/a")).status_code == 403
        assert (await client.get("/ns/shop/board")).status_code == 403


async def test_a_deleted_run_ends_its_page(cluster: LiveCluster) -> None:
    await put_run(cluster)
    async with opened(cluster, *LOOKS) as page:
        await page.next("state")
        await cluster.delete(Resource.RUNS, "shop", "a")
        with pytest.raises(CutOff, match="deleted"):
            await page.next("state")


class Recorded:
    """A history of one run."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str]] = []

    async def search(self, namespaces: list[str], search: Search, limit: int) -> Any:
        self.asked.append((namespaces[0], search.name))
        rows = [SimpleNamespace(uid=f"uid-of-{name}") for name in ("gone-2", "gone") if name == search.name]
        return SimpleNamespace(rows=rows[:limit])


async def test_a_run_that_is_gone_is_shown_as_the_history_has_it(cluster: LiveCluster) -> None:
    app = app_for(person(cluster, *LOOKS))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://dashboard") as client:
        assert (await client.get("/ns/shop/runs/gone")).status_code == 404
        app.state.history = recorded = Recorded()
        answer = await client.get("/ns/shop/runs/gone")
        assert (answer.status_code, answer.headers["location"]) == (303, "/ns/shop/history/uid-of-gone")
        assert (await client.get("/ns/shop/runs/never-was")).status_code == 404
        assert recorded.asked[0] == ("shop", "gone")
    app = app_for(person(cluster, ("get", "ticketruns")))
    app.state.history = unasked = Recorded()
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://dashboard") as client:
        assert (await client.get("/ns/shop/runs/gone")).status_code == 404
    assert unasked.asked == []


@pytest.mark.parametrize(
    ("phase", "suspended", "rights", "shown"),
    [
        ("Queued", False, ACTS, {"cancel", "suspend"}),
        ("Queued", True, ACTS, {"cancel", "resume"}),
        ("Working", False, ACTS, {"cancel"}),
        ("Failed", False, ACTS, {"retry"}),
        ("Queued", False, [], set()),
        ("Failed", False, ACTS[:1], set()),
    ],
)
async def test_buttons_are_those_that_do_something_and_are_allowed(
    cluster: LiveCluster, phase: str, suspended: bool, rights: list[tuple[str, str]], shown: set[str]
) -> None:
    await put_run(cluster, phase=phase)
    cluster.objects[Resource.RUNS, "shop", "a"]["spec"]["suspend"] = suspended
    async with browser(person(cluster, *LOOKS, *rights)) as client:
        html = (await client.get("/ns/shop/runs/a")).text
    assert {
        act for act in ("cancel", "suspend", "resume", "retry") if f'action="/ns/shop/runs/a/{act}"' in html
    } == shown


async def test_cancel_twice_is_cancel_once(cluster: LiveCluster) -> None:
    await put_run(cluster, phase="Working")
    visitor = person(cluster, *LOOKS, *ACTS)
    async with browser(visitor) as client:
        for _ in range(2):
            answer = await client.post("/ns/shop/runs/a/cancel", data={"csrf": visitor.csrf})
            assert (answer.status_code, answer.headers["location"]) == (303, "/ns/shop/runs/a")
        assert cluster.objects[Resource.RUNS, "shop", "a"]["spec"]["cancel"] is True


async def test_what_comes_too_late_says_so(cluster: LiveCluster) -> None:
    await put_run(cluster, phase="Succeeded")
    visitor = person(cluster, *LOOKS, *ACTS)
    async with browser(visitor) as client:
        answer = await client.post("/ns/shop/runs/a/cancel", data={"csrf": visitor.csrf})
    assert answer.status_code == 409
    assert "there is nothing to cancel" in answer.text


async def test_a_change_needs_the_token_of_the_page(cluster: LiveCluster) -> None:
    await put_run(cluster, phase="Working")
    async with browser(person(cluster, *LOOKS, *ACTS)) as client:
        for act in ("cancel", "suspend", "resume", "retry"):
            assert (await client.post(f"/ns/shop/runs/a/{act}", data={"csrf": "guessed"})).status_code == 403
    assert "cancel" not in cluster.objects[Resource.RUNS, "shop", "a"]["spec"]


@pytest.mark.parametrize("said", ["-1", "NaN", "a lot", "1e99", "Infinity"])
async def test_money_is_an_amount(cluster: LiveCluster, said: str) -> None:
    await put_run(cluster, phase="Failed")
    visitor = person(cluster, *LOOKS, *ACTS)
    async with browser(visitor) as client:
        answer = await client.post("/ns/shop/runs/a/retry", data={"csrf": visitor.csrf, "money": said})
    assert answer.status_code == 400
    assert "US dollars" in answer.text


class Seen(HTMLParser):
    """The elements and addresses of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.links: set[str] = set()
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self.links |= {value or "" for name, value in attrs if name in ("href", "src", "action")}


def harmless(html: str) -> None:
    seen = Seen(html)
    assert not seen.tags & {"script", "img", "iframe", "style", "object"}
    assert not {name for name in seen.attributes if name.startswith("on") or name == "style"}
    assert all(link.startswith(("/", "https://")) for link in seen.links), seen.links
    assert not {"\u202e", "\x1b", "\r"} & set(html)


async def test_what_strangers_wrote_is_text_everywhere(cluster: LiveCluster) -> None:
    ticket = {
        "id": HOSTILE[:250],
        "key": HOSTILE[:60],
        "title": HOSTILE[:1000],
        "body": HOSTILE,
        "url": "javascript:alert(1)",
        "labels": [HOSTILE[:200]],
        "comments": [{"author": HOSTILE[:200], "text": HOSTILE}],
        "checklists": [{"name": HOSTILE[:200], "items": [{"text": HOSTILE[:1000], "done": True}]}],
        "attachments": [{"name": HOSTILE[:200], "url": "data:text/html,<script>"}],
        "links": [{"name": "", "url": "https://x.example/<script>"}],
    }
    status: Json = {
        "phase": "Failed",
        "newer": {"comments": [{"author": HOSTILE[:200], "text": f"newer {HOSTILE}"}]},
        "failure": {"class": "Red", "reason": HOSTILE[:60], "message": HOSTILE},
        "verdict": {"passed": False, "exitCode": 1, "commands": [HOSTILE], "output": HOSTILE},
        "evidence": {
            "new": {"count": 1, "first": [HOSTILE[:100]]},
            "whyNotShown": HOSTILE[:150],
            "tampering": [{"kind": HOSTILE[:30], "path": HOSTILE[:150], "detail": HOSTILE[:100]}],
        },
        "pullRequest": {"url": "javascript:alert(1)", "number": 1},
        "title": HOSTILE,
        "summary": HOSTILE,
        "branch": HOSTILE,
        "egress": {"refused": [HOSTILE]},
    }
    await put_run(cluster, ticket=ticket, **status)
    view = view_of(cluster.objects[Resource.RUNS, "shop", "a"])
    assert view.unread == ()
    for template in ("parts/run_state.html", "parts/ticket.html"):
        html = part(template, view=view, namespace="shop")
        harmless(html)
        assert "&lt;script&gt;" in html
    assert "newer &lt;/pre" in html
    await put_pod(cluster, "a-1")
    calls = {"calls": [HOSTILE], "results": [HOSTILE], "outcomes": [HOSTILE]}
    nudge = {"event": "nudged", "at": "", "by": HOSTILE, "reason": HOSTILE, "text": HOSTILE}
    await log(cluster, "a-1", step(1, HOSTILE, **calls), json.dumps(nudge), HOSTILE, ended=True)
    async with opened(cluster, *LOOKS, *PODS) as page:
        html = await page.next("whole")
    harmless(html)
    assert html.count("&lt;script&gt;alert(1)") >= 5


async def test_only_our_own_pages_may_ask_for_a_stream(cluster: LiveCluster) -> None:
    await put_run(cluster)
    async with browser(person(cluster, *LOOKS)) as client:
        for path in ("/ns/shop/board/live", "/ns/shop/runs/a/live"):
            for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}):
                assert (await client.get(path, headers=headers)).status_code == 403


DIFF = """diff --git a/src/a.py b/src/a.py
index 1..2 100644
--- a/src/a.py
+++ b/src/a.py
@@ -1,2 +1,2 @@
 same
---- old
++++ new
\\ No newline at end of file
diff --git a/gone.py b/gone.py
deleted file mode 100644
--- a/gone.py
+++ /dev/null
@@ -1 +0,0 @@
-bye
"""


def test_a_diff_is_read_by_file() -> None:
    changed, gone = files_of(DIFF)
    assert (changed.name, changed.added, changed.removed) == ("src/a.py", 1, 1)
    assert [line.kind for line in changed.lines] == ["about"] * 3 + ["place", "same", "removed", "added", "about"]
    assert (gone.name, gone.added, gone.removed) == ("gone.py", 0, 1)


@given(st.text(max_size=300))
def test_whatever_the_diff_is_it_is_read(text: str) -> None:
    for file in files_of(f"{DIFF}{text}"):
        assert len(file.lines) + file.left_out >= 0
        assert all(len(line.text) <= CHARACTERS + 60 for line in file.lines)


def test_a_large_diff_is_folded_and_bounded() -> None:
    block = "diff --git a/{0} b/{0}\n--- a/{0}\n+++ b/{0}\n@@ -0,0 +1 @@\n"
    text = block.format("big") + "+x\n" * 5000 + block.format("small") + "+" + "y" * 5000 + "\n"
    big, small = files_of(text)
    assert (big.open, len(big.lines), big.added) == (False, LINES, 5000)
    assert big.left_out > 0
    assert CHARACTERS < len(small.lines[-1].text) < CHARACTERS + 60
    html = part("parts/diff.html", files=files_of(DIFF + "+<script>alert(1)</script>"), diff=Diff("", True))
    harmless(html)
    assert 'class="added"' in html


async def test_a_board_that_is_opened_again_forgets_what_was_told_before(cluster: LiveCluster) -> None:
    await put_run(cluster, phase="Working")
    feeds, ann = Feeds(QUICK), person(cluster, *LOOKS)
    async with feeds.runs(ann.session, feeds.viewer(), "shop") as feed:
        async with asyncio.timeout(2):
            while not feed.reader.ready:
                await asyncio.sleep(0.002)
        stream = board._events(feed, feeds.viewer(), "shop", "")
        async with asyncio.timeout(2):
            first, second = [(await anext(stream)).decode() for _ in range(2)]
        assert first.split() == ["event:", "state", "data:"]
        assert second.startswith("event: board\n")
        await stream.aclose()
