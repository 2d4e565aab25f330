"""Webhooks inside the operator: whose call it is, what the pool's condition says, and the way from a stand-by."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

import pytest

from boardhand_operator.kube import Resource
from boardhand_operator.memory.store import Store
from boardhand_operator.settings import Settings
from boardhand_operator.views import Pool
from boardhand_operator.webhooks import relay
from boardhand_operator.webhooks.door import SHUT_SECONDS, Door
from boardhand_operator.webhooks.relay import POKE, Relay
from tests.support.fake_board import FakeBoard
from tests.support.fake_forge import FakeForge
from tests.support.fake_kube import FakeKube
from tests.support.fuse import Fuse, When
from tests.support.objects import SECRET, pool_body
from tests.support.world import FakeServices, Replica, World, clocked

HOOK = {"callbackUrl": "https://boardhand.example/webhooks/team/shop"}
BOARD = {"type": "fake", "board": "b1", "secretRef": SECRET, "pollSeconds": 1, "webhook": HOOK}
FORGE = {"type": "fake", "url": "http://forge.test", "secretRef": SECRET, "webhook": HOOK}
SHOP = ("team", "shop")
GOOD = {"x-signature": "olleh"}


class _Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


class _Broken(FakeServices):
    """Its boards cannot be opened."""

    asked = 0

    async def board(self, pool: Pool) -> Any:
        self.asked += 1
        raise OSError("the API server is away")


def _services(kube: FakeKube, kind: type[FakeServices] = FakeServices) -> FakeServices:
    return kind(kube, FakeBoard(), FakeForge(), time.monotonic)


async def test_the_door_opens_for_the_pools_own_board_alone() -> None:
    store = Store()
    door = Door(store, _services(FakeKube()))
    assert not await door.admits(SHOP, GOOD, b"hello")
    store.put(Resource.POOLS, pool_body("shop", board=BOARD))
    store.put(Resource.POOLS, pool_body("quiet"))
    store.put(Resource.POOLS, pool_body("boardless", board=False))
    store.put(Resource.POOLS, pool_body("unreadable", board=BOARD) | {"spec": {"board": 7}})
    assert await door.admits(SHOP, GOOD, b"hello")
    assert not await door.admits(SHOP, {"x-signature": "hello"}, b"hello")
    for name in ("quiet", "boardless", "unreadable"):
        assert not await door.admits(("team", name), GOOD, b"hello")


async def test_the_door_opens_for_the_pools_own_forge_too() -> None:
    store = Store()
    store.put(Resource.POOLS, pool_body("shop", board=BOARD))
    store.put(Resource.POOLS, pool_body("both", board=BOARD, forge=FORGE))
    store.put(Resource.POOLS, pool_body("forge", board=False, forge=FORGE))
    door = Door(store, _services(FakeKube()))
    signed = {"x-forge-signature": "olleh"}
    assert [await door.admits(("team", name), signed, b"hello") for name in ("shop", "both", "forge")] == [
        False,
        True,
        True,
    ]
    assert [await door.admits(("team", name), GOOD, b"hello") for name in ("shop", "both", "forge")] == [
        True,
        True,
        False,
    ]


async def test_a_wrong_secret_is_said_now_and_then(caplog: pytest.LogCaptureFixture) -> None:
    store, clock = Store(), _Clock()
    store.put(Resource.POOLS, pool_body("shop", board=BOARD))
    store.put(Resource.POOLS, pool_body("quiet"))
    door = Door(store, _services(FakeKube()), clock)
    for seconds in (0, 59, 1):
        clock.now += seconds
        for name in ("shop", "quiet", "none"):
            assert not await door.admits(("team", name), {}, b"hello")
    assert caplog.text.count("pool team/shop: a webhook without the right signature") == 2
    assert len(caplog.records) == 2


async def test_strangers_make_the_api_server_no_work() -> None:
    store, clock, services = Store(), _Clock(), _services(FakeKube(), _Broken)
    assert isinstance(services, _Broken)
    store.put(Resource.POOLS, pool_body("shop", board=BOARD))
    door = Door(store, services, clock)
    for _ in range(100):
        assert not await door.admits(SHOP, GOOD, b"hello")
    assert services.asked == 1
    clock.now += SHUT_SECONDS
    assert not await door.admits(SHOP, GOOD, b"hello")
    assert services.asked == 2


def _condition(world: World, kind: str) -> dict[str, Any] | None:
    conditions = world.kube.objects[Resource.POOLS][SHOP]["status"]["conditions"]
    return next((dict(one) for one in conditions if one["type"] == kind), None)


@pytest.mark.parametrize(
    ("listens", "unreachable", "status", "reason"),
    [
        (True, False, "True", "Subscribed"),
        (True, True, "False", "WebhookRefused"),
        (False, False, "False", "NotListening"),
    ],
)
async def test_a_pool_says_whether_its_board_calls_and_takes_tickets_all_the_same(
    listens: bool, unreachable: bool, status: str, reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = Settings(runner_image="runner:1", webhooks=("127.0.0.1", 0) if listens else None)
    monkeypatch.setattr("tests.support.world.SETTINGS", settings)
    world = World(Fuse(armed=False))
    world.board.unreachable = unreachable
    world.board.add("card-1")
    world.add_pool(board=BOARD)
    with clocked(world.clock):
        await Replica(world).poll()
    said, ready = _condition(world, "Webhook"), _condition(world, "Ready")
    assert said and ready
    assert (said["status"], said["reason"]) == (status, reason)
    assert ("seen with the next poll" in said["message"]) == (status == "False")
    assert ready["status"] == "True"
    assert len(world.runs()) == 1


@pytest.mark.parametrize(
    ("board", "forge", "plain", "status", "words"),
    [
        (False, False, False, "True", "board and forge call at changes"),
        (True, False, False, "False", "the board does not call: the board cannot reach"),
        (False, True, False, "False", "the forge does not call: the forge cannot reach"),
        (True, True, False, "False", "cannot reach the operator; the forge does not call"),
        (False, False, True, "False", "a plain git remote calls nobody"),
    ],
)
async def test_a_pool_says_which_of_board_and_forge_does_not_call(
    board: bool, forge: bool, plain: bool, status: str, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = Settings(runner_image="runner:1", webhooks=("127.0.0.1", 0))
    monkeypatch.setattr("tests.support.world.SETTINGS", settings)
    world = World(Fuse(armed=False))
    world.board.unreachable, world.forge.unreachable = board, forge
    world.forge.pull_requests = not plain  # type: ignore[misc]  # this one instance
    world.add_pool(board=BOARD, forge=FORGE)
    with clocked(world.clock):
        await Replica(world).poll()
    said, ready = _condition(world, "Webhook"), _condition(world, "Ready")
    assert said and ready
    assert (said["status"], ready["status"]) == (status, "True")
    assert words in said["message"]


async def test_a_pool_without_a_webhook_says_nothing_of_one() -> None:
    world = World(Fuse(armed=False))
    world.add_pool(board=BOARD)
    with clocked(world.clock):
        await Replica(world).poll()
        assert _condition(world, "Webhook")
        body = world.kube.objects[Resource.POOLS][SHOP]
        del body["spec"]["board"]["webhook"]
        body["metadata"]["generation"] += 1
        world.kube.set_status(Resource.POOLS, SHOP, body["status"] | {"observedGeneration": 0})
        await Replica(world).poll()
    assert _condition(world, "Webhook") is None
    assert world.board.subscribed == 0


def _given(world: World) -> dict[str, Any]:
    """What the pool's status says that board and forge were given."""
    return dict(world.kube.objects[Resource.POOLS][SHOP]["status"].get("webhooks") or {})


def _changed(world: World, **spec: Any) -> None:
    body = world.kube.objects[Resource.POOLS][SHOP]
    body["spec"] |= spec
    body["metadata"]["generation"] += 1


@pytest.fixture
def called(monkeypatch: pytest.MonkeyPatch) -> World:
    """A pool whose board and forge call."""
    settings = Settings(runner_image="runner:1", webhooks=("127.0.0.1", 0))
    monkeypatch.setattr("tests.support.world.SETTINGS", settings)
    world = World(Fuse(armed=False))
    world.add_pool(board=BOARD, forge=FORGE)
    return world


async def _poll(world: World, board: str = "ours", forge: str = "ours") -> None:
    """One round by a new process, with these secrets."""
    replica = Replica(world)
    replica.services.hooks_signed = {"board": board, "forge": forge}
    with clocked(world.clock):
        await replica.poll()


async def test_a_changed_secret_is_given_to_the_vendor_once(called: World) -> None:
    await _poll(called)
    before = _given(called)
    assert {name: one["callbackUrl"] for name, one in before.items()} == dict.fromkeys(
        ("board", "forge"), HOOK["callbackUrl"]
    )
    assert "ours" not in str(before)
    assert before["board"]["proof"] != before["forge"]["proof"]
    await _poll(called)
    assert called.board.renewed == called.forge.renewed == []
    for _ in range(2):
        await _poll(called, board="another")
        assert (called.board.renewed, called.forge.renewed) == ([HOOK["callbackUrl"]], [])
    # Both are asked once more, since they may share the one that was made anew.
    assert (called.board.subscribed, called.forge.subscribed) == (5, 5)
    after = _given(called)
    assert after["forge"] == before["forge"]
    assert after["board"] != before["board"]


async def test_another_address_has_the_webhook_led_there(called: World) -> None:
    await _poll(called)
    elsewhere = HOOK | {"callbackUrl": "https://elsewhere.example/webhooks/team/shop"}
    _changed(called, board=BOARD | {"webhook": elsewhere})
    await _poll(called)
    assert (called.board.renewed, called.forge.renewed) == ([HOOK["callbackUrl"]], [])
    assert _given(called)["board"]["callbackUrl"] == elsewhere["callbackUrl"]


async def test_what_the_vendor_did_not_take_is_given_again(called: World) -> None:
    await _poll(called)
    called.board.unreachable = True
    before = _given(called)
    await _poll(called, board="another", forge="another")
    assert _given(called)["board"] == before["board"]
    assert _given(called)["forge"] != before["forge"]
    called.board.unreachable = False
    await _poll(called, board="another", forge="another")
    assert called.board.renewed == called.forge.renewed == [HOOK["callbackUrl"]]
    said = _condition(called, "Webhook")
    assert said and said["status"] == "True"


async def test_a_webhook_that_is_not_wanted_any_more_is_forgotten(called: World) -> None:
    await _poll(called)
    _changed(called, forge={name: value for name, value in FORGE.items() if name != "webhook"})
    await _poll(called)
    assert list(_given(called)) == ["board"]


async def _until(seen: Callable[[], Any]) -> None:
    async with asyncio.timeout(5):
        while not seen():
            await asyncio.sleep(0.005)


async def test_calls_are_passed_on_once_a_second_and_the_last_one_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relay, "EVERY_SECONDS", 0.1)
    kube = FakeKube(Fuse())
    kube.put(Resource.POOLS, "team", pool_body("shop", board=BOARD))
    passing = Relay(kube)
    seen = set()
    begun = time.monotonic()
    while time.monotonic() - begun < 0.35:
        passing.pass_on(SHOP)
        await asyncio.sleep(0.002)
        seen.add((kube.objects[Resource.POOLS][SHOP]["metadata"].get("annotations") or {}).get(POKE))
    last = time.monotonic()
    await _until(lambda: not passing._tasks)
    assert 3 <= kube.fuse.calls.count("patch POOLS") <= 2 + (time.monotonic() - begun) / 0.1
    assert len(seen - {None}) >= 3
    assert time.monotonic() - last < 1
    await passing.aclose()


async def test_what_cannot_be_passed_on_ends_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relay, "EVERY_SECONDS", 0.01)
    kube = FakeKube(Fuse({1: When.BEFORE}, lambda name: OSError(name)))
    kube.put(Resource.POOLS, "team", pool_body("shop", board=BOARD))
    passing = Relay(kube)
    passing.pass_on(SHOP)
    await _until(lambda: not passing._tasks)
    passing.pass_on(SHOP)
    await _until(lambda: POKE in (kube.objects[Resource.POOLS][SHOP]["metadata"].get("annotations") or {}))
    await passing.aclose()
    assert not passing._tasks


def test_where_boards_call_is_read_from_the_environment() -> None:
    image = {"BOARDHAND_RUNNER_IMAGE": "runner:1"}
    assert Settings.from_environment(image).webhooks is None
    told = Settings.from_environment(image | {"BOARDHAND_WEBHOOKS": "0.0.0.0:8090"})
    assert told.webhooks == ("0.0.0.0", 8090)
    with pytest.raises(ValueError, match="BOARDHAND_WEBHOOKS='8090': give host:port"):
        Settings.from_environment(image | {"BOARDHAND_WEBHOOKS": "8090"})
