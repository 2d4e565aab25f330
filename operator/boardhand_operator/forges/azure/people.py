"""Who we are at Azure DevOps, and who may be asked for reviews: people and teams of the project."""

from __future__ import annotations

from collections.abc import Sequence

from boardhand_operator.errors import Misconfigured
from boardhand_operator.forges.azure.at import At, Json
from boardhand_operator.http.transport import segment

_CONNECTION = {"api-version": "7.1-preview.1"}


class People:
    """Identities, asked for once."""

    def __init__(self, at: At) -> None:
        self._at = at
        self._us = ""
        self._ids: dict[str, str] | None = None

    async def us(self) -> str:
        """The id of the account that we write as."""
        if not self._us:
            found = await self._at.http.get("read whose token it is", "/_apis/connectionData", _CONNECTION)
            self._us = str(found["authenticatedUser"]["id"])
        return self._us

    async def find(self, names: Sequence[str]) -> dict[str, str]:
        """The ids of those that there are, by their names in spec.forge.reviewers."""
        if self._ids is None:
            self._ids = await self._all()
        return {name: self._ids[name.casefold()] for name in names if name.casefold() in self._ids}

    def forget(self) -> None:
        """Ask anew who there is."""
        self._ids = None

    async def _all(self) -> dict[str, str]:
        """Ids by each name that one may be called by."""
        project = f"/_apis/projects/{segment(self._at.place.project)}/teams"
        teams = await self._at.pages("list the teams", project)
        ids = {name.casefold(): team["id"] for team in teams for name in (team["name"], team["id"])}
        for team in teams:
            members = await self._at.pages(f"list team {team['name']}", f"{project}/{team['id']}/members")
            ids |= {name.casefold(): one["identity"]["id"] for one in members for name in _names(one["identity"])}
        return ids


async def check(at: At, people: People, names: Sequence[str]) -> None:
    """See that each can be asked for a review. Raises Misconfigured."""
    people.forget()
    found = await people.find(names)
    absent = [name for name in names if name not in found]
    if absent:
        raise Misconfigured(
            "ReviewerMissing",
            f"No team of project {at.place.project} is named, or has a member named, "
            f"{', '.join(map(repr, absent))} (spec.forge.reviewers): give a team's name, or a member's name, address "
            "or id.",
        )


def _names(identity: Json) -> list[str]:
    return [name for name in (identity.get("displayName"), identity.get("uniqueName"), identity["id"]) if name]
