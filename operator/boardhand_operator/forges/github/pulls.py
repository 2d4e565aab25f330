"""Pull requests: found by their branch, opened once, brought up to date.

Source: https://docs.github.com/rest/pulls/pulls ; a draft is made one, or none, by GraphQL alone
(https://docs.github.com/graphql/reference/mutations#convertpullrequesttodraft).
"""

from __future__ import annotations

import re

from boardhand_api.run_status import PullRequest
from boardhand_operator.errors import PermissionMissing, Rejected
from boardhand_operator.forges.fate import state_of, with_fate
from boardhand_operator.forges.github.at import PAGE, At, Json
from boardhand_operator.forges.opening import once_pushed, opens
from boardhand_operator.forges.proposal import Proposal
from boardhand_operator.forges.text import fitting, one_line

TITLE, BODY = 256, 65_536
"""Characters that a title and a text may have."""
MARK = "Draft: "
"""Begins the title where the repository's plan has no drafts."""
_NO_DRAFTS = re.compile(r"draft pull requests are not supported|permission to convert the pull request", re.IGNORECASE)
_NO_BRANCH = re.compile(r"\b(head|base) invalid\b")
_TOGGLE = """mutation($id: ID!) {{
  {name}(input: {{pullRequestId: $id}}) {{ pullRequest {{ isDraft }} }}
}}"""


def title_of(title: str, marked: bool) -> str:
    """The title on one line, without our mark or with it; at most TITLE characters."""
    bare = " ".join(title.split()).removeprefix(MARK) or "Untitled"
    return one_line(MARK + bare if marked else bare, TITLE)


def read(found: Json) -> PullRequest:
    """The pull request of an answer; one whose title carries our mark counts as a draft."""
    draft = bool(found.get("draft")) or found["title"].startswith(MARK)
    return PullRequest(url=found["html_url"], number=found["number"], draft=draft)


async def followed(at: At, number: int) -> PullRequest:
    """See `Forge.followed`."""
    found: Json = await at.http.get(f"read pull request {number}", f"{at.root}/pulls/{number}", remember=True)
    merged_at = found["merged_at"]
    state = state_of("merged" if merged_at else found["state"], ("open",), ("merged",))
    return with_fate(read(found), state, merged_at, found["head"]["sha"])


async def find(at: At, base: str, head: str) -> Json | None:
    """The first of the open pull requests from this branch of the repository itself into that one."""
    params = {"state": "open", "head": f"{at.owner}:{head}", "base": base, **PAGE}
    pages = at.http.pages(f"search the pull request of {head}", f"{at.root}/pulls", params, remember=True)
    fits = [found async for page in pages for found in page if _joins(found, base, head)]
    return min(fits, key=lambda found: int(found["number"]), default=None)


async def opened(at: At, wanted: Proposal) -> Json:
    """The open pull request as it is wanted, but for labels and reviewers; opened where there is none."""
    draft, body = wanted.draft, fitting(wanted.body, BODY)
    found = await find(at, wanted.base, wanted.head) or await _open(at, wanted)
    has_it = await _toggled(at, found, draft, title_of(wanted.title, True))
    fields = {"title": title_of(wanted.title, draft and not has_it), "body": body}
    # GitHub gives line ends back as they came, and an empty text as null.
    if any((found[field] or "") != value for field, value in fields.items()):
        path = f"{at.root}/pulls/{found['number']}"
        changed: Json = await at.http.send("PATCH", f"edit pull request {found['number']}", path, fields)
        return changed | {"draft": found["draft"]}
    return found


async def _open(at: At, wanted: Proposal) -> Json:
    """As a draft where one is wanted, or with our mark where the plan has none."""
    try:
        return await _made(at, wanted, marked=False)
    except Rejected as failed:
        if wanted.draft and _NO_DRAFTS.search(failed.message):
            return await _made(at, wanted, marked=True)
        raise


async def _made(at: At, wanted: Proposal, *, marked: bool) -> Json:
    body = {
        "head": wanted.head,
        "base": wanted.base,
        "title": title_of(wanted.title, marked),
        "body": fitting(wanted.body, BODY),
        "draft": wanted.draft and not marked,
    }

    async def attempt() -> Json:
        made: Json = await at.http.send("POST", opens(wanted), f"{at.root}/pulls", body)
        return made

    try:
        return await once_pushed(attempt, lambda failed: bool(_NO_BRANCH.search(failed.message)), wanted, at.full_name)
    except Rejected as failed:
        if "already exists" in failed.message and (there := await find(at, wanted.base, wanted.head)):
            return there
        raise


async def _toggled(at: At, found: Json, draft: bool, marked_title: str) -> bool:
    """See that it is a draft, or is none; whether GitHub has it so: False where the plan has no drafts."""
    if bool(found["draft"]) is draft:
        return True
    if draft and found["title"] == marked_title:
        return False
    name = "convertPullRequestToDraft" if draft else "markPullRequestReadyForReview"
    operation = f"make pull request {found['number']} {'a draft' if draft else 'ready for review'}"
    try:
        await at.graph.mutate(operation, _TOGGLE.format(name=name), {"id": found["node_id"]})
    except (Rejected, PermissionMissing) as failed:
        if draft and _NO_DRAFTS.search(failed.message):
            return False
        raise
    found["draft"] = draft
    return True


def _joins(found: Json, base: str, head: str) -> bool:
    """A fork of the same owner is told by its repository; a fork that was deleted has none."""
    ours = found["head"]["repo"] and found["head"]["repo"]["id"] == found["base"]["repo"]["id"]
    return bool(ours and found["head"]["ref"] == head and found["base"]["ref"] == base)
