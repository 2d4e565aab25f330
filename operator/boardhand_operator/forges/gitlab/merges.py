"""Merge requests: found by their branches, opened once, brought up to date.

Source: https://docs.gitlab.com/api/merge_requests/
"""

from __future__ import annotations

import re
from typing import Any

from boardhand_api.run_status import PullRequest
from boardhand_operator.decide.lost_pod import Head
from boardhand_operator.decide.observe import parse_time
from boardhand_operator.errors import NotFound, Rejected
from boardhand_operator.forges.fate import state_of, with_fate
from boardhand_operator.forges.gitlab.asked import fields, lacking
from boardhand_operator.forges.opening import opens, patiently, the_first
from boardhand_operator.forges.proposal import Proposal
from boardhand_operator.forges.text import fitting, one_line
from boardhand_operator.http.transport import segment
from boardhand_operator.vendors.gitlab.client import Json, Project
from boardhand_operator.vendors.gitlab.texts import harmless

TITLE, TEXT = 255, 1_000_000
"""Characters that a title, and a description or a note, may have."""
DRAFT = "Draft: "
"""A title that begins so is a draft; there is no field for it."""
_DRAFT_WORDS = re.compile(r"^(?:\s*(?:draft:|\[draft\]|\(draft\)))+\s*", re.IGNORECASE)


def title_of(title: str, draft: bool) -> str:
    """The title on one line, as a draft or not, whatever it says of itself; at most TITLE characters."""
    bare = _DRAFT_WORDS.sub("", " ".join(title.split())) or "Untitled"
    return one_line(DRAFT + bare if draft else bare, TITLE)


def text_of(text: str) -> str:
    """The text as GitLab takes it, of which no line is carried out as a quick action."""
    return fitting(harmless(text), TEXT)


def read(found: Json) -> PullRequest:
    """The pull request of an answer."""
    return PullRequest(url=found["web_url"], number=found["iid"], draft=bool(found["draft"]))


async def followed(project: Project, number: int) -> PullRequest:
    """See `Forge.followed`."""
    path = f"{project.root}/merge_requests/{number}"
    found: Json = await project.http.get(f"read merge request {number}", path, remember=True)
    state = state_of(found["state"], ("opened", "locked"), ("merged",))
    return with_fate(read(found), state, found.get("merged_at"), found["sha"])


async def head(project: Project, branch: str) -> Head | None:
    """See `Forge.head`."""
    try:
        found = await project.get(f"read branch {branch}", f"/repository/branches/{segment(branch)}")
    except NotFound:
        return None
    return Head(found["commit"]["id"], parse_time(found["commit"]["committed_date"]))


async def find(project: Project, base: str, branch: str) -> Json | None:
    """The first of the open merge requests from this branch of the project itself into that one."""
    params = {"state": "opened", "source_branch": branch, "target_branch": base}
    found = await project.all(f"search the merge request of {branch}", "/merge_requests", params)
    fits = (
        one
        for one in found
        # A fork may have a branch of the same name.
        if one["source_project_id"] == one["target_project_id"]
        and (one["source_branch"], one["target_branch"]) == (branch, base)
    )
    return min(fits, key=lambda one: int(one["iid"]), default=None)


async def opened(project: Project, wanted: Proposal) -> Json:
    """The open merge request as it is wanted; opened where there is none."""
    texts = {"title": title_of(wanted.title, wanted.draft), "description": text_of(wanted.body)}
    found = await find(project, wanted.base, wanted.head)
    if found is None:
        found = await _open_first(project, wanted, texts)
    change: dict[str, Any] = {name: value for name, value in texts.items() if (found[name] or "") != value}
    change |= fields("add_labels", *await lacking(project, found, wanted.labels, wanted.reviewers))
    if not change:
        return found
    number = found["iid"]
    edited: Json = await project.send("PUT", f"edit merge request {number}", f"/merge_requests/{number}", change)
    return edited


async def _open_first(project: Project, wanted: Proposal, texts: dict[str, str]) -> Json:
    """Open one, and where somebody opened another at the same moment keep the first: GitLab lets both through."""
    head, base, operation = wanted.head, wanted.base, opens(wanted)
    for name in (head, base):
        await _see_branch(project, operation, name)
    asked = fields("labels", *await lacking(project, None, wanted.labels, wanted.reviewers))
    body = {"source_branch": head, "target_branch": base, **texts, **asked}
    try:
        made: Json = await project.send("POST", operation, "/merge_requests", body)
    except Rejected as failed:
        there = await find(project, base, head) if failed.status == 409 else None
        if there is None:
            raise
        return there

    async def close(operation: str, number: int) -> None:
        await project.send("PUT", operation, f"/merge_requests/{number}", {"state_event": "close"})

    return await the_first(made, await find(project, base, head), "iid", close)


async def _see_branch(project: Project, operation: str, name: str) -> None:
    """Raises NotFound where there is no such branch: not every GitLab says so when a merge request is opened."""

    async def look() -> None:
        if await head(project, name) is None:
            raise NotFound(project.vendor.name, operation, f"branch {name} is not in {project.path}")

    await patiently(look, lambda _: True)
