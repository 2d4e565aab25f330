"""By which event issues came into their state, and their labels: kept while an issue does not change."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from boardhand_operator.boards.linear import queries
from boardhand_operator.boards.linear.client import Json, LinearClient, whole
from boardhand_operator.boards.linear.log import Entry, placed
from boardhand_operator.errors import NotFound

BATCH = 25
"""Issues that one request asks for: what queries.DETAILS takes."""
BATCHES = 4
"""So many such requests has one poll; the issues beyond wait for the next."""

_Key = tuple[str, str, str, tuple[str, ...]]
"""An issue, its last change, its state and the ids of its labels."""


@dataclass(frozen=True)
class Details:
    """What is not among an issue's own fields."""

    entry: Entry
    labels: tuple[str, ...]


class Entered:
    """Details of issues, looked up when they change."""

    def __init__(self, http: LinearClient) -> None:
        self._http = http
        self._known: dict[_Key, Details] = {}

    async def of(self, issues: Sequence[Json]) -> dict[str, Details]:
        """The details of each of these issues by its id, but for those that wait for the next poll (see BATCHES).

        No request where all are remembered. Raises what `LinearClient.query` raises.
        """
        keys = {issue["id"]: _key(issue) for issue in issues}
        wanted = set(keys.values())
        known = {key: details for key, details in self._known.items() if key in wanted}
        unknown = [issue for issue in issues if keys[issue["id"]] not in known][: BATCH * BATCHES]
        for start in range(0, len(unknown), BATCH):
            for issue, found in await self._read(unknown[start : start + BATCH]):
                known[keys[issue["id"]]] = found
        self._known = known
        return {id_: known[key] for id_, key in keys.items() if key in known}

    async def _read(self, issues: Sequence[Json]) -> list[tuple[Json, Details]]:
        by_id = {issue["id"]: issue for issue in issues}
        found = await self._http.query("read the issues' history", queries.DETAILS, {"ids": list(by_id)})
        read = []
        for more in found["issues"]["nodes"]:
            try:
                happened = await whole_history(self._http, more["id"], more["history"])
            except NotFound:
                continue  # deleted meanwhile
            labels = tuple(label["name"] for label in more["labels"]["nodes"])
            issue = by_id[more["id"]]
            read.append((issue, Details(placed(issue, happened), labels)))
        return read


async def whole_history(http: LinearClient, issue: str, first: Json) -> list[Json]:
    """All entries of an issue's history. first: the page that is there already."""
    operation = f"read the history of issue {issue}"

    async def ask(after: str) -> Json:
        return dict((await http.query(operation, queries.HISTORY, {"id": issue, "after": after}))["issue"]["history"])

    return await whole(operation, first, ask)


def _key(issue: Json) -> _Key:
    return issue["id"], issue["updatedAt"], issue["state"]["id"], tuple(sorted(issue["labelIds"]))
