"""The stand-in's routes, parameters and answers against Trello's own OpenAPI file and documentation."""

from __future__ import annotations

import re
from typing import Any

import pytest

from testbed.trello.routes import ENDPOINTS, Endpoint
from tests.contract.openapi_schema import contract, problems, validator
from tests.contract.trello_client import Board, client
from tests.contract.trello_documented import ACTION_DATA, DOCUMENTED_ELSEWHERE, FIELDS, FILE_ERRS

FILE = "trello-openapi.json"


def _bare(path: str) -> str:
    return re.sub(r"\{\w+\}", "{}", path).rstrip("/")


def _operation(endpoint: Endpoint) -> dict[str, Any]:
    for path, methods in contract(FILE)["paths"].items():
        if _bare(path) == _bare(endpoint.path) and endpoint.method.lower() in methods:
            operation: dict[str, Any] = methods[endpoint.method.lower()]
            return {"parameters": methods.get("parameters", []) + operation.get("parameters", [])}
    raise AssertionError(f"{endpoint.method} {endpoint.path} is not in Trello's file")


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=lambda e: f"{e.method} {e.path}")
def test_route_and_its_parameters_are_documented(endpoint: Endpoint) -> None:
    listed = {entry["name"] for entry in _operation(endpoint)["parameters"] if entry["in"] == "query"}
    elsewhere = DOCUMENTED_ELSEWHERE.get((endpoint.method, _bare(endpoint.path)), {})
    assert set(endpoint.params) <= listed | set(elsewhere)


def test_the_list_of_parameters_documented_elsewhere_holds_nothing_idle() -> None:
    served = {(endpoint.method, _bare(endpoint.path)): endpoint for endpoint in ENDPOINTS}
    for place, names in DOCUMENTED_ELSEWHERE.items():
        listed = {entry["name"] for entry in _operation(served[place])["parameters"]}
        assert set(names) <= set(served[place].params), place
        assert set(names) - listed, place


def _keeps(schema: str, answer: Any) -> None:
    assert problems(validator(FILE, schema, FILE_ERRS), answer) == []


async def _lived_in() -> tuple[Board, Any, Any]:
    """A board on which everything the stand-in records has happened; with a card and its comment."""
    board = await Board(client()).begin()
    card = await board.card("Total ignores quantity", desc="See cart.py")
    label = await board.send("POST", f"/1/boards/{board.id}/labels", name="bug", color="red")
    await board.send("POST", f"/1/cards/{card['id']}/idLabels", value=label["id"])
    comment = await board.send("POST", f"/1/cards/{card['id']}/actions/comments", text="On it")
    await board.send(
        "POST", f"/1/cards/{card['id']}/attachments", url="https://forge.test/pulls/1", name="Pull request"
    )
    checklist = await board.send("POST", f"/1/cards/{card['id']}/checklists", name="Criteria")
    await board.send("POST", f"/1/checklists/{checklist['id']}/checkItems", name="a test", checked="true")
    await board.send("PUT", f"/1/cards/{card['id']}", idList=board.lists["Doing"])
    await board.send("PUT", f"/1/cards/{card['id']}", pos=7)
    await board.send("PUT", f"/1/cards/{card['id']}", name="Total")
    await board.send("PUT", f"/1/cards/{card['id']}", closed="true")
    await board.send("DELETE", f"/1/cards/{(await board.card('gone'))['id']}")
    await board.send("PUT", f"/1/lists/{board.lists['Backlog']}", closed="true")
    return board, card, comment


async def test_board_answers_keep_the_schema() -> None:
    board, _, _ = await _lived_in()
    for path in (f"/1/boards/{board.id}", f"/1/boards/{board.id}?fields=all"):
        _keeps("Board", await board.send("GET", path))
    whole = await board.send("GET", f"/1/boards/{board.id}", fields="all")
    assert set(whole) == FIELDS["board"]
    _keeps("Member", await board.send("GET", "/1/members/me"))
    for member in await board.send("GET", f"/1/boards/{board.id}/members"):
        _keeps("Member", member)


async def test_list_and_label_answers_keep_the_schema() -> None:
    board, _, _ = await _lived_in()
    lists = await board.send("GET", f"/1/boards/{board.id}/lists", filter="all")
    assert [entry["name"] for entry in lists] == ["Backlog", "Doing"]
    for entry in lists:
        _keeps("TrelloList", entry)
        assert set(entry) == FIELDS["list"]
    labels = await board.send("GET", f"/1/boards/{board.id}/labels")
    assert len(labels) == 1
    _keeps("Label", labels[0])
    assert set(labels[0]) == FIELDS["label"]


async def test_card_answers_keep_the_schema() -> None:
    board, card, _ = await _lived_in()
    nested = {"actions": "all", "attachments": "true", "members": "true", "checklists": "all", "list": "true"}
    whole = await board.send("GET", f"/1/cards/{card['id']}", **nested, board="true")
    _keeps("Card", whole)
    assert set(whole) - set(nested) - {"board"} == FIELDS["card"]
    assert set(nested) <= set(whole)
    _keeps("Attachment", whole["attachments"][0])
    assert set(whole["attachments"][0]) == FIELDS["attachment"]
    _keeps("Checklist", whole["checklists"][0])
    assert set(whole["checklists"][0]) == FIELDS["checklist"]
    item = whole["checklists"][0]["checkItems"][0]
    assert set(item) == FIELDS["checkItem"]
    assert item["state"] == "complete"


async def test_every_action_keeps_the_schema_and_the_documented_data() -> None:
    board, _, _ = await _lived_in()
    seen = set()
    for action in await board.send("GET", f"/1/boards/{board.id}/actions", limit=1000):
        _keeps("Action", action)
        assert set(action) == FIELDS["action"]
        assert set(action["memberCreator"]) == FIELDS["memberCreator"]
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", action["date"])
        changed = ":".join([action["type"], *action["data"].get("old", {})])
        assert set(action["data"]) == ACTION_DATA[changed]
        seen.add(changed)
    assert seen == set(ACTION_DATA)


async def test_schema_check_can_fail() -> None:
    board, card, _ = await _lived_in()
    whole = await board.send("GET", f"/1/cards/{card['id']}")
    for wrong in ({"id": "short"}, {"closed": "no"}, {"due": 7}, {"labels": ["x"]}, {"idShort": "1"}):
        assert problems(validator(FILE, "Card", FILE_ERRS), whole | wrong), wrong
