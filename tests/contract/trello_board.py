"""A TrelloBoard on the stand-in in this process, and what people do on that board meanwhile."""

from __future__ import annotations

import re
from typing import Any

import httpx

from boardhand_api import pool
from boardhand_operator.boards.trello.board import TrelloBoard
from boardhand_operator.http.transport import Connection
from testbed.trello.app import create_app
from testbed.trello.state import TrelloState
from tests.contract.board_wires import Wire
from tests.contract.request_check import check_body_as_parameters, check_query, operation
from tests.contract.trello_documented import DOCUMENTED_ELSEWHERE

KEY, TOKEN, OTHER = "k" * 32, "t" * 64, "o" * 64
FILE = "trello-openapi.json"
COLUMNS = ("Sprint Backlog", "In Progress", "In Review", "Done")


class Desk:
    """A board with the default columns; `ada` is a person, the pool's account is `boardhand`."""

    def __init__(self, outward: httpx.AsyncBaseTransport | None = None) -> None:
        """outward: see `create_app`."""
        self.state = TrelloState(KEY, {TOKEN: "boardhand", OTHER: "ada"})
        self.bot = self.state.owner
        self.ada = next(m for m in self.state.members.values() if m["username"] == "ada")
        self.board = self.state.add_board("Shop", self.bot)
        self.lists = {name: self.state.add_list(self.board, name, "bottom", self.bot) for name in COLUMNS}
        self.app = create_app(self.state, outward=outward)
        self.wire = Wire(httpx.ASGITransport(self.app))

    def open(self, *, token: str = TOKEN, secret: str = "", **spec: Any) -> TrelloBoard:
        """The board under test, through the recording wire. secret: the application's, where the Secret has it."""
        fields = {"type": "trello", "board": self.board["id"], "url": "http://trello.test/1"}
        wanted = pool.Board.model_validate(fields | {"secretRef": {"name": "shop-trello"}} | spec)
        credentials = {"key": KEY, "token": f"{token}\n"} | ({"webhookSecret": f"{secret}\n"} if secret else {})
        return TrelloBoard(wanted, credentials, Connection(transport=self.wire))

    def card(self, name: str = "A card", column: str = "Sprint Backlog", desc: str = "") -> Any:
        return self.state.add_card(self.lists[column], name, desc, "bottom", self.ada)

    def move(self, card: Any, column: str) -> None:
        self.state.update_card(card, {"idList": self.lists[column]["id"]}, self.ada)

    async def fault(self, **fault: Any) -> None:
        """Switch a fault of the stand-in on."""
        async with httpx.AsyncClient(transport=httpx.ASGITransport(self.app), base_url="http://x.test") as http:
            assert (await http.post("/_testbed/faults", json=fault)).status_code == 201

    def said(self, card: Any) -> list[str]:
        """The card's comments, oldest first."""
        return [a["data"]["text"] for a in self.state.actions.of(card) if a["type"] == "commentCard"]

    def check_requests(self) -> None:
        """Every request so far is one that Trello documents, those within a batch too."""
        for request in self.wire.requests:
            _check(request)
            if request.url.path == "/1/batch":
                for route in request.url.params["urls"].split(","):
                    _check(httpx.Request("GET", f"http://trello.test/1{route}"))


def _check(request: httpx.Request) -> None:
    assert "token" not in request.url.query.decode()
    path = (
        request.url.raw_path.decode()
        .partition("?")[0]
        .removeprefix("/1")
        .replace("/members/me", "/members/" + "0" * 24)
    )
    template, found = operation(FILE, request.method, path)
    # The file gives this one the schema of a whole action.
    wrong = {"/boards/{boardId}/actions": frozenset({"fields"})}.get(template, frozenset())
    if template == "/cards/{id}":
        # A string that is to be a boolean: no value fits.
        assert request.url.params.get("attachments", "true") == "true"
        wrong = frozenset({"attachments"})
    elsewhere = DOCUMENTED_ELSEWHERE.get((request.method, re.sub(r"\{[^}]*\}", "{}", template)), {})
    check_query(FILE, found, request, wrong, elsewhere)
    check_body_as_parameters(FILE, found, request)
