"""What the stand-in does: moves, comments, pages, refusals. As Trello's documentation describes it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from testbed.trello.ids import Ids, bound
from testbed.trello.state import TrelloState
from tests.contract.trello_client import AUTH, KEY, TOKEN, Board, client


@pytest.fixture
async def board() -> Board:
    return await Board(client()).begin()


def _names(cards: list[Any]) -> list[str]:
    return [card["name"] for card in cards]


async def test_a_move_changes_the_lists_and_records_one_action(board: Board) -> None:
    card = await board.card()
    for _ in range(2):  # the second move changes nothing, so it records nothing
        moved = await board.send("PUT", f"/1/cards/{card['id']}", idList=board.lists["Doing"])
        assert moved["idList"] == board.lists["Doing"]
    assert _names(await board.send("GET", f"/1/lists/{board.lists['Doing']}/cards")) == ["A card"]
    assert await board.send("GET", f"/1/lists/{board.lists['Backlog']}/cards") == []
    actions = await board.send("GET", f"/1/cards/{card['id']}/actions", filter="updateCard:idList")
    assert len(actions) == 1
    data = actions[0]["data"]
    assert data["listBefore"] == {"id": board.lists["Backlog"], "name": "Backlog"}
    assert data["listAfter"] == {"id": board.lists["Doing"], "name": "Doing"}
    assert data["old"] == {"idList": board.lists["Backlog"]}
    assert data["card"]["idList"] == board.lists["Doing"]


async def test_each_change_is_an_action_of_its_own(board: Board) -> None:
    card = await board.card()
    await board.send("PUT", f"/1/cards/{card['id']}", name="New", desc="Text", closed="true")
    actions = await board.send("GET", f"/1/cards/{card['id']}/actions", filter="all")
    olds = [action["data"]["old"] for action in actions if action["type"] == "updateCard"]
    assert olds == [{"desc": ""}, {"name": "A card"}, {"closed": False}]


async def test_positions_order_the_column(board: Board) -> None:
    for name, pos in (("b", "bottom"), ("c", "bottom"), ("a", "top"), ("d", "bottom")):
        await board.card(name, pos=pos)
    cards = await board.send("GET", f"/1/boards/{board.id}/cards")
    assert _names(cards) == ["a", "b", "c", "d"]
    await board.send("PUT", f"/1/cards/{cards[3]['id']}", pos=(cards[0]["pos"] + cards[1]["pos"]) / 2)
    assert _names(await board.send("GET", f"/1/boards/{board.id}/cards")) == ["a", "d", "b", "c"]


async def test_comments_are_written_changed_and_removed(board: Board) -> None:
    card = await board.card()
    path = f"/1/cards/{card['shortLink']}/actions"
    comment = await board.send("POST", f"{path}/comments", text="first")
    changed = await board.send("PUT", f"{path}/{comment['id']}/comments", text="second")
    assert (changed["id"], changed["data"]["text"]) == (comment["id"], "second")
    assert changed["data"]["dateLastEdited"].endswith("Z")
    found = await board.send("GET", path)
    assert [entry["data"]["text"] for entry in found] == ["second"]
    assert (await board.send("GET", f"/1/cards/{card['id']}"))["badges"]["comments"] == 1
    await board.send("DELETE", f"{path}/{comment['id']}/comments")
    assert await board.send("GET", path) == []
    assert (await board.raw("DELETE", f"{path}/{comment['id']}/comments")).status_code == 404


async def test_a_comment_holds_16384_characters_and_no_more(board: Board) -> None:
    card = await board.card()
    path = f"/1/cards/{card['id']}/actions/comments"
    for text, status in (("x" * 16384, 200), ("x" * 16385, 400), ("", 400)):
        answer = await board.http.post(path, params=AUTH, data={"text": text})
        assert answer.status_code == status
    assert answer.text == "invalid value for text"
    assert (await board.raw("POST", path)).text == "invalid value for text"


async def test_actions_come_newest_first_in_pages_between_bounds(board: Board) -> None:
    card = await board.card()
    texts = [str(number) for number in range(7)]
    made = [await board.send("POST", f"/1/cards/{card['id']}/actions/comments", text=text) for text in texts]
    path = f"/1/boards/{board.id}/actions"

    async def seen(**params: str | int) -> list[str]:
        found = await board.send("GET", path, filter="commentCard", **params)
        return [action["data"]["text"] for action in found]

    assert await seen() == texts[::-1]
    assert [await seen(limit=3, page=page) for page in range(4)] == [["6", "5", "4"], ["3", "2", "1"], ["0"], []]
    assert await seen(since=made[4]["id"]) == ["6", "5"]
    assert await seen(before=made[2]["id"]) == ["1", "0"]
    assert await seen(since=made[0]["id"], before=made[3]["id"]) == ["2", "1"]
    assert await seen(since="2001-01-01T00:00:00Z") == texts[::-1]
    assert await seen(before="2001-01-01T00:00:00.000Z") == []
    assert await seen(limit=0) == []
    for wrong in ({"limit": 1001}, {"limit": -1}, {"since": "yesterday"}, {"page": "x"}):
        answer = await board.raw("GET", path, **wrong)
        assert (answer.status_code, answer.text) == (400, f"invalid value for {next(iter(wrong))}")


async def test_archived_cards_and_lists_leave_the_visible_cards(board: Board) -> None:
    first, _, third = [
        await board.card(name, column) for name, column in (("1", "Backlog"), ("2", "Backlog"), ("3", "Doing"))
    ]
    await board.send("PUT", f"/1/cards/{first['id']}", closed="true")
    await board.send("PUT", f"/1/lists/{board.lists['Doing']}", closed="true")
    path = f"/1/boards/{board.id}/cards"
    assert _names(await board.send("GET", path)) == ["2"]
    assert _names(await board.send("GET", f"{path}/open")) == ["2", "3"]
    assert _names(await board.send("GET", path, filter="closed")) == ["1"]
    assert _names(await board.send("GET", path, filter="all")) == ["1", "2", "3"]
    assert [entry["name"] for entry in await board.send("GET", f"/1/boards/{board.id}/lists")] == ["Backlog"]
    assert (await board.send("GET", f"/1/cards/{third['id']}", fields="name")) == {"id": third["id"], "name": "3"}


async def test_a_deleted_card_is_gone_and_leaves_an_action(board: Board) -> None:
    card = await board.card()
    await board.send("POST", f"/1/cards/{card['id']}/actions/comments", text="bye")
    await board.send("DELETE", f"/1/cards/{card['id']}")
    gone = await board.raw("GET", f"/1/cards/{card['id']}")
    assert (gone.status_code, gone.text) == (404, "The requested resource was not found.")
    actions = await board.send("GET", f"/1/boards/{board.id}/actions", filter="deleteCard,commentCard")
    assert [(a["type"], a["data"]["card"]["id"]) for a in actions] == [("deleteCard", card["id"])]


async def test_labels_go_on_and_off_a_card(board: Board) -> None:
    card = await board.card()
    label = await board.send("POST", f"/1/boards/{board.id}/labels", name="bug", color="red")
    path = f"/1/cards/{card['id']}/idLabels"
    assert await board.send("POST", path, value=label["id"]) == [label["id"]]
    assert (await board.send("GET", f"/1/cards/{card['id']}"))["labels"] == [label]
    assert (await board.raw("POST", path, value=label["id"])).status_code == 400
    await board.send("DELETE", f"{path}/{label['id']}")
    assert (await board.send("GET", f"/1/cards/{card['id']}"))["labels"] == []


async def test_parameters_come_in_query_form_or_json(board: Board) -> None:
    where = {"idList": board.lists["Backlog"]}
    for name, body in (
        ("query", {"params": AUTH | where | {"name": "query"}}),
        ("form", {"params": AUTH, "data": where | {"name": "form"}}),
        ("json", {"params": AUTH, "json": where | {"name": "json", "dueComplete": True, "pos": 3}}),
    ):
        answer = await board.http.request("POST", "/1/cards", **body)
        assert (answer.status_code, answer.json()["name"]) == (200, name)
    assert (answer.json()["dueComplete"], answer.json()["pos"]) == (True, 3.0)
    broken = await board.http.post("/1/cards", params=AUTH, content=b"{", headers={"content-type": "application/json"})
    assert broken.status_code == 400


@pytest.mark.parametrize(
    ("method", "path", "status", "text"),
    [
        ("GET", "/1/cards/zz", 400, "invalid id"),
        ("GET", "/1/lists/notanid", 400, "invalid id"),
        ("GET", "/1/boards/" + "0" * 24, 404, "The requested resource was not found."),
        ("GET", "/1/cards/AbCdEfGh", 404, "The requested resource was not found."),
        ("POST", "/1/cards", 400, "invalid value for idList"),
        ("POST", "/1/boards/", 400, "invalid value for name"),
        ("GET", "/1/nothing", 404, "Cannot GET /1/nothing"),
    ],
)
async def test_refusals(board: Board, method: str, path: str, status: int, text: str) -> None:
    answer = await board.raw(method, path)
    assert (answer.status_code, answer.text) == (status, text)
    assert answer.headers["content-type"].startswith("text/plain")


async def test_key_and_token_in_the_query_or_the_header(board: Board) -> None:
    async def status(key: str, token: str, *, header: bool) -> tuple[int, str]:
        if header:
            value = f'OAuth oauth_consumer_key="{key}", oauth_token="{token}"'
            answer = await board.http.get("/1/members/me", headers={"authorization": value})
        else:
            answer = await board.http.get("/1/members/me", params={"key": key, "token": token})
        return answer.status_code, answer.text if answer.status_code != 200 else answer.json()["username"]

    for header in (False, True):
        assert await status(KEY, TOKEN, header=header) == (200, "boardhand")
        assert await status("wrong", TOKEN, header=header) == (401, "invalid key")
        assert await status(KEY, "wrong", header=header) == (401, "invalid token")
        assert await status("", "", header=header) == (401, "invalid key")
        assert await status(KEY, "", header=header) == (401, "unauthorized permission requested")


async def test_a_token_speaks_for_its_person_and_sees_only_their_boards() -> None:
    state = TrelloState(KEY, {TOKEN: "boardhand"})
    state.add_member("ada", "Ada Lovelace", "ada-token")
    board = await Board(client(state)).begin()
    card = await board.card()
    path = f"/1/cards/{card['id']}/actions/comments"
    comment = await board.send("POST", path, text="/boardhand retry", token="ada-token")
    assert comment["memberCreator"]["username"] == "ada"
    state.add_member("eve", "Eve", "eve-token")  # joined after the board was made
    refused = await board.raw("POST", path, text="me too", token="eve-token")
    assert (refused.status_code, refused.text) == (401, "unauthorized permission requested")


async def test_batch_answers_each_url_by_itself(board: Board) -> None:
    card = await board.card()
    urls = f"/cards/{card['id']}?fields=name,/lists/{'0' * 24},/boards/{board.id}/lists?fields=name"
    first, second, third = await board.send("GET", "/1/batch", urls=urls)
    assert first == {"200": {"id": card["id"], "name": "A card"}}
    assert second["statusCode"] == 404
    assert [entry["name"] for entry in third["200"]] == ["Backlog", "Doing"]
    for wrong in ("", ",".join(["/members/me"] * 11), "members/me", "/batch?urls=/members/me"):
        assert (await board.raw("GET", "/1/batch", urls=wrong)).status_code == 400


@given(st.lists(st.floats(min_value=1e9, max_value=4e9), min_size=2, max_size=30))
def test_ids_are_unique_and_ordered_whatever_the_clock_does(times: list[float]) -> None:
    clock = iter(times)
    ids = Ids(lambda: next(clock))
    made = [ids.new() for _ in times]
    assert made == sorted(set(made))
    assert all(len(id_) == 24 for id_ in made)
    assert int(made[0][:8], 16) == int(times[0])


def test_a_date_bounds_as_the_first_id_of_its_second() -> None:
    assert bound("2020-03-09T19:41:51.396Z") == f"{1583782911:08x}" + "0" * 16
    assert bound("2020-03-09T20:41:51+01:00") == bound("2020-03-09T19:41:51")


async def test_two_boards_share_no_cards(board: Board) -> None:
    other = await Board(board.http).begin()
    await board.card("mine")
    assert await other.send("GET", f"/1/boards/{other.id}/cards") == []
    assert {entry["id"] for entry in await board.send("GET", "/1/members/me/boards")} == {board.id, other.id}
