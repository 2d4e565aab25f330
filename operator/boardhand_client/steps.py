"""A run's log as people read it: the agent's events as steps and notes, the diff out of publish's. What it says is
untrusted: it comes back without what only steers a terminal or the eye, and whoever shows it escapes it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
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
    parse_diff,
    parse_event,
)
from boardhand_api.pod import Stage
from boardhand_api.result import Result
from boardhand_client.errors import NotThere
from boardhand_client.reading import newest_pod, run_of
from boardhand_client.rows import RunRow
from boardhand_client.session import Session
from boardhand_operator.kube import Json

_LINE = 2000
_LOOK_SECONDS = 1.0
_LOG_BYTES = 6 * 1024 * 1024


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


async def follow(session: Session, namespace: str, run: str) -> AsyncIterator[Entry]:
    """The agent's log of the run from its first line, as it grows; of the next try too, until the run is finished.

    Raises NotThere for no such run, and where it is finished and its pod gone; SessionError.
    """
    async for line in follow_stage(session, namespace, run, Stage.AGENT):
        if line.strip():
            yield entry(line)


async def follow_stage(session: Session, namespace: str, run: str, stage: Stage) -> AsyncIterator[str]:
    """A stage's lines as they are, of each try from the present one on, until the run is finished. As `follow`."""
    read: set[str] = set()
    while True:
        finished = RunRow.of(await run_of(session, namespace, run)).phase.finished
        pod = await newest_pod(session, namespace, run)
        if pod is not None and pod["metadata"]["uid"] not in read and _begun(pod, stage):
            try:
                async for line in session.follow_log(namespace, pod["metadata"]["name"], stage.value):
                    yield line
                read.add(pod["metadata"]["uid"])
                continue
            except NotThere:
                # The kubelet has not made the file yet, or the pod went a moment ago.
                if finished:
                    raise
        if finished:
            if pod is None and not read:
                raise NotThere(f"run {run} is finished and its pod is gone, and with it its log")
            return
        await asyncio.sleep(_LOOK_SECONDS)


def _begun(pod: Json, stage: Stage) -> bool:
    status = pod.get("status") or {}
    rows = [*(status.get("initContainerStatuses") or ()), *(status.get("containerStatuses") or ())]
    states = [row.get("state") or {} for row in rows if row["name"] == stage.value]
    return any("running" in state or "terminated" in state for state in states)


@dataclass(frozen=True, slots=True)
class Diff:
    """What a run pushed, in git's unified format, untrusted as a whole."""

    text: str
    cut: bool
    """More was left out than is here."""


def diff_of(lines: Iterable[str]) -> Diff | None:
    """The diff in a publish stage's log; None where there is none. Pieces that are missing count as cut."""
    pieces = {piece.number: piece for line in lines if (piece := parse_diff(line)) is not None}
    if not pieces:
        return None
    numbers = sorted(pieces)
    whole = numbers == list(range(1, max(piece.of for piece in pieces.values()) + 1))
    text = "".join(pieces[number].text for number in numbers)
    return Diff(printable(text), not whole or any(piece.cut for piece in pieces.values()))


async def read_diff(session: Session, namespace: str, run: str) -> Diff | None:
    """The run's diff from its newest pod's publish stage; None: there is no pod any more, or it published nothing.

    Raises SessionError.
    """
    pod = await newest_pod(session, namespace, run)
    if pod is None:
        return None
    log = await session.whole_log(namespace, pod["metadata"]["name"], Stage.PUBLISH.value, _LOG_BYTES)
    return diff_of(log.split("\n"))
