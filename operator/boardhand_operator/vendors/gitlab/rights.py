"""What a token and its account may do in a GitLab project, by what the API says of both.

Sources: https://docs.gitlab.com/api/personal_access_tokens/#retrieve-details-on-a-personal-access-token ,
https://docs.gitlab.com/api/projects/ and https://docs.gitlab.com/user/permissions/
"""

from __future__ import annotations

from boardhand_operator.errors import Misconfigured, NotFound, PermissionMissing
from boardhand_operator.vendors.gitlab.client import Json, Project

SCOPE = "api"
"""GitLab has no narrower scope with which issues and merge requests may be written."""
PLANNER, REPORTER, DEVELOPER, MAINTAINER = 15, 20, 30, 40
_ROLES = {0: "no role", 5: "Minimal Access", 10: "Guest", PLANNER: "Planner", REPORTER: "Reporter"}
_ROLES |= {DEVELOPER: "Developer", MAINTAINER: "Maintainer", 50: "Owner"}


async def check_scope(project: Project) -> None:
    """See that the token may write at all: one request. Raises PermissionMissing, and what `Client.get` raises."""
    operation = "read what the token may do"
    found: Json = await project.http.get(operation, "/v4/personal_access_tokens/self")
    scopes = found["scopes"]
    if SCOPE not in scopes:
        has = ", ".join(scopes) or "none"
        sentence = f"the token's scopes are {has}, and {SCOPE} is needed. {project.vendor.permission_hint}"
        raise PermissionMissing(project.vendor.name, operation, sentence)


async def read_project(project: Project, reason: str, field: str, secret: str) -> Json:
    """The project. Raises Misconfigured where there is none that the token may see, and what `Client.get` raises.

    reason: the condition's word then. field: where the pool names it. secret: name of the Secret.
    """
    try:
        found: Json = await project.get(f"read project {project.path}")
    except NotFound as failed:
        raise Misconfigured(
            reason,
            f"GitLab has no project {project.path} that the token in Secret {secret} may see: correct {field}, or "
            "give the token's account access.",
        ) from failed
    return found


async def check_role(project: Project, found: Json, least: int) -> None:
    """See that the account has at least this role: no request where the project itself says which it has.

    Raises PermissionMissing, and what `Client.get` raises.
    """
    operation = f"read the token's role in {project.path}"
    level = _told(found)
    if level < least:
        level = max(level, await _as_member(project, operation))
    if level < least:
        sentence = f"the token's account has {_named(level)} there, and needs {_named(least)}. "
        raise PermissionMissing(project.vendor.name, operation, sentence + project.vendor.permission_hint)


def _told(found: Json) -> int:
    permissions = found.get("permissions") or {}
    given = (permissions.get("project_access"), permissions.get("group_access"))
    return max((int(access["access_level"]) for access in given if access), default=0)


async def _as_member(project: Project, operation: str) -> int:
    """The role by whichever way it was given, such as an invited group."""
    try:
        found: Json = await project.get(operation, f"/members/all/{await project.me()}")
    except NotFound:
        return 0
    return int(found["access_level"])


def _named(level: int) -> str:
    return _ROLES.get(level, f"access level {level}")
