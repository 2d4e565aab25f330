"""Moves: a transition of the workflow's own, from the status that an issue has."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from boardhand_operator.boards.jira.dialect import Dialect
from boardhand_operator.boards.jira.log import Json
from boardhand_operator.errors import Misconfigured, PermissionMissing, Rejected
from boardhand_operator.http.transport import Client, segment

TRIES = 3
"""So often a move is begun anew where somebody moved the issue meanwhile."""


class Moves:
    """Transitions of issues."""

    def __init__(self, http: Client, dialect: Dialect, permission_hint: str) -> None:
        self._http, self._dialect, self._hint = http, dialect, permission_hint

    async def status(self, ticket_id: str) -> str:
        """The name of the issue's status. Raises NotFound where it is deleted."""
        path = self._path(ticket_id)
        issue: Json = await self._http.get(f"read issue {ticket_id}", path, {"fields": "status"})
        return str(issue["fields"]["status"]["name"])

    async def transitions(self, ticket_id: str, params: Mapping[str, str] | None = None) -> list[Json]:
        """Those from the status that the issue has."""
        path = f"{self._path(ticket_id)}/transitions"
        found: Json = await self._http.get(f"read the transitions of issue {ticket_id}", path, params)
        return list(found["transitions"])

    async def move(self, ticket_id: str, column: str, seen_in: str | None) -> None:
        """Move the issue to the status of that name, which the project has; nothing is sent where it is there already.

        Raises Misconfigured where no transition leads there, or Jira does not make it; PermissionMissing; NotFound.
        """
        status = seen_in or await self.status(ticket_id)
        operation = f"move issue {ticket_id} to {column!r}"
        for left in reversed(range(TRIES)):
            if status == column:
                return
            there = await self.transitions(ticket_id)
            way = _way(there, column)
            if way is None:
                status, before = await self.status(ticket_id), status
                if status == before or not left:
                    raise await self._no_way(operation, ticket_id, status, column, there)
                continue
            try:
                path = f"{self._path(ticket_id)}/transitions"
                await self._http.send("POST", operation, path, {"transition": {"id": str(way["id"])}})
                return
            except Rejected as refused:
                status, before = await self.status(ticket_id), status
                if status == before or not left:
                    raise _refused(operation, way, refused) from refused

    async def may(self, scope: Mapping[str, str], permissions: Sequence[str]) -> list[str]:
        """The names of those permissions that the account lacks. scope: a project or an issue."""
        path = f"{self._dialect.api}/mypermissions"
        params = {**scope, "permissions": ",".join(permissions)}
        found: Json = await self._http.get("read what the account may do", path, params)
        granted = found["permissions"]
        return [_name(key) for key in permissions if not granted.get(key, {}).get("havePermission")]

    async def _no_way(
        self, operation: str, ticket_id: str, status: str, column: str, there: Sequence[Json]
    ) -> Misconfigured | PermissionMissing:
        # Without the permission Jira lists no transitions, and says nothing of it.
        if not there and await self.may({"issueId": ticket_id}, ["TRANSITION_ISSUES"]):
            said = f"the account lacks the permission Transition issues. {self._hint}"
            return PermissionMissing(self._dialect.name, operation, said)
        return Misconfigured(
            "TransitionMissing",
            f"The workflow of issue {ticket_id} has no transition from status {status!r} to {column!r} that the "
            f"account may make; {told(there)}. Add one to the workflow, or name another status in spec.board.columns.",
        )

    def _path(self, ticket_id: str) -> str:
        return f"{self._dialect.api}/issue/{segment(ticket_id)}"


def told(transitions: Sequence[Json]) -> str:
    """Which transitions there are, in words."""
    ways = [f"{way['name']!r} to {way['to']['name']!r}" for way in transitions]
    return f"there are: {', '.join(ways)}" if ways else "there is none at all"


def _way(transitions: Sequence[Json], column: str) -> Json | None:
    """The transition to take: one without a screen, on which fields may be required, comes first."""
    fits = [way for way in transitions if way["to"]["name"] == column and way.get("isAvailable", True)]
    return min(fits, key=lambda way: bool(way.get("hasScreen")), default=None)


def _refused(operation: str, way: Json, refused: Rejected) -> Misconfigured:
    return Misconfigured(
        "TransitionRefused",
        f"Jira, asked to {operation} by the transition {way['name']!r}: {refused.message}. Boardhand fills in no "
        "fields: give the workflow a transition there that asks for none.",
    )


def _name(key: str) -> str:
    return key.replace("_", " ").capitalize()
