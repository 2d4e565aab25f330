"""What a check says."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """Something that is wrong."""

    check: str
    """Which check, as docs/doctor.md lists them."""
    about: str
    """The object."""
    found: str
    """One sentence."""
    fix: str
    """A command, or a line of YAML."""


@dataclass(frozen=True)
class Unseen:
    """Something that could not be looked at."""

    check: str
    about: str
    why: str


Said = Iterator[Finding | Unseen]
