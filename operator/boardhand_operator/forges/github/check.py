"""Whether the pool is configured as GitHub has things: said at once, in GitHub's own words where it has any."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

from boardhand_operator.errors import Misconfigured, NotFound, PermissionMissing, Rejected
from boardhand_operator.forges import amiss
from boardhand_operator.forges.github.asked import TEAM
from boardhand_operator.forges.github.at import At, Json
from boardhand_operator.http.transport import segment

_SHOWN = 30
"""Labels that are named at most where one is wrong."""


async def repository(at: At) -> None:
    """That it is there, may be written to, and has the pool's branch."""
    found, where = await _data(at), f"Repository {at.full_name}"
    if found.get("archived"):
        raise amiss.archived(where)
    if found.get("disabled"):
        raise Misconfigured("RepositoryDisabled", f"{where} is disabled by GitHub.")
    if not found.get("has_pull_requests", True):
        raise amiss.switched_off(where)
    await _branch(at, str(found["default_branch"]))
    await _may_open(at)


async def _data(at: At) -> Json:
    try:
        found: Json = await at.http.get(f"read repository {at.full_name}", at.root)
    except NotFound as failed:
        raise amiss.missing("GitHub", at.full_name, at.secret) from failed
    return found


async def _branch(at: At, default: str) -> None:
    if await branch(at, at.branch) is not None:
        return
    if not await at.http.get(f"list the branches of {at.full_name}", f"{at.root}/branches", {"per_page": "1"}):
        raise amiss.empty(f"Repository {at.full_name}", at.branch)
    raise amiss.branch_missing(f"Repository {at.full_name}", at.branch, default)


async def branch(at: At, name: str) -> Json | None:
    """The branch, or None. Of one that was renamed GitHub leads on to the new name, which is another branch."""
    try:
        found: Json = await at.http.get(f"read branch {name}", f"{at.root}/branches/{segment(name)}")
    except NotFound:
        return None
    return found if found["name"] == name else None


async def _may_open(at: At) -> None:
    """See that the credentials may open pull requests: one of a branch into itself is refused, but only then."""
    same = {"head": at.branch, "base": at.branch, "title": "Boardhand's check"}
    with suppress(Rejected):
        await at.http.send("POST", "open pull requests", f"{at.root}/pulls", same)


async def permissions(at: At) -> None:
    """What a token must have beside: to write contents, and to read statuses. An App was asked when it gave a token.

    A branch that is there is never made again, and not at a commit that there is none of.
    """
    there = {"ref": f"refs/heads/{at.branch}", "sha": "0" * 40}
    with suppress(Rejected):
        await at.http.send("POST", "make branches", f"{at.root}/git/refs", there)
    await at.http.get("read commit statuses", f"{at.root}/commits/{segment(at.branch)}/status", {"per_page": "1"})


async def labels(at: At, wanted: Sequence[str]) -> None:
    """That the repository has the labels that pull requests shall get."""
    if not wanted:
        return
    there = [one["name"] for one in await at.all("list the labels", "/labels")]
    has = {name.casefold() for name in there}
    absent = [name for name in wanted if name.casefold() not in has]
    if absent:
        shown = ", ".join(sorted(there)[:_SHOWN]) or "none"
        raise Misconfigured(
            "LabelMissing",
            f"Repository {at.full_name} has no label {', '.join(map(repr, absent))} (spec.forge.labels): make it "
            f"there, or choose of: {shown}.",
            sorted(there),
        )


async def reviewers(at: At, wanted: Sequence[str], us: str) -> None:
    """That each can be asked to review what we open."""
    for name in wanted:
        if name.casefold() == us.casefold():
            raise Misconfigured(
                "ReviewerIsAuthor",
                f"{name} (spec.forge.reviewers) opens the pull requests, so GitHub does not let it review them: "
                "name somebody else.",
            )
        if not await _may_review(at, name):
            what = "is a team without access to" if name.startswith(TEAM) else "is no collaborator of"
            raise Misconfigured(
                "ReviewerMissing",
                f"{name} (spec.forge.reviewers) {what} {at.full_name}, or there is none of this name: give access, "
                f"or name others; a team is {TEAM}NAME.",
            )


async def _may_review(at: At, name: str) -> bool:
    path = f"{at.root}/collaborators/{segment(name)}"
    if name.startswith(TEAM):
        team = f"{at.rest}/orgs/{segment(at.owner)}/teams/{segment(name.removeprefix(TEAM))}"
        path = f"{team}/repos/{segment(at.owner)}/{segment(at.name)}"
    try:
        await at.http.get(f"look for reviewer {name}", path)
    except NotFound:
        return False
    except PermissionMissing as failed:
        if not name.startswith(TEAM):
            raise
        sentence = f"{failed.message} To ask teams, the credentials need to read the organisation's members."
        raise PermissionMissing(failed.service, failed.operation, sentence, failed.request_id) from failed
    return True
