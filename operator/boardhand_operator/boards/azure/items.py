"""Work items of one project: which there are, their fields, updates and comments.

Sources: https://learn.microsoft.com/en-us/rest/api/azure/devops/wit/ (7.1) : wiql/query-by-wiql, updates/list,
work-items/get-work-items-batch, comments/get-comments.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from boardhand_operator.boards.azure.log import Json
from boardhand_operator.boards.azure.texts import to_html
from boardhand_operator.http.transport import PAGES, segment
from boardhand_operator.vendors.azure.client import JSON_PATCH, AzureClient, endless

BATCH = 200
"""Work items that one request takes, and the largest page of updates and comments."""


class Items:
    """Requests about work items."""

    def __init__(self, http: AzureClient, project: str, *, markdown: bool) -> None:
        """markdown: whether comments can be stored as Markdown; a server of one's own has only HTML."""
        self._http, self._project, self._markdown = http, project, markdown
        self._root = f"/{segment(project)}/_apis/wit"
        self._said = {"api-version": "7.2-preview.4" if markdown else "7.1-preview.4"}

    async def ids(self, condition: str) -> list[int]:
        """The work items that fit a condition of WIQL; those in the recycle bin never do."""
        query = f"SELECT [System.Id] FROM WorkItems WHERE {condition} ORDER BY [System.Id]"  # noqa: S608 (WIQL)
        path, params = f"{self._root}/wiql", {"timePrecision": "true"}
        found = await self._http.ask(f"ask for work items of {self._project}", path, {"query": query}, params=params)
        return [int(item["id"]) for item in found["workItems"]]

    async def fields(self, ids: Sequence[int], names: Sequence[str]) -> list[Json]:
        """These fields of these work items, but for those that are gone: one request for 200."""
        found: list[Json] = []
        for start in range(0, len(ids), BATCH):
            wanted = {"ids": list(ids[start : start + BATCH]), "fields": list(names), "errorPolicy": "omit"}
            operation, path = f"read work items of {self._project}", f"{self._root}/workitemsbatch"
            answer = await self._http.ask(operation, path, wanted)
            # Where one is gone, an older server puts a null in its place.
            found += [item for item in answer["value"] if item]
        return found

    async def whole(self, ticket: str) -> Json:
        """A work item with all of its fields and relations. Raises NotFound."""
        found: Json = await self._http.get(f"read work item {ticket}", self._item(ticket), {"$expand": "relations"})
        return found

    async def some(self, ticket: str, names: Sequence[str]) -> Json:
        """These fields of a work item. Raises NotFound."""
        params = {"fields": ",".join(names)}
        found: Json = await self._http.get(f"read where work item {ticket} is", self._item(ticket), params)
        return found

    async def updates(self, ticket: str | int) -> list[Json]:
        """All that happened to a work item, oldest first. Raises NotFound."""
        found: list[Json] = []
        operation = f"read what happened to work item {ticket}"
        for _ in range(PAGES):
            params = {"$top": str(BATCH), "$skip": str(len(found))}
            page = (await self._http.get(operation, f"{self._item(ticket)}/updates", params))["value"]
            found += page
            if len(page) < BATCH:
                return found
        raise endless(operation)

    async def comments(self, ticket: str | int) -> list[Json]:
        """All comments, oldest first. Raises NotFound."""
        found: dict[int, Json] = {}
        params = {"$top": str(BATCH), "order": "asc", **self._said}
        operation = f"read the comments of work item {ticket}"
        for _ in range(PAGES):
            page = await self._http.get(operation, f"{self._item(ticket)}/comments", params)
            found |= {int(said["id"]): said for said in page["comments"]}
            after = page.get("continuationToken")
            if not after or not page["comments"]:
                return list(found.values())
            params["continuationToken"] = str(after)
        raise endless(operation)

    async def say(self, ticket: str, text: str) -> Json:
        """Write a comment."""
        operation, path = f"comment on work item {ticket}", f"{self._item(ticket)}/comments"
        made: Json = await self._http.send("POST", operation, path, self._text(text), params=self._form())
        return made

    async def say_again(self, ticket: str, comment: str, text: str) -> None:
        """Replace a comment's text."""
        operation = f"edit comment {comment} of work item {ticket}"
        path = f"{self._item(ticket)}/comments/{segment(comment)}"
        await self._http.send("PATCH", operation, path, self._text(text), params=self._form())

    async def change(self, operation: str, ticket: str, fields: dict[str, Any], rev: int | None) -> None:
        """Set fields. rev: the revision that must still be the newest one, else Rejected (412) is raised."""
        guard = [] if rev is None else [{"op": "test", "path": "/rev", "value": rev}]
        patch = [*guard, *({"op": "add", "path": f"/fields/{name}", "value": value} for name, value in fields.items())]
        await self._http.send("PATCH", operation, self._item(ticket), patch, content_type=JSON_PATCH)

    async def try_to_make(self, kind: str) -> None:
        """Ask whether a work item of this type could be made; none is."""
        patch = [{"op": "add", "path": "/fields/System.Title", "value": "Boardhand"}]
        path, params = f"{self._root}/workitems/${segment(kind)}", {"validateOnly": "true"}
        await self._http.send("POST", "write work items", path, patch, params=params, content_type=JSON_PATCH)

    def _item(self, ticket: str | int) -> str:
        return f"{self._root}/workItems/{segment(str(ticket))}"

    def _text(self, text: str) -> dict[str, str]:
        return {"text": text if self._markdown else to_html(text)}

    def _form(self) -> dict[str, str]:
        return {**self._said, "format": "markdown"} if self._markdown else self._said
