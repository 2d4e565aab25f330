"""In what Jira Cloud and Jira Data Center differ."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from boardhand_operator.boards.jira.log import Json
from boardhand_operator.errors import RemoteUnavailable
from boardhand_operator.http.transport import Client

PAGES = 200
"""So many pages are read of one list."""
TOGETHER = 50
"""So many issues are read at once."""


@dataclass(frozen=True)
class Hooks:
    """How webhooks are asked for."""

    path: str
    enabled: str
    """The field that says whether a webhook is on."""
    by_hand: str
    """Where an administrator makes one."""
    signed_since: str = ""
    """The version from which on calls are signed, and the path is there; nothing: always."""


class Dialect(Protocol):
    """One Jira's way to say what both of them have."""

    name: str
    api: str
    """Path of its REST API, with the version."""
    account: str
    """What the token's account needs beside its permissions: one sentence."""
    transitions: Mapping[str, str]
    """Parameters with which transitions are listed that the account itself may not make now."""
    assignable: Mapping[str, str]
    """Parameters with which everybody is searched who may be assigned issues."""
    hooks: Hooks

    def authorization(self, credentials: Mapping[str, str]) -> tuple[str, list[str]]:
        """The header's value, and what of it is secret."""
        ...

    def identity(self, user: Json) -> str:
        """A user's id, which nobody else can take."""
        ...

    def name_of(self, user: Json) -> str:
        """A user's unique name."""
        ...

    def markdown(self, stored: Any) -> str:
        """What Jira stores, as Markdown."""
        ...

    def stored(self, markdown: str) -> tuple[Any, int]:
        """Markdown as Jira stores it, and its length as Jira counts it."""
        ...

    def find(
        self, http: Client, operation: str, jql: str, fields: Sequence[str], moved: Sequence[str] = ()
    ) -> AsyncIterator[Json]:
        """The issues that a query finds. moved: issues that we changed, of which the answer must not be old."""
        ...

    async def details(self, http: Client, operation: str, ids: Sequence[str]) -> list[tuple[Json, list[Json]]]:
        """Those of at most TOGETHER issues that are there, each with its changes of status."""
        ...

    async def talk(self, http: Client, operation: str, ids: Sequence[str]) -> list[Json]:
        """Those of at most TOGETHER issues that are there, with comments: not always all, but their total."""
        ...

    async def check_filter(self, http: Client, jql: str) -> str | None:
        """What is wrong with a query; None where it is good."""
        ...

    def webhook(self, name: str, url: str, project: str, secret: str) -> Json:
        """A webhook, as it is asked for."""
        ...


def endless(name: str, operation: str) -> RemoteUnavailable:
    """A list of more than PAGES pages: one that is cut would be taken for whole."""
    return RemoteUnavailable(name, operation, f"the list has more than {PAGES} pages")


async def listed(
    http: Client, name: str, operation: str, path: str, key: str, params: Mapping[str, str] | None = None
) -> AsyncIterator[list[Json]]:
    """The pages of a list that is told by startAt and total. key: under which the entries stand."""
    start = 0
    for _ in range(PAGES):
        page: Json = await http.get(operation, path, {**(params or {}), "startAt": str(start), "maxResults": "100"})
        yield page[key]
        start += len(page[key])
        if not page[key] or start >= page["total"]:
            return
    raise endless(name, operation)
