"""GitHub Apps, where they are installed, and the tokens that are minted for an installation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey


@dataclass
class Installation:
    """An App in an account."""

    id: int
    account: str
    permissions: dict[str, str]
    repositories: set[str] | None = None
    """Full names of those that were selected; None: all of the account."""
    suspended: bool = False


@dataclass
class App:
    """An App, with the key that its signatures are checked with."""

    id: int
    slug: str
    key: RSAPublicKey
    installations: dict[int, Installation] = field(default_factory=dict)
    minted: list[Mapping[str, object]] = field(default_factory=list)
    """Of every token: what it was asked for with."""

    @property
    def login(self) -> str:
        """The account that it writes as."""
        return f"{self.slug}[bot]"
