"""The agent's log as people read it: its events as steps and notes, pure. What it says is untrusted: it comes back
without what only steers a terminal or the eye, and whoever shows it escapes it.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import zip_longest

from boardhand_api.counts import printable
from boardhand_api.events import (
    Anew,
    Ended,
    FellBack,
    Nudged,
    Resumed,
    Routed,
    Started,
    Step,
    parse_event,
)
from boardhand_api.result import Result

_LINE = 2000


@dataclass(frozen=True, slots=True)
class Call:
    """A tool that was called."""

    tool: str
    arguments: str
    """Their head."""
    result: str
    """The head of what it answered."""
    outcome: str
    """done, failed, unknown tool, bad arguments, not carried out; empty: not said."""
    seconds: float | None


@dataclass(frozen=True, slots=True)
class StepRow:
    """One answer of a model and what came of it."""

    at: str
    number: int
    role: str
    text: str
    calls: tuple[Call, ...]
    prompt_tokens: int
    cached_tokens: int
    completion_tokens: int
    money: float | None
    """US dollars; None: not known."""
    seconds: float
    """How long the model took."""


@dataclass(frozen=True, slots=True)
class Note:
    """Something else that happened to the agent."""

    at: str
    kind: str
    """started, routed, nudged, fallback, resumed, anew, result."""
    text: str


@dataclass(frozen=True, slots=True)
class Line:
    """A line that is no event."""

    text: str


@dataclass(frozen=True, slots=True)
class End:
    """The agent's result: the last of its log."""

    at: str
    title: str
    summary: str
    failure: str
    """Class, reason and message; empty where it did not fail."""
    partial: bool
    steps: int
    prompt_tokens: int
    completion_tokens: int
    money: float | None
    seconds: float


Entry = StepRow | Note | End | Line


def entry(line: str) -> Entry:
    """What a line of the agent's log says."""
    match parse_event(line):
        case Step() as step:
            return _step(step)
        case Started(at=at, run=run):
            return Note(printable(at), "started", f"run {_short(run)}")
        case Routed(at=at, specialist=specialist, reason=reason):
            return Note(printable(at), "routed", f"goes to the {_short(specialist)}: {_short(reason)}")
        case Nudged(at=at, by=by, reason=reason, text=said):
            return Note(printable(at), "nudged", f"{_short(by)} says {_short(reason)}: {_short(said)}")
        case FellBack(at=at, model=model, fallback=other, reason=reason, text=said):
            names = f"{_short(model)} gives way to {_short(other)}"
            return Note(printable(at), "fallback", f"{names} ({_short(reason)}): {_short(said)}")
        case Resumed(at=at, step=step_number, node=node):
            return Note(printable(at), "resumed", f"goes on at step {step_number}: {_short(node) or 'all was done'}")
        case Anew(at=at, text=said):
            return Note(printable(at), "anew", f"starts anew: {_short(said)}")
        case Ended(at=at, result=result):
            return _end(printable(at), result)
    return Line(_short(line))


def entries(log: str) -> list[Entry]:
    """A whole log; empty lines are left out."""
    return [entry(line) for line in log.split("\n") if line.strip()]


def _step(step: Step) -> StepRow:
    usage, seconds = step.usage, step.tool_seconds
    calls = [
        _call(call or "", result or "", outcome or "", took)
        for call, result, outcome, took in zip_longest(step.calls, step.results, step.outcomes, seconds)
    ]
    return StepRow(
        at=printable(step.at),
        number=step.number,
        role=_short(step.role),
        text=_short(step.text),
        calls=tuple(calls),
        prompt_tokens=usage.prompt_tokens,
        cached_tokens=usage.cached_tokens,
        completion_tokens=usage.completion_tokens,
        money=None if usage.money is None else float(usage.money),
        seconds=step.seconds,
    )


def _call(call: str, result: str, outcome: str, seconds: float | None) -> Call:
    tool, _, arguments = _short(call).partition(" ")
    # A digest of the whole answer stands before its head.
    return Call(tool, arguments, _short(result).partition(" ")[2], _short(outcome), seconds)


def _end(at: str, result: Result) -> End:
    failure, usage = result.failure, result.usage
    said = f"{failure.failure_class}/{_short(failure.reason)}: {_short(failure.message)}" if failure else ""
    return End(
        at=at,
        title=_short(result.title),
        summary=printable(result.summary),
        failure=said,
        partial=result.partial,
        steps=result.steps,
        prompt_tokens=usage.prompt_tokens,
        completion_tokens=usage.completion_tokens,
        money=None if usage.money is None else float(usage.money),
        seconds=usage.seconds,
    )


def _short(said: str) -> str:
    plain = printable(said)
    return plain if len(plain) <= _LINE else plain[: _LINE - 1] + "…"
