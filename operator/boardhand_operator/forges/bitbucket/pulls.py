"""Pull requests: found by their branch, opened once, brought up to date.

Source: https://developer.atlassian.com/cloud/bitbucket/rest/api-group-pullrequests/
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from boardhand_api.run_status import PullRequest
from boardhand_operator.errors import PermissionMissing, Rejected
from boardhand_operator.forges.bitbucket.at import At, Json, quoted
from boardhand_operator.forges.bitbucket.people import People
from boardhand_operator.forges.fate import state_of, with_fate
from boardhand_operator.forges.opening import once_pushed, opens, the_first
from boardhand_operator.forges.proposal import Proposal
from boardhand_operator.forges.text import alike, fitting, one_line

TITLE, BODY = 255, 262_144
"""Lengths that a title and a description may have; longer descriptions are taken, and make the page unusable."""
_NO_BRANCH = re.compile(r"branch not found|does not exist|no such (?:branch|ref)", re.IGNORECASE)
_REVIEWERS = re.compile(r"reviewers?\b", re.IGNORECASE)


def read(found: Json) -> PullRequest:
    """The pull request of an answer."""
    return PullRequest(url=found["links"]["html"]["href"], number=found["id"], draft=bool(found.get("draft")))


async def followed(at: At, number: int) -> PullRequest:
    """See `Forge.followed`."""
    path = f"{at.root}/pullrequests/{number}"
    found: Json = await at.http.get(f"read pull request {number}", path, remember=True)
    state = state_of(found["state"], ("OPEN",), ("MERGED",))
    # A fork or a branch that was deleted may have no commit.
    return with_fate(read(found), state, found["updated_on"], (found["source"].get("commit") or {}).get("hash"))


async def find(at: At, base: str, head: str) -> Json | None:
    """The first of the open pull requests from this branch of the repository itself into that one."""
    query = f'source.branch.name={quoted(head)} AND destination.branch.name={quoted(base)} AND state="OPEN"'
    found = await at.all(f"search the pull request of {head}", f"{at.root}/pullrequests", {"q": query})
    return min((one for one in found if _joins(one, base, head)), key=lambda one: int(one["id"]), default=None)


async def opened(at: At, people: People, wanted: Proposal) -> Json:
    """The open pull request as it is wanted, but for labels, which Bitbucket has none of; opened where there is
    none."""
    fields: Json = {
        "title": one_line(wanted.title, TITLE),
        "description": fitting(wanted.body, BODY),
        "draft": wanted.draft,
    }
    asked = await _known(people, wanted.reviewers)
    found = await find(at, wanted.base, wanted.head)
    if found is None:
        found = await _open(at, people, wanted, fields, asked)
    path = f"{at.root}/pullrequests/{found['id']}"
    # Reviewers stand in no list, and a change without them takes them off.
    whole: Json = await at.http.get(f"read pull request {found['id']}", path)
    there = [one["uuid"] for one in whole.get("reviewers", [])]
    missing = [uuid for uuid in asked if uuid not in there and uuid != (whole["author"] or {}).get("uuid")]
    if not missing and _same(whole, fields):
        return whole
    operation = f"edit pull request {found['id']}"
    try:
        changed: Json = await at.http.send("PUT", operation, path, fields | _reviewers([*there, *missing]))
    except Rejected as failed:
        if not (missing and _REVIEWERS.search(failed.message)):
            raise
        if _same(whole, fields):
            return whole
        changed = await at.http.send("PUT", operation, path, fields | _reviewers(there))
    return changed


def _reviewers(uuids: Sequence[str]) -> Json:
    return {"reviewers": [{"uuid": uuid} for uuid in uuids]}


async def _known(people: People, reviewers: Sequence[str]) -> list[str]:
    """Those that there are; who may not look for them asks nobody, which the check has said by then."""
    try:
        return list((await people.find(reviewers)).values()) if reviewers else []
    except PermissionMissing:
        return []


def _same(whole: Json, fields: Json) -> bool:
    same = (whole["title"], bool(whole.get("draft"))) == (fields["title"], fields["draft"])
    return same and alike(whole["summary"]["raw"], fields["description"])


async def _open(at: At, people: People, wanted: Proposal, fields: Json, asked: Sequence[str]) -> Json:
    """Open one, and where somebody opened another at the same moment keep the first: Bitbucket lets both through."""
    us = await people.us()
    everybody = [uuid for uuid in dict.fromkeys([*await people.default_reviewers(), *asked]) if uuid != us]
    try:
        made = await _made(at, wanted, fields | _reviewers(everybody))
    except Rejected as failed:
        if not (everybody and _REVIEWERS.search(failed.message)):
            raise
        # One of them may not see the repository any more: the pull request counts for more.
        made = await _made(at, wanted, fields | _reviewers([]))
    people.learn(made["author"])

    async def decline(operation: str, number: int) -> None:
        await at.http.send("POST", operation, f"{at.root}/pullrequests/{number}/decline")

    return await the_first(made, await find(at, wanted.base, wanted.head), "id", decline, verb="decline")


async def _made(at: At, wanted: Proposal, fields: Json) -> Json:
    body = {**fields, "source": {"branch": {"name": wanted.head}}, "destination": {"branch": {"name": wanted.base}}}

    async def attempt() -> Json:
        made: Json = await at.http.send("POST", opens(wanted), f"{at.root}/pullrequests", body)
        return made

    return await once_pushed(attempt, lambda failed: bool(_NO_BRANCH.search(failed.message)), wanted, at.full_name)


def _joins(found: Json, base: str, head: str) -> bool:
    """A fork that was deleted has no repository."""
    source, destination = found["source"], found["destination"]
    ours = source["repository"] and source["repository"]["uuid"] == destination["repository"]["uuid"]
    return bool(ours and source["branch"]["name"] == head and destination["branch"]["name"] == base)
