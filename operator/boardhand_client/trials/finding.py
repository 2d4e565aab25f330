"""What a check says."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any


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


def upgrade(deployment: Mapping[str, Any], namespace: str) -> str:
    """The command that changes a value of the operator's release, but for its `--set`. The other values stay.

    What only a newer chart has is as it is there: with `--reuse-values` it would be missing, and nothing rendered.
    """
    return f"helm upgrade {deployment['metadata']['name']} helm/boardhand -n {namespace} --reset-then-reuse-values"
