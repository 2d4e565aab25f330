"""Carries out the tool calls of the last answer, and tells supervise and the transcript what came of them."""

from __future__ import annotations

import hashlib
import json
import re
import time
from dataclasses import dataclass
from functools import partial
from typing import Any

from langchain_core.messages import AIMessage, BaseMessage, ToolCall, ToolMessage
from langgraph.runtime import Runtime

from boardhand_api.model import CallFormat
from boardhand_runner.errors import NeedsInfo
from boardhand_runner.history import Call, Outcome, Turn
from boardhand_runner.models.calling import CUT_OFF
from boardhand_runner.nodes.nudge import fence_of
from boardhand_runner.nodes.window import window
from boardhand_runner.prompts import fenced
from boardhand_runner.prompts.boundary import guarded
from boardhand_runner.state import Context, State
from boardhand_runner.tools.bounds import bounded
from boardhand_runner.tools.catalog import ASK, FINISH, WRITING, Answer

_DURATION = re.compile(
    r"\b\d+(\.\d+)?\s?(ms|s|secs?|seconds?|min)\b|\b\d\d:\d\d:\d\d([.,]\d+)?|(?m:^(real|user|sys)\s+[\dm.,s]+$)"
)
"""Written with a unit, as a time of day, or by the shell's `time`."""
INVALID_CHARACTERS = 500
EMPTY = "(empty answer)"
ARGUMENT_ROOMS = 4
"""An argument may take half of the window: so many times what an answer's observations may."""


@dataclass(frozen=True)
class Wanted:
    """A call as the model wrote it; `broken` where its arguments are no JSON object."""

    id: str
    name: str
    arguments: dict[str, Any]
    broken: str = ""


async def node(state: State, runtime: Runtime[Context]) -> State:
    """Raises NeedsInfo where the model asks, and what the tools raise."""
    context, message = runtime.context, state["messages"][-1]
    assert isinstance(message, AIMessage)
    wanted, cut_off = wanted_calls(message), is_cut_off(message)
    answers: list[Answer] = []
    took: list[float] = []
    for place, call in enumerate(wanted):
        began = time.monotonic()
        if cut_off:
            answers.append(Answer("Not carried out: the answer was cut off.", Outcome.DROPPED))
        elif call.broken:
            answers.append(Answer(f"Not carried out: {call.broken}", Outcome.BAD))
        else:
            answers.append(await _carried_out(state, context, place, call))
        took.append(time.monotonic() - began)
    context.transcript.step(
        context.ledger.steps,
        state["specialist"],
        message.text,
        state["usage"],
        [(call.name, _canonical(call.arguments)) for call in wanted],
        [answer.text for answer in answers],
        [answer.outcome.value for answer in answers],
        took,
        state.get("seconds", 0),
    )
    done = {call.name: call for call, answer in zip(wanted, answers, strict=True) if answer.outcome is Outcome.DONE}
    if ASK in done:
        raise NeedsInfo("Question", done[ASK].arguments["question"])
    room = window(state, context).turn_characters
    turn = Turn(bool(message.text.strip()), tuple(map(_call, wanted, answers)), cut_off)
    shown = [_shown(state, context, answer) for answer in answers]
    change: State = {"messages": _messages(message, wanted, shown, room), "turns": [turn]}
    if FINISH in done:
        change |= {"finished": True, "summary": done[FINISH].arguments["summary"]}
    return change


async def _carried_out(state: State, context: Context, place: int, call: Wanted) -> Answer:
    """What the last answer's call at `place` came to; known already where the run goes on in the middle of them."""
    do = partial(context.catalogs[state["specialist"]].call, call.name, call.arguments)
    if context.journal is None:
        return await do()
    answer = state["messages"][-1].id
    assert answer is not None
    return await context.journal.once(answer, place, call.name, call.arguments, do)


def is_cut_off(message: AIMessage) -> bool:
    """Whether the provider ended the answer at its length limit."""
    about = message.response_metadata
    return about.get("finish_reason") in CUT_OFF or about.get("status") == "incomplete"


def wanted_calls(message: AIMessage) -> list[Wanted]:
    """All calls of an answer, those with broken arguments too; each has an id."""
    good = [Wanted(call["id"] or f"call{at}", call["name"], call["args"]) for at, call in enumerate(message.tool_calls)]
    return good + [
        Wanted(
            call["id"] or f"broken{at}",
            call["name"] or "unnamed",
            {"invalid": (call["args"] or "")[:INVALID_CHARACTERS]},
            f"the arguments are not one JSON object ({(call['error'] or 'cannot be read')[:200]})",
        )
        for at, call in enumerate(message.invalid_tool_calls)
    ]


def _shown(state: State, context: Context, answer: Answer) -> Answer:
    """As the model may see it: files, output and servers never end a piece of data, nor speak for the harness. A model
    that knows no messages of tools has it between the data's own lines."""
    fence = fence_of(state, context)
    if context.large.active.abilities.calls is CallFormat.TEXT:
        return Answer(fenced(answer.text, "result", fence), answer.outcome)
    return Answer(guarded(answer.text, fence), answer.outcome)


def _messages(message: AIMessage, wanted: list[Wanted], answers: list[Answer], room: int) -> list[BaseMessage]:
    """What the conversation gains, the answers within `room` characters.

    Providers refuse empty answers and broken calls: neither is sent back as it was. An argument that would fill the
    window, such as a whole file, is cut once it is carried out.
    """
    assert message.id is not None
    if not wanted and not message.text.strip():
        return [AIMessage(EMPTY, id=message.id)]
    results: list[BaseMessage] = [
        ToolMessage(bounded(answer.text, room // len(wanted)), tool_call_id=call.id, name=call.name)
        for call, answer in zip(wanted, answers, strict=True)
    ]
    if message.invalid_tool_calls:
        calls = [ToolCall(name=call.name, args=call.arguments, id=call.id) for call in wanted]
        results.insert(0, AIMessage(message.text, tool_calls=calls, id=message.id))
    elif isinstance(message.content, str) and any(_longest(call) > room * ARGUMENT_ROOMS for call in wanted):
        shorter = [_bounded(call, room * ARGUMENT_ROOMS) for call in message.tool_calls]
        results.insert(0, message.model_copy(update={"tool_calls": shorter}))
    return results


def _longest(call: Wanted) -> int:
    return max((len(value) for value in call.arguments.values() if isinstance(value, str)), default=0)


def _bounded(call: ToolCall, characters: int) -> ToolCall:
    cut = {name: bounded(text, characters) if isinstance(text, str) else text for name, text in call["args"].items()}
    return {**call, "args": cut}


def _call(call: Wanted, answer: Answer) -> Call:
    """As supervise compares it: what differs only in how long it took is the same."""
    digest = hashlib.sha256(_DURATION.sub("#", answer.text).encode("utf-8", "replace")).hexdigest()
    changed = call.name in WRITING and answer.outcome is Outcome.DONE
    return Call(call.name, _canonical(call.arguments), digest, answer.outcome, changed)


def _canonical(arguments: dict[str, Any]) -> str:
    return json.dumps(arguments, sort_keys=True, ensure_ascii=False)
