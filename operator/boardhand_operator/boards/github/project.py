"""One project, as it is asked for and changed."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from boardhand_api import pool
from boardhand_operator.boards import Comment, Said
from boardhand_operator.boards.github import items, queries
from boardhand_operator.boards.github.items import Json
from boardhand_operator.errors import Misconfigured, NotFound, RemoteUnavailable
from boardhand_operator.http.graphql import Graph

PAGES = 200
"""So many pages are read of one list."""
FOUND = 1000
"""So many results GitHub's search gives at most (https://docs.github.com/rest/search/search)."""
FIELD = "Status"
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Address:
    """Which project is meant."""

    organisation: bool
    owner: str
    number: int

    @classmethod
    def of(cls, spec: pool.Board) -> Address:
        """As `spec.board.board` says. Raises Misconfigured."""
        kind, owner, number = (*spec.board.split("/"), "", "")[:3]
        if spec.board.count("/") != 2 or kind not in ("orgs", "users") or not owner or not number.isdecimal():
            raise Misconfigured(
                "BoardMalformed",
                f"spec.board.board is {spec.board!r}: a GitHub project is orgs/NAME/NUMBER or users/NAME/NUMBER, as in "
                "its address.",
            )
        return cls(kind == "orgs", owner, int(number))

    def __str__(self) -> str:
        return f"{self.owner}/{self.number}"


class Project:
    """Requests about one project."""

    def __init__(self, graph: Graph, at: Address) -> None:
        self.graph, self.at = graph, at
        self._queries: queries.Queries | None = None

    async def queries(self) -> queries.Queries:
        """The documents as this GitHub takes them: one request, once."""
        if self._queries is None:
            found = await self.graph.query("read what its API has", queries.FEATURES, {})
            fields = {field["name"]: field["args"] for field in (found["project"] or {}).get("fields") or ()}
            filters = any(argument["name"] == "query" for argument in fields.get("items", ()))
            self._queries = queries.Queries(self.at.organisation, found["event"] is not None, filters)
        return self._queries

    async def read(self) -> Json:
        """The project as the credentials are shown it. Raises NotFound."""
        operation = f"read project {self.at}"
        found = await self.graph.query(operation, (await self.queries()).check, self._owner())
        return self._project(operation, found)

    async def items(self, columns: Collection[str]) -> tuple[Json, list[Json]]:
        """The project, with the columns there are, and its items in these columns."""
        operation, asked = f"read the items of project {self.at}", await self.queries()
        project: Json = {}

        def page(found: Json) -> Json:
            project.update(self._project(operation, found))
            return dict(project["items"])

        variables = self._owner() | ({"filter": _filter(columns)} if asked.filters else {})
        found = [
            item async for page_ in self._pages(operation, asked.look, variables, page) for item in items.nodes(page_)
        ]
        # By id, since what is moved while pages are read shifts the others.
        return project, list({item["id"]: item for item in found}.values())

    async def issues(self, ids: Sequence[str]) -> dict[str, Json]:
        """Issues by id, with their texts and what put them where they are."""
        found = await self.graph.query("read what is ready", (await self.queries()).details, {"ids": list(ids)})
        return {issue["id"]: issue for issue in found["nodes"] if issue}

    async def issue(self, ticket: str, *, whole: bool = False) -> Json:
        """The issue with where it is; whole: with its texts and comments too. Raises NotFound."""
        asked, operation = await self.queries(), f"read issue {ticket}"
        return self._node(
            operation, await self.graph.query(operation, asked.read if whole else asked.place, {"id": ticket})
        )

    async def comments(self, ticket: str, after: str | None = None) -> list[Comment]:
        """All of them, oldest first, or those after a cursor. Raises NotFound."""
        operation = f"read the comments of issue {ticket}"
        pages = self._pages(
            operation, queries.COMMENTS, {"id": ticket}, lambda found: self._node(operation, found)["comments"], after
        )
        return items.comments([one async for page in pages for one in items.nodes(page)])

    async def said_since(self, since: datetime) -> tuple[Said, ...]:
        """The comments since then on the project's issues, oldest first, as GitHub's search knows them by now: of the
        FOUND issues that have waited longest, and the log says where these are not all."""
        start = since.astimezone(UTC).replace(microsecond=0)
        search = f"project:{self.at} is:issue updated:>={start.strftime('%Y-%m-%dT%H:%M:%SZ')} sort:updated-asc"
        pages = self._pages(
            f"read what was said on project {self.at}", queries.SAID, {"search": search}, lambda found: found["search"]
        )
        said: dict[str, Said] = {}
        found = 0
        async for page in pages:
            found += len(page["nodes"])
            for issue in items.nodes(page):
                newest = items.comments(items.nodes(issue["comments"]))
                recent = items.since(newest, start)
                if newest and len(recent) == len(newest) >= _NEWEST:
                    recent = items.since(await self.comments(issue["id"]), start)
                said |= {comment.id: Said(issue["id"], comment) for comment in recent}
        if found >= FOUND:
            _log.warning("project %s: of what was said only that on %d issues is found now", self.at, found)
        return tuple(sorted(said.values(), key=lambda one: (one.comment.created_at, one.comment.id)))

    async def people(self) -> dict[str, str]:
        """Names by id: of the organisation's members, or of the user."""
        operation, document = f"read who works on project {self.at}", (await self.queries()).people
        if not self.at.organisation:
            found = await self.graph.query(operation, document, {"owner": self.at.owner})
            return {str(found["user"]["databaseId"]): found["user"]["login"]}
        pages = self._pages(
            operation, document, {"owner": self.at.owner}, lambda found: found["organization"]["membersWithRole"]
        )
        return {str(one["databaseId"]): one["login"] async for page in pages for one in items.nodes(page)}

    async def _pages(
        self,
        operation: str,
        document: str,
        variables: Json,
        of: Callable[[Json], Any],
        after: str | None = None,
    ) -> AsyncIterator[Json]:
        for _ in range(PAGES):
            page = of(await self.graph.query(operation, document, {**variables, "after": after}))
            yield page
            after = items.next_cursor(page)
            if after is None:
                return
        raise RemoteUnavailable("GitHub", operation, f"the list has more than {PAGES} pages")

    def _owner(self) -> Json:
        return {"owner": self.at.owner, "number": self.at.number}

    def _project(self, operation: str, found: Json) -> Json:
        project: Json | None = (found["owner"] or {}).get("projectV2")
        if project is None:
            raise NotFound("GitHub", operation, "there is no such project")
        return project

    def _node(self, operation: str, found: Json) -> Json:
        node: Json | None = found["node"]
        if not node:
            raise NotFound("GitHub", operation, "there is no such issue")
        return node


_NEWEST = 30
"""Comments of an issue that come with a search."""


def _filter(columns: Collection[str]) -> str | None:
    """What finds the issues in these columns; None where a name cannot be written so."""
    if any('"' in name for name in columns):
        return None
    return f"is:issue is:open {FIELD.lower()}:" + ",".join(f'"{name}"' for name in columns)


def columns_of(project: Json) -> dict[str, str]:
    """Ids of the columns by name, in their order; none where the project has no such field."""
    return {option["name"]: option["id"] for option in (project.get("status") or {}).get("options", ())}


def see_columns(project: Json, columns: Collection[str], board: str) -> dict[str, str]:
    """As `columns_of`. Raises Misconfigured, naming those there are, where one of these is not."""
    there = columns_of(project)
    for name in columns:
        if name not in there:
            known = ", ".join(repr(one) for one in there) or f"none: it has no single-select field {FIELD}"
            raise Misconfigured(
                "ColumnMissing",
                f"Project {board} has no {FIELD} {name!r}; its columns are: {known}. Make it in the project's "
                f"settings, or name another one in spec.board.columns.",
                there,
            )
    return there
