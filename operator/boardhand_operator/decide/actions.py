"""What `decide` can ask for. Each is carried out by `act` so that doing it twice is doing it once."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any


@dataclass(frozen=True)
class Record:
    """Write these fields into the run's status, and tell it as an Event."""

    fields: dict[str, Any]
    """Wire names; None takes a field away."""
    message: str = ""
    """One sentence for the conditions and the Event."""
    event: str | None = None
    """Reason of the Event; None: no Event is made."""
    warning: bool = False
    reason: str | None = None
    """Of the conditions, one CamelCase word; None: the phase's."""


@dataclass(frozen=True)
class Claim:
    """Mark the ticket as ours and move it to the in-progress column. The rest is dropped if another run has it."""


@dataclass(frozen=True)
class Reserve:
    """Reserve what this try may use in the pool's budget. The rest is dropped if it does not fit."""

    number: int


@dataclass(frozen=True)
class Book:
    """Book what this try used in the pool's budget, in place of what it reserved."""

    number: int
    money: Decimal | None
    """US dollars; None: not known, so all of the reservation."""


@dataclass(frozen=True)
class Launch:
    """Make the Job of this try."""

    number: int


@dataclass(frozen=True)
class NudgeJob:
    """Change a label of the Job, so that its controller hears of it."""

    name: str


@dataclass(frozen=True)
class RemoveJob:
    """Delete the Job of a try that cannot begin, or of a run that was called off."""

    name: str


@dataclass(frozen=True)
class OpenPullRequest:
    """Open the pull request of the pushed branch, or find it."""

    draft: bool


@dataclass(frozen=True)
class CloseTicket:
    """Write the closing comment, once, and move the ticket."""

    column: str | None
    """None: it stays where it is."""


@dataclass(frozen=True)
class FlagPool:
    """Say on the pool that its configuration fails runs."""

    reason: str
    message: str


@dataclass(frozen=True)
class Settle:
    """Take the run out of the watch: nothing is left to do."""


Action = (
    Record | Claim | Reserve | Book | Launch | NudgeJob | RemoveJob | OpenPullRequest | CloseTicket | FlagPool | Settle
)


@dataclass(frozen=True)
class Decision:
    """What to do now, in this order, and when to look again if nothing else happens."""

    actions: tuple[Action, ...] = ()
    again: float | None = None
    """Seconds."""
    why: str = field(default="", compare=False)
    """For the log."""
