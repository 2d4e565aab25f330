"""Which repository of which GitHub is meant, and how it is asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from boardhand_operator.errors import RemoteUnavailable
from boardhand_operator.http.graphql import Graph
from boardhand_operator.http.transport import PAGES, Client, segment

Json = dict[str, Any]
_FULL = 100
PAGE = {"per_page": str(_FULL)}


@dataclass(frozen=True)
class At:
    """A repository, with the client of its pool."""

    http: Client
    graph: Graph
    rest: str
    """What stands before the REST API's paths."""
    owner: str
    name: str
    branch: str
    """The pool's branch."""
    secret: str
    """The Secret of the credentials, for messages."""

    @property
    def full_name(self) -> str:
        return f"{self.owner}/{self.name}"

    @property
    def root(self) -> str:
        """The path of the repository."""
        return f"{self.rest}/repos/{segment(self.owner)}/{segment(self.name)}"

    async def all(self, operation: str, path: str, params: Mapping[str, str] | None = None) -> list[Any]:
        """The entries of all pages of a list, oldest pages first; those that did not change are not sent again."""
        wanted, found, number, full = {**PAGE, **(params or {})}, list[Any](), 0, False
        async for page in self.http.pages(operation, self.root + path, wanted, remember=True):
            found, number, full = [*found, *page], number + 1, len(page) == _FULL
        # A page that filled up stays as it was when another one follows: then it still names none.
        while full:
            if number >= PAGES:
                raise RemoteUnavailable("GitHub", operation, f"the list has more than {PAGES} pages")
            number += 1
            page = await self.http.get(operation, self.root + path, {**wanted, "page": str(number)}, remember=True)
            found, full = [*found, *page], len(page) == _FULL
        return found
