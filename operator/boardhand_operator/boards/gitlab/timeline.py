"""Label and state events of GitLab's issues, and where they say that an issue is."""

from __future__ import annotations

from collections.abc import Collection

from boardhand_operator.boards.entered import Entered
from boardhand_operator.boards.gitlab.log import named, placed
from boardhand_operator.boards.labels import Place
from boardhand_operator.vendors.gitlab.client import Json, Project

LATE = 2.0
"""GitLab writes an event a moment after the change itself."""


async def place_of(project: Project, issue: Json, columns: Collection[str]) -> Place | None:
    """In which column an issue is, and by which event: two requests, more where a hundred events are not all.

    Raises what `Client.get` raises.
    """
    path, operation = f"/issues/{issue['iid']}", f"read what happened to issue {issue['iid']}"
    labels = await project.all(operation, f"{path}/resource_label_events")
    states = await project.all(operation, f"{path}/resource_state_events")
    return placed(issue, labels, states, columns)


def entered(project: Project) -> Entered:
    """The places of this project's issues."""

    async def read(issue: Json, columns: Collection[str]) -> Place | None:
        return await place_of(project, issue, columns)

    return Entered(read, _key, late=LATE)


def _key(issue: Json, columns: Collection[str]) -> tuple[int, str, tuple[str, ...]]:
    return int(issue["iid"]), issue["updated_at"], tuple(sorted(named(issue, columns)))
