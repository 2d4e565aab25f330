"""Who works, and what supervise sees of the work: turns and calls, without their payloads."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

CODER, BUGFIXER, ANALYST = "coder", "bugfixer", "analyst"


class Outcome(StrEnum):
    """What became of one tool call."""

    DONE = "done"
    FAILED = "failed"
    """The tool said no: the model reads why."""
    UNKNOWN = "unknown tool"
    BAD = "bad arguments"
    DROPPED = "not carried out"


@dataclass(frozen=True)
class Call:
    """One tool call and its result, as supervise compares them."""

    name: str
    arguments: str
    """Canonical JSON, or what the model wrote where that is none."""
    result: str
    """Digest of what the tool answered."""
    outcome: Outcome = Outcome.DONE
    changed: bool = False
    """Whether it changed a file."""


@dataclass(frozen=True)
class Turn:
    """One answer of the large model."""

    text: bool
    """Whether it said anything."""
    calls: tuple[Call, ...] = ()
    cut_off: bool = False
    """Whether it ended at the provider's length limit."""

    def __post_init__(self) -> None:
        # A checkpoint gives a list back.
        object.__setattr__(self, "calls", tuple(self.calls))
