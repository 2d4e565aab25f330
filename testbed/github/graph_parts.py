"""What GraphQL shows of lists, accounts and comments.

Source: as `testbed.github.graph_nodes`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from testbed.github import issue_models
from testbed.github.call import Call
from testbed.github.shapes import Json, iso, node_id

_MOST = 100


def connection(
    found: Sequence[Any], first: int | None = None, last: int | None = None, after: str | None = None
) -> Json:
    """A page of a list; a cursor is the index after which it begins."""
    start = int(after) if after else 0
    if last is not None:
        start = max(0, len(found) - min(last, _MOST))
    end = min(len(found), start + min(first or last or _MOST, _MOST))
    page = {"endCursor": str(end) if end > start else None, "hasNextPage": end < len(found)}
    return {"nodes": list(found[start:end]), "pageInfo": page}


def actor(found: issue_models.User) -> Json:
    """An account; a bot has its name without what REST puts behind it."""
    name = found.login.removesuffix("[bot]")
    return {"__typename": found.kind, "id": node_id("U", found.id), "databaseId": found.id, "login": name}


@dataclass(frozen=True)
class CommentNode:
    """IssueComment."""

    call: Call
    said: issue_models.Happened
    typename = "IssueComment"

    @property
    def id(self) -> str:
        return node_id("IC", self.said.id)

    @property
    def body(self) -> str:
        return self.said.body

    @property
    def createdAt(self) -> str:
        return iso(self.said.at)

    @property
    def viewerDidAuthor(self) -> bool:
        return self.said.by is self.call.by

    @property
    def author(self) -> Json:
        return actor(self.said.by)
