"""TrelloBoard does what every board does; every request it sends is held to Trello's OpenAPI file."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from boardhand_operator.boards.trello.board import TrelloBoard
from testbed.trello.app import SECRET
from testbed.trello.deliveries import signature
from tests.contract.board_behaviour import READY, BoardBehaviour
from tests.contract.board_bench import STEPS
from tests.contract.trello_board import OTHER, TOKEN, Desk

CALLBACK = "https://boardhand.example/webhooks/team/shop"


class TrelloBench:
    """A desk, as the cases of every board know it."""

    secret, person = "shop-trello", "Ada"
    comment_written, moved, subscribed = "POST .*/comments$", "PUT /1/cards/[0-9a-f]+$", "POST .*/webhooks/$"
    callback = CALLBACK
    page, full_page, nowhere = 120, 50, "0" * 24
    checklists = STEPS
    has, markup, signs_body, filter = frozenset({"attachments", "links"}), "markdown", True, ""

    def __init__(self) -> None:
        self.desk = Desk(outward=httpx.MockTransport(lambda _: httpx.Response(200)))
        self.wire = self.desk.wire
        self.desk.state.add_label(self.desk.board, "bot", "green")

    def open(self, *, token: str | None = None, hook: bool = False, **spec: Any) -> TrelloBoard:
        wanted: dict[str, Any] = {"webhook": {"callbackUrl": CALLBACK}, "secret": SECRET} if hook else {}
        return self.desk.open(token=token or TOKEN, **wanted | spec)

    def reader_token(self) -> str:
        self.desk.ada["idBoards"].clear()
        return OTHER

    async def ticket(self, title: str = "A ticket", column: str = READY, body: str = "", label: str = "") -> str:
        card = self.desk.card(title, column, body)
        labels = [found for found in self.desk.state.labels.values() if found["name"] == label]
        if label:
            self.desk.state.set_labels(card, [found["id"] for found in labels])
        return str(card["id"])

    async def put(self, ticket: str, column: str) -> None:
        self.desk.move(self.card(ticket), column)

    async def edit(self, ticket: str, title: str, body: str) -> None:
        self.desk.state.update_card(self.card(ticket), {"name": title, "desc": body}, self.desk.ada)

    async def stranger(self) -> None:
        there = self.desk.board["memberships"]
        there[:] = [entry for entry in there if entry["idMember"] != self.desk.ada["id"]]

    async def say(self, ticket: str, text: str, *, by_us: bool = False) -> None:
        self.desk.state.add_comment(self.card(ticket), text, self.desk.bot if by_us else self.desk.ada)

    async def said(self, ticket: str) -> list[str]:
        return self.desk.said(self.card(ticket))

    async def delete(self, ticket: str) -> None:
        self.desk.state.delete_card(self.card(ticket), self.desk.ada)

    async def archive(self, ticket: str, *, back: bool = False) -> None:
        self.desk.state.update_card(self.card(ticket), {"closed": not back}, self.desk.ada)

    async def rename(self, column: str, name: str) -> None:
        self.desk.state.update_list(self.desk.lists[column], {"name": name}, self.desk.ada)

    async def archive_column(self, column: str) -> bool:
        self.desk.state.update_list(self.desk.lists[column], {"closed": True}, self.desk.ada)
        return True

    def stored(self, markdown: str) -> str:
        return markdown

    async def furnish(self, ticket: str) -> None:
        state, card, ada = self.desk.state, self.card(ticket), self.desk.ada
        steps = state.add_checklist(card, "Steps", ada)
        state.add_check_item(steps, "one", checked=True)
        state.add_check_item(steps, "two", checked=False)
        address = "https://trello.com/1/cards/1/attachments/2/download/plan.pdf"
        state.add_attachment(card, address, "plan.pdf", ada, upload=True)
        state.add_attachment(card, "https://example.com/design", "Design", ada)

    async def clock(self, seconds: float) -> None:
        self.desk.state.set_clock(lambda: time.time() + seconds)

    def call(self, *, secret: str | None = None) -> tuple[dict[str, str], bytes]:
        action = {"type": "updateCard", "data": {"card": {"name": "grüße 🚀"}}}
        body = json.dumps({"action": action, "model": {"id": self.desk.board["id"]}}, ensure_ascii=False).encode()
        signed = signature(secret or SECRET, body, CALLBACK)
        return {"Content-Type": "application/json", "X-Trello-Webhook": signed}, body

    async def hooks(self) -> int:
        return sum(hook["callbackURL"] == CALLBACK for hook in self.desk.state.webhooks.values())

    async def fault(self, **fault: Any) -> None:
        await self.desk.fault(**fault)

    def card(self, ticket: str) -> Any:
        return self.desk.state.cards[ticket]


@pytest.fixture
async def bench() -> AsyncIterator[TrelloBench]:
    made = TrelloBench()
    yield made
    made.desk.check_requests()


class TestTrello(BoardBehaviour):
    """All of it."""

    vendor = "trello"
