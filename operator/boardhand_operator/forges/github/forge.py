"""GitHub and GitHub Enterprise as the forge: the REST API, and GraphQL where REST cannot.

Source: https://docs.github.com/rest ; a test holds every request to GitHub's own description of its API.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from boardhand_api import pool
from boardhand_api.run_status import PullRequest
from boardhand_operator.comment import Comment
from boardhand_operator.decide.lost_pod import Head
from boardhand_operator.decide.observe import parse_time
from boardhand_operator.errors import PermissionMissing
from boardhand_operator.forges import secret_name
from boardhand_operator.forges.address import owner_and_name
from boardhand_operator.forges.github import asked, check, checks, pulls, said, template
from boardhand_operator.forges.github.at import At
from boardhand_operator.forges.proposal import Proposal
from boardhand_operator.http.answers import Vendor
from boardhand_operator.http.graphql import Graph
from boardhand_operator.http.transport import Client, Connection, segment
from boardhand_operator.plugins import token_refused
from boardhand_operator.reviews import Check, Judgement, LineComment, Review
from boardhand_operator.vendors.github import graph as github_graph
from boardhand_operator.vendors.github import hooks as github_hooks
from boardhand_operator.vendors.github.api import GITHUB, Api, read_error
from boardhand_operator.vendors.github.app import Access, Place

_WEBHOOK = "spec.forge.webhook"
EVENTS = ("check_run", "issue_comment", "pull_request", "pull_request_review", "pull_request_review_comment", "status")
"""What GitHub calls for."""


class GitHubForge:
    """One repository at GitHub, with a token or as a GitHub App."""

    credential_keys: ClassVar[tuple[str, ...]] = ()
    """`token`, or `appId` and `privateKey`: which of them, the constructor looks for."""
    pull_requests: ClassVar[bool] = True

    def __init__(
        self, spec: pool.Forge, repository: pool.Repository, credentials: Mapping[str, str], connection: Connection
    ) -> None:
        """Raises Misconfigured where the repository is not at this forge or the credentials cannot be used."""
        owner, name = owner_and_name(spec.url or GITHUB, repository.url)
        secret, api = secret_name(spec), Api.of(spec.url)
        needed = needs(spec)
        place = Place(f"/repos/{segment(owner)}/{segment(name)}", needed, (name,))
        self._access = Access.of(credentials, secret, api, place, connection)
        self._webhook_secret = credentials.get(github_hooks.SECRET, "").strip()
        vendor = Vendor(
            "GitHub",
            f"It refused the token of the GitHub App in Secret {secret}: see that the App is still installed."
            if self._access.tokens
            else token_refused(secret),
            f"The credentials in Secret {secret} need, for {owner}/{name}: "
            + ", ".join(f"{permission} ({level})" for permission, level in needed.items())
            + "; a classic token the scope repo.",
            read_error=read_error,
        )
        http = Client(
            vendor,
            api.base_url,
            self._access.headers,
            [*self._access.secrets, self._webhook_secret],
            connection,
            authorize=self._access.tokens,
        )
        graph = Graph(
            http, vendor.name, github_graph.PATH, github_graph.kind_of, {PermissionMissing: vendor.permission_hint}
        )
        self._at = At(http, graph, api.rest, owner, name, repository.branch, secret)
        self._spec, self._hint = spec, vendor.permission_hint
        self._us = ""

    async def check(self) -> None:
        """See `Forge.check`: five requests (three of an App) and those for labels and reviewers. Two are always
        refused, and show whether pull requests may be opened and contents written."""
        await check.repository(self._at)
        if self._access.tokens is None:
            await check.permissions(self._at)
        await check.labels(self._at, self._spec.labels)
        if self._spec.reviewers:
            await check.reviewers(self._at, self._spec.reviewers, await self._login())

    async def head(self, branch: str) -> Head | None:
        """See `Forge.head`."""
        found = await check.branch(self._at, branch)
        if found is None:
            return None
        return Head(found["commit"]["sha"], parse_time(found["commit"]["commit"]["committer"]["date"]))

    async def pull_request(self, head: str) -> PullRequest | None:
        """See `Forge.pull_request`."""
        found = await pulls.find(self._at, self._at.branch, head)
        return None if found is None else pulls.read(found)

    async def open_pull_request(self, wanted: Proposal) -> PullRequest:
        """See `Forge.open_pull_request`. Waits up to four seconds for a branch that was just pushed. A title and a text
        that are too long are cut. Where the plan has no drafts, the title says `Draft: ` and the answer `draft`."""
        found = await pulls.opened(self._at, wanted)
        await asked.label(self._at, found, wanted.labels)
        await asked.request(self._at, found, wanted.reviewers)
        return pulls.read(found)

    async def followed(self, number: int) -> PullRequest:
        """See `Forge.followed`."""
        return await pulls.followed(self._at, number)

    async def template(self) -> str | None:
        """See `Forge.template`. Of several in a folder PULL_REQUEST_TEMPLATE none is taken: a person chooses there."""
        return await template.read(self._at)

    async def comment(self, number: int, text: str) -> str:
        """See `Forge.comment`. Raises Rejected for an empty text."""
        return await said.write_comment(self._at, number, text)

    async def comments(self, number: int) -> list[Comment]:
        """See `Forge.comments`."""
        return await said.comments(self._at, number, await self._login())

    async def review(self, number: int, text: str, judgement: Judgement, lines: Sequence[LineComment] = ()) -> str:
        """See `Forge.review`."""
        return await said.write_review(self._at, number, text, judgement, lines)

    async def reviews(self, number: int) -> list[Review]:
        """See `Forge.reviews`."""
        return await said.reviews(self._at, number, await self._login())

    async def checks(self, commit: str) -> list[Check]:
        """See `Forge.checks`."""
        return await checks.read(self._at, commit)

    async def subscribe(self, before: str = "") -> None:
        """See `Forge.subscribe`; nothing is done where spec.forge.webhook is absent."""
        if self._spec.webhook is None:
            return
        secret = github_hooks.required(self._webhook_secret, self._at.secret, _WEBHOOK)
        path, callback = f"{self._at.root}/hooks", self._spec.webhook.callback_url
        await github_hooks.subscribe(self._at.http, path, callback, secret, EVENTS, _WEBHOOK, self._hint, before)

    def signed(self, headers: Mapping[str, str], body: bytes) -> bool:
        """See `Forge.signed`."""
        return self._spec.webhook is not None and github_hooks.signed(self._webhook_secret, body, headers)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._at.http.aclose()
        if self._access.tokens:
            await self._access.tokens.aclose()

    async def _login(self) -> str:
        """The name of the account that we write as."""
        if not self._us:
            tokens = self._access.tokens
            self._us = await tokens.login() if tokens else await self._user()
        return self._us

    async def _user(self) -> str:
        return str((await self._at.http.get("read whose token it is", f"{self._at.rest}/user"))["login"])


def needs(spec: pool.Forge) -> dict[str, str]:
    """The permissions that the forge's work takes, and no more.

    `contents` must be written for one thing: by it GitHub lets a pull request stop being a draft.
    """
    wanted = {"contents": "write", "pull_requests": "write", "checks": "read", "statuses": "read"}
    if any(name.startswith(asked.TEAM) for name in spec.reviewers):
        wanted["members"] = "read"
    if spec.webhook:
        wanted["repository_hooks"] = "write"
    return wanted
