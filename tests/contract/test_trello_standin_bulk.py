"""The stand-in's lever for many cards at once."""

from __future__ import annotations

import pytest

from tests.contract.trello_client import Board, client


@pytest.fixture
async def board() -> Board:
    return await Board(client()).begin()


async def test_many_cards_come_at_once_below_those_that_are_there(board: Board) -> None:
    await board.card("First")
    wanted = {"lists": [board.lists["Backlog"], board.lists["Doing"]], "count": 3, "title": "Bulk", "desc": "d"}
    made = (await board.http.post("/_testbed/cards", json=wanted)).json()
    backlog = await board.send("GET", f"/1/lists/{board.lists['Backlog']}/cards")
    assert [card["name"] for card in backlog] == ["First", "Bulk 1", "Bulk 2", "Bulk 3"]
    assert [card["id"] for card in backlog[1:]] == made[board.lists["Backlog"]]
    assert [card["desc"] for card in backlog[1:]] == ["d"] * 3
    log = await board.send("GET", f"/1/boards/{board.id}/actions", filter="createCard")
    assert len(log) == 7


@pytest.mark.parametrize("wanted", [{"lists": ["nosuch"], "count": 1}, {"lists": [], "count": 1}, {"count": 0}])
async def test_what_cannot_be_made_is_refused_whole(board: Board, wanted: dict[str, object]) -> None:
    assert (await board.http.post("/_testbed/cards", json=wanted)).status_code == 400
    assert await board.send("GET", f"/1/boards/{board.id}/cards") == []
