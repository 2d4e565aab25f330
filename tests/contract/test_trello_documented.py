"""TrelloBoard fed with the answers that Trello's OpenAPI file documents, the refusals too."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from boardhand_api import pool
from boardhand_operator.boards import Attachment, Checklist, Item, Link
from boardhand_operator.boards.trello.board import TrelloBoard
from boardhand_operator.errors import CredentialsRefused, NotFound, RateLimited, Rejected, Remote, RemoteUnavailable
from boardhand_operator.http.transport import Connection
from tests.contract.openapi_schema import contract
from tests.contract.request_check import operation
from tests.contract.samples import documented_answers, sample

FILE = "trello-openapi.json"
ID = "5abbe4b7ddc1b351ef961414"
CHECK_ITEM = {"id": ID, "name": "Write it", "pos": 16384, "state": "complete", "idChecklist": ID}
"""By the guide to nested resources: the file has no fields of it."""
REFUSALS = documented_answers(FILE, operation(FILE, "GET", f"/boards/{ID}")[1])
CALLS: dict[str, Callable[[TrelloBoard], Any]] = {
    "look": lambda board: board.look(),
    "comments": lambda board: board.comments(ID),
    "comment": lambda board: board.comment(ID, "words"),
    "edit": lambda board: board.edit_comment(ID, ID, "words"),
    "move": lambda board: board.move(ID, "Sprint Backlog"),
}


def opened(handler: Callable[[httpx.Request], httpx.Response]) -> TrelloBoard:
    spec = pool.Board.model_validate({"type": "trello", "board": ID, "secretRef": {"name": "s"}})
    connection = Connection(transport=httpx.MockTransport(handler))
    return TrelloBoard(spec, {"key": "k", "token": "t"}, connection)


def lists() -> list[Any]:
    entry = sample(FILE, {"$ref": "#/components/schemas/TrelloList"})
    return [entry | {"name": "Sprint Backlog", "closed": False}]


def card() -> dict[str, Any]:
    # The file says ids for labels, where the reference's own example has objects.
    made: dict[str, Any] = sample(FILE, {"$ref": "#/components/schemas/Card"})
    return made | {"labels": [{"id": ID, "name": "", "color": "red"}], "closed": False}


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
@pytest.mark.parametrize(
    ("status", "documented", "error"),
    [
        (401, "401", CredentialsRefused),
        (404, "404", NotFound),
        (400, "default", Rejected),
        (429, "default", RateLimited),
        (500, "default", RemoteUnavailable),
    ],
)
async def test_every_documented_refusal_has_its_error(
    call: Callable[[TrelloBoard], Any],
    status: int,
    documented: str,
    error: type[Remote],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("boardhand_operator.http.transport.RETRIES", 0)
    body = REFUSALS[documented]
    assert set(contract(FILE)["components"]["schemas"]["Error"]["required"]) <= set(body)
    board = opened(lambda _: httpx.Response(status, json=body | {"message": "what Trello says"}))
    with pytest.raises(error, match="what Trello says") as raised:
        await call(board)
    assert type(raised.value) is error


async def test_the_documented_answers_are_read() -> None:
    action = sample(FILE, {"$ref": "#/components/schemas/Action"})
    said = action | {"data": action["data"] | {"text": "words", "card": {"id": card()["id"]}}}
    file = sample(FILE, {"$ref": "#/components/schemas/Attachment"})
    hanging = {
        "attachments": [file, file | {"isUpload": True, "pos": 1}],
        "checklists": [{"id": ID, "name": "Steps", "pos": 1, "checkItems": [CHECK_ITEM]}],
    }
    bodies = {
        f"/1/boards/{ID}/lists": lists(),
        f"/1/lists/{lists()[0]['id']}/cards": [card()],
        f"/1/boards/{ID}/actions": [],
        f"/1/cards/{card()['id']}": card() | {"idList": lists()[0]["id"], "actions": [said]} | hanging,
        f"/1/cards/{card()['id']}/actions": [said],
        "/1/members/me": sample(FILE, {"$ref": "#/components/schemas/Member"}),
    }
    board = opened(lambda request: httpx.Response(200, json=bodies[request.url.path]))
    (found,) = (await board.look()).ready
    assert (found.title, found.labels, found.event) == (card()["name"], ("red",), f"created:{card()['id']}")
    read = await board.read(found.id)
    assert read is not None
    assert [comment.text for comment in read.comments] == ["words"]
    assert read.checklists == (Checklist("Steps", (Item("Write it", True),)),)
    assert read.attachments == (Attachment(file["name"], file["url"]),)
    assert read.links == (Link(file["name"], file["url"]),)


async def test_comments_that_shift_pages_while_they_are_read_are_read_once() -> None:
    def numbered(number: int) -> dict[str, Any]:
        data = {"text": str(number), "card": {"id": ID}}
        date = f"2026-01-01T00:{number // 60:02}:{number % 60:02}.000Z"
        who = {"id": ID, "fullName": "Ada"}
        return {"id": f"{number:024x}", "type": "commentCard", "date": date, "data": data, "memberCreator": who}

    newest = [numbered(number) for number in range(80, 0, -1)]

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/me"):
            return httpx.Response(200, json={"id": ID})
        page = int(request.url.params["page"])
        # One comment came between the two pages.
        shown = newest if page == 0 else [numbered(81), *newest]
        return httpx.Response(200, content=json.dumps(shown[page * 50 : page * 50 + 50]))

    found = await opened(answer).comments(ID)
    assert [comment.text for comment in found] == [str(number) for number in range(1, 81)]
