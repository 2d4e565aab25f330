"""A pull request as it is wanted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Proposal:
    """What a pull request shall be, whichever forge it is at."""

    head: str
    """The branch with the work, at the forge."""
    base: str
    """The branch to merge it into."""
    title: str
    body: str
    """Markdown."""
    draft: bool
    labels: Sequence[str] = ()
    """To be added to those it has."""
    reviewers: Sequence[str] = ()
    """To be asked beside those who are, as `spec.forge.reviewers` names them."""
