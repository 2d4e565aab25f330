"""Lists of one Gitea repository, page by page."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from boardhand_operator.errors import RemoteUnavailable
from boardhand_operator.http.transport import PAGES, Client, segment

Json = dict[str, Any]

LARGEST = 50
"""Entries asked for with a page; a server may allow fewer, and says how many."""


class Pages:
    """Reads whole lists; how long a server's pages are is asked for once."""

    def __init__(self, http: Client, owner: str, name: str) -> None:
        self._http = http
        self.root = f"/repos/{segment(owner)}/{segment(name)}"
        self._size = 0

    async def all(
        self, operation: str, path: str, params: Mapping[str, str] | None = None, *, sieved: bool = False
    ) -> list[Json]:
        """The entries of all pages, each once. path: below the repository. Raises what `Client.get` raises.

        sieved: the server leaves entries out after it took a page, so only an empty page is the last.
        """
        return await self.until(operation, path, params, lambda page: not page if sieved else len(page) < self._size)

    async def until(
        self, operation: str, path: str, params: Mapping[str, str] | None, done: Callable[[list[Json]], bool]
    ) -> list[Json]:
        """As `all`, up to the page with which it is done, or one that brings nothing new. Raises RemoteUnavailable
        where there are more than PAGES."""
        size = await self.size()
        found: dict[int, Json] = {}
        for number in range(1, PAGES + 1):
            before = len(found)
            query = {**(params or {}), "page": str(number), "limit": str(size)}
            # An empty timeline is a null.
            page: list[Json] = await self._http.get(operation, self.root + path, query) or []
            # By id, since what comes or goes while pages are read shifts entries from one to the other.
            found |= {int(entry["id"]): entry for entry in page}
            if done(page) or len(found) == before:
                return list(found.values())
        raise endless(operation)

    async def labels(self) -> dict[str, int]:
        """The ids of the repository's own labels. Those of its organisation are not among them: lists cannot be asked
        for by these."""
        found = await self.all("read the labels", "/labels")
        return {label["name"]: int(label["id"]) for label in found if not label.get("is_archived")}

    async def size(self) -> int:
        """How many entries a full page of this server has."""
        if not self._size:
            settings = await self._http.get("read how long its lists are", "/settings/api")
            self._size = min(LARGEST, int(settings["max_response_items"]))
        return self._size


def endless(operation: str) -> RemoteUnavailable:
    """A list of more than PAGES pages: one that is cut would be taken for whole."""
    return RemoteUnavailable("Gitea", operation, f"the list has more than {PAGES} pages")
