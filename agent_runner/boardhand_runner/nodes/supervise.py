"""Keeps the specialist from going in circles: names what is wrong with its last answer, and ends what stays wrong."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import cycle, takewhile

from langgraph.runtime import Runtime

from boardhand_runner.errors import Stuck
from boardhand_runner.history import Call, Outcome, Turn
from boardhand_runner.nodes.nudge import nudge
from boardhand_runner.state import Context, State

FAULTS = 3
"""So many answers in a row with the same fault end the run."""
MIXED_FAULTS = 6
"""So many answers in a row with any fault do too."""
SAME, SAME_END = 3, 5
PAIR, PAIR_END = 6, 9
STALE, STALE_END = 8, 12
"""From the first number of answers on the specialist is nudged; at the second the run ends."""

MESSAGES = {
    "EmptyAnswer": "The model answered nothing",
    "NoToolCall": "The model answered without calling a tool",
    "CutOff": "The model's answers were cut off at its length limit",
    "UnknownTool": "The model called tools that do not exist",
    "BadArguments": "The model called tools with arguments they do not take",
    "SameCall": "The model repeated one call that had the same result each time",
    "AlternatingPair": "The model went back and forth between two calls with the same results",
    "NoProgress": "The model saw nothing new and changed nothing",
}


@dataclass(frozen=True)
class Verdict:
    """No reason: all is well. `stuck`: nudging has not helped."""

    reason: str = ""
    count: int = 0
    stuck: bool = False


def supervise(history: Sequence[Turn]) -> Verdict:
    """What is wrong with the answers so far, told from their end."""
    fault = _fault(history[-1])
    if fault:
        return _faulty(history, fault)
    for reason, count, first, last in (
        ("SameCall", _same(history), SAME, SAME_END),
        ("AlternatingPair", _alternating(history), PAIR, PAIR_END),
        ("NoProgress", _stale(history), STALE, STALE_END),
    ):
        if count >= first:
            return Verdict(reason, count, count >= last)
    return Verdict()


def _fault(turn: Turn) -> str:
    """What is wrong with an answer by itself. One good call makes a good answer: the bad ones were told so."""
    if turn.cut_off:
        return "CutOff"
    if not turn.calls:
        return "NoToolCall" if turn.text else "EmptyAnswer"
    outcomes = {call.outcome for call in turn.calls}
    if outcomes <= {Outcome.UNKNOWN, Outcome.BAD}:
        return "UnknownTool" if Outcome.UNKNOWN in outcomes else "BadArguments"
    return ""


def _faulty(history: Sequence[Turn], fault: str) -> Verdict:
    same = _count(lambda turn: _fault(turn) == fault, history)
    mixed = _count(_fault, history)
    return Verdict(fault, same, same >= FAULTS or mixed >= MIXED_FAULTS)


def _same(history: Sequence[Turn]) -> int:
    last = history[-1].calls
    return _count(lambda turn: turn.calls == last, history)


def _alternating(history: Sequence[Turn]) -> int:
    if len(history) < 2 or history[-1].calls == history[-2].calls:
        return 0
    pair = cycle((history[-1].calls, history[-2].calls))
    return _count(lambda turn: turn.calls == next(pair), history)


def _stale(history: Sequence[Turn]) -> int:
    """Answers since the last one that changed a file or saw something not seen since then."""
    seen: set[Call] = set()
    stale = 0
    for turn in history:
        if any(call.changed for call in turn.calls):
            seen.clear()
            stale = 0
        elif set(turn.calls) - seen:
            stale = 0
        else:
            stale += 1
        seen.update(turn.calls)
    return stale


def _count(holds: Callable[[Turn], object], history: Sequence[Turn]) -> int:
    """So many answers at the end of which `holds` is true."""
    return sum(1 for _ in takewhile(holds, reversed(history)))


async def node(state: State, runtime: Runtime[Context]) -> State:
    """Raises Stuck where nudging has not helped."""
    verdict = supervise(state["turns"])
    if state.get("finished") or not verdict.reason:
        return {}
    if verdict.stuck:
        raise Stuck(verdict.reason, f"{MESSAGES[verdict.reason]}, {verdict.count} times in a row.")
    tools = ", ".join(runtime.context.catalogs[state["specialist"]].names)
    return nudge(state, runtime.context, "supervise", verdict.reason, tools=tools, count=verdict.count)
