"""What of GraphQL pull requests need: the two mutations that REST lacks.

Source: https://docs.github.com/en/graphql/reference/mutations#convertpullrequesttodraft
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from testbed.github import pull_desk, pull_shapes
from testbed.github.call import Call, Endpoint, Json
from testbed.github.state import Refused

MUTATIONS = ("convertPullRequestToDraft", "markPullRequestReadyForReview")
_KINDS = {403: "FORBIDDEN", 404: "NOT_FOUND", 422: "UNPROCESSABLE"}


def asked(query: str) -> str | None:
    """Which of the two a query asks for."""
    found = re.search(r"\{\s*(\w+)\s*\(", query)
    return found[1] if found and found[1] in MUTATIONS else None


def graphql(call: Call) -> Json:
    """The whole answer, errors too."""
    name = asked(str(call.body.get("query")))
    if name is None:
        return {"errors": [{"message": "This stand-in knows no such query"}]}
    return answer(call, name, call.body.get("variables") or {})


def answer(call: Call, name: str, variables: Mapping[str, Any]) -> Json:
    """That of one of the two mutations."""
    try:
        return {"data": {name: {"pullRequest": {"isDraft": _set(call, name, str(variables.get("id")))}}}}
    except Refused as refused:
        error = {"type": _KINDS[refused.status], "path": [name], "message": refused.message}
        return {"data": {name: None}, "errors": [error]}


def _set(call: Call, name: str, node: str) -> bool:
    for owner in call.state.repositories.values():
        for pull in owner.code.pulls.values():
            if pull_shapes.pull(pull, owner, call.state)["node_id"] != node:
                continue
            if not all(call.token.may(permission, "write") for permission in ("pull_requests", "contents")):
                raise Refused(403, f"Resource not accessible by {'integration' if call.token.of_app else 'token'}")
            pull_desk.set_draft(owner, pull, name == MUTATIONS[0], call.by)
            return pull.draft
    raise Refused(404, f"Could not resolve to a node with the global id of '{node}'")


TABLE = (Endpoint("POST", "/api/graphql", graphql), Endpoint("POST", "/graphql", graphql))
