"""TrelloBoard does what every board does; every request it sends is held to Trello's OpenAPI file."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from boardhand_operator.boards.trello.board import TrelloBoard
from tests.contract.board_behaviour import READY, BoardBehaviour
from tests.contract.trello_board import OTHER, TOKEN, Desk


class TrelloBench:
    """A desk, as the cases of every board know it."""

    secret, person = "shop-trello", "Ada"
    comment_written, moved, page = "POST .*/comments$", "PUT /1/cards/[0-9a-f]+$", 120

    def __init__(self) -> None:
        self.desk = Desk()
        self.wire = self.desk.wire
        self.desk.state.add_label(self.desk.board, "bot", "green")

    def open(self, *, token: str | None = None, **spec: Any) -> TrelloBoard:
        return self.desk.open(token=token or TOKEN, **spec)

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
