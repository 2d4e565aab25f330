"""The endpoints of accounts and repositories themselves."""

from __future__ import annotations

from testbed.github import shapes
from testbed.github.call import Call, Endpoint, Json, Page
from testbed.github.state import Refused


def get_user(call: Call) -> Json:
    """Whose token it is: an app's installation is no user."""
    if call.token.of_app:
        raise Refused(403, "Resource not accessible by integration")
    return shapes.user(call.by, call.state) | shapes.profile()


def get_repository(call: Call) -> Json:
    return shapes.repository(call.repository, call.state, call.by.login)


def list_collaborators(call: Call) -> Page:
    """Who has a role in the repository."""
    owner = call.repository
    if not call.may(owner, "write"):
        raise Refused(403, "Must have push access to view repository collaborators.")
    logins = [owner.owner.login, *owner.roles] if owner.owner.kind == "User" else list(owner.roles)
    return call.page([shapes.collaborator(call.state.user(login), owner, call.state) for login in logins])


TABLE = (
    Endpoint("GET", "/user", get_user),
    Endpoint("GET", "/repos/{owner}/{repo}", get_repository, "metadata:read"),
    Endpoint("GET", "/repos/{owner}/{repo}/collaborators", list_collaborators, "metadata:read"),
)
