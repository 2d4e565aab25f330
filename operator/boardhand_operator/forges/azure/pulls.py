"""Pull requests: found by their branch, opened once, brought up to date.

Source: https://learn.microsoft.com/en-us/rest/api/azure/devops/git/pull-requests (7.1)
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence

from boardhand_api.run import PullRequest
from boardhand_operator.errors import NotFound, PermissionMissing, Rejected
from boardhand_operator.forges.azure.at import HEADS, At, Json
from boardhand_operator.forges.azure.people import People
from boardhand_operator.forges.text import fitting, one_line
from boardhand_operator.transport import segment

TITLE, BODY = 400, 4000
"""Lengths that a title and a description may have."""
PATIENCE = (0.25, 0.5, 1.0, 2.0)
"""Seconds to wait for a branch that was just pushed: the API learns of it a little later."""
_NO_BRANCH = re.compile(r"TF401398|TF401229|no longer exists", re.IGNORECASE)
_EXISTS = re.compile(r"TF401179")


def read(at: At, found: Json) -> PullRequest:
    """The pull request of an answer."""
    number = found["pullRequestId"]
    return PullRequest(url=at.url(number), number=number, draft=bool(found.get("isDraft")))


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


async def opened(
    at: At,
    people: People,
    base: str,
    head: str,
    wanted: tuple[str, str, bool],
    labels: Sequence[str],
    reviewers: Sequence[str],
) -> Json:
    """The open pull request as it is wanted, by title, text and draft state; opened where there is none."""
    title, body, draft = wanted
    fields: Json = {"title": one_line(title, TITLE), "description": fitting(body, BODY), "isDraft": draft}
    found = await find(at, base, head) or await _open(at, base, head, fields)
    number = found["pullRequestId"]
    whole: Json = await at.http.get(f"read pull request {number}", at.pull(number))
    if not _same(whole, fields):
        whole |= await at.http.send("PATCH", f"edit pull request {number}", at.pull(number), fields)
    await _label(at, number, labels)
    await _ask(at, people, whole, reviewers)
    return whole


async def _open(at: At, base: str, head: str, fields: Json) -> Json:
    operation, waits = f"open a pull request from {head} into {base}", iter((*PATIENCE, None))
    body = {"sourceRefName": HEADS + head, "targetRefName": HEADS + base, **fields}
    while True:
        try:
            made: Json = await at.http.send("POST", operation, f"{at.root}/pullrequests", body)
        except (Rejected, NotFound) as failed:
            if _EXISTS.search(failed.message) and (there := await find(at, base, head)):
                return there
            if not _NO_BRANCH.search(failed.message):
                raise
            if (wait := next(waits)) is None:
                sentence = f"{failed.message}: branch {head} or {base} is not in {at.place}"
                raise NotFound(failed.service, operation, sentence, failed.request_id) from failed
            await asyncio.sleep(wait)
        else:
            return made


def _same(whole: Json, wanted: Json) -> bool:
    """Line ends may come back otherwise than they were sent, and an empty text not at all."""
    told = str(whole.get("description") or "").replace("\r\n", "\n").strip()
    return (whole["title"], told, bool(whole.get("isDraft"))) == (
        wanted["title"],
        wanted["description"].replace("\r\n", "\n").strip(),
        wanted["isDraft"],
    )


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
