"""Azure Repos as the forge: Azure DevOps and Azure DevOps Server, API 7.1.

Source: https://learn.microsoft.com/en-us/rest/api/azure/devops/git/ ; a test holds every request to what is documented.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from boardhand_api import pool
from boardhand_api.run_status import PullRequest
from boardhand_operator.comment import Comment
from boardhand_operator.decide.lost_pod import Head
from boardhand_operator.forges import secret_name
from boardhand_operator.forges.azure import check, checks, hooks, people, pulls, said, template
from boardhand_operator.forges.azure.at import At, place_of
from boardhand_operator.forges.proposal import Proposal
from boardhand_operator.http import signing
from boardhand_operator.http.answers import Vendor
from boardhand_operator.http.transport import Connection
from boardhand_operator.reviews import Check, Judgement, LineComment, Review
from boardhand_operator.vendors.azure import hooks as azure_hooks
from boardhand_operator.vendors.azure.client import AzureClient, organisation_address


class AzureForge:
    """One repository at Azure Repos, with a personal access token."""

    credential_keys: ClassVar[tuple[str, ...]] = ("token",)
    pull_requests: ClassVar[bool] = True

    def __init__(
        self, spec: pool.Forge, repository: pool.Repository, credentials: Mapping[str, str], connection: Connection
    ) -> None:
        """Raises Misconfigured where the repository is not at this forge or the token cannot be sent."""
        place, secret = place_of(spec.url, repository.url), secret_name(spec)
        vendor = Vendor(
            "Azure DevOps",
            f"It refused the token in Secret {secret}, or the token has expired: make a new one and put it under the "
            "key `token`.",
            f"The token in Secret {secret} needs the scopes {_needs(spec)}, and its account the right to contribute "
            f"to pull requests of {place}.",
        )
        site = organisation_address(spec.url, place.organisation)
        self._webhook_secret = credentials.get(signing.SECRET, "").strip()
        http = AzureClient(vendor, site, credentials["token"].strip(), connection, secrets=[self._webhook_secret])
        self._at = At(http, place, site, repository.branch, secret)
        self._spec = spec
        self._people = people.People(self._at)

    async def check(self) -> None:
        """See `Forge.check`: four requests and those for reviewers; the third is always refused, and shows whether pull
        requests may be opened. Labels need not be there: Azure makes them."""
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
        return None if found is None else pulls.read(self._at, found)

    async def open_pull_request(self, wanted: Proposal) -> PullRequest:
        """See `Forge.open_pull_request`. Waits up to four seconds for a branch that was just pushed. A title and a text
        that are too long are cut, the text at 4,000 characters."""
        return pulls.read(self._at, await pulls.opened(self._at, self._people, wanted))

    async def followed(self, number: int) -> PullRequest:
        """See `Forge.followed`."""
        return await pulls.followed(self._at, number)

    async def template(self) -> str | None:
        """See `Forge.template`; of the repository's default branch, as Azure does it."""
        return await template.read(self._at)

    async def comment(self, number: int, text: str) -> str:
        """See `Forge.comment`. Raises Rejected for an empty text."""
        return await said.write_comment(self._at, number, text)

    async def comments(self, number: int) -> list[Comment]:
        """See `Forge.comments`."""
        return await said.comments(self._at, self._people, number)

    async def review(self, number: int, text: str, judgement: Judgement, lines: Sequence[LineComment] = ()) -> str:
        """See `Forge.review`. Azure has no such thing: it is a thread for each line, one that sums it up under a
        heading, and our vote."""
        return await said.write_review(self._at, self._people, number, text, judgement, lines)

    async def reviews(self, number: int) -> list[Review]:
        """See `Forge.reviews`. A person's has no text: Azure does not tell which comment belongs to a vote."""
        return await said.reviews(self._at, self._people, number)

    async def checks(self, commit: str) -> list[Check]:
        """See `Forge.checks`; with the builds that policies of the branch ask for."""
        return await checks.read(self._at, commit)

    async def subscribe(self, before: str = "") -> None:
        """See `Forge.subscribe`; nothing is done where spec.forge.webhook is absent."""
        if self._spec.webhook is None:
            return
        what_for = "which Azure DevOps is to send as the password of its calls"
        secret = signing.required(self._webhook_secret, self._at.secret, "spec.forge.webhook", what_for)
        await hooks.subscribe(self._at, self._spec.webhook.callback_url, secret, before)

    def signed(self, headers: Mapping[str, str], body: bytes) -> bool:  # noqa: ARG002 (Azure signs no body)
        """See `Forge.signed`: by name and password."""
        given = signing.header(headers, azure_hooks.HEADER)
        return bool(self._spec.webhook and self._webhook_secret) and azure_hooks.signed(self._webhook_secret, given)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._at.http.aclose()


def _needs(spec: pool.Forge) -> str:
    """Scopes, as Azure names them on the page that makes the token."""
    wanted = ["Code (read & write)"]
    wanted += ["Project and team (read)"] if spec.reviewers else []
    return ", ".join(wanted)
