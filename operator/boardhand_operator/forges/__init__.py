"""What Boardhand needs of a forge, whichever it is.

An implementation is a class that takes `(spec, repository, credentials, connection)`, does no I/O in its
constructor, and is registered in the entry point group `boardhand.forges` under the name that `spec.forge.type`
gives. Everything it raises is in `boardhand_operator.errors`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar, Protocol, cast

from boardhand_api import pool
from boardhand_api.run_status import PullRequest
from boardhand_operator.comment import Comment
from boardhand_operator.decide.lost_pod import Head
from boardhand_operator.errors import Misconfigured
from boardhand_operator.forges.proposal import Proposal as Proposal
from boardhand_operator.http.transport import Connection
from boardhand_operator.plugins import implementation, require_keys
from boardhand_operator.reviews import Check, Judgement, LineComment, Review

ENTRY_POINTS = "boardhand.forges"


class Forge(Protocol):
    """One repository at a forge, with the credentials of one pool."""

    credential_keys: ClassVar[tuple[str, ...]]
    """Keys that the Secret must have."""
    pull_requests: ClassVar[bool]
    """False: the branch is all there is, and nothing below `head` but `aclose` is called."""

    async def check(self) -> None:
        """See that credentials, repository, base branch, labels and reviewers are good; nothing is written.

        Raises Misconfigured, CredentialsRefused, PermissionMissing, and what says that the forge cannot be asked.
        """
        ...

    async def head(self, branch: str) -> Head | None:
        """The commit that the branch is at, or None where there is no such branch."""
        ...

    async def pull_request(self, head: str) -> PullRequest | None:
        """The open pull request of this branch into the pool's branch, or None."""
        ...

    async def open_pull_request(self, wanted: Proposal) -> PullRequest:
        """The open pull request as it is wanted.

        There is never a second one of its branches: an open one is found and brought up to date. A label or reviewer
        that the forge does not know any more is left out. Raises NotFound where a branch is not at the forge.
        """
        ...

    async def followed(self, number: int) -> PullRequest:
        """The pull request as it is now, with what became of it: one request, which many a vendor does not count where
        nothing changed. Raises NotFound where it is gone."""
        ...

    async def template(self) -> str | None:
        """The repository's pull-request template on the pool's branch, at most 16 kB of it, or None."""
        ...

    async def comment(self, number: int, text: str) -> str:
        """Write a comment to a pull request; its id. Not idempotent: after RemoteUnavailable it may be there."""
        ...

    async def comments(self, number: int) -> list[Comment]:
        """All comments on a pull request but those of reviews, oldest first. Raises NotFound where it is gone."""
        ...

    async def review(self, number: int, text: str, judgement: Judgement, lines: Sequence[LineComment] = ()) -> str:
        """Write a review; its id. Not idempotent. Raises Rejected for a line that the change does not show, and where
        the forge lets nobody judge a pull request of their own."""
        ...

    async def reviews(self, number: int) -> list[Review]:
        """The reviews of a pull request with their comments on lines, oldest first."""
        ...

    async def checks(self, commit: str) -> list[Check]:
        """What CI says of a commit, by name; the newest of each."""
        ...

    async def subscribe(self, before: str = "") -> None:
        """See that the forge calls `spec.forge.webhook` at changes: looked up first, so twice is once.

        before: where a webhook of ours leads that was given another secret, or another address: it becomes this one.

        Raises Misconfigured where the Secret lacks what proves a call, or the forge cannot reach the address.
        """
        ...

    def signed(self, headers: Mapping[str, str], body: bytes) -> bool:
        """Whether the forge itself sent this to the webhook. Pure; headers: by their names in any case."""
        ...

    async def aclose(self) -> None:
        """Close the connections."""
        ...


class ForgeType(Protocol):
    """What an entry point names."""

    credential_keys: ClassVar[tuple[str, ...]]
    pull_requests: ClassVar[bool]

    def __call__(
        self, spec: pool.Forge, repository: pool.Repository, credentials: Mapping[str, str], connection: Connection
    ) -> Forge: ...


def open_forge(
    spec: pool.Forge,
    repository: pool.Repository,
    credentials: Mapping[str, str],
    connection: Connection | None = None,
) -> Forge:
    """The forge of a pool; nothing is sent yet.

    credentials: the data of the Secret `spec.secretRef`, decoded; nothing where it is absent. Raises Misconfigured
    where the type is not installed, the Secret lacks a key, or the repository is not at this forge.
    """
    kind = forge_type(spec)
    if kind.credential_keys and not spec.secret_name:
        raise Misconfigured("SecretMissing", f"spec.forge.secretRef is required for type {spec.type}: name a Secret.")
    require_keys(credentials, kind.credential_keys, secret_name(spec), "spec.forge.secretRef")
    return kind(spec, repository, credentials, connection or Connection())


def forge_type(spec: pool.Forge) -> ForgeType:
    """The class of the forge. Raises Misconfigured where the type is not installed."""
    return cast(ForgeType, implementation(ENTRY_POINTS, spec.type, "spec.forge.type"))


def secret_name(spec: pool.Forge) -> str:
    """The Secret's name for messages."""
    return spec.secret_name or "(spec.forge.secretRef is absent)"


def required_url(spec: pool.Forge) -> str:
    """The forge's address. Raises Misconfigured where the pool does not give it."""
    if spec.url is None:
        raise Misconfigured("AddressMissing", f"spec.forge.url is required for type {spec.type}: the server's address.")
    return spec.url
