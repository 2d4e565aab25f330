"""TrelloBoard's webhooks on the stand-in, its requests held to Trello's OpenAPI file; and a card's way by one."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from typing import Any

import httpx
import pytest

from boardhand_operator.app import App
from boardhand_operator.boards.trello.board import TrelloBoard
from boardhand_operator.errors import Misconfigured, RemoteUnavailable
from boardhand_operator.kube import Resource
from boardhand_operator.pools import rest
from boardhand_operator.settings import Seat, Settings
from boardhand_operator.webhooks import hooks, relay
from boardhand_operator.webhooks.callers import listening
from testbed.trello.app import SECRET, create_app
from tests.contract.serving import serving
from tests.contract.trello_board import KEY, TOKEN, Desk
from tests.support.fake_kube import FakeKube
from tests.support.objects import a_pool, pool_body

CALLBACK = "https://boardhand.example/webhooks/team/shop"
HOOK = {"callbackUrl": CALLBACK}
BODY = '{"action":{"id":"67a0"},"text":"grüße 🚀"}'.encode()
SIGNED = {"x-trello-webhook": "/61dW3JWv90Fh1qmR/Mu22FXwfA="}
"""As openssl makes it of BODY and CALLBACK with "appl1cation-secret"."""


class Answering:
    """What stands at the callback: the status of its answers to HEAD."""

    status = 200

    def __call__(self, _: httpx.Request) -> httpx.Response:
        return httpx.Response(self.status)


@pytest.fixture
def callee() -> Answering:
    return Answering()


@pytest.fixture
async def desk(callee: Answering) -> AsyncIterator[Desk]:
    made = Desk(outward=httpx.MockTransport(callee))
    yield made
    made.check_requests()


@pytest.fixture
async def board(desk: Desk) -> AsyncIterator[TrelloBoard]:
    opened = desk.open(webhook=HOOK, secret="appl1cation-secret")
    yield opened
    await opened.aclose()


async def test_a_call_is_trellos_own_by_its_signature(board: TrelloBoard) -> None:
    assert board.signed(SIGNED, BODY)
    assert not board.signed(SIGNED, BODY + b" ")


@pytest.mark.parametrize(
    ("webhook", "secret"),
    [
        ({"callbackUrl": CALLBACK + "s"}, "appl1cation-secret"),
        (HOOK, "other"),
        (HOOK, ""),
        (None, "appl1cation-secret"),
    ],
)
async def test_a_signature_is_of_one_address_and_one_secret(desk: Desk, webhook: Any, secret: str) -> None:
    board = desk.open(webhook=webhook, secret=secret)
    assert not board.signed(SIGNED, BODY)
    await board.aclose()


async def test_subscribing_twice_is_once(desk: Desk, board: TrelloBoard) -> None:
    await board.subscribe()
    await board.subscribe()
    (hook,) = desk.state.webhooks.values()
    assert (hook["callbackURL"], hook["idModel"], hook["active"]) == (CALLBACK, desk.board["id"], True)
    assert [place for place in desk.wire.sent() if not place.startswith("GET")] == ["POST /1/webhooks/"]


async def test_a_board_by_its_short_link_is_subscribed_by_its_id(desk: Desk) -> None:
    board = desk.open(webhook=HOOK, secret="s", board=desk.board["shortLink"])
    await board.subscribe()
    assert [hook["idModel"] for hook in desk.state.webhooks.values()] == [desk.board["id"]]
    await board.aclose()


async def test_a_webhook_that_trello_switched_off_is_switched_on(desk: Desk, board: TrelloBoard) -> None:
    await board.subscribe()
    (hook,) = desk.state.webhooks.values()
    hook["active"] = False
    await board.subscribe()
    assert hook["active"]
    assert len(desk.state.webhooks) == 1


async def test_somebody_who_was_quicker_is_no_error(desk: Desk, board: TrelloBoard) -> None:
    async def rival(request: httpx.Request) -> None:
        if request.method == "POST":
            desk.wire.before = None
            desk.state.add_webhook(desk.bot, CALLBACK, desk.board["id"], "", active=True)

    desk.wire.before = rival
    await board.subscribe()
    assert len(desk.state.webhooks) == 1


async def test_an_address_that_trello_does_not_reach_is_said(desk: Desk, board: TrelloBoard, callee: Answering) -> None:
    callee.status = 404
    with pytest.raises(Misconfigured, match=r"did not return 200 status code, got 404.*/webhooks/NAMESPACE/POOL") as no:
        await board.subscribe()
    assert no.value.reason == "WebhookRefused"
    assert TOKEN not in no.value.message


async def test_a_token_that_may_not_have_webhooks_leaves_the_pool_its_polls(
    desk: Desk, board: TrelloBoard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("boardhand_operator.http.transport.RETRIES", 0)
    await desk.fault(match="GET /1/tokens", status=403)
    pool = a_pool(board={"type": "trello", "board": "b", "secretRef": {"name": "s"}, "webhook": HOOK}, forge=False)
    callers, wanted = {"board": board}, hooks.subscribed(pool, {"board": SECRET})
    problem, known = await hooks.see_to(pool, callers, wanted, listening=True)
    assert known == {}
    assert problem and problem.reason == "PermissionMissing"
    await desk.fault(match="GET /1/boards", status=503)
    with pytest.raises(RemoteUnavailable):
        await hooks.see_to(pool, callers, wanted, listening=True)


async def test_a_missing_secret_is_named(desk: Desk) -> None:
    board = desk.open(webhook=HOOK)
    with pytest.raises(Misconfigured, match="Secret shop-trello lacks the key 'webhookSecret'"):
        await board.subscribe()
    assert desk.wire.requests == []
    await board.aclose()


# A card's way, over real HTTP both ways


def _keep(kube: FakeKube, name: str, **values: str) -> None:
    data = {key: base64.b64encode(value.encode()).decode() for key, value in values.items()}
    kube.put(Resource.SECRETS, "team", {"metadata": {"name": name}, "data": data})


async def _until(what: str, seen: Callable[[], Any], seconds: float = 5) -> None:
    try:
        async with asyncio.timeout(seconds):
            while not seen():
                await asyncio.sleep(0.01)
    except TimeoutError as late:
        raise AssertionError(f"not within {seconds} s: {what}") from late


class Both:
    """The stand-in and an API server, and the operators that a test starts."""

    def __init__(self, desk: Desk, address: str) -> None:
        self.desk, self.address = desk, address
        self.kube = FakeKube()
        _keep(self.kube, "trello", key=KEY, token=TOKEN, webhookSecret=SECRET)
        _keep(self.kube, "secret", username="ann", token="t")
        _keep(self.kube, "model", apiKey="k")

    def add_pool(self, port: int) -> None:
        """The pool `shop`, which polls once an hour and is called at this port."""
        board = {
            "type": "trello",
            "board": self.desk.board["id"],
            "url": f"{self.address}/1",
            "secretRef": {"name": "trello"},
            "pollSeconds": 3600,
            "webhook": {"callbackUrl": f"http://127.0.0.1:{port}/webhooks/team/shop"},
        }
        self.kube.put(Resource.POOLS, "team", pool_body(board=board, forge=False))

    def pool(self) -> Any:
        return self.kube.objects[Resource.POOLS]["team", "shop"]

    @asynccontextmanager
    async def operator(self, who: str) -> AsyncIterator[tuple[App, int]]:
        """An operator that competes for the Lease, with what kopf does for it; and the port where it is called."""
        seat = Seat("team", "boardhand", who)
        app = App(Settings(runner_image="runner:1", webhooks=("127.0.0.1", 0), seat=seat))
        app._kube = app._line = self.kube
        async with AsyncExitStack() as stack:
            port = await stack.enter_async_context(listening(app.webhooks.admits, "127.0.0.1", 0))
            await app.start()
            stack.push_async_callback(app.stop)
            watch = asyncio.create_task(self._watch(app))
            stack.callback(watch.cancel)
            yield app, port

    async def _watch(self, app: App) -> None:
        worker: asyncio.Task[None] | None = None
        try:
            while True:
                for body in list(self.kube.objects[Resource.POOLS].values()):
                    app.seen(Resource.POOLS, body, gone=False)
                    app.crew.pool_changed(body)
                    if worker is None and app.working.is_set():
                        worker = asyncio.create_task(_work(app))
                await asyncio.sleep(0.01)
        finally:
            if worker:
                worker.cancel()
                with suppress(asyncio.CancelledError):
                    await worker

    async def calls(self) -> list[str]:
        """Paths of all requests to the board, oldest first."""
        async with httpx.AsyncClient(base_url=self.address, trust_env=False) as http:
            return [call["path"] for call in (await http.get("/_testbed/calls")).json()["calls"]]

    def runs(self) -> list[str]:
        return [body["spec"]["ticket"]["title"] for body in self.kube.objects[Resource.RUNS].values()]

    def subscribed(self) -> bool:
        conditions = (self.pool().get("status") or {}).get("conditions") or []
        return any(one["type"] == "Webhook" and one["status"] == "True" for one in conditions)


async def _work(app: App) -> None:
    async with app.pool_worker(("team", "shop")) as worker:
        await worker.run()


@pytest.fixture
async def both(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Both]:
    monkeypatch.setattr(rest, "SOONEST", 0.05)
    desk = Desk()
    async with serving(create_app(desk.state)) as address:
        yield Both(desk, address)


async def test_a_card_is_a_run_at_once_although_polls_are_an_hour_apart(both: Both) -> None:
    async with both.operator("one") as (app, port):
        both.add_pool(port)
        await _until("the webhook", both.subscribed)
        both.desk.card("At once")
        await _until("the run", lambda: both.runs() == ["At once"])
        both.desk.card("And the next")
        await _until("the next run", lambda: sorted(both.runs()) == ["And the next", "At once"])
        assert app.vitals().role == "working"


async def test_a_quiet_poll_is_one_request_to_the_board(both: Both) -> None:
    async with both.operator("one") as (app, port):
        both.add_pool(port)
        await _until("the webhook", both.subscribed)
        for number in range(3):
            both.desk.card(f"card {number}")
        await _until("the runs", lambda: len(both.runs()) == 3)
        # Once the log was read twice with the same result, it is remembered.
        for _ in range(3):
            await _poll(both, app)
        quiet = [await _poll(both, app) for _ in range(3)]
        assert quiet == [["/1/batch"]] * 3


async def _poll(both: Both, app: App) -> list[str]:
    """What one poll asks the board for."""
    before = len(await both.calls())
    app.webhooks.poke(("team", "shop"))
    async with asyncio.timeout(5):
        while len(await both.calls()) == before:
            await asyncio.sleep(0.02)
    await asyncio.sleep(0.1)
    return (await both.calls())[before:]


async def test_the_one_that_stands_by_passes_a_call_on(both: Both, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relay, "EVERY_SECONDS", 0.2)
    async with both.operator("one") as (first, _):
        await _until("who works", first.working.is_set)
        async with both.operator("two") as (second, port):
            both.add_pool(port)
            await _until("the webhook", both.subscribed)
            assert not second.working.is_set()
            both.kube.fuse.calls.clear()
            for number in range(10):
                both.desk.card(f"card {number}")
            await _until("the runs", lambda: len(both.runs()) == 10)
            assert relay.POKE in both.pool()["metadata"]["annotations"]
            assert 1 <= both.kube.fuse.calls.count("patch POOLS") <= 8


async def test_forged_calls_wake_nobody_and_doubled_ones_make_one_run(
    both: Both, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with both.operator("one") as (app, port), httpx.AsyncClient(base_url=both.address, trust_env=False) as http:
        both.add_pool(port)
        await _until("the webhook", both.subscribed)
        both.desk.card("Once")
        await _until("the run", lambda: both.runs() == ["Once"])
        (hook,) = both.desk.state.webhooks
        again = {"webhook": hook, "times": 20}
        statuses = (await http.post("/_testbed/deliveries", json=again)).json()["statuses"]
        assert set(statuses) <= {200, 503}
        poked: list[object] = []
        monkeypatch.setattr(app.crew, "poke", poked.append)
        forged = await http.post("/_testbed/deliveries", json={"webhook": hook, "secret": "guessed"})
        assert (forged.json(), poked) == ({"statuses": [401]}, [])
        genuine = await http.post("/_testbed/deliveries", json={"webhook": hook})
        assert (genuine.json(), poked) == ({"statuses": [200]}, [("team", "shop")])
        assert both.runs() == ["Once"]
