"""What is answered to a request. The answer follows from the request's messages alone: nothing is remembered."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from testbed.model.scripts import Script, Step, ToolCall, match

Json = dict[str, Any]

_CACHED_LEAST, _CACHED_GRAIN = 1024, 128
_ASKED = ("system", "developer", "user")


@dataclass(frozen=True)
class Call:
    """A tool call as it is answered."""

    id: str
    name: str
    arguments: str


@dataclass(frozen=True)
class Usage:
    """Tokens, counted as a quarter of the characters."""

    prompt: int
    completion: int
    cached: int


@dataclass(frozen=True)
class Answer:
    """One answer; `script` and `step` say where it was taken from (None: no script matched)."""

    id: str
    content: str | None
    calls: tuple[Call, ...]
    finish_reason: str
    usage: Usage
    script: str | None
    step: int | None


def answer(scripts: Sequence[Script], request: Json) -> Answer:
    """The answer to a chat completion request whose shape has been checked."""
    messages = request["messages"]
    script = match(scripts, text_of(messages, _ASKED))
    if script is None:
        said = "No script matches this conversation: I am a scripted stand-in, not a language model."
        return _made(request, said, (), "stop", None, None)
    wanted = wanted_output(request, script)
    if wanted is not None:
        return _output(request, script, *wanted)
    index = sum(message["role"] == "assistant" for message in messages)
    step = script.step(index)
    calls = tuple(_call(script, index, place, call) for place, call in enumerate(step.calls))
    content = step.say if step.say is not None else ("" if step.empty else None)
    return _made(request, content, calls, step.finish_reason or _reason(step), script, index)


def text_of(messages: Sequence[Json], roles: Sequence[str] | None = None) -> str:
    """All text of the messages (of these roles), one after the other."""
    texts = []
    for message in messages:
        if roles is None or message["role"] in roles:
            content = message.get("content") or ""
            parts = [content] if isinstance(content, str) else [part.get("text", "") for part in content]
            texts.extend(parts)
    return "\n".join(texts)


def wanted_output(request: Json, script: Script) -> tuple[str, bool] | None:
    """The structured output that is asked for, and whether as a tool call (else as JSON text)."""
    shape = request.get("response_format") or {}
    if shape.get("type") == "json_schema":
        return shape["json_schema"]["name"], False
    choice = request.get("tool_choice")
    if isinstance(choice, dict) and choice.get("type") == "function":
        return choice["function"]["name"], True
    offered = [tool["function"]["name"] for tool in request.get("tools") or () if tool.get("type") == "function"]
    if len(offered) == 1 and offered[0] in script.answers and choice != "none":
        return offered[0], True
    return None


def _output(request: Json, script: Script, name: str, as_call: bool) -> Answer:
    if name not in script.answers:
        said = f"The script {script.name} has no answer called {name}; it has: {', '.join(script.answers) or 'none'}."
        return _made(request, said, (), "stop", script, None)
    text = json.dumps(script.answers[name])
    if not as_call:
        return _made(request, text, (), "stop", script, None)
    # OpenAI's finish_reason is "stop", not "tool_calls", where the call was forced by name.
    return _made(request, None, (Call(_id("call", script.name, name), name, text),), "stop", script, None)


def _call(script: Script, index: int, place: int, call: ToolCall) -> Call:
    arguments = json.dumps(call.arguments) if call.raw_arguments is None else call.raw_arguments
    return Call(_id("call", script.name, str(index), str(place)), call.name, arguments)


def _reason(step: Step) -> str:
    return "tool_calls" if step.calls else "stop"


def _made(
    request: Json,
    content: str | None,
    calls: tuple[Call, ...],
    reason: str,
    script: Script | None,
    step: int | None,
) -> Answer:
    id_ = _id("chatcmpl-", json.dumps(request["messages"], sort_keys=True), content or "", str(calls))
    said = (content or "") + "".join(call.name + call.arguments for call in calls)
    messages = request["messages"]
    prompt = tokens(messages) + tokens(request.get("tools") or [])
    usage = Usage(prompt, len(said) // 4 + 1, cached_tokens(messages))
    return Answer(id_, content, calls, reason, usage, None if script is None else script.name, step)


def tokens(part: Any) -> int:
    """The tokens of a part of the request: a quarter of its characters as JSON, at least 1."""
    return len(json.dumps(part)) // 4 + 1


def cached_tokens(messages: Sequence[Json]) -> int:
    """Tokens that the conversation's last request already sent, in OpenAI's grain: 1,024, then steps of 128."""
    turns = [index for index, message in enumerate(messages) if message["role"] == "assistant"]
    sent = tokens(messages[: turns[-1]]) if turns else 0
    return 0 if sent < _CACHED_LEAST else sent - sent % _CACHED_GRAIN


def _id(prefix: str, *parts: str) -> str:
    digest = hashlib.sha256("\0".join(parts).encode()).hexdigest()[:24]
    return f"{prefix}{digest}" if prefix.endswith("-") else f"{prefix}_{digest}"
