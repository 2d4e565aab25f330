"""Gitea's pull requests: opened once, found by their branch, brought up to date."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import quote

from boardhand_api.run_status import PullRequest
from boardhand_operator.errors import NotFound, Rejected
from boardhand_operator.forges.fate import state_of, with_fate
from boardhand_operator.forges.gitea.at import At
from boardhand_operator.forges.opening import once_pushed, opens, the_first
from boardhand_operator.forges.proposal import Proposal
from boardhand_operator.http.transport import segment
from boardhand_operator.vendors.gitea.pages import Json

DRAFT = "WIP: "
"""A title that begins so is a draft; there is no field for it."""
TITLE_BYTES = 255
"""Bytes that a title may have; Gitea itself counts columns, of which a character has at most as many as bytes."""
_DRAFT_WORDS = re.compile(r"^(?:\s*(?:wip|draft)\s*:|\s*\[(?:wip|draft)\])+\s*", re.IGNORECASE)


async def opened(at: At, wanted: Proposal) -> Json:
    """The open pull request as it is wanted, but for labels and reviewers; opened where there is none."""
    fields = {"title": title_of(wanted.title, wanted.draft), "body": wanted.body}
    found = await find(at, wanted.base, wanted.head) or await _open_first(at, wanted, fields)
    if any(found[field] != value for field, value in fields.items()):
        number = found["number"]
        found = await at.http.send("PATCH", f"edit pull request {number}", f"{at.pulls}/{number}", fields)
    return found


def read(found: Json) -> PullRequest:
    """As the run's status has it."""
    return PullRequest(url=found["html_url"], number=found["number"], draft=bool(found.get("draft")))


async def followed(at: At, number: int) -> PullRequest:
    """See `Forge.followed`."""
    found: Json = await at.http.get(f"read pull request {number}", f"{at.pulls}/{number}", remember=True)
    state = state_of("merged" if found["merged"] else found["state"], ("open",), ("merged",))
    return with_fate(read(found), state, found["merged_at"], found["head"]["sha"])


def title_of(title: str, draft: bool) -> str:
    """The title on one line, as a draft or not, whatever it says of itself; at most TITLE_BYTES bytes."""
    bare = _DRAFT_WORDS.sub("", " ".join(title.split())) or "Untitled"
    whole = DRAFT + bare if draft else bare
    if len(whole.encode()) <= TITLE_BYTES:
        return whole
    return whole.encode()[: TITLE_BYTES - len("…".encode())].decode(errors="ignore") + "…"


async def _open_first(at: At, wanted: Proposal, fields: Mapping[str, str]) -> Json:
    """Open one, and where somebody opened another at the same moment keep the first: Gitea lets both through."""

    async def close(operation: str, number: int) -> None:
        await at.http.send("PATCH", operation, f"{at.pulls}/{number}", {"state": "closed"})

    made = await _open(at, wanted, fields)
    return await the_first(made, await _search(at, wanted.base, wanted.head), "number", close)


async def _open(at: At, wanted: Proposal, fields: Mapping[str, str]) -> Json:
    body = {"head": wanted.head, "base": wanted.base, **fields}

    async def attempt() -> Json:
        made: Json = await at.http.send("POST", opens(wanted), at.pulls, body)
        return made

    try:
        return await once_pushed(attempt, lambda failed: isinstance(failed, NotFound), wanted, at.full_name)
    except Rejected as failed:
        there = await _search(at, wanted.base, wanted.head) if failed.status == 409 else None
        if there is None:
            raise
        return there


async def find(at: At, base: str, head: str) -> Json | None:
    """The open pull request; by its address where that is sure to work."""
    if "/" in base:  # it would have to be one segment of the path, which proxies take apart
        return await _search(at, base, head)
    path = f"{at.pulls}/{segment(base)}/{quote(head)}"
    try:
        found: Json = await at.http.get(f"find the pull request of {head}", path)
    except NotFound:
        return None
    # The address answers with any one of this branch's, so a closed one may stand before the open one.
    return found if found["state"] == "open" else await _search(at, base, head)


async def _search(at: At, base: str, head: str) -> Json | None:
    """The first of the open pull requests from this branch into that one."""
    operation = f"search the pull request of {head}"
    pulls = await at.pages.all(operation, "/pulls", {"state": "open"}, sieved=True)
    fits = [found for found in pulls if _joins(found, base, head)]
    return min(fits, key=lambda found: int(found["number"]), default=None)


def _joins(found: Json, base: str, head: str) -> bool:
    ours = found["head"]["repo_id"] == found["base"]["repo_id"]
    return bool(ours and found["head"]["ref"] == head and found["base"]["ref"] == base)
