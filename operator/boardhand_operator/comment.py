"""What somebody said on a ticket or a pull request."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Comment:
    """What somebody said."""

    id: str
    author: str
    """Name as the board or forge shows it."""
    author_id: str
    """By which it knows the author; unlike the name it cannot be taken by somebody else."""
    text: str
    created_at: datetime
    """By the clock of the board or forge, with time zone."""
    by_us: bool
    """Written by the account of the pool's credentials. Only such comments can carry a marker."""
