"""One repository's issues, as they are asked for and changed."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from typing import Any

from boardhand_operator.boards import Said
from boardhand_operator.boards.entered import Entered
from boardhand_operator.boards.github.log import Json, comment, moment, named, number, placed
from boardhand_operator.boards.labels import Place
from boardhand_operator.errors import Misconfigured, NotFound, RemoteUnavailable
from boardhand_operator.http.transport import PAGES, Client, segment

_PAGE = 100
_REMEMBERED = 50
"""Issues on a page that is to be remembered: a hundred with their texts would be too long for it."""
_LATE = 10.0
"""Seconds that a timeline may lag behind the list of issues."""


class Repository:
    """Requests about one repository."""

    def __init__(self, http: Client, rest: str, owner: str, name: str) -> None:
        """rest: what stands before the API's paths."""
        self.http, self.full_name = http, f"{owner}/{name}"
        self.root = f"{rest}/repos/{segment(owner)}/{segment(name)}"

    async def all(
        self, operation: str, path: str, params: Mapping[str, str] | None = None, *, remember: bool = False
    ) -> list[Json]:
        """The entries of all pages of a list. path: below the repository. remember: pages that did not change are not
        sent again. Raises RemoteUnavailable where there are more than PAGES."""
        size = _REMEMBERED if remember else _PAGE
        place, query = self.root + path, {"per_page": str(size), **(params or {})}
        found: list[Json] = []
        page, count = [], 0
        async for page in self.http.pages(operation, place, query, remember=remember):
            found, count = found + page, count + 1
        # A full page that did not change may have got another one behind it.
        while remember and len(page) == size:
            if count >= PAGES:
                raise RemoteUnavailable("GitHub", operation, f"the list has more than {PAGES} pages")
            count += 1
            page = await self.http.get(operation, place, {**query, "page": str(count)}, remember=True)
            found += page
        return found

    async def labels(self) -> dict[str, int]:
        """Ids by name; asked for again only where they changed."""
        found = await self.all(f"read the labels of {self.full_name}", "/labels", remember=True)
        return {label["name"]: int(label["id"]) for label in found}

    async def column(self, name: str) -> list[Json]:
        """The open issues that bear this label; asked for again only where they changed."""
        params = {"state": "open", "labels": name, "sort": "created", "direction": "asc"}
        found = await self.all(f"read column {name!r}", "/issues", params, remember=True)
        # By number, since what comes or goes while pages are read shifts entries from one to the other.
        issues = {number(issue): issue for issue in found if "pull_request" not in issue and named(issue, [name])}
        return list(issues.values())

    async def issue(self, ticket: str) -> Json:
        """Raises NotFound where it was deleted, or transferred to another repository."""
        operation = f"read issue {ticket}"
        found: Json = await self.http.get(operation, self.path(ticket))
        if not await self._is_here(found):
            raise NotFound("GitHub", operation, f"the issue was transferred: it is {found['html_url']} now")
        return found

    async def timeline(self, ticket: str) -> list[Json]:
        """What happened to an issue, its comments among it, oldest first."""
        return await self.all(f"read what happened to issue {ticket}", f"/issues/{segment(ticket)}/timeline")

    def entered(self) -> Entered:
        """The places of this repository's issues."""

        async def read(issue: Json, columns: Collection[str]) -> Place | None:
            return placed(issue, await self.timeline(str(number(issue))), columns)

        return Entered(read, _key, late=_LATE)

    async def said_since(self, since: datetime, us: str) -> tuple[Said, ...]:
        """The comments on issues since then, oldest first; asked for again only where there are others."""
        start = since.astimezone(UTC).replace(microsecond=0)
        params = {"since": start.strftime("%Y-%m-%dT%H:%M:%SZ"), "sort": "updated", "direction": "asc"}
        found = await self.all(f"read what was said on {self.full_name}", "/issues/comments", params, remember=True)
        # What was only edited since is older; comments of pull requests are among them.
        said = {
            int(entry["id"]): Said(entry["issue_url"].rpartition("/")[2], comment(entry, us))
            for entry in found
            if "/pull/" not in entry["html_url"] and moment(entry["created_at"]) >= start
        }
        return tuple(sorted(said.values(), key=lambda one: (one.comment.created_at, int(one.comment.id))))

    async def write(self, method: str, operation: str, path: str, body: Json | None) -> Any:
        """The answer to a write. Raises NotFound too where the issue was transferred."""
        try:
            answer = await self.http.send(method, operation, path, body)
        except Misconfigured as moved:
            if moved.reason != "Redirected":
                raise
            raise NotFound("GitHub", operation, "the issue was transferred to another repository") from moved
        return answer

    def path(self, ticket: str, below: str = "") -> str:
        """Of an issue, or of what is below it."""
        return f"{self.root}/issues/{segment(ticket)}{below}"

    async def _is_here(self, issue: Json) -> bool:
        """Whether the issue is in this repository, by the name it has now: GitHub leads on to where things went."""
        if issue["repository_url"].casefold().endswith(f"/repos/{self.full_name}".casefold()):
            return True
        here = await self.http.get(f"read repository {self.full_name}", self.root)
        return bool(issue["repository_url"] == here["url"])


def _key(issue: Json, columns: Collection[str]) -> tuple[int, str, tuple[str, ...]]:
    return number(issue), issue["updated_at"], tuple(sorted(named(issue, columns)))
