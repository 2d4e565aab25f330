"""A person at the board: making boards and cards, and looking where they are. Speaks Trello's API."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import httpx

from testbed.shell import TestbedError

COLUMNS = ("Sprint Backlog", "In Progress", "In Review", "Needs a person", "Done")
Json = dict[str, Any]


class TrelloClient:
    """Trello's API with one account's key and token."""

    def __init__(self, url: str, key: str, token: str) -> None:
        header = f'OAuth oauth_consumer_key="{key}", oauth_token="{token}"'
        self.url = url
        self._http = httpx.Client(base_url=url, headers={"Authorization": header}, timeout=10, trust_env=False)

    def _call(self, method: str, path: str, **params: Any) -> Any:
        answer = self._http.request(method, path, params=params)
        if answer.is_error:
            raise TestbedError(f"{method} {path}: {answer.status_code} {answer.text[:200]}")
        return answer.json()

    def board(self, name: str, columns: Sequence[str] = COLUMNS) -> str:
        """The id of the board of this name, made with these columns if there is none."""
        for known in self._call("GET", "/1/members/me/boards"):
            if known["name"] == name:
                return str(known["id"])
        board = str(self._call("POST", "/1/boards/", name=name, defaultLists="false")["id"])
        for column in columns:
            self._call("POST", "/1/lists", name=column, idBoard=board, pos="bottom")
        return board

    def list_id(self, board: str, column: str) -> str:
        """The id of the board's column of this name."""
        lists = {entry["name"]: entry["id"] for entry in self._call("GET", f"/1/boards/{board}/lists")}
        return str(lists[column])

    def add_card(self, board: str, title: str, body: str, column: str = COLUMNS[0]) -> Json:
        """A new card; as the API answers it."""
        card: Json = self._call("POST", "/1/cards", idList=self.list_id(board, column), name=title, desc=body)
        return card

    def move(self, board: str, card: str, column: str) -> None:
        """Move the card, as a person would."""
        self._call("PUT", f"/1/cards/{card}", idList=self.list_id(board, column))

    def column_of(self, card: str) -> str:
        """The name of the column where the card is."""
        found = self._call("GET", f"/1/cards/{card}")
        return str(self._call("GET", f"/1/lists/{found['idList']}")["name"])

    def comments(self, card: str) -> list[str]:
        """What was said on the card, oldest first."""
        actions = self._call("GET", f"/1/cards/{card}/actions", filter="commentCard", limit=1000)
        return [str(action["data"]["text"]) for action in reversed(actions)]

    def moves(self, card: str) -> list[str]:
        """The columns the card was moved to, oldest first."""
        actions = self._call("GET", f"/1/cards/{card}/actions", filter="updateCard:idList", limit=1000)
        return [str(action["data"]["listAfter"]["name"]) for action in reversed(actions)]

    def wait_for_column(self, card: str, column: str, seconds: float) -> None:
        """Poll until the card is in the column; raises TestbedError saying where it is instead."""
        deadline = time.monotonic() + seconds
        while (now := self.column_of(card)) != column:
            if time.monotonic() > deadline:
                said = "\n".join(self.comments(card))
                raise TestbedError(
                    f"card {card} is in {now!r}, not in {column!r}, after {seconds:.0f} s; on it:\n{said}"
                )
            time.sleep(0.3)
