"""What the columns are: the states of a project's work items, or the columns of a team's board.

Sources: https://learn.microsoft.com/en-us/rest/api/azure/devops/wit/work-item-types/list ,
https://learn.microsoft.com/en-us/rest/api/azure/devops/work/boards/get , .../work/teamfieldvalues/get
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from boardhand_operator.boards.azure.log import AREA, PROJECT, STATE, TYPE, Json
from boardhand_operator.errors import Misconfigured
from boardhand_operator.http.transport import segment
from boardhand_operator.vendors.azure.client import AzureClient

SECONDS = 60.0
"""Columns are looked up again after so long, so that a renamed one is noticed."""


class Kind(Protocol):
    """One of the two ways."""

    field: str
    """The field that has a work item's column; it may not be known before `load`."""

    async def load(self, ready: str) -> Sequence[str]:
        """Look up what there is: the names of the columns. ready: that of the ready one."""
        ...

    def changes(self, fields: Mapping[str, Any], column: str) -> dict[str, Any]:
        """The fields that move a work item there. fields: those it has now, where they are known."""
        ...

    def within(self) -> str:
        """A condition of WIQL that holds for the work items of the board alone; empty for all of the project's."""
        ...

    def holds(self, fields: Mapping[str, Any]) -> bool:
        """Whether a work item of the project is on the board."""
        ...

    def types(self, column: str) -> list[str]:
        """The types of work items that may be in this column."""
        ...


class States:
    """The states of a project's types of work items."""

    field = STATE

    def __init__(self, http: AzureClient, project: str) -> None:
        self._http, self._project = http, project
        self._types: dict[str, list[str]] = {}

    async def load(self, ready: str) -> Sequence[str]:  # noqa: ARG002 (of the protocol)
        """See `Kind.load`: one request."""
        path = f"/{segment(self._project)}/_apis/wit/workitemtypes"
        found = await self._http.get(f"read the states of {self._project}", path)
        self._types = {kind["name"]: [state["name"] for state in kind.get("states") or ()] for kind in found["value"]}
        return list(dict.fromkeys(name for states in self._types.values() for name in states))

    def changes(self, fields: Mapping[str, Any], column: str) -> dict[str, Any]:  # noqa: ARG002
        """See `Kind.changes`."""
        return {STATE: column}

    def within(self) -> str:
        """See `Kind.within`."""
        return ""

    def holds(self, fields: Mapping[str, Any]) -> bool:
        """See `Kind.holds`."""
        return str(fields.get(PROJECT, "")).casefold() == self._project.casefold()

    def types(self, column: str) -> list[str]:
        """See `Kind.types`."""
        return [name for name, states in self._types.items() if column in states]


class BoardColumns:
    """The columns of one of a team's boards: the first one that has the ready column."""

    field = ""

    def __init__(self, http: AzureClient, project: str, team: str) -> None:
        self._http, self._project, self._team = http, project, team
        self._root = f"/{segment(project)}/{segment(team)}/_apis/work"
        self._board: Json = {}
        self._areas: list[tuple[str, bool]] = []

    async def load(self, ready: str) -> Sequence[str]:
        """See `Kind.load`: two requests; where the board is not known yet, one for each board more."""
        operation = f"read the boards of team {self._team}"
        found = [await self._read(operation, self._board["id"])] if self._board else []
        if not found or ready not in _names(found[0]):
            listed = await self._http.get(operation, f"{self._root}/boards")
            found = [await self._read(operation, board["id"]) for board in listed["value"]]
        areas = await self._http.get(operation, f"{self._root}/teamsettings/teamfieldvalues")
        self._areas = [(value["value"], bool(value.get("includeChildren"))) for value in areas["values"]]
        mine = next((board for board in found if ready in _names(board)), None)
        if mine is None:
            return list(dict.fromkeys(name for board in found for name in _names(board)))
        self._board, self.field = mine, mine["fields"]["columnField"]["referenceName"]
        return _names(mine)

    async def _read(self, operation: str, board: str) -> Json:
        found: Json = await self._http.get(operation, f"{self._root}/boards/{segment(board)}")
        return found

    def changes(self, fields: Mapping[str, Any], column: str) -> dict[str, Any]:
        """See `Kind.changes`: the state too, where the column stands for another one."""
        found = next(one for one in self._board["columns"] if one["name"] == column)
        wanted: dict[str, Any] = {self.field: column}
        state = (found.get("stateMappings") or {}).get(fields.get(TYPE))
        if state is not None and state != fields.get(STATE):
            wanted[STATE] = state
        if found.get("isSplit"):
            wanted[self._board["fields"]["doneField"]["referenceName"]] = False
        return wanted

    def within(self) -> str:
        """See `Kind.within`."""
        parts = (f"[{AREA}] {'UNDER' if below else '='} {quoted(area)}" for area, below in self._areas)
        return f"({' OR '.join(parts)})"

    def holds(self, fields: Mapping[str, Any]) -> bool:
        """See `Kind.holds`."""
        here = str(fields.get(AREA, "")).casefold()
        return any(
            here == area.casefold() or (below and here.startswith(area.casefold() + "\\"))
            for area, below in self._areas
        )

    def types(self, column: str) -> list[str]:
        """See `Kind.types`."""
        found = next(one for one in self._board["columns"] if one["name"] == column)
        return list(found.get("stateMappings") or {})


class Columns:
    """The columns by name, looked up as seldom as can be."""

    def __init__(self, kind: Kind, ready: str, where: str, clock: Callable[[], float] = time.monotonic) -> None:
        """where: for messages, whose columns they are."""
        self.kind, self._ready, self._where, self._clock = kind, ready, where, clock
        self._names: Sequence[str] = ()
        self._until = 0.0

    async def refresh(self) -> None:
        """Look them up now. Raises what `AzureClient.get` raises."""
        self._names = await self.kind.load(self._ready)
        self._until = self._clock() + SECONDS

    def known(self, name: str) -> None:
        """Raise Misconfigured, naming the columns there are, where this is none."""
        if name not in self._names:
            there = ", ".join(repr(known) for known in self._names) or "none"
            raise Misconfigured(
                "ColumnMissing",
                f"{self._where} has no column {name!r}; there are: {there}. Correct spec.board.columns.",
                self._names,
            )

    async def field(self) -> str:
        """The field that has a work item's column; looked up once. Raises Misconfigured, naming the columns there are,
        where no board has the ready one."""
        if not self.kind.field:
            await self.refresh()
        if not self.kind.field:
            self.known(self._ready)
        return self.kind.field

    async def need(self, *names: str) -> None:
        """As `known` for each, after a look-up where one misses or what is known is old."""
        if self._clock() >= self._until or any(name not in self._names for name in names):
            await self.refresh()
        for name in names:
            self.known(name)


def quoted(text: str) -> str:
    """A text of WIQL."""
    return "'" + text.replace("'", "''") + "'"


def _names(board: Json) -> list[str]:
    return [column["name"] for column in board["columns"]]
