"""Requests to one project of a GitLab server.

Sources: https://docs.gitlab.com/api/rest/ and https://docs.gitlab.com/api/rest/troubleshooting/
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

from boardhand_operator.errors import RemoteUnavailable
from boardhand_operator.http.answers import Vendor
from boardhand_operator.http.transport import Client, Connection, segment

Json = dict[str, Any]

SITE = "https://gitlab.com"
"""Where a pool names no server."""
PAGE, PAGES = 100, 200
"""Entries of a page, of which GitLab gives no more; and how many pages are read at most."""


class Project:
    """A project by its path, which may lie in groups of groups."""

    def __init__(
        self,
        path: str,
        url: str | None,
        token: str,
        secrets: Sequence[str],
        connection: Connection,
        hints: tuple[str, str],
    ) -> None:
        """hints: what to do about refused credentials, and which permission is needed. Raises Misconfigured where the
        token cannot be sent."""
        self.path = path
        self.site = server(url)
        self.vendor = Vendor("GitLab", *hints, read_error=read_error)
        self.http = Client(self.vendor, f"{self.site}/api", {"private-token": token}, [token, *secrets], connection)
        self.root = f"/v4/projects/{segment(path)}"
        self._me: int | None = None

    async def me(self) -> int:
        """The id of the account whose token this is: one request, once."""
        if self._me is None:
            self._me = int((await self.http.get("read whose token this is", "/v4/user"))["id"])
        return self._me

    async def get(self, operation: str, below: str = "", params: Mapping[str, str] | None = None) -> Any:
        """The answer to a GET below the project."""
        return await self.http.get(operation, self.root + below, params)

    async def pages(
        self, operation: str, below: str, params: Mapping[str, str] | None = None, *, remember: bool = False
    ) -> AsyncIterator[list[Json]]:
        """The pages of a list below the project, up to an empty one, or one that is the same again.

        remember: see `Client.get`. By number: GitLab's links to the next page name the host that it thinks it has,
        which need not be the one that the pool reaches it by. Raises RemoteUnavailable where there are more than PAGES.
        """
        before: list[Json] = []
        for number in range(1, PAGES + 1):
            query = {**(params or {}), "per_page": str(PAGE), "page": str(number)}
            page: list[Json] = await self.http.get(operation, self.root + below, query, remember=remember)
            if page in ([], before):
                return
            yield page
            before = page
        raise RemoteUnavailable(self.vendor.name, operation, f"the list has more than {PAGES} pages")

    async def all(
        self, operation: str, below: str, params: Mapping[str, str] | None = None, *, sieved: bool = False
    ) -> list[Json]:
        """The entries of all pages below the project, each once, in GitLab's order.

        By id, since what comes or goes while pages are read shifts entries from one to the other. sieved: GitLab leaves
        out what one may not see after it took a page, so one that is not full need not be the last.
        """
        found: dict[Any, Json] = {}
        async for page in self.pages(operation, below, params):
            before = len(found)
            for entry in page:
                found.setdefault(entry["id"], entry)
            if len(found) == before or (len(page) < PAGE and not sieved):
                break
        return list(found.values())

    async def few(self, operation: str, below: str, params: Mapping[str, str]) -> list[Json]:
        """As `all`, of a list that mostly has one page, and is mostly as it was: then its entries are not sent again.

        That a page is as it was says nothing of whether one follows, so behind a full page all are read.
        """
        query = {**params, "per_page": str(PAGE), "page": "1"}
        page: list[Json] = await self.http.get(operation, self.root + below, query, remember=True)
        return page if len(page) < PAGE else await self.all(operation, below, params)

    async def send(self, method: str, operation: str, below: str, body: Mapping[str, Any] | None) -> Any:
        """The answer to a write below the project."""
        return await self.http.send(method, operation, self.root + below, body)


def server(url: str | None) -> str:
    """The server's address, which may have been given with the API's path."""
    return (url or SITE).rstrip("/").removesuffix("/api/v4").rstrip("/")


def project_path(text: str) -> str | None:
    """The path of a project, group/project or deeper; None where the text is none."""
    parts = text.strip("/").split("/")
    return "/".join(parts) if len(parts) > 1 and all(part.strip() for part in parts) else None


def read_error(parsed: Any) -> str | None:
    """GitLab's sentence: a text, a list of texts, texts by field, or an OAuth error with its description."""
    if not isinstance(parsed, dict):
        return None
    said = parsed.get("message", parsed.get("error_description", parsed.get("error")))
    return "; ".join(_texts(said)) or None


def _texts(said: Any) -> list[str]:
    if isinstance(said, dict):
        return [f"{field} {text}" for field, texts in said.items() for text in _texts(texts)]
    if isinstance(said, list):
        return [text for entry in said for text in _texts(entry)]
    return [" ".join(str(said).split())] if said else []
