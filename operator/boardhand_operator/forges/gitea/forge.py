"""Gitea and Forgejo as the forge, API v1.

Source: https://docs.gitea.com/api/ ; a test holds every request to Forgejo's swagger file.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from typing import Any, ClassVar
from urllib.parse import quote

from boardhand_api import pool
from boardhand_api.run import PullRequest
from boardhand_operator.answers import Vendor
from boardhand_operator.errors import Misconfigured, NotFound, Rejected
from boardhand_operator.forges import required_url, secret_name
from boardhand_operator.forges.address import owner_and_name
from boardhand_operator.lost_pod import Head
from boardhand_operator.observe import parse_time
from boardhand_operator.transport import Client, Connection, segment

DRAFT = "WIP: "
"""A title that begins so is a draft; there is no field for it."""
TITLE_BYTES = 255
"""Bytes that a title may have; Gitea itself counts columns, of which a character has at most as many as bytes."""
PAGE, PAGES = 50, 200
"""Size and number of the pages of open pull requests that are searched at most."""
PATIENCE = (0.25, 0.5, 1.0, 2.0)
"""Seconds to wait for a branch that was just pushed: the forge learns of it a little later."""
_DRAFT_WORDS = re.compile(r"^(?:\s*(?:wip|draft)\s*:|\s*\[(?:wip|draft)\])+\s*", re.IGNORECASE)

Json = dict[str, Any]


class GiteaForge:
    """One repository at a Gitea or Forgejo, with a token."""

    credential_keys: ClassVar[tuple[str, ...]] = ("token",)
    pull_requests: ClassVar[bool] = True

    def __init__(
        self, spec: pool.Forge, repository: pool.Repository, credentials: Mapping[str, str], connection: Connection
    ) -> None:
        """Raises Misconfigured where the repository is not at this forge or the token cannot be sent."""
        url = required_url(spec)
        owner, name = owner_and_name(url, repository.url)
        token = credentials["token"].strip()
        secret = secret_name(spec)
        vendor = Vendor(
            "The forge",
            f"It refused the token in Secret {secret}: make a new one and put it under the key `token`.",
            f"The token in Secret {secret} needs the scopes write:repository and write:issue, and its account "
            f"access to {owner}/{name}.",
        )
        base_url = url.rstrip("/") + "/api/v1"
        self._http = Client(vendor, base_url, {"authorization": f"token {token}"}, [token], connection)
        self._secret = secret
        self._full_name = f"{owner}/{name}"
        self._branch = repository.branch
        self._repository = f"/repos/{segment(owner)}/{segment(name)}"
        self._pulls = f"{self._repository}/pulls"

    async def check(self) -> None:
        """See `Forge.check`: three requests; the last one is always refused, and shows the token's scopes."""
        found = await self._repository_data()
        for wrong, reason, sentence in (
            (
                found.get("archived"),
                "RepositoryArchived",
                "is archived: unarchive it, or point the pool elsewhere",
            ),
            (not found.get("has_pull_requests", True), "PullRequestsOff", "has pull requests switched off"),
            (found.get("empty"), "RepositoryEmpty", f"is empty: push a first commit to {self._branch}"),
        ):
            if wrong:
                raise Misconfigured(reason, f"Repository {self._full_name} {sentence}.")
        await self._check_branch(str(found.get("default_branch", "")))
        await self._check_scope()

    async def head(self, branch: str) -> Head | None:
        """See `Forge.head`."""
        try:
            found = await self._http.get(f"read branch {branch}", f"{self._repository}/branches/{quote(branch)}")
        except NotFound:
            return None
        return Head(found["commit"]["id"], parse_time(found["commit"]["timestamp"]))

    async def pull_request(self, head: str) -> PullRequest | None:
        """See `Forge.pull_request`."""
        found = await self._find(self._branch, head)
        return None if found is None else _pull_request(found)

    async def open_pull_request(self, head: str, base: str, title: str, body: str, draft: bool) -> PullRequest:
        """See `Forge.open_pull_request`. Waits up to four seconds for a branch that was just pushed."""
        wanted = {"title": title_of(title, draft), "body": body}
        found = await self._find(base, head) or await self._open_first(head, base, wanted)
        if any(found[field] != value for field, value in wanted.items()):
            number = found["number"]
            found = await self._http.send("PATCH", f"edit pull request {number}", f"{self._pulls}/{number}", wanted)
        return _pull_request(found)

    async def comment(self, number: int, text: str) -> None:
        """See `Forge.comment`. Raises Rejected for an empty text."""
        path = f"{self._repository}/issues/{number}/comments"
        await self._http.send("POST", f"comment on pull request {number}", path, {"body": text})

    async def aclose(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def _open_first(self, head: str, base: str, wanted: Mapping[str, str]) -> Json:
        """Open one, and where somebody opened another at the same moment keep the first: Gitea lets both through."""
        made = await self._open(head, base, wanted)
        first = await self._search(base, head) or made
        if first["number"] < made["number"]:
            number = made["number"]
            operation = f"close pull request {number}, of which {first['number']} is the same"
            await self._http.send("PATCH", operation, f"{self._pulls}/{number}", {"state": "closed"})
        return first

    async def _open(self, head: str, base: str, wanted: Mapping[str, str]) -> Json:
        operation = f"open a pull request from {head} into {base}"
        for wait in (*PATIENCE, None):
            try:
                made: Json = await self._http.send(
                    "POST", operation, self._pulls, {"head": head, "base": base, **wanted}
                )
            except NotFound as failed:
                if wait is None:
                    sentence = f"{failed.message}: branch {head} or {base} is not in {self._full_name}"
                    raise NotFound(failed.service, operation, sentence, failed.request_id) from failed
                await asyncio.sleep(wait)
            except Rejected as failed:
                there = await self._search(base, head) if failed.status == 409 else None
                if there is None:
                    raise
                return there
            else:
                return made
        raise AssertionError("the last turn returns or raises")

    async def _find(self, base: str, head: str) -> Json | None:
        """The open pull request; by its address where that is sure to work."""
        if "/" in base:  # it would have to be one segment of the path, which proxies take apart
            return await self._search(base, head)
        path = f"{self._pulls}/{segment(base)}/{quote(head)}"
        try:
            found: Json = await self._http.get(f"find the pull request of {head}", path)
        except NotFound:
            return None
        # The address answers with any one of this branch's, so a closed one may stand before the open one.
        return found if found["state"] == "open" else await self._search(base, head)

    async def _search(self, base: str, head: str) -> Json | None:
        """The first of the open pull requests from this branch into that one."""
        fits: list[Json] = []
        for page in range(1, PAGES + 1):
            params = {"state": "open", "page": str(page), "limit": str(PAGE)}
            pulls = await self._http.get(f"search the pull request of {head}", self._pulls, params)
            fits += (found for found in pulls if _joins(found, base, head))
            if not pulls:
                break
        return min(fits, key=lambda found: int(found["number"]), default=None)

    async def _repository_data(self) -> Json:
        try:
            found: Json = await self._http.get(f"read repository {self._full_name}", self._repository)
        except NotFound as failed:
            raise Misconfigured(
                "RepositoryMissing",
                f"The forge has no repository {self._full_name} that the token in Secret {self._secret} may see: "
                "correct spec.repository.url, or give the token's account access.",
            ) from failed
        return found

    async def _check_branch(self, default: str) -> None:
        path = f"{self._repository}/branches/{quote(self._branch)}"
        try:
            await self._http.get(f"read branch {self._branch}", path)
        except NotFound as failed:
            raise Misconfigured(
                "BranchMissing",
                f"Repository {self._full_name} has no branch {self._branch!r} (spec.repository.branch); "
                f"its default branch is {default!r}.",
            ) from failed

    async def _check_scope(self) -> None:
        """See that the token may open pull requests: one of a branch into itself is refused, but only then."""
        same = {"head": self._branch, "base": self._branch, "title": "Boardhand's check"}
        try:
            await self._http.send("POST", "open pull requests", self._pulls, same)
        except Rejected:
            return


def title_of(title: str, draft: bool) -> str:
    """The title on one line, as a draft or not, whatever it says of itself; at most TITLE_BYTES bytes."""
    bare = _DRAFT_WORDS.sub("", " ".join(title.split())) or "Untitled"
    whole = DRAFT + bare if draft else bare
    if len(whole.encode()) <= TITLE_BYTES:
        return whole
    return whole.encode()[: TITLE_BYTES - len("…".encode())].decode(errors="ignore") + "…"


def _joins(found: Json, base: str, head: str) -> bool:
    ours = found["head"]["repo_id"] == found["base"]["repo_id"]
    return bool(ours and found["head"]["ref"] == head and found["base"]["ref"] == base)


def _pull_request(found: Json) -> PullRequest:
    return PullRequest(url=found["html_url"], number=found["number"], draft=bool(found.get("draft")))
