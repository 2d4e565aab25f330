"""What Boardhand needs of a forge, whichever it is.

An implementation is a class that takes `(spec, repository, credentials, connection)`, does no I/O in its
constructor, and is registered in the entry point group `boardhand.forges` under the name that `spec.forge.type`
gives. Everything it raises is in `boardhand_operator.errors`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Protocol, cast

from boardhand_api import pool
from boardhand_api.run import PullRequest
from boardhand_operator.lost_pod import Head
from boardhand_operator.plugins import implementation, require_keys
from boardhand_operator.transport import Connection

ENTRY_POINTS = "boardhand.forges"


class Forge(Protocol):
    """One repository at a forge, with the credentials of one pool."""

    credential_keys: ClassVar[tuple[str, ...]]
    """Keys that the Secret must have."""

    async def check(self) -> None:
        """See that credentials, repository and base branch are good; nothing is written.

        Raises Misconfigured, CredentialsRefused, PermissionMissing, and what says that the forge cannot be asked.
        """
        ...

    async def head(self, branch: str) -> Head | None:
        """The commit that the branch is at, or None where there is no such branch."""
        ...

    async def pull_request(self, head: str) -> PullRequest | None:
        """The open pull request of this branch into the pool's branch, or None."""
        ...

    async def open_pull_request(self, head: str, base: str, title: str, body: str, draft: bool) -> PullRequest:
        """The open pull request from `head` into `base`, with this title, body and draft state.

        There is never a second one: an open one is found and brought up to date. Raises NotFound where a branch is
        not at the forge.
        """
        ...

    async def comment(self, number: int, text: str) -> None:
        """Write a comment to a pull request. Not idempotent: after RemoteUnavailable it may be there."""
        ...

    async def aclose(self) -> None:
        """Close the connections."""
        ...


class ForgeType(Protocol):
    """What an entry point names."""

    credential_keys: ClassVar[tuple[str, ...]]

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

    credentials: the data of the Secret `spec.secretRef`, decoded. Raises Misconfigured where the type is not
    installed, the Secret lacks a key, or the repository is not at this forge.
    """
    kind = cast(ForgeType, implementation(ENTRY_POINTS, spec.type, "spec.forge.type"))
    require_keys(credentials, kind.credential_keys, spec.secret_ref.name, "spec.forge.secretRef")
    return kind(spec, repository, credentials, connection or Connection())
