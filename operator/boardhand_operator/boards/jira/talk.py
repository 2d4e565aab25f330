"""Comments of one project's issues, read again only where an issue changed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any

from boardhand_operator.boards import Comment, Said
from boardhand_operator.boards.jira.dialect import TOGETHER, Dialect, listed
from boardhand_operator.boards.jira.log import Json, moment
from boardhand_operator.http.transport import Client, segment

Reading = Callable[[Iterable[Json]], list[Comment]]


class Talk:
    """What is said on tickets."""

    def __init__(self, http: Client, dialect: Dialect) -> None:
        self._http, self._dialect = http, dialect
        self._known: dict[str, tuple[str, datetime, list[Json]]] = {}
        """By issue: its last change when it was read, and its comments since a moment."""

    async def since(self, start: datetime, issues: Sequence[Json], reading: Reading) -> tuple[Said, ...]:
        """The comments since then on these issues, as a search found them, oldest first."""
        changed = {
            str(issue["id"]): issue["fields"]["updated"]
            for issue in issues
            if moment(issue["fields"]["updated"]) >= start
        }
        still = {id_: told for id_, told in self._known.items() if changed.get(id_) == told[0] and told[1] <= start}
        self._known = still
        unknown = [id_ for id_ in changed if id_ not in self._known]
        for first in range(0, len(unknown), TOGETHER):
            await self._read(unknown[first : first + TOGETHER], changed, start)
        said = [
            Said(id_, comment)
            for id_, (_, _, comments) in self._known.items()
            for comment in reading(comments)
            if comment.created_at >= start
        ]
        return tuple(sorted(said, key=lambda one: (one.comment.created_at, int(one.comment.id))))

    async def of(self, ticket_id: str, field: Any = None) -> list[Json]:
        """All comments of an issue, oldest first. field: as they came with the issue, which may be all there are."""
        if (told := _whole(field)) is not None:
            return _sorted(told)
        operation, path = f"read the comments of issue {ticket_id}", self._path(ticket_id)
        found: dict[str, Json] = {}
        pages = listed(self._http, self._dialect.name, operation, path, "comments", {"orderBy": "created"})
        async for page in pages:
            # By id, since what is deleted while pages are read shifts comments from one to the other.
            found |= {str(comment["id"]): comment for comment in page}
        return _sorted(found.values())

    async def _read(self, ids: Sequence[str], changed: dict[str, str], start: datetime) -> None:
        for issue in await self._dialect.talk(self._http, "read what was said", ids):
            id_, field = str(issue["id"]), issue["fields"].get("comment")
            told = _whole(field)
            comments = await self._newest(id_, start) if told is None else told
            self._known[id_] = changed[id_], start, [one for one in comments if moment(one["created"]) >= start]

    async def _newest(self, ticket_id: str, start: datetime) -> list[Json]:
        found: dict[str, Json] = {}
        operation, path = f"read the newest comments of issue {ticket_id}", self._path(ticket_id)
        async for page in listed(self._http, self._dialect.name, operation, path, "comments", {"orderBy": "-created"}):
            # By id, since what is written while pages are read shifts comments from one to the other.
            found |= {str(comment["id"]): comment for comment in page}
            if any(moment(comment["created"]) < start for comment in page):
                break
        return list(found.values())

    def _path(self, ticket_id: str) -> str:
        return f"{self._dialect.api}/issue/{segment(ticket_id)}/comment"


def _whole(field: Any) -> list[Json] | None:
    """The comments that came with an issue, where these are all; Jira hands out only some of many."""
    if not isinstance(field, dict) or len(field["comments"]) < field["total"]:
        return None
    found: list[Json] = field["comments"]
    return found


def _sorted(comments: Iterable[Json]) -> list[Json]:
    return sorted(comments, key=lambda comment: (moment(comment["created"]), int(comment["id"])))
