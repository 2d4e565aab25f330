"""The stand-in's levers: faults, lost answers, rate limits, the record of calls, the seed and the page."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from testbed.faults import Fault, Switches
from testbed.trello.app import create_app
from testbed.trello.page import linked
from testbed.trello.seed import Seed, load_seed, plant
from testbed.trello.state import TrelloState
from tests.contract.serving import serving
from tests.contract.trello_client import AUTH, KEY, TOKEN, Board, client
from tests.contract.trello_documented import FIELDS

SEED = """
boards:
  - name: Demo
    shortLink: demoBrd1
    labels: [{name: bug, color: red}]
    lists: [Sprint Backlog, In Progress]
    members: [{username: ada, fullName: Ada Lovelace, token: ada-token}]
    cards:
      - {list: Sprint Backlog, name: First, desc: d, labels: [bug], checklists: {Criteria: [one, two]}}
"""


@pytest.fixture
async def board() -> Board:
    return await Board(client()).begin()


async def _fault(board: Board, **fault: object) -> None:
    assert (await board.http.post("/_testbed/faults", json=fault)).status_code == 201


async def _comments(board: Board, card: str) -> list[str]:
    found = await board.send("GET", f"/1/cards/{card}/actions", filter="commentCard")
    return [entry["data"]["text"] for entry in found]


async def test_a_fault_strikes_as_often_as_said_and_does_no_work(board: Board) -> None:
    card = (await board.card())["id"]
    await _fault(board, match=f"POST /1/cards/{card}/actions/comments", status=500, times=2)
    path = f"/1/cards/{card}/actions/comments"
    statuses = [(await board.raw("POST", path, text=str(number))).status_code for number in range(3)]
    assert statuses == [500, 500, 200]
    assert await _comments(board, card) == ["2"]
    assert (await board.http.get("/_testbed/faults")).json() == {"active": []}


async def test_an_answer_lost_after_the_work(board: Board) -> None:
    card = (await board.card())["id"]
    await _fault(board, match="POST .*/comments", status=500, after=True, times=1)
    answer = await board.raw("POST", f"/1/cards/{card}/actions/comments", text="done all the same")
    assert answer.status_code == 500
    assert await _comments(board, card) == ["done all the same"]
    counters = (await board.http.get("/_testbed/calls")).json()["counters"]
    key = {"method": "POST", "route": "/1/cards/{id}/actions/comments", "card": card}
    assert key | {"count": 1, "done": 1} in counters


async def test_faults_are_cleared(board: Board) -> None:
    await _fault(board, match="GET", status=503)
    assert (await board.raw("GET", "/1/members/me")).status_code == 503
    await board.http.delete("/_testbed/faults")
    assert (await board.raw("GET", "/1/members/me")).status_code == 200


@pytest.mark.parametrize(
    "wrong",
    [
        {"match": "("},
        {"match": "x"},
        {"match": "x", "status": 200},
        {"match": "x", "status": 500, "cut": True},
        {"match": "x", "status": 500, "chance": 0},
        {"what": 1},
    ],
)
async def test_a_wrong_fault_is_refused(board: Board, wrong: dict[str, object]) -> None:
    answer = await board.http.post("/_testbed/faults", json=wrong | {"times": 1})
    assert answer.status_code == 400
    assert answer.json()["error"]


def test_a_fault_ends_after_its_seconds() -> None:
    now = [100.0]
    switches = Switches(lambda: now[0])
    switches.add(Fault(match="GET", status=500, seconds=60))
    now[0] = 159.9
    assert switches.take("GET /1/x") is not None
    assert switches.take("PUT /1/x") is None
    now[0] = 160.0
    assert switches.take("GET /1/x") is None


def test_chance_strikes_its_share_and_the_same_calls_for_the_same_seed() -> None:
    def struck(seed: int) -> list[bool]:
        switches = Switches()
        switches.add(Fault(match="GET", status=500, chance=0.2, seed=seed))
        return [switches.take("GET /1/x") is not None for _ in range(1000)]

    assert struck(1) == struck(1) != struck(2)
    assert 150 < sum(struck(1)) < 250


def test_a_fault_that_did_not_strike_leaves_the_call_to_the_next() -> None:
    switches = Switches()
    switches.add(Fault(match="GET", status=500, chance=0.5, times=10))
    switches.add(Fault(match="GET", status=503))
    found = [fault.status for _ in range(100) if (fault := switches.take("GET /1/x"))]
    assert (found.count(500), found.count(503)) == (10, 90)
    assert [fault["struck"] for fault in switches.active()] == [90]


async def test_a_shuffled_list_has_every_entry_and_some_twice(board: Board) -> None:
    made = [(await board.card(f"Card {at}"))["id"] for at in range(20)]
    for seed in range(1, 4):
        await board.http.delete("/_testbed/faults")
        await _fault(board, match="GET .*", shuffle=True, seed=seed)
        found = [card["id"] for card in await board.send("GET", f"/1/lists/{board.lists['Backlog']}/cards")]
        assert set(found) == set(made)
        assert len(found) > len(made)
        assert list(dict.fromkeys(found)) != made
        assert (await board.send("GET", f"/1/cards/{made[0]}"))["id"] == made[0]


async def test_calls_are_recorded_with_short_links_resolved(board: Board) -> None:
    card = await board.card()
    await board.raw("PUT", f"/1/cards/{card['shortLink']}", closed="perhaps")
    await board.raw("PUT", f"/1/cards/{card['id']}", closed="true")
    report = (await board.http.get("/_testbed/calls")).json()
    last = report["calls"][-1]
    assert (last["method"], last["path"], last["status"]) == ("PUT", f"/1/cards/{card['id']}", 200)
    assert {"method": "PUT", "route": "/1/cards/{id}", "card": card["id"], "count": 2, "done": 1} in report["counters"]


async def test_rate_limits_are_off_until_switched_on(board: Board) -> None:
    for _ in range(120):
        answer = await board.raw("GET", "/1/members/me")
        assert answer.status_code == 200
    assert answer.headers["x-rate-limit-api-token-interval-ms"] == "10000"
    assert answer.headers["x-rate-limit-api-token-max"] == "100"
    assert answer.headers["x-rate-limit-api-token-remaining"] == "100"
    await board.http.post("/_testbed/rate-limit", json={"enabled": True})
    for left in range(99, -1, -1):
        answer = await board.raw("GET", "/1/members/me")
        assert answer.headers["x-rate-limit-api-token-remaining"] == str(left)
    refused = await board.raw("GET", "/1/members/me")
    assert refused.status_code == 429
    assert refused.json() == {"message": "Rate limit exceeded", "error": "API_TOKEN_LIMIT_EXCEEDED"}
    assert set(refused.json()) == FIELDS["rateLimited"]
    await board.http.post("/_testbed/rate-limit", json={"enabled": True, "token": 1000, "key": 5})
    refused = await board.raw("GET", "/1/members/me")
    assert refused.json()["error"] == "API_KEY_LIMIT_EXCEEDED"
    assert refused.headers["x-rate-limit-api-key-remaining"] == "0"


async def test_a_429_fault_is_worded_like_trellos(board: Board) -> None:
    await _fault(board, match="GET /1/boards", status=429, headers={"retry-after": "1"})
    answer = await board.raw("GET", f"/1/boards/{board.id}")
    assert answer.json()["error"] == "API_TOKEN_LIMIT_EXCEEDED"
    assert answer.headers["retry-after"] == "1"


async def test_reset_brings_the_seed_back(tmp_path: Path) -> None:
    (tmp_path / "seed.yaml").write_text(SEED)
    seed = load_seed(tmp_path / "seed.yaml")
    state = TrelloState(KEY, {TOKEN: "boardhand"})
    plant(state, seed)
    app = create_app(state, lambda: plant(state, seed))
    board = Board(httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://trello.test"))
    for _ in range(2):
        cards = await board.send("GET", "/1/boards/demoBrd1/cards", checklists="all", token="ada-token")
        assert [card["name"] for card in cards] == ["First"]
        assert [item["name"] for item in cards[0]["checklists"][0]["checkItems"]] == ["one", "two"]
        await board.send("DELETE", f"/1/cards/{cards[0]['id']}")
        await _fault(board, match="GET", status=500)
        await board.http.post("/_testbed/reset")


def test_a_seed_that_names_an_unknown_column_is_refused() -> None:
    wrong = {"boards": [{"name": "Demo", "lists": ["A"], "cards": [{"name": "x", "list": "B"}]}]}
    with pytest.raises(ValueError, match="'B'"):
        plant(TrelloState(KEY, {TOKEN: "boardhand"}), Seed.model_validate(wrong))


async def test_the_page_shows_the_columns_and_says_what_it_is(board: Board) -> None:
    card = await board.card("<script>alert(1)</script>")
    text = 'see [the pull request](http://forge.test/1) "<img src=x>" https://a.test/x?y=1&z=2.'
    await board.send("POST", f"/1/cards/{card['id']}/actions/comments", text=text)
    page = (await board.http.get("/")).text
    assert "Stand-in for Trello: a test board, not trello.com" in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "<script>alert(1)" not in page
    assert "<img" not in page
    assert '<a href="http://forge.test/1" rel="noopener noreferrer">the pull request</a>' in page
    assert 'href="https://a.test/x?y=1&amp;z=2"' in page
    shown = (await board.http.get("/_testbed/board.json")).json()
    assert [column["name"] for column in shown["columns"]] == ["Backlog", "Doing"]
    assert shown["columns"][0]["cards"][0]["lastComment"]["text"] == text
    fragment = (await board.http.get("/_testbed/board.html")).text
    assert "<html" not in fragment
    assert "Backlog" in fragment
    assert (await board.http.get("/_testbed/board.json?board=nosuch")).status_code == 404


def test_only_web_addresses_become_links() -> None:
    assert "<a" not in linked("[x](javascript:alert(1)) ftp://a.test data:text/html,x")
    assert str(linked("<!-- marker -->hello")) == "hello"


@pytest.mark.parametrize(("kind", "made"), [({"after": True}, ["Made"]), ({"cut": True, "delay": 0.01}, [])])
async def test_a_connection_cut_after_the_work_or_without_it(kind: dict[str, object], made: list[str]) -> None:
    app = create_app(TrelloState(KEY, {TOKEN: "boardhand"}))
    async with serving(app) as address, httpx.AsyncClient(base_url=address) as http:
        fault = {"match": "POST /1/boards", "times": 1} | kind
        assert (await http.post("/_testbed/faults", json=fault)).status_code == 201
        with pytest.raises(httpx.RemoteProtocolError):
            await http.post("/1/boards/", params=AUTH | {"name": "Made"})
        boards = (await http.get("/1/members/me/boards", params=AUTH)).json()
        assert [entry["name"] for entry in boards] == made
