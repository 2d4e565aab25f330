"""Pull requests: found by their branch, opened once, brought up to date.

Source: https://developer.atlassian.com/cloud/bitbucket/rest/api-group-pullrequests/
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence

from boardhand_api.run import PullRequest
from boardhand_operator.errors import NotFound, PermissionMissing, Rejected
from boardhand_operator.forges.bitbucket.at import At, Json, quoted
from boardhand_operator.forges.bitbucket.people import People
from boardhand_operator.forges.text import fitting, one_line

TITLE, BODY = 255, 262_144
"""Lengths that a title and a description may have; longer descriptions are taken, and make the page unusable."""
PATIENCE = (0.25, 0.5, 1.0, 2.0)
"""Seconds to wait for a branch that was just pushed: the API learns of it a little later."""
_NO_BRANCH = re.compile(r"branch not found|does not exist|no such (?:branch|ref)", re.IGNORECASE)
_REVIEWERS = re.compile(r"reviewers?\b", re.IGNORECASE)


def read(found: Json) -> PullRequest:
    """The pull request of an answer."""
    return PullRequest(url=found["links"]["html"]["href"], number=found["id"], draft=bool(found.get("draft")))


async def find(at: At, base: str, head: str) -> Json | None:
    """The first of the open pull requests from this branch of the repository itself into that one."""
    query = f'source.branch.name={quoted(head)} AND destination.branch.name={quoted(base)} AND state="OPEN"'
    found = await at.all(f"search the pull request of {head}", f"{at.root}/pullrequests", {"q": query})
    return min((one for one in found if _joins(one, base, head)), key=lambda one: int(one["id"]), default=None)


async def opened(
    at: At, people: People, base: str, head: str, title: str, body: str, draft: bool, reviewers: Sequence[str]
) -> Json:
    """The open pull request as it is wanted; opened where there is none."""
    wanted = {"title": one_line(title, TITLE), "description": fitting(body, BODY), "draft": draft}
    asked = await _known(people, reviewers)
    found = await find(at, base, head)
    if found is None:
        found = await _open(at, people, base, head, wanted, asked)
    path = f"{at.root}/pullrequests/{found['id']}"
    # Reviewers stand in no list, and a change without them takes them off.
    whole: Json = await at.http.get(f"read pull request {found['id']}", path)
    there = [one["uuid"] for one in whole.get("reviewers", [])]
    missing = [uuid for uuid in asked if uuid not in there and uuid != (whole["author"] or {}).get("uuid")]
    if not missing and _same(whole, wanted):
        return whole
    everybody = [{"uuid": uuid} for uuid in (*there, *missing)]
    operation = f"edit pull request {found['id']}"
    try:
        changed: Json = await at.http.send("PUT", operation, path, wanted | {"reviewers": everybody})
    except Rejected as failed:
        if not (missing and _REVIEWERS.search(failed.message)):
            raise
        if _same(whole, wanted):
            return whole
        kept = [{"uuid": uuid} for uuid in there]
        changed = await at.http.send("PUT", operation, path, wanted | {"reviewers": kept})
    return changed


async def _known(people: People, reviewers: Sequence[str]) -> list[str]:
    """Those that there are; who may not look for them asks nobody, which the check has said by then."""
    try:
        return list((await people.find(reviewers)).values()) if reviewers else []
    except PermissionMissing:
        return []


def _same(whole: Json, wanted: Json) -> bool:
    """Line ends, and blanks at the ends of the text, may come back otherwise than they were sent."""
    told = str(whole["summary"]["raw"] or "").replace("\r\n", "\n").strip()
    return (whole["title"], told, bool(whole.get("draft"))) == (
        wanted["title"],
        wanted["description"].replace("\r\n", "\n").strip(),
        wanted["draft"],
    )


async def _open(at: At, people: People, base: str, head: str, wanted: Json, asked: Sequence[str]) -> Json:
    """Open one, and where somebody opened another at the same moment keep the first."""
    us = await people.us()
    uuids = dict.fromkeys([*await people.default_reviewers(), *asked])
    everybody = [{"uuid": uuid} for uuid in uuids if uuid != us]
    place = {"source": {"branch": {"name": head}}, "destination": {"branch": {"name": base}}}
    made = await _made(at, head, base, {**wanted, **place}, everybody)
    people.learn(made["author"])
    first = await find(at, base, head) or made
    if first["id"] < made["id"]:
        operation = f"decline pull request {made['id']}, of which {first['id']} is the same"
        await at.http.send("POST", operation, f"{at.root}/pullrequests/{made['id']}/decline")
    return first


async def _made(at: At, head: str, base: str, body: Json, reviewers: Sequence[Json]) -> Json:
    operation, waits = f"open a pull request from {head} into {base}", iter((*PATIENCE, None))
    while True:
        try:
            made: Json = await at.http.send(
                "POST", operation, f"{at.root}/pullrequests", {**body, "reviewers": list(reviewers)}
            )
        except (Rejected, NotFound) as failed:
            if _NO_BRANCH.search(failed.message):
                if (wait := next(waits)) is None:
                    sentence = f"{failed.message}: branch {head} or {base} is not in {at.full_name}"
                    raise NotFound(failed.service, operation, sentence, failed.request_id) from failed
                await asyncio.sleep(wait)
            elif reviewers and _REVIEWERS.search(failed.message):
                # One of them may not see the repository any more: the pull request counts for more.
                reviewers = []
            else:
                raise
        else:
            return made


def _joins(found: Json, base: str, head: str) -> bool:
    """A fork that was deleted has no repository."""
    source, destination = found["source"], found["destination"]
    ours = source["repository"] and source["repository"]["uuid"] == destination["repository"]["uuid"]
    return bool(ours and source["branch"]["name"] == head and destination["branch"]["name"] == base)
