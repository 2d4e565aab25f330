"""Pull requests: found by their branch, opened once, brought up to date.

Source: https://docs.github.com/rest/pulls/pulls ; a draft is made one, or none, by GraphQL alone
(https://docs.github.com/graphql/reference/mutations#convertpullrequesttodraft).
"""

from __future__ import annotations

import asyncio
import re

from boardhand_api.run import PullRequest
from boardhand_operator.errors import NotFound, PermissionMissing, Rejected
from boardhand_operator.forges.github.at import PAGE, At, Json

TITLE, BODY = 256, 65_536
"""Characters that a title and a text may have."""
MARK = "Draft: "
"""Begins the title where the repository's plan has no drafts."""
CUT = "\n\n*(cut here: the forge takes no longer text)*"
PATIENCE = (0.25, 0.5, 1.0, 2.0)
"""Seconds to wait for a branch that was just pushed: the API learns of it a little later."""
_NO_DRAFTS = re.compile(r"draft pull requests are not supported|permission to convert the pull request", re.IGNORECASE)
_TOGGLE = """mutation($id: ID!) {{
  {name}(input: {{pullRequestId: $id}}) {{ pullRequest {{ isDraft }} }}
}}"""


def text_of(text: str) -> str:
    """The text, cut to what GitHub takes."""
    return text if len(text) <= BODY else text[: BODY - len(CUT)] + CUT


def title_of(title: str, marked: bool) -> str:
    """The title on one line, without our mark or with it; at most TITLE characters."""
    bare = " ".join(title.split()).removeprefix(MARK) or "Untitled"
    whole = MARK + bare if marked else bare
    return whole if len(whole) <= TITLE else whole[: TITLE - 1] + "…"


def read(found: Json) -> PullRequest:
    """The pull request of an answer; one whose title carries our mark counts as a draft."""
    draft = bool(found.get("draft")) or found["title"].startswith(MARK)
    return PullRequest(url=found["html_url"], number=found["number"], draft=draft)


async def find(at: At, base: str, head: str) -> Json | None:
    """The first of the open pull requests from this branch of the repository itself into that one."""
    params = {"state": "open", "head": f"{at.owner}:{head}", "base": base, **PAGE}
    pages = at.http.pages(f"search the pull request of {head}", f"{at.root}/pulls", params, remember=True)
    fits = [found async for page in pages for found in page if _joins(found, base, head)]
    return min(fits, key=lambda found: int(found["number"]), default=None)


async def opened(at: At, base: str, head: str, title: str, body: str, draft: bool) -> Json:
    """The open pull request as it is wanted; opened where there is none."""
    body = text_of(body)
    found = await find(at, base, head) or await _open(at, base, head, title, body, draft)
    has_it = await _toggled(at, found, draft, title_of(title, True))
    wanted = {"title": title_of(title, draft and not has_it), "body": body}
    # GitHub gives line ends back as they came, and an empty text as null.
    if any((found[field] or "") != value for field, value in wanted.items()):
        path = f"{at.root}/pulls/{found['number']}"
        changed: Json = await at.http.send("PATCH", f"edit pull request {found['number']}", path, wanted)
        return changed | {"draft": found["draft"]}
    return found


async def _open(at: At, base: str, head: str, title: str, body: str, draft: bool) -> Json:
    operation, path = f"open a pull request from {head} into {base}", f"{at.root}/pulls"
    marked, waits = False, iter((*PATIENCE, None))
    while True:
        wanted = {"head": head, "base": base, "title": title_of(title, marked), "body": body}
        try:
            made: Json = await at.http.send("POST", operation, path, wanted | {"draft": draft and not marked})
        except Rejected as failed:
            if "already exists" in failed.message and (there := await find(at, base, head)):
                return there
            if draft and not marked and _NO_DRAFTS.search(failed.message):
                marked = True
            elif re.search(r"\b(head|base) invalid\b", failed.message):
                await _wait_for_branch(at, operation, head, base, next(waits), failed)
            else:
                raise
        else:
            return made


async def _wait_for_branch(at: At, operation: str, head: str, base: str, wait: float | None, failed: Rejected) -> None:
    if wait is None:
        sentence = f"{failed.message}: branch {head} or {base} is not in {at.full_name}"
        raise NotFound(failed.service, operation, sentence, failed.request_id) from failed
    await asyncio.sleep(wait)


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
