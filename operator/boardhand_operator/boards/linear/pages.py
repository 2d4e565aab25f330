"""Lists of one Linear team, page by page: a poll brings the first page of each, further ones are asked for."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from boardhand_operator.boards import Said
from boardhand_operator.boards.linear import queries
from boardhand_operator.boards.linear.client import Json, LinearClient, whole
from boardhand_operator.boards.linear.log import comment

_NOBODY: Json = {"nodes": [], "pageInfo": {"hasNextPage": False}}


class Pages:
    """Reads whole lists. All raise what `LinearClient.query` raises."""

    def __init__(self, http: LinearClient, team: str, ready: str) -> None:
        self._http, self._team, self._ready = http, team, ready

    async def poll(self, others: list[str], since: datetime | None) -> Json:
        """The team's states, the first ready issues, those of the other states, and what was said since then."""
        variables = {
            "team": self._team,
            "ready": self._ready,
            "others": others,
            "since": _date(since) if since else None,
            "withOthers": bool(others),
            "withSaid": since is not None,
        }
        return await self._http.query(f"read team {self._team}", queries.POLL, variables)

    async def ready(self, page: Json) -> list[Json]:
        """The ready issues. page: the first one, as for the others."""
        return await self._rest(page, "issues", queries.READY, {"team": self._team, "ready": self._ready})

    async def others(self, page: Json | None, others: list[str]) -> list[Json]:
        """The issues of these states, without their texts."""
        if page is None:
            return []
        return await self._rest(page, "issues", queries.OTHERS, {"team": self._team, "others": others})

    async def said(self, page: Json | None, since: datetime | None) -> tuple[Said, ...]:
        """What was said on the team's issues since then, oldest first."""
        if page is None or since is None:
            return ()
        variables = {"team": self._team, "since": _date(since)}
        found = await self._rest(page, "comments", queries.SAID, variables)
        said = {entry["id"]: Said(entry["issue"]["id"], comment(entry)) for entry in found if entry["issue"]}
        return tuple(sorted(said.values(), key=lambda one: (one.comment.created_at, one.comment.id)))

    async def comments(self, ticket_id: str, page: Json) -> list[Json]:
        """All comments of an issue."""
        operation = f"read the comments of issue {ticket_id}"

        async def ask(after: str | None) -> Json:
            found = await self._http.query(operation, queries.COMMENTS, {"id": ticket_id, "after": after})
            return dict(found["issue"]["comments"])

        return await whole(operation, page, ask)

    async def people(self) -> list[Json]:
        """The team's members."""
        operation = f"read who works on team {self._team}"

        async def ask(after: str | None) -> Json:
            found = await self._http.query(operation, queries.PEOPLE, {"team": self._team, "after": after})
            return next((dict(team["members"]) for team in found["teams"]["nodes"]), _NOBODY)

        return await whole(operation, await ask(None), ask)

    async def _rest(self, page: Json, name: str, document: str, variables: Mapping[str, Any]) -> list[Json]:
        """The entries of a connection whose first page is there."""
        operation = f"read team {self._team}"

        async def ask(after: str | None) -> Json:
            return dict((await self._http.query(operation, document, {**variables, "after": after}))[name])

        return await whole(operation, page, ask)


def _date(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
