"""Gitea and Forgejo as the forge, API v1.

Source: https://docs.gitea.com/api/ ; a test holds every request to Forgejo's swagger file.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from boardhand_api import pool
from boardhand_api.run_status import PullRequest
from boardhand_operator.comment import Comment
from boardhand_operator.decide.lost_pod import Head
from boardhand_operator.decide.observe import parse_time
from boardhand_operator.forges import required_url, secret_name
from boardhand_operator.forges.address import owner_and_name
from boardhand_operator.forges.gitea import asked, check, checks, pulls, said, template
from boardhand_operator.forges.gitea.at import At
from boardhand_operator.forges.proposal import Proposal
from boardhand_operator.http.answers import Vendor
from boardhand_operator.http.transport import Client, Connection
from boardhand_operator.plugins import token_refused
from boardhand_operator.reviews import Check, Judgement, LineComment, Review
from boardhand_operator.vendors.gitea import hooks
from boardhand_operator.vendors.gitea.pages import Pages

EVENTS = ("pull_request",)
"""Of these Gitea tells: all that happens to pull requests, reviews and comments too."""


class GiteaForge:
    """One repository at a Gitea or Forgejo, with a token."""

    credential_keys: ClassVar[tuple[str, ...]] = ("token",)
    pull_requests: ClassVar[bool] = True

    def __init__(
        self, spec: pool.Forge, repository: pool.Repository, credentials: Mapping[str, str], connection: Connection
    ) -> None:
        """Raises Misconfigured where the repository is not at this forge or the token cannot be sent."""
        url = required_url(spec).rstrip("/").removesuffix("/api/v1")
        owner, name = owner_and_name(url, repository.url)
        token, secret = credentials["token"].strip(), secret_name(spec)
        self._webhook_secret = hooks.secret_of(credentials)
        vendor = Vendor(
            "The forge",
            token_refused(secret),
            f"The token in Secret {secret} needs the scopes read:user, write:repository and write:issue, and its "
            f"account the right to write to {owner}/{name} (for webhooks to administer it).",
        )
        http = Client(
            vendor, url + "/api/v1", {"authorization": f"token {token}"}, [token, self._webhook_secret], connection
        )
        self._spec = spec
        self._at = At(http, Pages(http, owner, name), f"{owner}/{name}", repository.branch, secret)

    async def check(self) -> None:
        """See `Forge.check`: four requests, and one each where there are labels and reviewers; the one that would open
        a pull request is always refused, and shows the token's scopes."""
        await check.repository(self._at)
        await check.scopes(self._at)
        await check.labels(self._at, self._spec.labels)
        await check.reviewers(self._at, self._spec.reviewers)

    async def head(self, branch: str) -> Head | None:
        """See `Forge.head`."""
        found = await check.branch(self._at, branch)
        return None if found is None else Head(found["commit"]["id"], parse_time(found["commit"]["timestamp"]))

    async def pull_request(self, head: str) -> PullRequest | None:
        """See `Forge.pull_request`."""
        found = await pulls.find(self._at, self._at.branch, head)
        return None if found is None else pulls.read(found)

    async def open_pull_request(self, wanted: Proposal) -> PullRequest:
        """See `Forge.open_pull_request`. Waits up to four seconds for a branch that was just pushed."""
        found = await pulls.opened(self._at, wanted)
        await asked.label(self._at, found, wanted.labels)
        await asked.request(self._at, found, wanted.reviewers)
        return pulls.read(found)

    async def followed(self, number: int) -> PullRequest:
        """See `Forge.followed`."""
        return await pulls.followed(self._at, number)

    async def template(self) -> str | None:
        """See `Forge.template`."""
        return await template.read(self._at)

    async def comment(self, number: int, text: str) -> str:
        """See `Forge.comment`. Raises Rejected for an empty text."""
        return await said.write_comment(self._at, number, text)

    async def comments(self, number: int) -> list[Comment]:
        """See `Forge.comments`."""
        return await said.comments(self._at, number)

    async def review(self, number: int, text: str, judgement: Judgement, lines: Sequence[LineComment] = ()) -> str:
        """See `Forge.review`."""
        return await said.write_review(self._at, number, text, judgement, lines)

    async def reviews(self, number: int) -> list[Review]:
        """See `Forge.reviews`."""
        return await said.reviews(self._at, number)

    async def checks(self, commit: str) -> list[Check]:
        """See `Forge.checks`."""
        return await checks.read(self._at, commit)

    async def subscribe(self, before: str = "") -> None:
        """See `Forge.subscribe`: nothing where spec.forge.webhook is absent."""
        if self._spec.webhook is not None:
            secret = self._at.secret, self._webhook_secret
            await hooks.subscribe(
                self._at.http, self._at.pages, self._spec.webhook, "spec.forge", secret, EVENTS, before
            )

    def signed(self, headers: Mapping[str, str], body: bytes) -> bool:
        """See `Forge.signed`."""
        if self._spec.webhook is None or not self._webhook_secret:
            return False
        return hooks.signed(self._webhook_secret, headers, body)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._at.http.aclose()
