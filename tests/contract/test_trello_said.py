"""What was said on a whole Trello board, and who its members are: by requests that Trello documents."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime, timedelta

import pytest

from boardhand_operator.boards.trello import said as trello_said
from boardhand_operator.boards.trello.board import TrelloBoard
from boardhand_operator.boards.trello.log import moment
from tests.contract.openapi_schema import problems, validator
from tests.contract.trello_board import Desk
from tests.contract.trello_client import client
from tests.contract.trello_documented import FILE_ERRS


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    made = Desk()
    yield made
    made.check_requests()


@pytest.fixture
async def board(desk: Desk) -> AsyncIterator[TrelloBoard]:
    opened = desk.open()
    await opened.check()
    desk.wire.requests.clear()
    yield opened
    await opened.aclose()


def now(desk: Desk) -> datetime:
    return moment(desk.state.actions.of(desk.board)[-1]["date"])


async def test_comments_of_all_tickets_come_with_the_look_in_one_request(desk: Desk, board: TrelloBoard) -> None:
    first, second = desk.card("first"), desk.card("second", "Done")
    begun = now(desk)
    desk.state.add_comment(first, "/boardhand retry", desk.ada)
    desk.state.add_comment(second, "hello", desk.ada)
    await board.comment(first["id"], "ours")
    for _ in range(2):
        await board.look(["Done"])
    desk.wire.requests.clear()
    look = await board.look(["Done"], begun)
    assert desk.wire.sent() == ["GET /1/batch"]
    assert [(one.ticket, one.comment.text, one.comment.by_us) for one in look.said] == [
        (first["id"], "/boardhand retry", False),
        (second["id"], "hello", False),
        (first["id"], "ours", True),
    ]
    assert look.said[0].comment.author_id == desk.ada["id"]
    assert look.said[0].comment.author == desk.ada["fullName"]
    assert (await board.look()).said == ()
    assert (await board.look((), now(desk) + timedelta(seconds=2))).said == ()


async def test_more_comments_than_a_page_are_all_read(
    desk: Desk, board: TrelloBoard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trello_said, "PAGE", 3)
    card = desk.card()
    begun = now(desk)
    for number in range(8):
        desk.state.add_comment(card, str(number), desk.ada)
    look = await board.look((), begun)
    assert [one.comment.text for one in look.said] == [str(number) for number in range(8)]


async def test_of_a_flood_the_newest_are_read(desk: Desk, board: TrelloBoard, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trello_said, "PAGE", 2)
    monkeypatch.setattr(trello_said, "PAGES", 2)
    card = desk.card()
    begun = now(desk)
    for number in range(9):
        desk.state.add_comment(card, str(number), desk.ada)
    assert [one.comment.text for one in (await board.look((), begun)).said] == ["5", "6", "7", "8"]


async def test_members_are_those_who_may_work_on_the_board(desk: Desk, board: TrelloBoard) -> None:
    desk.state.join(desk.board, desk.state.add_member("eve", "Eve"), "observer")
    left = desk.state.add_member("mallory", "Mallory")
    desk.state.join(desk.board, left)
    next(one for one in desk.board["memberships"] if one["idMember"] == left["id"])["deactivated"] = True
    desk.state.add_member("stranger", "Stranger")
    assert await board.people() == {desk.bot["id"]: "boardhand", desk.ada["id"]: "ada"}
    assert desk.wire.sent() == [f"GET /1/boards/{desk.board['id']}/memberships"]


async def test_the_standins_memberships_are_as_documented(desk: Desk) -> None:
    auth = {"key": "k" * 32, "token": "t" * 64}
    async with client(desk.state) as http:
        path = f"/1/boards/{desk.board['id']}/memberships"
        found = (await http.get(path, params={**auth, "member": "true"})).json()
        assert problems(validator("trello-openapi.json", "Board", FILE_ERRS), desk.board | {"memberships": found}) == []
        assert {entry["member"]["username"] for entry in found} == {"boardhand", "ada"}
        admins = (await http.get(path, params={**auth, "filter": "admins"})).json()
        assert [entry["idMember"] for entry in admins] == [desk.bot["id"]]
        assert "member" not in admins[0]
