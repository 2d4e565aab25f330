"""What the errors of GitHub's GraphQL API are: they come with status 200."""

from __future__ import annotations

from collections.abc import Mapping

from boardhand_operator.errors import CredentialsRefused, NotFound, PermissionMissing, RateLimited, RemoteUnavailable
from boardhand_operator.http.graphql import Json, Kind
from boardhand_operator.http.limits import says_limited

PATH = "/graphql"
"""Below the client's base."""
_KINDS: Mapping[str, Kind] = {
    "FORBIDDEN": PermissionMissing,
    "INSUFFICIENT_SCOPES": PermissionMissing,
    "INTERNAL": RemoteUnavailable,
    "NOT_FOUND": NotFound,
    "RATE_LIMIT": RateLimited,
    "RATE_LIMITED": RateLimited,
    "SERVICE_UNAVAILABLE": RemoteUnavailable,
    "UNAUTHENTICATED": CredentialsRefused,
}


def kind_of(error: Json) -> Kind | None:
    """What an error is (https://docs.github.com/graphql/reference names no list of the types). Pure.

    One without a type and with GitHub's apology is a failure of GitHub's own, and one that speaks of a limit its
    secondary one.
    """
    if "type" not in error and str(error.get("message", "")).startswith("Something went wrong"):
        return RemoteUnavailable
    if "type" not in error and says_limited(str(error.get("message", ""))):
        return RateLimited
    return _KINDS.get(str(error.get("type", "")))
