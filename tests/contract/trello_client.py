"""A caller of the Trello stand-in in this process, and a small board to call it about."""

from __future__ import annotations

from typing import Any

import httpx

from testbed.trello.app import create_app
from testbed.trello.state import TrelloState

KEY, TOKEN = "k" * 32, "t" * 64
AUTH = {"key": KEY, "token": TOKEN}


class Board:
    """A board with the columns Backlog and Doing, and the calls the tests make."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self.http = http
        self.id = ""
        self.lists: dict[str, str] = {}

    async def begin(self) -> Board:
        board = await self.send("POST", "/1/boards/", name="Cart", defaultLists="false", defaultLabels="false")
        self.id = board["id"]
        for name in ("Backlog", "Doing"):
            made = await self.send("POST", "/1/lists", name=name, idBoard=self.id, pos="bottom")
            self.lists[name] = made["id"]
        return self

    async def raw(self, method: str, path: str, **params: str | int) -> httpx.Response:
        return await self.http.request(method, path, params={**AUTH, **params})

    async def send(self, method: str, path: str, **params: str | int) -> Any:
        answer = await self.raw(method, path, **params)
        assert answer.status_code == 200, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json()

    async def card(self, name: str = "A card", column: str = "Backlog", **more: str | int) -> Any:
        return await self.send("POST", "/1/cards", name=name, idList=self.lists[column], **more)


def client(state: TrelloState | None = None) -> httpx.AsyncClient:
    app = create_app(state or TrelloState(KEY, {TOKEN: "boardhand"}))
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://trello.test")
