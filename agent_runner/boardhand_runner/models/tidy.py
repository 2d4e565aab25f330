"""An answer as the conversation keeps it: its calls told apart by their ids, and nothing of it without end."""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Sequence
from typing import TypeVar

from langchain_core.messages import AIMessage, BaseMessage, InvalidToolCall, ToolCall
from langchain_core.messages.tool import invalid_tool_call

from boardhand_runner.models.arguments import unfit
from boardhand_runner.texts import encodable

MOST_CALLS = 64
"""Of one answer; no work needs more, and each costs the prompt its observation."""
MOST_TEXT = 20_000
"""Characters of one answer's text."""
NAME_CHARACTERS = 64
_UNFIT = re.compile(r"[^A-Za-z0-9_-]")

_MAKER = "boardhand_maker"
"""In an answer's metadata, which no request carries."""

AnyCall = TypeVar("AnyCall", ToolCall, InvalidToolCall)


def tidied(answer: AIMessage, history: Sequence[BaseMessage]) -> AIMessage:
    """The answer with ids of its own, and with what is too much of it left out.

    Servers number the calls of each answer anew, give two the same id, or none, and models make up names such as
    functions.read_file; providers then refuse the conversation.
    Answers in a provider's own blocks, some of them signed, go back as they came, unless no request can send a call
    back.
    """
    said = [message for message in history if isinstance(message, AIMessage)]
    if answer.id is None or any(message.id == answer.id for message in said):
        answer = answer.model_copy(update={"id": f"answer-{secrets.token_hex(8)}"})
    if not isinstance(answer.content, str) and not any(_why_not(call) for call in answer.tool_calls):
        return answer
    known = {call["id"] for message in said for call in (*message.tool_calls, *message.invalid_tool_calls)}
    sound = [call for call in answer.tool_calls if not _why_not(call)]
    broken = [*answer.invalid_tool_calls]
    broken += [_as_invalid(call, why) for call in answer.tool_calls if (why := _why_not(call))]
    good = _fitting(sound[:MOST_CALLS], known)
    bad = _fitting(broken[: MOST_CALLS - len(good)], known)
    left = len(sound) + len(broken) - len(good) - len(bad)
    changes = {"tool_calls": good, "invalid_tool_calls": bad, "content": _bounded(encodable(answer.text), left)}
    return answer.model_copy(update=changes)


def made_by(answer: AIMessage, maker: str) -> AIMessage:
    """The answer with a note of who wrote it (`Mind.maker`)."""
    return answer.model_copy(update={"response_metadata": {**answer.response_metadata, _MAKER: maker}})


def fit_for(messages: Sequence[BaseMessage], maker: str) -> list[BaseMessage]:
    """The conversation for this maker: what another one wrote in blocks of its own is told as text, with its calls."""
    return [
        message.model_copy(update={"content": message.text})
        if isinstance(message, AIMessage)
        and not isinstance(message.content, str)
        and message.response_metadata.get(_MAKER, maker) != maker
        else message
        for message in messages
    ]


def _why_not(call: ToolCall) -> str:
    """Why no request can send it back; empty where one can."""
    return unfit([call["name"], call["args"]])


def _as_invalid(call: ToolCall, why: str) -> InvalidToolCall:
    try:
        told = encodable(json.dumps(call["args"], ensure_ascii=False))
    except RecursionError:
        told = ""
    return invalid_tool_call(name=encodable(call["name"]), args=told, id=call["id"], error=why)


def _fitting(calls: Sequence[AnyCall], known: set[str | None]) -> list[AnyCall]:
    """The calls with names that providers take, and with ids that are not `known`, which then holds them too."""
    fitting = []
    for each in calls:
        call = each.copy()
        call["name"] = _UNFIT.sub("_", call["name"] or "")[:NAME_CHARACTERS] or "unnamed"
        if not call["id"] or call["id"] in known:
            call["id"] = f"call_{secrets.token_hex(8)}"
        known.add(call["id"])
        fitting.append(call)
    return fitting


def _bounded(text: str, calls: int) -> str:
    notes = [f"[{calls} further calls of this answer left out by the harness]"] if calls else []
    if len(text) > MOST_TEXT:
        text = f"{text[:MOST_TEXT]} … [{len(text) - MOST_TEXT} characters left out by the harness]"
    return "\n\n".join(part for part in (text, *notes) if part)
