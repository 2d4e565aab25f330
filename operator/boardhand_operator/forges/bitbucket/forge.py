"""Bitbucket Cloud as the forge, API 2.0.

Source: https://developer.atlassian.com/cloud/bitbucket/rest/ ; a test holds every request to what is documented there.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from typing import ClassVar

from boardhand_api import pool
from boardhand_api.run_status import PullRequest
from boardhand_operator.comment import Comment
from boardhand_operator.decide.lost_pod import Head
from boardhand_operator.errors import Misconfigured
from boardhand_operator.forges import secret_name
from boardhand_operator.forges.address import owner_and_name
from boardhand_operator.forges.bitbucket import check, hooks, people, pulls, said
from boardhand_operator.forges.bitbucket.at import SITE, At, api_of, read_error
from boardhand_operator.forges.proposal import Proposal
from boardhand_operator.http import signing
from boardhand_operator.http.answers import Vendor
from boardhand_operator.http.transport import Client, Connection
from boardhand_operator.reviews import Check, Judgement, LineComment, Review


class BitbucketForge:
    """One repository at Bitbucket Cloud, with an access token of the repository or an account's API token."""

    credential_keys: ClassVar[tuple[str, ...]] = ("token",)
    pull_requests: ClassVar[bool] = True

    def __init__(
        self, spec: pool.Forge, repository: pool.Repository, credentials: Mapping[str, str], connection: Connection
    ) -> None:
        """credentials: `token`, with `email` where it is an account's API token.

        Raises Misconfigured where the repository is not at this forge or the token cannot be sent.
        """
        workspace, slug = owner_and_name(spec.url or SITE, repository.url)
        secret, email = secret_name(spec), credentials.get("email", "").strip()
        vendor = Vendor(
            "Bitbucket",
            f"It refused the token in Secret {secret}: make a new one and put it under the key `token`; an account's "
            "API token needs the account's address under `email` too.",
            f"The token in Secret {secret} needs {_needs(email, hook=spec.webhook is not None)}, and access to "
            f"{workspace}/{slug}.",
            read_error=read_error,
        )
        token = credentials["token"].strip()
        pair = base64.b64encode(f"{email}:{token}".encode()).decode()
        header = f"Basic {pair}" if email else f"Bearer {token}"
        http = Client(vendor, api_of(spec.url), {"authorization": header}, [token, pair], connection)
        self._at = At(http, workspace, slug, repository.branch, secret)
        self._spec = spec
        self._people = people.People(self._at, of_person=bool(email))
        self._webhook_secret = credentials.get(signing.SECRET, "").strip()

    async def check(self) -> None:
        """See `Forge.check`: three requests, one for an account's own name, and those for reviewers; the third is
        always refused, and shows whether pull requests may be opened."""
        if self._spec.labels:
            raise Misconfigured(
                "LabelMissing",
                "Bitbucket has no labels on pull requests: take spec.forge.labels out.",
            )
        await check.repository(self._at)
        await self._people.us()
        if self._spec.reviewers:
            await people.check(self._at, self._people, self._spec.reviewers)

    async def head(self, branch: str) -> Head | None:
        """See `Forge.head`."""
        return await check.head(self._at, branch)

    async def pull_request(self, head: str) -> PullRequest | None:
        """See `Forge.pull_request`."""
        found = await pulls.find(self._at, self._at.branch, head)
        return None if found is None else pulls.read(found)

    async def open_pull_request(self, wanted: Proposal) -> PullRequest:
        """See `Forge.open_pull_request`. Waits up to four seconds for a branch that was just pushed. A title and a text
        that are too long are cut. A new one gets the default reviewers too, as one that is opened by hand does."""
        return pulls.read(await pulls.opened(self._at, self._people, wanted))

    async def followed(self, number: int) -> PullRequest:
        """See `Forge.followed`. Bitbucket says when it was last changed, not when it was merged, and shows twelve
        characters of a commit."""
        return await pulls.followed(self._at, number)

    async def template(self) -> str | None:
        """None: Bitbucket's default description is a setting that its API does not give."""
        return None

    async def comment(self, number: int, text: str) -> str:
        """See `Forge.comment`. Raises Rejected for an empty text."""
        return str(await said.write_comment(self._at, self._people, number, text))

    async def comments(self, number: int) -> list[Comment]:
        """See `Forge.comments`."""
        return await said.comments(self._at, self._people, number)

    async def review(self, number: int, text: str, judgement: Judgement, lines: Sequence[LineComment] = ()) -> str:
        """See `Forge.review`. Bitbucket has no such thing: it is a comment for each line, one that sums it up under a
        heading, and our judgement."""
        return await said.write_review(self._at, self._people, number, text, judgement, lines)

    async def reviews(self, number: int) -> list[Review]:
        """See `Forge.reviews`. A person's has no text: Bitbucket does not tell which comment belongs to a judgement."""
        return await said.reviews(self._at, self._people, number)

    async def checks(self, commit: str) -> list[Check]:
        """See `Forge.checks`."""
        return await check.checks(self._at, commit)

    async def subscribe(self, before: str = "") -> None:
        """See `Forge.subscribe`; nothing is done where spec.forge.webhook is absent."""
        if self._spec.webhook is None:
            return
        what_for = "with which Bitbucket is to sign its calls"
        secret = signing.required(self._webhook_secret, self._at.secret, "spec.forge.webhook", what_for)
        await hooks.subscribe(self._at, self._spec.webhook.callback_url, secret, before)

    def signed(self, headers: Mapping[str, str], body: bytes) -> bool:
        """See `Forge.signed`."""
        return bool(self._spec.webhook and self._webhook_secret) and hooks.signed(self._webhook_secret, body, headers)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._at.http.aclose()


def _needs(email: str, *, hook: bool) -> str:
    """Scopes, as Bitbucket names them on the page that makes the token."""
    if not email:
        return "the scopes repository and pullrequest:write" + (", and webhook" if hook else "")
    wanted = ["read:repository:bitbucket", "read:pullrequest:bitbucket", "write:pullrequest:bitbucket"]
    wanted += ["read:user:bitbucket"] + (["read:webhook:bitbucket", "write:webhook:bitbucket"] if hook else [])
    return f"the scopes {', '.join(wanted)}"
