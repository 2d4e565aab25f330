"""The stand-in's webhooks: made after the vendor's check, signed, tried again, forged and doubled on demand."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest

from testbed.trello import deliveries
from testbed.trello.app import SECRET, create_app
from testbed.trello.deliveries import signature
from testbed.trello.state import TrelloState
from tests.contract.openapi_schema import contract, problems, validator
from tests.contract.trello_client import KEY, TOKEN, Board

CALLBACK = "https://boardhand.example/webhooks/team/shop"
FILE = "trello-openapi.json"


@dataclass
class Callee:
    """What stands at the callback's address; `statuses` are its answers to POST, the last one for ever."""

    statuses: list[int] = field(default_factory=lambda: [200])
    head: int = 200
    got: list[httpx.Request] = field(default_factory=list)

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.method == "HEAD":
            return httpx.Response(self.head)
        self.got.append(request)
        return httpx.Response(self.statuses[min(len(self.got), len(self.statuses)) - 1])

    async def until(self, seen: Callable[[], bool]) -> None:
        async with asyncio.timeout(5):
            while not seen():
                await asyncio.sleep(0.005)


@pytest.fixture
def callee() -> Callee:
    return Callee()


@pytest.fixture
async def board(callee: Callee) -> Board:
    state = TrelloState(KEY, {TOKEN: "boardhand"})
    app = create_app(state, outward=httpx.MockTransport(callee))
    return await Board(httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://trello.test")).begin()


async def _hook(board: Board, **more: Any) -> Any:
    return await board.send("POST", "/1/webhooks/", **{"callbackURL": CALLBACK, "idModel": board.id} | more)


def test_a_signature_is_as_openssl_makes_it() -> None:
    body = '{"action":{"id":"67a0"},"text":"grüße 🚀"}'.encode()
    assert signature("appl1cation-secret", body, CALLBACK) == "/61dW3JWv90Fh1qmR/Mu22FXwfA="
    assert signature("appl1cation-secret", b"", CALLBACK) == "KtrKjkOzjGZW1HUzAcigQ+f1wtM="


async def test_a_webhook_is_as_documented_and_listed_by_its_token(board: Board) -> None:
    made = await _hook(board, description="ours")
    assert problems(validator(FILE, "Webhook"), made) == []
    assert set(made) == set(contract(FILE)["components"]["schemas"]["Webhook"]["properties"])
    assert await board.send("GET", f"/1/tokens/{TOKEN}/webhooks") == [made]
    assert await board.send("GET", f"/1/webhooks/{made['id']}") == made
    assert (await board.raw("GET", "/1/tokens/another/webhooks")).status_code == 404
    again = await board.raw("POST", "/1/webhooks/", callbackURL=CALLBACK, idModel=board.id)
    assert (again.status_code, "already exists" in again.text) == (400, True)
    await board.send("DELETE", f"/1/webhooks/{made['id']}")
    assert await board.send("GET", f"/1/tokens/{TOKEN}/webhooks") == []


@pytest.mark.parametrize("status", [404, 401, 302, 500])
async def test_an_address_that_does_not_answer_200_makes_no_webhook(board: Board, callee: Callee, status: int) -> None:
    callee.head = status
    refused = await board.raw("POST", "/1/webhooks/", callbackURL=CALLBACK, idModel=board.id)
    assert (refused.status_code, refused.text) == (
        400,
        f"URL ({CALLBACK}) did not return 200 status code, got {status}",
    )
    assert await board.send("GET", f"/1/tokens/{TOKEN}/webhooks") == []


async def test_what_happens_on_the_board_is_delivered_signed(board: Board, callee: Callee) -> None:
    await board.card("before")
    hook = await _hook(board)
    card = await board.card("after")
    await board.send("POST", f"/1/cards/{card['id']}/actions/comments", text="grüße")
    await callee.until(lambda: len(callee.got) == 2)
    bodies = [json.loads(request.content) for request in callee.got]
    assert [body["action"]["type"] for body in bodies] == ["createCard", "commentCard"]
    assert (bodies[0]["model"]["id"], bodies[0]["webhook"]["id"]) == (board.id, hook["id"])
    for request in callee.got:
        assert request.headers["x-trello-webhook"] == signature(SECRET, request.content, CALLBACK)


async def test_an_inactive_webhook_is_told_nothing(board: Board, callee: Callee) -> None:
    hook = await _hook(board)
    await board.send("PUT", f"/1/webhooks/{hook['id']}", active="false")
    await board.card("unseen")
    await board.send("PUT", f"/1/webhooks/{hook['id']}", active="true")
    await board.card("seen")
    await callee.until(lambda: bool(callee.got))
    assert [json.loads(request.content)["action"]["data"]["card"]["name"] for request in callee.got] == ["seen"]


async def test_a_delivery_is_tried_again_and_then_counted(
    board: Board, callee: Callee, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deliveries, "PAUSES", (0.0, 0.0, 0.0))
    hook = await _hook(board)
    callee.statuses = [500, 200]
    await board.card("late")
    await callee.until(lambda: len(callee.got) == 2)
    assert callee.got[0].content == callee.got[1].content
    callee.statuses = [503]
    await board.card("never")

    async def failures() -> int:
        found = await board.send("GET", f"/1/webhooks/{hook['id']}")
        return int(found["consecutiveFailures"])

    async with asyncio.timeout(10):
        while await failures() == 0:
            await asyncio.sleep(0.02)
    made = (await board.http.get("/_testbed/deliveries")).json()
    assert [entry["status"] for entry in made] == [500, 200, 503, 503, 503, 503]


async def test_an_address_that_is_gone_for_good_loses_its_webhook(board: Board, callee: Callee) -> None:
    await _hook(board)
    callee.statuses = [410]
    await board.card()
    await callee.until(lambda: bool(callee.got))
    assert await board.send("GET", f"/1/tokens/{TOKEN}/webhooks") == []


async def test_deliveries_are_doubled_and_forged_on_demand(board: Board, callee: Callee) -> None:
    await board.card()
    hook = await _hook(board)
    asked = {"webhook": hook["id"], "times": 3}
    assert (await board.http.post("/_testbed/deliveries", json=asked)).json() == {"statuses": [200, 200, 200]}
    assert len({request.content for request in callee.got}) == 1
    await board.http.post("/_testbed/deliveries", json={"webhook": hook["id"], "secret": "guessed"})
    forged = callee.got[-1]
    assert forged.headers["x-trello-webhook"] == signature("guessed", forged.content, CALLBACK)
    for wrong in ({"webhook": "none"}, {"times": 0}):
        assert (await board.http.post("/_testbed/deliveries", json=wrong)).is_client_error
