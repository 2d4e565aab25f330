"""Whether the pool is configured as Bitbucket has things, and what CI says of a commit."""

from __future__ import annotations

from boardhand_operator.decide.lost_pod import Head
from boardhand_operator.decide.observe import parse_time
from boardhand_operator.errors import NotFound, Rejected
from boardhand_operator.forges import amiss
from boardhand_operator.forges.bitbucket.at import At, Json, quoted
from boardhand_operator.reviews import Check, CheckState

_STATES = {
    "SUCCESSFUL": CheckState.PASSED,
    "FAILED": CheckState.FAILED,
    "STOPPED": CheckState.FAILED,
}
"""Every other one is under way."""


async def repository(at: At) -> None:
    """That it is there, has the pool's branch, and takes pull requests."""
    found = await _data(at)
    if await head(at, at.branch) is None:
        main = found.get("mainbranch")
        where = f"Repository {at.full_name}"
        if not main:
            raise amiss.empty(where, at.branch)
        raise amiss.branch_missing(where, at.branch, main["name"])
    await _may_open(at)


async def head(at: At, branch: str) -> Head | None:
    """The commit of a branch. By a query: an address with the name of a branch in it is taken apart at its slashes."""
    path, query = f"{at.root}/refs/branches", {"q": f"name={quoted(branch)}"}
    for found in await at.all(f"read branch {branch}", path, query):
        if found["name"] == branch:
            return Head(found["target"]["hash"], parse_time(found["target"]["date"]))
    return None


async def checks(at: At, commit: str) -> list[Check]:
    """The newest status of each name."""
    path = f"{at.root}/commit/{commit}/statuses"
    newest: dict[str, Json] = {}
    for one in sorted(await at.all(f"read the checks of {commit}", path), key=lambda one: str(one["updated_on"])):
        newest[one.get("name") or one["key"]] = one
    return [
        Check(name, _STATES.get(one["state"], CheckState.RUNNING), one.get("url") or "") for name, one in newest.items()
    ]


async def _data(at: At) -> Json:
    try:
        found: Json = await at.http.get(f"read repository {at.full_name}", at.root)
    except NotFound as failed:
        raise amiss.missing("Bitbucket", at.full_name, at.secret) from failed
    return found


async def _may_open(at: At) -> None:
    """See that the token may open pull requests: one without a title is refused, but only then."""
    untitled = {"source": {"branch": {"name": at.branch}}}
    try:
        await at.http.send("POST", "open pull requests", f"{at.root}/pullrequests", untitled)
    except Rejected:
        return
