"""Whether the pool is configured as Azure Repos has things."""

from __future__ import annotations

from boardhand_operator.decide.lost_pod import Head
from boardhand_operator.decide.observe import parse_time
from boardhand_operator.errors import Misconfigured, NotFound, Rejected
from boardhand_operator.forges import amiss
from boardhand_operator.forges.azure.at import HEADS, At, Json


async def repository(at: At) -> None:
    """That it is there, has the pool's branch, and takes pull requests."""
    found = await data(at)
    if found.get("isDisabled"):
        raise Misconfigured(
            "RepositoryDisabled", f"Repository {at.place} is disabled: enable it, or point the pool elsewhere."
        )
    default = found.get("defaultBranch")
    if await commit_of(at, at.branch) is None:
        where = f"Repository {at.place}"
        if not default:
            raise amiss.empty(where, at.branch)
        raise amiss.branch_missing(where, at.branch, str(default).removeprefix(HEADS))
    await _may_open(at)


async def data(at: At) -> Json:
    """The repository. Raises Misconfigured where there is none."""
    try:
        found: Json = await at.http.get(f"read repository {at.place}", at.root)
    except NotFound as failed:
        raise amiss.missing("Azure DevOps", f"{at.place} in {at.place.organisation}", at.secret) from failed
    return found


async def commit_of(at: At, branch: str) -> str | None:
    """The commit of a branch. The filter is a beginning, and of what begins so the shortest name leads."""
    params = {"filter": f"heads/{branch}", "$top": "100"}
    for found in await at.values(f"read branch {branch}", f"{at.root}/refs", params):
        if found["name"] == HEADS + branch:
            return str(found["objectId"])
    return None


async def head(at: At, branch: str) -> Head | None:
    """The commit of a branch, with its time."""
    commit = await commit_of(at, branch)
    if commit is None:
        return None
    found = await at.http.get(f"read commit {commit}", f"{at.root}/commits/{commit}")
    return Head(commit, parse_time(found["committer"]["date"]))


async def _may_open(at: At) -> None:
    """See that the token may open pull requests: one of a branch into itself is refused, but only then."""
    same = {"sourceRefName": HEADS + at.branch, "targetRefName": HEADS + at.branch, "title": "Boardhand's check"}
    try:
        await at.http.send("POST", "open pull requests", f"{at.root}/pullrequests", same)
    except Rejected:
        return
