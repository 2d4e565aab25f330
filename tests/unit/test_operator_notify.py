"""Who is told of a run's end: once each, after it is settled, and whatever they answer, nobody waits for it."""

from __future__ import annotations

import asyncio
import base64
import logging
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.responses import PlainTextResponse, RedirectResponse

from boardhand_api.pod import LABEL_NOTIFY
from boardhand_operator.after import calling, notices
from boardhand_operator.after.calling import Untold, call, check_address
from boardhand_operator.after.labels import settling
from boardhand_operator.after.notices import Notices
from boardhand_operator.credentials import Source, sources
from boardhand_operator.credentials.fingerprinting import Fingerprinting
from boardhand_operator.errors import Misconfigured
from boardhand_operator.http.exchange import Connection
from boardhand_operator.kube import Resource
from boardhand_operator.memory.store import Store
from boardhand_operator.redacting import Redactor
from boardhand_operator.sealed.keyring import Place
from boardhand_operator.sealed.opening import Opener
from boardhand_operator.views import Pool, Run
from testbed.slack import Slack
from tests.support.fake_nodes import Fate
from tests.support.fuse import Crash, Fuse, When
from tests.support.objects import NOON, a_pool, a_run, run_body
from tests.support.sealing import a_ring, key_file
from tests.support.world import SETTINGS, FakeServices, Replica, World, clocked, live

KEY = ("team", "shop")
TEAM = {"name": "team", "secretRef": {"name": "slack"}, "occasions": ["Succeeded", "Failed"]}
SITE = "https://hooks.example"


class Desk:
    """A world with a pool that tells Slack, and the part of the operator that does it."""

    def __init__(self, *notifications: dict[str, Any]) -> None:
        self.slack = Slack("a-long-and-secret-key")
        self.world = World(Fuse(armed=False))
        self.world.add_pool(notifications=list(notifications or (TEAM,)))
        self.secret("slack", url=SITE + self.slack.path)
        self.redactor = Redactor()
        self.transport: httpx.AsyncBaseTransport = httpx.ASGITransport(self.slack.app())

    def secret(self, name: str, **values: str) -> None:
        data = {key: base64.b64encode(value.encode()).decode() for key, value in values.items()}
        self.world.kube.remove(Resource.SECRETS, ("team", name))
        self.world.kube.put(Resource.SECRETS, "team", {"metadata": {"name": name}, "data": data})

    def run(self, name: str = "run-1", **status: Any) -> dict[str, Any]:
        """A run that was settled a moment ago."""
        body = run_body(name, settled=True)
        body["metadata"]["labels"][LABEL_NOTIFY] = "pending"
        self.world.kube.put(Resource.RUNS, "team", body)
        known = {"phase": "Succeeded", "claim": "c1", "finishedAt": NOON, "delivery": {"comment": "c9"}}
        self.world.kube.set_status(Resource.RUNS, ("team", name), known | status)
        return self.world.kube.objects[Resource.RUNS]["team", name]

    def notices(self) -> Notices:
        """As after a start of the process."""
        store = Store()
        store.put(Resource.POOLS, self.world.kube.objects[Resource.POOLS][KEY])
        services = FakeServices(self.world.kube, self.world.board, self.world.forge, time.monotonic)
        services.redactor = self.redactor
        services.connection = Connection(transport=self.transport)
        return Notices(KEY, self.world.kube, store, services, SETTINGS)

    def told(self, name: str = "run-1") -> list[str]:
        delivery = Run.of(self.world.kube.objects[Resource.RUNS]["team", name]).status.delivery
        return delivery.notified if delivery else []

    def pending(self, name: str = "run-1") -> bool:
        return LABEL_NOTIFY in self.world.kube.objects[Resource.RUNS]["team", name]["metadata"]["labels"]

    def events(self) -> list[str]:
        return [body["reason"] for body in self.world.kube.objects[Resource.EVENTS].values()]


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    monkeypatch.setattr(notices, "FIRST", 0.0)
    made = Desk()
    with clocked(made.world.clock):
        yield made


@pytest.mark.parametrize(
    ("status", "on", "marked"),
    [
        ({"phase": "Succeeded"}, ["Succeeded"], True),
        ({"phase": "Succeeded"}, ["Failed", "Red"], False),
        ({"phase": "Failed", "failure": "Red"}, ["Failed"], True),
        ({"phase": "Failed", "failure": "Red"}, ["Red"], True),
        ({"phase": "Failed", "failure": "Stuck"}, ["Red", "Succeeded"], False),
        ({"phase": "Cancelled", "failure": "Cancelled"}, ["Failed"], False),
        ({"phase": "Cancelled", "failure": "Cancelled"}, ["Cancelled"], True),
        ({"phase": "Cancelled", "failure": "Cancelled", "claim": None}, ["Cancelled"], False),
        ({"phase": "Failed", "failure": "Red", "delivery": {"notified": ["team"]}}, ["Failed"], False),
    ],
)
def test_a_run_is_marked_for_the_outcomes_that_were_chosen(status: dict[str, Any], on: list[str], marked: bool) -> None:
    """One that ended before it had its ticket is somebody else's to tell of."""
    if cls := status.pop("failure", None):
        status["failure"] = {"class": cls, "reason": "Told", "message": "Why."}
    given = {"claim": "c1", "finishedAt": NOON} | status
    run = a_run(**{key: value for key, value in given.items() if value is not None})
    pool = a_pool(notifications=[TEAM | {"occasions": on}])
    assert (LABEL_NOTIFY in settling(run, pool)) is marked
    assert LABEL_NOTIFY not in settling(run, a_pool())
    assert LABEL_NOTIFY not in settling(run, None)


async def test_it_is_told_once_and_that_is_written(desk: Desk) -> None:
    run, told = desk.run(), desk.notices()
    told.settled(run)
    await told.round()
    await told.round()
    assert [said["boardhand"]["run"] for said in desk.slack.messages] == ["run-1"]
    assert desk.slack.messages[0]["text"].startswith("*Succeeded*: ")
    assert desk.told() == ["team"]
    assert not desk.pending()
    delivery = Run.of(desk.world.kube.objects[Resource.RUNS]["team", "run-1"]).status.delivery
    assert delivery and delivery.comment == "c9"
    await desk.notices().round()
    assert desk.slack.calls == 1


async def test_a_run_without_the_mark_is_told_to_nobody(desk: Desk) -> None:
    run = desk.run()
    del run["metadata"]["labels"][LABEL_NOTIFY]
    told = desk.notices()
    told.settled(run)
    await told.round()
    assert desk.slack.calls == 0


CALLS = 5
"""One more than there are of the API server for one run that is found by its label."""


async def test_how_many_requests_it_costs(desk: Desk) -> None:
    desk.run()
    desk.world.fuse.armed = True
    await desk.notices().round()
    assert desk.world.fuse.calls == ["list RUNS", "get SECRETS", "patch RUNS/status", "patch RUNS"]
    assert len(desk.world.fuse.calls) < CALLS


@pytest.mark.parametrize("call", range(1, CALLS))
@pytest.mark.parametrize("when", When)
async def test_a_crash_between_any_two_steps_has_it_told_at_least_once_and_at_most_twice(
    desk: Desk, call: int, when: When
) -> None:
    desk.run()
    desk.world.fuse.plan, desk.world.fuse.armed = {call: when}, True
    with pytest.raises(Crash):
        await desk.notices().round()
    desk.world.fuse.armed = False
    await desk.notices().round()
    window = (call, when) == (3, When.BEFORE)
    assert desk.slack.calls == (2 if window else 1)
    assert desk.told() == ["team"]
    assert not desk.pending()


async def test_an_api_server_that_refuses_has_nothing_told_twice(desk: Desk) -> None:
    desk.run()
    desk.world.fuse.error = lambda name: OSError(name)
    desk.world.fuse.plan, desk.world.fuse.armed = {3: When.BEFORE, 5: When.BEFORE}, True
    told = desk.notices()
    for _ in range(4):
        await told.round()
    assert desk.slack.calls == 1
    assert desk.told() == ["team"]
    assert not desk.pending()


async def test_who_refuses_is_told_again_and_the_others_are_not(desk: Desk) -> None:
    desk.world.kube.remove(Resource.POOLS, KEY)
    other = {"name": "other", "secretRef": {"name": "slack", "key": "second"}}
    desk.world.add_pool(notifications=[TEAM, other])
    desk.secret("slack", url=SITE + desk.slack.path, second=SITE + "/services/T0TESTBED/B0TESTBED/nobody")
    desk.run()
    told = desk.notices()
    await told.round()
    await told.round()
    assert desk.told() == ["team"]
    assert desk.pending()
    assert desk.slack.calls == 3
    desk.secret("slack", url=SITE + desk.slack.path, second=SITE + desk.slack.path)
    await told.round()
    assert desk.told() == ["team", "other"]
    assert not desk.pending()
    assert len(desk.slack.messages) == 2


async def test_after_an_hour_it_is_given_up_with_an_event(desk: Desk) -> None:
    desk.run()
    told = desk.notices()
    desk.slack.failing = [PlainTextResponse("no_service", 404) for _ in range(9)]
    desk.world.clock.time += timedelta(minutes=59, seconds=59)
    await told.round()
    assert desk.pending()
    assert desk.events() == []
    desk.world.clock.time += timedelta(seconds=1)
    await told.round()
    assert not desk.pending()
    assert desk.told() == []
    assert desk.events() == ["NotNotified"]
    (event,) = desk.world.kube.objects[Resource.EVENTS].values()
    assert "team: it answered 404" in event["message"]
    assert "a-long-and-secret-key" not in str(event)
    calls = desk.slack.calls
    await told.round()
    await desk.notices().round()
    assert desk.slack.calls == calls


async def test_the_hour_begins_once_the_run_is_settled(desk: Desk) -> None:
    """Its board may have been down for longer than that since the outcome was recorded."""
    since = "2026-01-01T15:00:00Z"
    said = {"status": "False", "reason": "Succeeded", "message": "", "lastTransitionTime": since, "type": "Reconciling"}
    desk.run(conditions=[said])
    desk.world.clock.time += timedelta(hours=3, minutes=59)
    told = desk.notices()
    desk.slack.failing = [PlainTextResponse("no_service", 404)]
    await told.round()
    assert desk.pending()
    await told.round()
    assert desk.told() == ["team"]
    assert desk.events() == []


async def test_tries_come_slower_and_slower(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notices, "FIRST", 5.0)
    desk.slack.failing = [PlainTextResponse("down", 503) for _ in range(30)]
    desk.run()
    told, waits = desk.notices(), []
    for _ in range(10):
        await told.round()
        (due,) = told._held.values()
        waits.append(round(due.at - time.monotonic()))
        due.at = 0.0
    assert waits == [5, 10, 20, 40, 80, 160, 320, 600, 600, 600]


async def test_a_pause_that_is_asked_for_is_kept(desk: Desk) -> None:
    desk.slack.failing = [PlainTextResponse("slow down", 429, {"retry-after": "77"})]
    desk.run()
    told = desk.notices()
    await told.round()
    await told.round()
    assert desk.slack.calls == 1
    (due,) = told._held.values()
    assert 70 < due.at - time.monotonic() <= 77


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({}, "lacks the key 'url'"),
        ({"url": "http://hooks.example/x"}, "must begin with https://"),
        ({"url": "https://"}, "must begin with https://"),
        ({"url": "https://a b.example/"}, "must begin with https://"),
        ({"url": "file:///etc/passwd"}, "must begin with https://"),
    ],
)
async def test_an_address_that_is_none_is_said_without_it(
    desk: Desk, values: dict[str, str], said: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    desk.secret("slack", **values)
    desk.run()
    await desk.notices().round()
    assert said in caplog.text
    assert "hooks.example/x" not in caplog.text
    assert desk.slack.calls == 0
    desk.secret("slack", url=SITE + desk.slack.path)
    await desk.notices().round()
    assert desk.slack.calls == 1


async def test_no_secret_that_is_known_is_told(desk: Desk) -> None:
    desk.redactor.know("team", {"token": "s3cret-of-the-board"})
    desk.run(failure={"class": "Red", "reason": "Told", "message": "it printed s3cret-of-the-board"}, phase="Failed")
    await desk.notices().round()
    (said,) = desk.slack.messages
    assert "s3cret-of-the-board" not in str(said)
    assert "***" in said["text"]


async def test_a_run_that_was_deleted_or_made_anew_is_let_go(desk: Desk) -> None:
    told = desk.notices()
    told.settled(desk.run())
    desk.world.kube.remove(Resource.RUNS, ("team", "run-1"))
    told.settled(desk.run("run-2"))
    desk.world.kube.remove(Resource.RUNS, ("team", "run-2"))
    desk.run("run-2")
    await told.round()
    assert told._held == {}
    assert desk.told("run-2") == []


async def test_what_is_more_than_can_be_held_is_found_later(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notices, "HELD", 2)
    told = desk.notices()
    for number in range(5):
        told.settled(desk.run(f"run-{number}"))
    for _ in range(4):
        await told.round()
    assert sorted(said["boardhand"]["run"] for said in desk.slack.messages) == [f"run-{n}" for n in range(5)]


async def test_a_pool_that_has_nobody_to_tell_asks_nobody_for_anything(desk: Desk) -> None:
    desk.world.kube.remove(Resource.POOLS, KEY)
    desk.world.add_pool()
    desk.world.fuse.armed = True
    told = desk.notices()
    await told.round()
    assert desk.world.fuse.calls == []
    assert told._pause() is None


async def test_nobody_waits_for_a_webhook_that_does_not_answer(desk: Desk) -> None:
    """Runs are settled, and told of once it does."""
    world, going = desk.world, asyncio.Event()
    world.board.add("card-1")
    world.nodes._fate = lambda *_: Fate.GREEN

    async def hanging(_: httpx.Request) -> httpx.Response:
        await going.wait()
        return httpx.Response(200)

    desk.transport = httpx.MockTransport(hanging)
    told = desk.notices()
    task = asyncio.create_task(told.run())
    await live(world)
    (run,) = world.runs()
    assert run.settled
    told.settled(run.body)
    await asyncio.sleep(0.02)
    assert desk.pending(run.name)
    going.set()
    await _until(lambda: not desk.pending(run.name))
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


async def _until(seen: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not seen():
            await asyncio.sleep(0.005)


# One call


async def test_a_call_is_led_nowhere_else_and_says_so() -> None:
    slack = Slack()
    slack.failing = [RedirectResponse("http://127.0.0.1/elsewhere", 307)]
    with pytest.raises(Untold, match="answered 307, and calls are led nowhere else"):
        await call(Connection(transport=httpx.ASGITransport(slack.app())), SITE + slack.path, {"text": "x"})
    assert slack.calls == 1


async def test_a_call_is_short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calling, "SECONDS", 0.05)

    async def never(_: httpx.Request) -> httpx.Response:
        await asyncio.sleep(30)
        return httpx.Response(200)

    began = time.monotonic()
    with pytest.raises(Untold, match="no answer within 0"):
        await call(Connection(transport=httpx.MockTransport(never)), SITE, {"text": "x"})
    assert time.monotonic() - began < 5


async def test_what_cannot_be_reached_is_said_without_the_address() -> None:
    with pytest.raises(Untold, match="cannot be reached") as failed:
        await call(Connection(), "http://127.0.0.1:9/services/secret-key", {"text": "x"})
    assert "secret-key" not in str(failed.value)


async def test_who_lost_the_lease_tells_nobody() -> None:
    slack = Slack()
    held = Connection(transport=httpx.ASGITransport(slack.app()), may_write=lambda: False)
    with pytest.raises(Untold, match="Lease"):
        await call(held, SITE + slack.path, {"text": "x"})
    assert slack.calls == 0


def test_http_is_called_where_the_pool_says_so() -> None:
    check_address("http://chat.example:8065/hooks/x", plain_http=True)
    with pytest.raises(Misconfigured, match="https:// or http://"):
        check_address("ftp://chat.example/x", plain_http=True)


# Its address


async def test_an_address_may_be_sealed(desk: Desk, tmp_path: Path) -> None:
    ring = a_ring()
    sealed = {"url": ring.seal(Place("team", "shop", "notifications.team.url"), SITE + desk.slack.path)}
    desk.world.kube.remove(Resource.POOLS, KEY)
    desk.world.add_pool(notifications=[{"name": "team", "sealed": sealed}])
    desk.run()
    told = desk.notices()
    told._services.opener = Opener(key_file(tmp_path, ring))
    await told.round()
    assert desk.told() == ["team"]
    assert desk.slack.path not in desk.redactor.clean_for("team", f"said of {SITE}{desk.slack.path}")


async def test_a_secret_that_is_missing_keeps_no_run_from_its_work(desk: Desk) -> None:
    """Not even from its fingerprints, which are of all that a run works with."""
    pool = Pool.of(desk.world.kube.objects[Resource.POOLS][KEY])
    read = list[str]()

    async def reading(_: Pool, source: Source) -> dict[str, str]:
        read.append(source.place)
        return {}

    await Fingerprinting(reading, time.monotonic).of(pool)
    assert read
    assert "notifications.team" not in read
    assert "notifications.team" in sources(pool.spec)


async def test_a_pool_says_what_is_wrong_with_an_address_and_takes_tickets_all_the_same(desk: Desk) -> None:
    world = desk.world
    replica = Replica(world)

    def said(kind: str) -> tuple[str, str, str]:
        conditions = world.kube.objects[Resource.POOLS][KEY]["status"]["conditions"]
        (one,) = [one for one in conditions if one["type"] == kind] or [{"status": "", "reason": "", "message": ""}]
        return one["status"], one["reason"], one["message"]

    await replica.poll()
    assert said("Notifications")[:2] == ("True", "AddressesFound")
    world.kube.remove(Resource.SECRETS, ("team", "slack"))
    await Replica(world).poll()
    status, reason, message = said("Notifications")
    assert (status, reason) == ("False", "SecretMissing")
    assert "team: spec.notifications[team].secretRef: there is no Secret slack" in message
    assert said("Ready")[0] == "True"
    world.kube.objects[Resource.POOLS][KEY]["spec"]["notifications"] = []
    await Replica(world).poll()
    assert said("Notifications")[0] == ""
    assert desk.slack.calls == 0
