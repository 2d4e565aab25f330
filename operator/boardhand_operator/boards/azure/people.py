"""Who works on a project.

Source: https://learn.microsoft.com/en-us/rest/api/azure/devops/core/teams (7.1)
"""

from __future__ import annotations

from collections.abc import Sequence

from boardhand_operator.boards.azure.log import Json
from boardhand_operator.http.transport import PAGES, segment
from boardhand_operator.vendors.azure.client import AzureClient, endless

PAGE = 100


async def people_of(http: AzureClient, project: str, teams: Sequence[str]) -> dict[str, str]:
    """The members of these teams, or of all of the project's: their unique names by their ids; one request a team.

    Raises what `AzureClient.get` raises.
    """
    root = f"/_apis/projects/{segment(project)}/teams"
    names = teams or [team["id"] for team in await _listed(http, project, root)]
    entries = [entry for team in names for entry in await _listed(http, project, f"{root}/{segment(team)}/members")]
    people = [entry["identity"] for entry in entries]
    # A group is a container; its own members are not told here.
    return {one["id"]: one.get("uniqueName") or one["displayName"] for one in people if not one.get("isContainer")}


async def _listed(http: AzureClient, project: str, path: str) -> list[Json]:
    found: list[Json] = []
    operation = f"read who works on {project}"
    for _ in range(PAGES):
        params = {"$top": str(PAGE), "$skip": str(len(found))}
        page = (await http.get(operation, path, params))["value"]
        found += page
        if len(page) < PAGE:
            return found
    raise endless(operation)
