"""Namespaces and pools: what each visitor sees of them, and what they may do."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, cast

import pytest
from starlette.datastructures import State
from starlette.testclient import TestClient

from boardhand_client.rights import Rights
from boardhand_client.rows import PoolRow, RunRow
from boardhand_client.session import Session
from boardhand_dashboard import words
from boardhand_dashboard.live.feeds import Feeds
from boardhand_dashboard.live.viewers import CutOff, Pace
from boardhand_dashboard.views.figures import day_money, figures, month_money
from boardhand_dashboard.views.poolpage import updates
from boardhand_dashboard.views.poolview import health, work
from boardhand_dashboard.visitor import Visitor
from boardhand_operator.kube import Resource
from tests.support.livecluster import LiveCluster, LiveSession
from tests.support.visitors import ApiOfMany, dashboard, hidden, other, sign_in

Json = dict[str, Any]
ALL = {"ada": "ada-token-0001", "bob": "bob-token-0002", "eve": "eve-token-0003"}
READY = {"type": "Ready", "status": "True", "reason": "Ready", "lastTransitionTime": "2026-11-23T09:00:00Z"}


def pool(name: str, **status: Any) -> Json:
    spec = {"board": {"type": "trello", "board": "b1"}, "budget": {"day": "20"}, "limits": {"concurrency": 3}}
    return {"metadata": {"name": name}, "spec": spec, "status": {"conditions": [READY], **status}}


def run(name: str, phase: str, **status: Any) -> Json:
    return {"metadata": {"name": name}, "spec": {"pool": "shop"}, "status": {"phase": phase, **status}}


@pytest.fixture(scope="module")
def server() -> ApiOfMany:
    """Ada may everything everywhere; Bob looks at pools of team; Eve may nothing there, but changes pools of other."""
    server = ApiOfMany(users={token: name for name, token in ALL.items()})
    server.rights = {
        "ada": {(verb, "codingagents", "") for verb in ("get", "list", "watch", "patch", "create")}
        | {(verb, "ticketruns", "") for verb in ("list", "watch")},
        "bob": {(verb, "codingagents", "team") for verb in ("get", "list")},
        "eve": {("list", "codingagents", "other")},
    }
    for namespace, name in (("team", "shop"), ("team", "ledger"), ("other", "hidden-one")):
        body = pool(name, working=2, queued=5)
        server.kube.put(Resource.POOLS, namespace, body)
        server.kube.objects[Resource.POOLS][namespace, name]["status"] = body["status"]
    return server


@pytest.fixture(scope="module")
def people(server: ApiOfMany) -> Iterator[dict[str, TestClient]]:
    with dashboard(server, namespaces=("team", "other")) as first:
        browsers = {"ada": first, "bob": other(first), "eve": other(first)}
        for name, browser in browsers.items():
            assert sign_in(browser, ALL[name]).status_code == 303
        yield browsers


def test_three_people_see_three_things(people: dict[str, TestClient]) -> None:
    homes = {name: browser.get("/").text for name, browser in people.items()}
    assert {name: ("/ns/team/pools" in home, "/ns/other/pools" in home) for name, home in homes.items()} == {
        "ada": (True, True),
        "bob": (True, False),
        "eve": (False, True),
    }
    assert "2 pools" in homes["ada"]
    assert "2 pools" not in homes["bob"], "how many there are is told with the namespace's page"
    pages = {name: browser.get("/ns/team/pools") for name, browser in people.items()}
    assert {name: page.status_code for name, page in pages.items()} == {"ada": 200, "bob": 200, "eve": 403}
    assert ("Suspend" in pages["ada"].text, "New pool" in pages["ada"].text) == (True, True)
    assert not any(word in pages["bob"].text for word in ("Suspend", "New pool", "/edit"))
    assert "shop" not in pages["eve"].text
    assert "cannot list" in pages["eve"].text


@pytest.mark.parametrize("namespace", ["team%0d%0aSet-Cookie:%20a=b", "te%22am", "%E2%82%AC", "Team", "n" * 64])
def test_what_no_namespace_is_called_is_no_page(people: dict[str, TestClient], namespace: str) -> None:
    for page in ("board", "board/live", "history.csv", "pools/new"):
        answer = people["ada"].get(f"/ns/{namespace}/{page}")
        assert (answer.status_code, "No namespace can be called so" in answer.text) == (404, True), page


def test_a_pool_is_told_in_plain_words(people: dict[str, TestClient]) -> None:
    page = people["ada"].get("/ns/team/pools/shop").text
    for said in ("It takes tickets.", "2 of 3", "$0.00 of $20.00", "Reading the runs"):
        assert said in page
    bob = people["bob"].get("/ns/team/pools/shop").text
    assert "You may not list the runs of this namespace." in bob
    assert people["ada"].get("/ns/team/pools/none").status_code == 404


def test_suspending_is_done_with_the_visitors_rights(people: dict[str, TestClient], server: ApiOfMany) -> None:
    def post(name: str, act: str, **more: str) -> Any:
        csrf = hidden(people[name].get("/").text, "csrf")
        return people[name].post(f"/ns/team/pools/shop/{act}", data={"csrf": csrf} | more)

    def suspended() -> object:
        return server.kube.objects[Resource.POOLS]["team", "shop"]["spec"].get("suspend")

    forged = post("bob", "suspend")
    assert (forged.status_code, "cannot patch" in forged.text, suspended()) == (403, True, None)
    done = post("ada", "suspend", back="/ns/team/pools/shop")
    assert (done.status_code, done.headers["location"], suspended()) == (303, "/ns/team/pools/shop", True)
    assert "Resume" in people["ada"].get("/ns/team/pools/shop").text
    assert post("ada", "resume", back="https://evil.example").headers["location"] == "/ns/team/pools"
    assert suspended() is False
    assert post("ada", "explode").status_code == 404


def test_a_namespace_can_be_typed(people: dict[str, TestClient]) -> None:
    assert people["eve"].get("/?namespace=team").headers["location"] == "/ns/team/pools"
    wrong = people["eve"].get("/?namespace=../%3Cb%3E")
    assert "is no name of a namespace" in wrong.text
    assert "<b>" not in wrong.text


# Figures


def row(name: str, phase: str, **status: Any) -> RunRow:
    return RunRow.of(run(name, phase, **status))


NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


def test_what_was_cancelled_counts_for_nothing() -> None:
    spent = {"startedAt": "2026-11-23T10:00:00Z", "usage": {"money": "1.5"}}
    runs = [
        row("a", "Succeeded", finishedAt="2026-11-23T10:10:00Z", **spent),
        row("b", "Succeeded", finishedAt="2026-11-23T10:30:00Z", **spent),
        row("c", "Failed", finishedAt="2026-11-02T10:50:00Z", **spent),
        row("d", "Cancelled", finishedAt="2026-10-31T10:50:00Z", **spent),
        row("e", "Working", startedAt="2026-11-23T10:00:00Z"),
    ]
    told = figures(runs)
    assert (told.finished, told.succeeded, told.success, told.typical_seconds) == (3, 2, 2 / 3, 1200.0)
    unbooked = PoolRow.of({"metadata": {"name": "p"}, "spec": {}})
    assert (day_money(unbooked, runs, NOW).used, month_money(unbooked, runs, NOW).used) == (3.0, 4.5)
    assert figures([]).success is None


def test_a_pool_with_a_budget_keeps_its_own_books() -> None:
    spending = {"day": "2026-11-23", "dayMoney": "19", "month": "2026-10", "monthMoney": "80"}
    booked = PoolRow.of(pool("p", spending=spending))
    today, month = day_money(booked, [], NOW), month_money(booked, [], NOW)
    assert (today.used, today.most, today.near) == (19, 20, True)
    assert (month.used, month.near) == (0, False), "it is of another month"


def test_health_is_a_sentence() -> None:
    def said(**status: Any) -> tuple[str, str]:
        told = health(PoolRow.of({"metadata": {"name": "p"}, "spec": {}, "status": status}))
        return told.word, told.sentence

    assert said(conditions=[READY]) == ("Ready", "It takes tickets.")
    broken = READY | {"status": "False", "reason": "CredentialsRefused", "message": "Trello refuses the token"}
    assert said(conditions=[broken]) == ("Not ready", "Trello refuses the token.")
    assert said()[0] == "Not looked at yet"
    assert health(PoolRow.of({"metadata": {"name": "p"}, "spec": {"suspend": True}})).word == "Suspended"


def test_work_is_in_the_order_in_which_it_begins() -> None:
    runs = [
        row("late", "Queued", position=2),
        row("first", "Queued", position=1),
        row("nowhere", "Queued"),
        row("at-work", "Working"),
        row("old", "Failed", finishedAt="2026-11-01T00:00:00Z"),
        row("new", "Succeeded", finishedAt="2026-11-02T00:00:00Z"),
    ]
    told = work(runs)
    assert [[one.name for one in part] for part in (told.working, told.waiting, told.ended)] == [
        ["at-work"],
        ["first", "late", "nowhere"],
        ["new", "old"],
    ]


def test_words_for_figures() -> None:
    assert [words.money(one) for one in (None, 0, "0.004", "1234.5")] == ["–", "$0.00", "< $0.01", "$1,234.50"]
    told = [words.duration(one) for one in (None, 0.2, 59, 61, 3600, 93600, 86460)]
    assert told == ["–", "< 1 s", "59 s", "1 min 1 s", "1 h", "1 d 2 h", "1 d"]
    assert words.ago("2026-11-23T11:00:00Z", NOW) == "1 h ago"
    assert [words.moment(one) for one in ("2026-11-23T11:00:00", "soon", "", None)] == [
        "2026-11-23 11:00 UTC",
        *["–"] * 3,
    ]
    assert words.plural(1, "run") + words.plural(2000, "run") == "1 run2,000 runs"


# Events


PACE = Pace(spacing=0.01)
MAY = [(verb, plural, "team") for plural in ("codingagents", "ticketruns") for verb in ("list", "watch")]


def look(session: LiveSession, name: str = "", shown: frozenset[str] = frozenset()) -> AsyncGenerator[bytes]:
    state, its = State(), cast(Session, session)
    state.feeds = Feeds(PACE)
    return updates(state, Visitor("ada", its, Rights(its)), state.feeds.viewer(), "team", name, shown)


async def until(events: AsyncGenerator[bytes], *said: str) -> str:
    """All that came until all of these did."""
    text = ""
    async with asyncio.timeout(5):
        while not all(one in text for one in said):
            text += (await anext(events)).decode()
    return text


async def test_a_page_is_told_what_changed_and_only_that() -> None:
    cluster = LiveCluster()
    session = LiveSession(cluster, "ada", *MAY)
    await cluster.put(Resource.POOLS, "team", "shop", **_parts(pool("shop", working=1)))
    await cluster.put(Resource.POOLS, "team", "ledger", **_parts(pool("ledger")))
    await cluster.put(Resource.RUNS, "team", "r1", **_parts(run("r1", "Succeeded", finishedAt="2026-11-23T10:00:00Z")))
    async with aclosing(look(session, shown=frozenset({"shop"}))) as events:
        first = await until(events, "facts-shop", "facts-ledger", "100 %", "event: others")
        assert "Suspend" not in first, "who may not patch has no button"
        assert "Pools came or went" in first
        await cluster.put(Resource.POOLS, "team", "shop", **_parts(pool("shop", working=3)))
        more = await until(events, "3 of 3")
        assert "facts-ledger" not in more


async def test_the_page_stays_while_the_api_server_does_not_answer() -> None:
    now, cluster = 0.0, LiveCluster()
    its = cast(Session, LiveSession(cluster, "ada", *MAY, ("patch", "codingagents", "team")))
    state = State()
    state.feeds = Feeds(replace(PACE, retry=0.01))
    visitor = Visitor("ada", its, Rights(its, lambda: now))
    await cluster.put(Resource.POOLS, "team", "shop", **_parts(pool("shop", working=1)))
    async with aclosing(updates(state, visitor, state.feeds.viewer(), "team", "", frozenset())) as events:
        await until(events, "actions-shop", "Suspend")
        now, cluster.down = 60.0, True
        await cluster.stir()
        await until(events, "the cluster is down")
        cluster.down = False
        await cluster.put(Resource.POOLS, "team", "shop", **_parts(pool("shop", working=3)))
        await until(events, "3 of 3")


async def test_what_is_made_for_all_does_not_pile_up() -> None:
    cluster = LiveCluster()
    await cluster.put(Resource.POOLS, "team", "shop", **_parts(pool("shop")))
    state, its = State(), cast(Session, LiveSession(cluster, "ada", *MAY))
    state.feeds = Feeds(PACE)
    visitor, viewer = Visitor("ada", its, Rights(its)), state.feeds.viewer()
    async with (
        state.feeds.pools(its, state.feeds.viewer(), "team") as feed,
        aclosing(updates(state, visitor, viewer, "team", "shop", frozenset())) as events,
    ):
        for number in range(1, 6):
            ended = {"finishedAt": "2026-11-23T10:00:00Z", "startedAt": "2026-11-23T09:00:00Z"}
            await cluster.put(Resource.RUNS, "team", f"r{number}", **_parts(run(f"r{number}", "Succeeded", **ended)))
            await until(events, f"of {number} run")
        assert list(feed.once("facts", dict)) == ["shop"]


async def test_without_the_right_to_runs_pools_are_shown_all_the_same() -> None:
    cluster = LiveCluster()
    await cluster.put(Resource.POOLS, "team", "shop", **_parts(pool("shop")))
    async with aclosing(look(LiveSession(cluster, "bob", *MAY[:2]), "shop")) as events:
        text = await until(events, "facts-shop")
        assert "event: work" not in text


async def test_a_pool_that_is_gone_ends_its_page() -> None:
    cluster = LiveCluster()
    await cluster.put(Resource.POOLS, "team", "shop", **_parts(pool("shop")))
    async with aclosing(look(LiveSession(cluster, "ada", *MAY), "shop")) as events:
        await until(events, "facts-shop", "event: work")
        await cluster.delete(Resource.POOLS, "team", "shop")
        with pytest.raises(CutOff, match="deleted"):
            await until(events, "never")


def _parts(body: Json) -> Json:
    return {"spec": body["spec"], "status": body["status"]}
