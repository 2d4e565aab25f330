"""The workflow states of one Linear team by name, looked up as seldom as can be."""

from __future__ import annotations

import time
from collections.abc import Callable

from boardhand_operator.boards.linear import queries
from boardhand_operator.boards.linear.client import Json, LinearClient
from boardhand_operator.errors import Misconfigured

SECONDS = 60.0
"""States are looked up again after so long, so that a renamed or archived one is noticed."""


class States:
    """The columns of a team."""

    def __init__(self, http: LinearClient, team: str, secret: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._http, self._team, self._secret, self._clock = http, team, secret, clock
        self._ids: dict[str, str] = {}
        self._until = 0.0
        self.team_id = ""
        """Empty while the team was not seen."""

    def learn(self, teams: list[Json]) -> None:
        """Take the team with its states as an answer has it. Raises Misconfigured where there is no such team."""
        if not teams:
            raise Misconfigured(
                "BoardMissing",
                f"Linear has no team with the key {self._team!r} that the key in Secret {self._secret} may see: "
                "correct spec.board.board (the letters before an issue's number), or give the key access to the team.",
            )
        self.team_id = teams[0]["id"]
        self._ids = {state["name"]: state["id"] for state in teams[0]["states"]["nodes"]}
        self._until = self._clock() + SECONDS

    async def refresh(self) -> None:
        """Look the states up now. Raises Misconfigured, and what `LinearClient.query` raises."""
        variables = {"team": self._team, "withLabel": False}
        found = await self._http.query(f"read the states of team {self._team}", queries.STATES, variables)
        self.learn(found["teams"]["nodes"])

    def known(self, name: str) -> str:
        """The id of the state with this name. Raises Misconfigured, naming the states there are."""
        if name not in self._ids:
            there = ", ".join(repr(known) for known in self._ids) or "none"
            raise Misconfigured(
                "ColumnMissing",
                f"Linear's team {self._team} has no workflow state {name!r}; its states are: {there}. "
                "Correct spec.board.columns, or make the state in the team's settings.",
                self._ids,
            )
        return self._ids[name]

    async def id_of(self, name: str) -> str:
        """As `known`, after a look-up where the name misses or what is known is old."""
        if self._clock() >= self._until or name not in self._ids:
            await self.refresh()
        return self.known(name)
