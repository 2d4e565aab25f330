"""The agent's log: JSON Lines on stdout, one event a line, the result last. And publish's, which has the diff.

Digests stand in for payloads, so that a run's log stays under 5 MB. A reader ignores fields and kinds it does not
know, and lines that are not events.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, TypeAdapter, ValidationError

from boardhand_api.base import Tolerant
from boardhand_api.result import Result, Usage

EVENT_BYTES = 65536
"""A longer line is not an event."""
DIFF_BYTES = 512 * 1024
"""All pieces of a run's diff together, as lines of the log."""


class Started(Tolerant):
    """The stage began."""

    event: Literal["started"] = "started"
    at: str
    run: str


class Routed(Tolerant):
    """The router decided."""

    event: Literal["routed"] = "routed"
    at: str
    specialist: str
    reason: str = ""


class Step(Tolerant):
    """One answer of the model and what came of it."""

    event: Literal["step"] = "step"
    at: str
    number: int
    role: str
    """Node that asked: route, coder, bugfixer, analyst, describe."""
    text: str = ""
    """Head of what the model said."""
    calls: list[str] = []
    """Tool calls: name and head of the arguments."""
    results: list[str] = []
    """Head and digest of what the tools answered, in the order of the calls."""
    outcomes: list[str] = []
    """What became of each call: done, failed, unknown tool, bad arguments, not carried out."""
    tool_seconds: list[float] = []
    """Wall time of each call."""
    usage: Usage = Usage()
    """What the answer used; its seconds are not set."""
    seconds: Annotated[float, Field(ge=0)] = 0
    """How long the model took to answer, waits included."""


class Nudged(Tolerant):
    """Supervise or gate sent the agent back to work."""

    event: Literal["nudged"] = "nudged"
    at: str
    by: str
    reason: str
    text: str = ""


class FellBack(Tolerant):
    """A model's fallback took its place for the rest of the run."""

    event: Literal["fallback"] = "fallback"
    at: str
    model: str
    fallback: str
    reason: str
    """ModelUnavailable or ContextOverflow."""
    text: str = ""


class Resumed(Tolerant):
    """The run goes on where an earlier pod of it was."""

    event: Literal["resumed"] = "resumed"
    at: str
    step: int
    """The answer of the large model that is worked on, or asked for, next."""
    node: str
    """Where in the graph; empty where all was done."""


class Anew(Tolerant):
    """What an earlier pod of the run left cannot be gone on from: the run starts at its base commit."""

    event: Literal["anew"] = "anew"
    at: str
    text: str
    """Why, in one sentence."""


class Ended(Tolerant):
    """The stage ended; always the last event."""

    event: Literal["result"] = "result"
    at: str
    result: Result


AnyEvent = Started | Routed | Step | Nudged | FellBack | Resumed | Anew | Ended
Event = Annotated[AnyEvent, Field(discriminator="event")]
_ADAPTER: TypeAdapter[AnyEvent] = TypeAdapter(Event)


def parse_event(line: str | bytes) -> AnyEvent | None:
    """The event on this line, or None where the line is none that is known here."""
    if len(line) > EVENT_BYTES:
        return None
    try:
        return _ADAPTER.validate_json(line)
    except ValidationError:
        return None


def last_result(log: str) -> Result | None:
    """The result in an agent's log: of its last line alone, since only that one is written by the harness' end."""
    lines = log.rstrip("\n").rsplit("\n", 1)
    event = parse_event(lines[-1])
    return event.result if isinstance(event, Ended) else None


class DiffPiece(Tolerant):
    """A part of what the run pushed, in git's unified format; on the publish stage's stdout, in order."""

    event: Literal["diff"]
    number: Annotated[int, Field(ge=1)]
    """Which it is, from 1."""
    of: Annotated[int, Field(ge=1)]
    """How many there are."""
    text: str
    """Ends with a whole line, but where the line is too long for one piece."""
    cut: bool = False
    """On the last: more of the change was left out than is here."""


def parse_diff(line: str | bytes) -> DiffPiece | None:
    """The piece on this line of the publish stage's log, or None where the line is none."""
    if len(line) > EVENT_BYTES:
        return None
    try:
        return DiffPiece.model_validate_json(line)
    except ValidationError:
        return None
