"""What people and CI say of a pull request, whichever forge it is at."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Judgement(StrEnum):
    """What a review comes to."""

    APPROVED = "Approved"
    CHANGES_WANTED = "ChangesWanted"
    COMMENTED = "Commented"


@dataclass(frozen=True)
class LineComment:
    """What a review says of one line."""

    path: str
    """The file, from the repository's root, as the pull request has it."""
    line: int
    """Counted from 1 in the file as the pull request has it; 0: of the whole file, or of a line that is gone."""
    text: str


@dataclass(frozen=True)
class Review:
    """One review of a pull request."""

    id: str
    author: str
    """Name as the forge shows it."""
    author_id: str
    """By which the forge knows the author."""
    judgement: Judgement
    text: str
    lines: tuple[LineComment, ...]
    created_at: datetime
    """By the forge's clock, with time zone."""
    by_us: bool
    """Written by the account of the pool's credentials."""


class CheckState(StrEnum):
    """How far one of CI's checks is."""

    PASSED = "Passed"
    FAILED = "Failed"
    RUNNING = "Running"


@dataclass(frozen=True)
class Check:
    """One of CI's checks of a commit."""

    name: str
    state: CheckState
    """What was skipped or is neutral has passed."""
    url: str
    """Where a person reads it; may be empty."""
