"""Feeds: one list and watch for all viewers, with the rights of one who is there, and nothing for who may not."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from typing import Any, cast

import pytest

from boardhand_client.errors import Refused, Unreachable
from boardhand_client.rows import RunRow
from boardhand_client.session import Session
from boardhand_dashboard.live import listing
from boardhand_dashboard.live.feeds import Feed, Feeds
from boardhand_dashboard.live.listing import Rows
from boardhand_dashboard.live.shared import WITHDRAWN
from boardhand_dashboard.live.viewers import Ask, CutOff, Pace, Viewer
from boardhand_operator.kube import Resource
from tests.support.livecluster import LiveCluster, LiveSession

QUICK = Pace(spacing=0.01, review=0.03, answer=0.02, doubt=0.01, holds=0.08, linger=0.05, retry=0.01, longest=0.03)
READ = (("list", "ticketruns", "shop"), ("watch", "ticketruns", "shop"))


@pytest.fixture(autouse=True)
def breath(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listing, "_BREATH", 0.001)
    monkeypatch.setattr(listing, "_AGAIN", 0.001)


@pytest.fixture
def cluster() -> LiveCluster:
    return LiveCluster()


def reader(cluster: LiveCluster, name: str = "ann", namespace: str = "shop") -> LiveSession:
    return LiveSession(cluster, name, *((verb, plural, namespace) for verb, plural, _ in READ))


async def run(cluster: LiveCluster, name: str, namespace: str = "shop", **status: Any) -> None:
    spec = {"pool": "web", "ticket": {"id": name, "title": f"title of {name}"}}
    await cluster.put(Resource.RUNS, namespace, name, spec=spec, status=status)


def runs(feeds: Feeds, session: LiveSession, viewer: Viewer, namespace: str = "shop") -> Any:
    return feeds.runs(cast(Session, session), viewer, namespace)


async def until(holds: Callable[[], bool], seconds: float = 2) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "it did not come about in time"
        await asyncio.sleep(0.002)


@asynccontextmanager
async def looking(
    feeds: Feeds, session: LiveSession, namespace: str = "shop"
) -> AsyncIterator[tuple[Feed[Rows[RunRow]], Viewer]]:
    """A viewer whose feed is read once."""
    viewer = feeds.viewer()
    async with runs(feeds, session, viewer, namespace) as feed:
        await until(lambda: feed.reader.ready)
        yield feed, viewer


async def told(viewer: Viewer, name: str) -> None:
    async with asyncio.timeout(2):
        async for names in viewer.changes():
            if name in names:
                return


async def cut(viewer: Viewer) -> str:
    """Why this viewer sees no more."""
    with pytest.raises(CutOff) as end:
        async with asyncio.timeout(2):
            async for _ in viewer.changes():
                pass
    return str(end.value)


async def test_many_viewers_cost_one_list_and_one_watch(cluster: LiveCluster) -> None:
    await run(cluster, "a")
    feeds = Feeds(QUICK)
    sessions = [reader(cluster, f"person-{number}") for number in range(10)]
    async with AsyncExitStack() as stack:
        seats = [await stack.enter_async_context(looking(feeds, session)) for session in sessions]
        await run(cluster, "b", phase="Working")
        for feed, viewer in seats:
            await told(viewer, "b")
            assert feed.reader.rows["b"].phase == "Working"
        assert cluster.lists == [("person-0", "shop")]
        assert len(cluster.watches) == 1


async def test_who_may_not_look_gets_nothing(cluster: LiveCluster) -> None:
    await run(cluster, "a")
    feeds = Feeds(QUICK)
    lists_only = LiveSession(cluster, "bob", READ[0])
    async with looking(feeds, reader(cluster)) as (feed, _):
        with pytest.raises(Refused, match="list ticketruns, watch ticketruns"):
            async with runs(feeds, lists_only, feeds.viewer()):
                pass
        assert feed.shared.viewers == 1


async def test_a_feed_is_never_of_another_namespace(cluster: LiveCluster) -> None:
    await run(cluster, "a", "shop")
    await run(cluster, "b", "bank")
    feeds = Feeds(QUICK)
    async with (
        looking(feeds, reader(cluster), "shop") as (shop, ann),
        looking(feeds, reader(cluster, "ben", "bank"), "bank") as (bank, ben),
    ):
        await run(cluster, "c", "bank")
        await told(ben, "c")
        await run(cluster, "d", "shop")
        await told(ann, "d")
        assert (set(shop.reader.rows), set(bank.reader.rows)) == ({"a", "d"}, {"b", "c"})
        with pytest.raises(Refused):
            async with runs(feeds, reader(cluster, "ann", "shop"), feeds.viewer(), "bank"):
                pass


async def test_another_viewer_lends_its_rights_once_the_first_is_gone(cluster: LiveCluster) -> None:
    await run(cluster, "a")
    feeds = Feeds(QUICK)
    first = AsyncExitStack()
    await first.enter_async_context(looking(feeds, reader(cluster, "ann")))
    async with looking(feeds, reader(cluster, "ben")) as (feed, ben):
        await until(lambda: cluster.watching == {"ann": 1})
        await first.aclose()
        await run(cluster, "b")
        await told(ben, "b")
        assert cluster.watching == {"ann": 0, "ben": 1}
        assert cluster.lists == [("ann", "shop")], "the second one goes on by the version, and lists nothing"
        assert set(feed.reader.rows) == {"a", "b"}


async def test_nothing_is_read_once_nobody_looks(cluster: LiveCluster) -> None:
    await run(cluster, "a")
    feeds = Feeds(QUICK)
    session = reader(cluster)
    async with looking(feeds, session):
        await until(lambda: cluster.watching == {"ann": 1})
    await until(lambda: cluster.watching == {"ann": 0})
    asked = session.reviews
    await until(lambda: len(feeds) == 0)
    assert session.reviews == asked


async def test_who_comes_back_soon_lists_nothing(cluster: LiveCluster) -> None:
    await run(cluster, "a")
    # However slow the machine is, this is soon.
    feeds = Feeds(replace(QUICK, linger=60))
    async with looking(feeds, reader(cluster)):
        await until(lambda: cluster.watching == {"ann": 1})
    await until(lambda: cluster.watching == {"ann": 0})
    await asyncio.sleep(0.01)
    await run(cluster, "b")
    async with looking(feeds, reader(cluster, "ben")) as (feed, _):
        await until(lambda: set(feed.reader.rows) == {"a", "b"})
    assert cluster.lists == [("ann", "shop")]


async def test_who_lost_the_right_is_cut_off_and_the_others_go_on(cluster: LiveCluster) -> None:
    feeds = Feeds(QUICK)
    lender = reader(cluster, "ann")
    async with looking(feeds, lender) as (_, ann), looking(feeds, reader(cluster, "ben")) as (feed, ben):
        await until(lambda: cluster.watching == {"ann": 1})
        lender.may.discard(READ[1])
        assert await cut(ann) == WITHDRAWN
        await run(cluster, "b")
        await told(ben, "b")
        assert cluster.watching == {"ann": 0, "ben": 1}
        assert feed.shared.viewers == 1


async def test_who_is_refused_for_a_moment_is_not_cut_off(cluster: LiveCluster) -> None:
    feeds = Feeds(replace(QUICK, doubt=0.1, holds=30))
    session = reader(cluster)
    async with looking(feeds, session) as (_, viewer):
        await until(lambda: cluster.watching == {"ann": 1})
        before, rights = session.reviews, set(session.may)
        session.may.clear()
        cluster.broken = True
        await cluster.stir()
        await until(lambda: session.reviews >= before + 2)
        session.may |= rights
        await run(cluster, "b")
        await told(viewer, "b")


async def test_rights_of_who_came_at_once_are_not_asked_for_at_once(cluster: LiveCluster) -> None:
    feeds = Feeds(Pace(review=0.2))
    async with AsyncExitStack() as stack:
        for number in range(20):
            await stack.enter_async_context(runs(feeds, reader(cluster, f"person-{number}"), feeds.viewer()))
        cluster.reviewed.clear()
        await until(lambda: len(cluster.reviewed) >= 40)
    begun = sorted(cluster.reviewed)
    assert begun[35] - begun[5] > 0.05


async def test_a_session_that_ended_is_cut_off(cluster: LiveCluster) -> None:
    feeds = Feeds(QUICK)
    session = reader(cluster)
    async with looking(feeds, session) as (_, viewer):
        session.expired = True
        assert await cut(viewer) == WITHDRAWN


async def test_who_is_not_confirmed_in_time_is_told_nothing_until_it_is(cluster: LiveCluster) -> None:
    feeds = Feeds(QUICK)
    async with looking(feeds, reader(cluster)) as (feed, viewer):
        cluster.mute = True
        await asyncio.sleep(QUICK.holds + QUICK.review)
        await run(cluster, "secret")
        await until(lambda: "secret" in feed.reader.rows)
        waiting = asyncio.ensure_future(told(viewer, "secret"))
        await asyncio.sleep(0.05)
        assert not waiting.done()
        cluster.mute = False
        await waiting


async def test_a_version_that_is_too_old_is_listed_anew(cluster: LiveCluster) -> None:
    await run(cluster, "a")
    await run(cluster, "b")
    feeds = Feeds(QUICK)
    async with looking(feeds, reader(cluster)) as (feed, viewer):
        await told(viewer, "a")
        await until(lambda: cluster.watching == {"ann": 1})
        del cluster.objects[Resource.RUNS, "shop", "a"]
        cluster.version += 1
        await cluster.forget()
        await told(viewer, "a")
        assert set(feed.reader.rows) == {"b"}
        await run(cluster, "c")
        await told(viewer, "c")
        assert len(cluster.lists) == 2


async def test_while_the_cluster_is_down_viewers_are_told_so_and_then_go_on(cluster: LiveCluster) -> None:
    feeds = Feeds(QUICK)
    async with looking(feeds, reader(cluster)) as (feed, viewer):
        await told(viewer, "")
        await until(lambda: cluster.watching == {"ann": 1})
        cluster.down = True
        await cluster.stir()
        await told(viewer, "")
        assert feed.problem == "the cluster is down."
        cluster.down = False
        await run(cluster, "b")
        await told(viewer, "b")
        assert feed.problem == ""
        assert cluster.lists == [("ann", "shop")]


async def test_what_breaks_once_is_not_told(cluster: LiveCluster) -> None:
    feeds = Feeds(replace(QUICK, retry=0.05, holds=30))
    async with looking(feeds, reader(cluster)) as (feed, viewer):
        await told(viewer, "")
        await until(lambda: cluster.watching == {"ann": 1})
        said: list[str] = []

        async def listen() -> None:
            async for names in viewer.changes():
                said.append(feed.problem)
                if "b" in names:
                    return

        listening = asyncio.ensure_future(listen())
        cluster.broken = True
        await cluster.stir()
        await until(lambda: len(cluster.watches) == 2)
        await run(cluster, "b")
        async with asyncio.timeout(2):
            await listening
        assert set(said) == {""}


async def test_a_cluster_that_does_not_answer_lets_nobody_in(cluster: LiveCluster) -> None:
    cluster.down = True
    feeds = Feeds(QUICK)
    with pytest.raises(Unreachable):
        async with runs(feeds, reader(cluster), feeds.viewer()):
            pass
    await until(lambda: len(feeds) == 0)


async def test_a_burst_is_told_at_most_once_in_a_spacing(cluster: LiveCluster) -> None:
    feeds = Feeds(Pace(spacing=0.05))
    async with looking(feeds, reader(cluster)) as (feed, viewer):
        times: list[float] = []
        names: set[str] = set()

        async def listen() -> None:
            async for some in viewer.changes():
                times.append(time.monotonic())
                names.update(some)
                if "run-59" in names:
                    return

        listening = asyncio.ensure_future(listen())
        for number in range(60):
            await run(cluster, f"run-{number}")
            await asyncio.sleep(0.002)
        async with asyncio.timeout(2):
            await listening
    assert {f"run-{number}" for number in range(60)} <= names
    assert len(times) < 15
    assert feed.version < 15
    assert min(after - before for before, after in itertools.pairwise(times)) >= 0.045


async def test_a_viewer_that_is_late_is_not_told_the_next_at_once() -> None:
    viewer = Viewer(0.05)
    viewer.confirm("it", asyncio.get_running_loop().time() + 30)
    viewer.tell("a")
    changes = viewer.changes()
    assert await anext(changes) == {"a"}
    begun = time.monotonic()
    viewer.tell("b")
    assert await anext(changes) == {"b"}
    assert time.monotonic() - begun >= 0.045


async def test_a_slow_viewer_holds_up_nobody_and_hears_all_at_once(cluster: LiveCluster) -> None:
    feeds = Feeds(QUICK)
    async with looking(feeds, reader(cluster)) as (_, slow), looking(feeds, reader(cluster, "ben")) as (_, quick):
        for number in range(5):
            await run(cluster, f"run-{number}")
            await told(quick, f"run-{number}")
        async with asyncio.timeout(1):
            names = await anext(slow.changes())
        assert {f"run-{number}" for number in range(5)} <= names


async def test_what_does_not_change_a_row_is_told_nobody(cluster: LiveCluster) -> None:
    await run(cluster, "a")
    feeds = Feeds(QUICK)
    async with looking(feeds, reader(cluster)) as (_, viewer):
        await told(viewer, "a")
        await cluster.put(
            Resource.RUNS, "shop", "a", spec={"pool": "web", "ticket": {"id": "a", "title": "title of a"}}, status={}
        )
        await run(cluster, "b")
        heard: set[str] = set()
        async for names in viewer.changes():
            heard |= names
            if "b" in heard:
                break
        assert heard - {""} == {"b"}


async def test_what_is_made_of_a_version_is_made_once(cluster: LiveCluster) -> None:
    feeds = Feeds(QUICK)
    async with looking(feeds, reader(cluster)) as (feed, viewer):
        made = [feed.once("count", lambda: [len(feed.reader.rows)]) for _ in range(2)]
        assert made[0] is made[1]
        await run(cluster, "b")
        await told(viewer, "b")
        assert feed.once("count", lambda: [len(feed.reader.rows)]) == [1]


def test_a_question_names_the_group_and_the_subresource() -> None:
    assert Ask("get", Resource.PODS, sub="log").attributes("shop") == {
        "namespace": "shop",
        "verb": "get",
        "group": "",
        "resource": "pods",
        "subresource": "log",
    }
    assert Ask("list", Resource.RUNS, "a").attributes("shop")["group"] == "boardhand.dev"
