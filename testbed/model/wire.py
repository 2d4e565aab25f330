"""Answers in the shapes of OpenAI's API: whole, as a stream of chunks, and as errors.

Source: https://platform.openai.com/docs/api-reference/chat
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from testbed.model.answer import Answer, Call, Json

FINGERPRINT = "scripted"
_PIECE = 24  # characters a chunk


def completion(answer: Answer, model: str, created: int) -> Json:
    message: Json = {"role": "assistant", "content": answer.content, "refusal": None}
    if answer.calls:
        message["tool_calls"] = [_call(call, call.arguments) for call in answer.calls]
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": answer.finish_reason}
    head = _head(answer, model, created, "chat.completion")
    return head | {"choices": [choice], "usage": usage(answer)}


def chunks(answer: Answer, model: str, created: int, *, include_usage: bool, piece: int = _PIECE) -> Iterator[Json]:
    """The answer as chunks of `piece` characters; with `include_usage` a last one without choices carries the usage."""
    head = _head(answer, model, created, "chat.completion.chunk")
    if include_usage:
        head["usage"] = None
    for delta in _deltas(answer, piece):
        yield head | {"choices": [{"index": 0, "delta": delta, "logprobs": None, "finish_reason": None}]}
    end = {"index": 0, "delta": {}, "logprobs": None, "finish_reason": answer.finish_reason}
    yield head | {"choices": [end]}
    if include_usage:
        yield head | {"choices": [], "usage": usage(answer)}


def _deltas(answer: Answer, length: int) -> Iterator[Json]:
    yield {"role": "assistant", "content": None if answer.content is None else "", "refusal": None}
    for piece in pieces(answer.content or "", length):
        yield {"content": piece}
    for index, call in enumerate(answer.calls):
        yield {"tool_calls": [{"index": index} | _call(call, "")]}
        for piece in pieces(call.arguments, length):
            yield {"tool_calls": [{"index": index, "function": {"arguments": piece}}]}


def pieces(text: str, length: int = _PIECE) -> list[str]:
    return [text[start : start + length] for start in range(0, len(text), length)]


def _head(answer: Answer, model: str, created: int, kind: str) -> Json:
    return {
        "id": answer.id,
        "object": kind,
        "created": created,
        "model": model,
        "system_fingerprint": FINGERPRINT,
    }


def _call(call: Call, arguments: str) -> Json:
    return {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": arguments}}


def usage(answer: Answer) -> Json:
    used = answer.usage
    return {
        "prompt_tokens": used.prompt,
        "completion_tokens": used.completion,
        "total_tokens": used.prompt + used.completion,
        "prompt_tokens_details": {"cached_tokens": used.cached, "audio_tokens": 0},
        "completion_tokens_details": {"reasoning_tokens": 0, "audio_tokens": 0},
    }


def sse(event: Json) -> str:
    return f"data: {json.dumps(event)}\n\n"


def error(message: str, kind: str, code: str | None = None, param: str | None = None) -> Json:
    return {"error": {"message": message, "type": kind, "param": param, "code": code}}


def failure(status: int) -> Json:
    """The body of an error answer with this status, as OpenAI words its types and codes."""
    known: dict[int, tuple[str, str, Any]] = {
        401: ("The API key is not accepted here.", "invalid_request_error", "invalid_api_key"),
        429: ("Rate limit reached for requests.", "requests", "rate_limit_exceeded"),
        503: ("The server is overloaded; try again later.", "server_error", None),
    }
    fallback = ("The server had an error while processing the request.", "server_error", None)
    return error(*known.get(status, fallback))
