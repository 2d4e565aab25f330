"""Pull requests: found by their branch, opened once, brought up to date.

Source: https://learn.microsoft.com/en-us/rest/api/azure/devops/git/pull-requests (7.1)
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from boardhand_api.run_status import PullRequest
from boardhand_operator.errors import NotFound, PermissionMissing, Rejected
from boardhand_operator.forges.azure.at import HEADS, At, Json
from boardhand_operator.forges.azure.people import People
from boardhand_operator.forges.fate import state_of, with_fate
from boardhand_operator.forges.opening import once_pushed, opens
from boardhand_operator.forges.proposal import Proposal
from boardhand_operator.forges.text import alike, fitting, one_line
from boardhand_operator.http.transport import segment

TITLE, BODY = 400, 4000
"""Lengths that a title and a description may have."""
_NO_BRANCH = re.compile(r"TF401398|TF401229|no longer exists", re.IGNORECASE)
_EXISTS = re.compile(r"TF401179")


def read(at: At, found: Json) -> PullRequest:
    """The pull request of an answer."""
    number = found["pullRequestId"]
    return PullRequest(url=at.url(number), number=number, draft=bool(found.get("isDraft")))


async def followed(at: At, number: int) -> PullRequest:
    """See `Forge.followed`."""
    found: Json = await at.http.get(f"read pull request {number}", at.pull(number), remember=True)
    state = state_of(found["status"], ("active", "notSet"), ("completed",))
    commit = (found.get("lastMergeSourceCommit") or {}).get("commitId")
    return with_fate(read(at, found), state, found.get("closedDate"), commit)


async def find(at: At, base: str, head: str) -> Json | None:
    """The first of the open pull requests from this branch of the repository itself into that one.

    Its description is cut short here.
    """
    params = {
        "searchCriteria.status": "active",
        "searchCriteria.sourceRefName": HEADS + head,
        "searchCriteria.targetRefName": HEADS + base,
    }
    found = await at.pages(f"search the pull request of {head}", f"{at.root}/pullrequests", params)
    fits = [one for one in found if _joins(one, base, head)]
    return min(fits, key=lambda one: int(one["pullRequestId"]), default=None)


async def opened(at: At, people: People, wanted: Proposal) -> Json:
    """The open pull request as it is wanted; opened where there is none."""
    title, body = one_line(wanted.title, TITLE), fitting(wanted.body, BODY)
    fields: Json = {"title": title, "description": body, "isDraft": wanted.draft}
    found = await find(at, wanted.base, wanted.head) or await _open(at, wanted, fields)
    number = found["pullRequestId"]
    whole: Json = await at.http.get(f"read pull request {number}", at.pull(number))
    # Azure leaves out an empty text, and what is false.
    same = (whole["title"], bool(whole.get("isDraft"))) == (title, wanted.draft)
    if not same or not alike(whole.get("description"), body):
        whole |= await at.http.send("PATCH", f"edit pull request {number}", at.pull(number), fields)
    await _label(at, number, wanted.labels)
    await _ask(at, people, whole, wanted.reviewers)
    return whole


async def _open(at: At, wanted: Proposal, fields: Json) -> Json:
    body = {"sourceRefName": HEADS + wanted.head, "targetRefName": HEADS + wanted.base, **fields}

    async def attempt() -> Json:
        made: Json = await at.http.send("POST", opens(wanted), f"{at.root}/pullrequests", body)
        return made

    try:
        return await once_pushed(attempt, lambda failed: bool(_NO_BRANCH.search(failed.message)), wanted, str(at.place))
    except (Rejected, NotFound) as failed:
        if _EXISTS.search(failed.message) and (there := await find(at, wanted.base, wanted.head)):
            return there
        raise


async def _label(at: At, number: int, labels: Sequence[str]) -> None:
    """Azure makes a label that there is none of."""
    if not labels:
        return
    path = f"{at.pull(number)}/labels"
    there = {one["name"].casefold() for one in await at.values(f"read the labels of {number}", path)}
    for name in labels:
        if name.casefold() not in there:
            await at.http.send("POST", f"label pull request {number}", path, {"name": name})


async def _ask(at: At, people: People, whole: Json, reviewers: Sequence[str]) -> None:
    """Ask for reviews; who may not review is left out, as the check has said."""
    if not reviewers:
        return
    there = {one["id"] for one in whole.get("reviewers", [])}
    for name, id_ in (await people.find(reviewers)).items():
        if id_ in there:
            continue
        number = whole["pullRequestId"]
        path = f"{at.pull(number)}/reviewers/{segment(id_)}"
        try:
            await at.http.send("PUT", f"ask {name} to review pull request {number}", path, {"id": id_, "vote": 0})
        except (Rejected, NotFound, PermissionMissing):
            continue


def _joins(found: Json, base: str, head: str) -> bool:
    ends = (found["sourceRefName"], found["targetRefName"])
    return not found.get("forkSource") and ends == (HEADS + head, HEADS + base)
