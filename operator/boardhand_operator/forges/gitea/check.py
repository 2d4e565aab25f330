"""Whether a pool's Gitea forge is well described, and its token may do what it must."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from urllib.parse import quote

from boardhand_operator.errors import Misconfigured, NotFound, Rejected
from boardhand_operator.forges import amiss
from boardhand_operator.forges.gitea.at import At
from boardhand_operator.vendors.gitea.pages import Json

_SHOWN = 20
"""So many names are listed where one is wrong."""


async def repository(at: At) -> None:
    """See that the repository is there, takes pull requests and has the pool's branch. Raises Misconfigured."""
    found, where = await _read(at), f"Repository {at.full_name}"
    if found.get("archived"):
        raise amiss.archived(where)
    if not found.get("has_pull_requests", True):
        raise amiss.switched_off(where)
    if found.get("empty"):
        raise amiss.empty(where, at.branch)
    if await branch(at, at.branch) is None:
        raise amiss.branch_missing(where, at.branch, found["default_branch"])


async def branch(at: At, name: str) -> Json | None:
    """The branch, or None where there is no such one."""
    try:
        found: Json = await at.http.get(f"read branch {name}", f"{at.root}/branches/{quote(name)}")
    except NotFound:
        return None
    return found


async def scopes(at: At) -> None:
    """See that the token may say whose it is and open pull requests: one of a branch into itself is refused, but only
    then. Raises PermissionMissing."""
    await at.our_id()
    same = {"head": at.branch, "base": at.branch, "title": "Boardhand's check"}
    try:
        await at.http.send("POST", "open pull requests", at.pulls, same)
    except Rejected:
        return


async def labels(at: At, wanted: Sequence[str]) -> None:
    """See that there are labels of these names. Raises Misconfigured, naming those there are."""
    if not wanted:
        return
    there = await at.pages.labels()
    for name in wanted:
        if name not in there:
            raise Misconfigured(
                "LabelMissing",
                f"Repository {at.full_name} has no label {name!r}; its own labels are: {_listed(there)}. "
                "Make it in the repository (not in the organisation), or correct spec.forge.labels.",
                there,
            )


async def reviewers(at: At, wanted: Sequence[str]) -> None:
    """See that these may be asked for reviews. Raises Misconfigured, naming those who may."""
    if not wanted:
        return
    there = await who_may_review(at)
    for name in wanted:
        if name.lower() not in there:
            raise Misconfigured(
                "ReviewerMissing",
                f"In repository {at.full_name} {name!r} cannot be asked for a review; who can: "
                f"{_listed(there.values())}. Give the account access, or correct spec.forge.reviewers.",
                there.values(),
            )


async def who_may_review(at: At) -> dict[str, str]:
    """Login names as Gitea writes them, by their lower case."""
    users: list[Json] = await at.http.get(f"read who reviews in {at.full_name}", f"{at.root}/reviewers")
    return {user["login"].lower(): user["login"] for user in users}


def _listed(names: Iterable[str]) -> str:
    shown = [repr(name) for name in names]
    more = f" and {len(shown) - _SHOWN} more" if len(shown) > _SHOWN else ""
    return (", ".join(shown[:_SHOWN]) or "none") + more


async def _read(at: At) -> Json:
    try:
        found: Json = await at.http.get(f"read repository {at.full_name}", at.root)
    except NotFound as failed:
        raise amiss.missing("The forge", at.full_name, at.secret) from failed
    return found
