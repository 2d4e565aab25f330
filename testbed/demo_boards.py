"""The boards that the demo can run on: Trello's stand-in, and the issues of a real Gitea."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from testbed import manifests
from testbed.callback import callback_url
from testbed.forge.issues import IssueDesk
from testbed.shell import TestbedError, say
from testbed.world import World

Json = dict[str, Any]


class DemoBoard(Protocol):
    """A board with its columns, and what a person does and sees there."""

    pool: str
    """Name of the pool that works it."""
    page: str
    """Where to look at it."""
    kind: str
    """What it is, to be shown beside the address."""
    spec: Json
    """The pool's spec.board."""

    def add_card(self, title: str, body: str) -> str:
        """A new ticket in the ready column; its id."""
        ...

    def column_of(self, card: str) -> str: ...

    def comments(self, card: str) -> list[str]: ...


class OnTrello:
    """A board at Trello's stand-in; polls every second show what a webhook would."""

    kind, pool = "stand-in for Trello", "shop"

    def __init__(self, w: World, namespace: str, _repository: str) -> None:
        self._client = w.board()
        self._id = self._client.board(f"Boardhand {namespace}")
        self.page = f"{w.trello_url}/?board={self._id}"
        self.spec = manifests.trello(w, self._id)

    def add_card(self, title: str, body: str) -> str:
        return str(self._client.add_card(self._id, title, body)["id"])

    def column_of(self, card: str) -> str:
        return self._client.column_of(card)

    def comments(self, card: str) -> list[str]:
        return self._client.comments(card)


class OnGitea(IssueDesk):
    """The issues of the demo's own repository at the real Gitea, which calls the operator where it can reach it."""

    kind, pool = "issues at a real Gitea, labels are columns", "shop-issues"

    def __init__(self, w: World, namespace: str, repository: str) -> None:
        super().__init__(w.forge, repository)
        self.prepare()
        callback = callback_url(w, namespace, self.pool)
        say(f"Gitea's webhooks go to {callback}" if callback else "Gitea does not reach the operator: only polls")
        self.spec = manifests.gitea_issues(w.forge, repository, callback)


BOARDS: Mapping[str, Callable[[World, str, str], DemoBoard]] = {"trello": OnTrello, "gitea": OnGitea}


def chosen_board(name: str) -> Callable[[World, str, str], DemoBoard]:
    """What makes the board of this name (BOARD=…), Trello's where it is empty; raises TestbedError for another."""
    if (name or "trello") not in BOARDS:
        raise TestbedError(
            f"BOARD is {name!r}: the demo runs on {' or '.join(BOARDS)}, such as `make demo BOARD=gitea`"
        )
    return BOARDS[name or "trello"]
