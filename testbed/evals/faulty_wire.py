"""A model's answer in the shapes of four vendors' APIs, whole and as a stream, with whatever is wrong in it.

Sources: https://platform.openai.com/docs/api-reference/chat, https://docs.mistral.ai/api,
https://ai.google.dev/api/generate-content, https://docs.anthropic.com/en/api/messages-streaming
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum

from boardhand_api.model import Provider
from testbed.model import wire
from testbed.model.answer import Answer, Call, Json, Usage

DONE = "data: [DONE]\n\n"
PIECE = 24


class Mark(StrEnum):
    """What a piece of an answer holds."""

    HEAD = "head"
    TEXT = "text"
    CALL = "call"
    END = "end"
    """The word for why the answer ends."""
    USAGE = "usage"
    DONE = "done"


Piece = tuple[Mark, str]


@dataclass(frozen=True)
class Called:
    """A tool call, its arguments as the model wrote them; without an `id` where that is None."""

    name: str
    arguments: str
    id: str | None = ""


@dataclass(frozen=True)
class Said:
    """An answer. `finish` is OpenAI's word, told in the vendor's own; None: the one that fits."""

    text: str | None = None
    calls: tuple[Called, ...] = ()
    finish: str | None = None
    usage: Json | None = field(default_factory=lambda: {"prompt_tokens": 100, "completion_tokens": 10})
    extra: Json = field(default_factory=dict)
    """Further fields of OpenAI's message, such as refusal."""
    piece: int = PIECE
    """Characters a chunk."""

    @property
    def reason(self) -> str:
        return self.finish or ("tool_calls" if self.calls else "stop")


def whole(provider: Provider, said: Said, model: str) -> Json:
    """The answer as one JSON document."""
    if provider is Provider.GOOGLE:
        return _google(_google_parts(said), said, said.reason)
    if provider is Provider.ANTHROPIC:
        about = {"stop_reason": _ANTHROPIC[said.reason], "usage": _anthropic_usage(said)}
        return _anthropic_head(model) | about | {"content": [_anthropic_block(at, said) for at in _blocks(said)]}
    document = wire.completion(_answer(said), model, 1)
    message = document["choices"][0]["message"]
    message |= said.extra
    _without_ids(message, said)
    if provider is Provider.MISTRAL:
        del message["refusal"], document["system_fingerprint"]
    return document | {"usage": said.usage} if said.usage is not None else _without(document, "usage")


def stream(provider: Provider, said: Said, model: str) -> list[Piece]:
    """The answer as server-sent events, each with what it holds."""
    if provider is Provider.GOOGLE:
        return list(_google_stream(said))
    if provider is Provider.ANTHROPIC:
        return list(_anthropic_stream(said, model))
    if provider is Provider.MISTRAL:
        return list(_mistral_stream(said, model))
    return list(_openai_stream(said, model))


def _answer(said: Said) -> Answer:
    calls = tuple(Call(call.id or f"call{at:05}", call.name, call.arguments) for at, call in enumerate(said.calls))
    return Answer("chatcmpl-1", said.text, calls, said.reason, Usage(0, 0, 0), None, None)


def _without(document: Json, name: str) -> Json:
    return {key: value for key, value in document.items() if key != name}


def _without_ids(message: Json, said: Said) -> None:
    for at, call in enumerate(message.get("tool_calls", ())):
        if said.calls[call.get("index", at)].id is None:
            call.pop("id", None)


def _openai_stream(said: Said, model: str) -> Iterator[Piece]:
    for chunk in wire.chunks(_answer(said), model, 1, include_usage=said.usage is not None, piece=said.piece):
        if not chunk["choices"]:
            yield Mark.USAGE, wire.sse(chunk | {"usage": said.usage})
            continue
        choice = chunk["choices"][0]
        if "role" in choice["delta"]:
            choice["delta"] |= said.extra
        _without_ids(choice["delta"], said)
        yield _openai_mark(choice), wire.sse(chunk)
    yield Mark.DONE, DONE


def _openai_mark(choice: Json) -> Mark:
    if choice["finish_reason"]:
        return Mark.END
    if "tool_calls" in choice["delta"]:
        return Mark.CALL
    return Mark.TEXT if choice["delta"].get("content") else Mark.HEAD


def _mistral_stream(said: Said, model: str) -> Iterator[Piece]:
    """A call is one chunk, and the usage stands beside the finish reason."""
    head: Json = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": model}

    def chunk(delta: Json, reason: str | None = None, **more: object) -> str:
        return wire.sse(head | {"choices": [{"index": 0, "delta": delta, "finish_reason": reason}]} | more)

    yield Mark.HEAD, chunk({"role": "assistant", "content": ""})
    for text in wire.pieces(said.text or "", said.piece):
        yield Mark.TEXT, chunk({"content": text})
    message = wire.completion(_answer(said), model, 1)["choices"][0]["message"]
    for at, call in enumerate(message.get("tool_calls", ())):
        yield Mark.CALL, chunk({"tool_calls": [call | {"index": at}]})
    yield Mark.END, chunk({"content": ""}, said.reason, **({} if said.usage is None else {"usage": said.usage}))
    yield Mark.DONE, DONE


_GOOGLE = {"stop": "STOP", "tool_calls": "STOP", "length": "MAX_TOKENS", "content_filter": "SAFETY"}


def _google_parts(said: Said) -> list[Json]:
    texts: list[Json] = [{"text": said.text}] if said.text else []
    calls = [{"functionCall": {"name": call.name, "args": json.loads(call.arguments)}} for call in said.calls]
    return [*texts, *calls]


def _google(parts: list[Json], said: Said, reason: str | None) -> Json:
    candidate: Json = {"content": {"parts": parts, "role": "model"}, "index": 0}
    if reason:
        candidate["finishReason"] = _GOOGLE.get(reason, reason)
    document: Json = {"candidates": [candidate], "modelVersion": "gemini-test", "responseId": "r"}
    if said.usage is None:
        return document
    prompt, completion = said.usage["prompt_tokens"], said.usage["completion_tokens"]
    counts = {"promptTokenCount": prompt, "candidatesTokenCount": completion, "totalTokenCount": prompt + completion}
    return document | {"usageMetadata": counts}


def _google_stream(said: Said) -> Iterator[Piece]:
    """Text comes in pieces, a call whole; there is no word after the last document."""
    for text in wire.pieces(said.text or "", said.piece):
        yield Mark.TEXT, wire.sse(_google([{"text": text}], said, None))
    calls = [part for part in _google_parts(said) if "functionCall" in part]
    for part in calls:
        yield Mark.CALL, wire.sse(_google([part], said, None))
    yield Mark.END, wire.sse(_google([{"text": ""}], said, said.reason))


_ANTHROPIC = {"stop": "end_turn", "tool_calls": "tool_use", "length": "max_tokens", "content_filter": "refusal"}


def _anthropic_head(model: str) -> Json:
    return {"id": "msg_1", "type": "message", "role": "assistant", "model": model, "stop_sequence": None}


def _anthropic_usage(said: Said) -> Json:
    used = said.usage or {"prompt_tokens": 0, "completion_tokens": 0}
    return {"input_tokens": used["prompt_tokens"], "output_tokens": used["completion_tokens"]}


def _blocks(said: Said) -> list[Called | str]:
    return [*([said.text] if said.text else []), *said.calls]


def _anthropic_block(block: Called | str, said: Said) -> Json:
    if isinstance(block, str):
        return {"type": "text", "text": block}
    number = said.calls.index(block)
    return _tool_use(block, number) | {"input": json.loads(block.arguments)}


def _tool_use(call: Called, number: int) -> Json:
    return {"type": "tool_use", "id": call.id or f"toolu_{number}", "name": call.name, "input": {}}


def _event(event: Json) -> str:
    return f"event: {event['type']}\n{wire.sse(event)}"


def _anthropic_stream(said: Said, model: str) -> Iterator[Piece]:
    opened: Json = {"content": [], "stop_reason": None, "usage": _anthropic_usage(said) | {"output_tokens": 1}}
    yield Mark.HEAD, _event({"type": "message_start", "message": _anthropic_head(model) | opened})
    for at, block in enumerate(_blocks(said)):
        text = isinstance(block, str)
        start = {"type": "text", "text": ""} if isinstance(block, str) else _tool_use(block, said.calls.index(block))
        yield Mark.HEAD, _event({"type": "content_block_start", "index": at, "content_block": start})
        for piece in wire.pieces(block if isinstance(block, str) else block.arguments, said.piece):
            delta = (
                {"type": "text_delta", "text": piece} if text else {"type": "input_json_delta", "partial_json": piece}
            )
            event = {"type": "content_block_delta", "index": at, "delta": delta}
            yield Mark.TEXT if text else Mark.CALL, _event(event)
        yield Mark.HEAD, _event({"type": "content_block_stop", "index": at})
    ended = {"stop_reason": _ANTHROPIC[said.reason], "stop_sequence": None}
    yield Mark.END, _event({"type": "message_delta", "delta": ended, "usage": _anthropic_usage(said)})
    yield Mark.DONE, _event({"type": "message_stop"})
