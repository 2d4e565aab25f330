"""Answers as the four providers stream them, as server-sent events."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from boardhand_api.model import Provider

PROMPT, CACHED, COMPLETION = 1000, 800, 10
CALL, ARGUMENTS = "read_file", '{"path": "a.py"}'
ID = "abcdefghi"


def streamed(provider: Provider, text: str = "", *, call: bool = False, end: str | None = None) -> list[str]:
    """The events of one whole answer: the text in halves and, with `call`, a call of read_file in halves.

    `end` replaces the reason that the provider gives for the answer's end.
    """
    half = len(text) // 2
    halves = [text[:half], text[half:]] if text else []
    return _MADE[provider](halves, call, end)


def _event(data: dict[str, Any], name: str = "") -> str:
    return (f"event: {name}\n" if name else "") + f"data: {json.dumps(data)}\n\n"


def openai_usage(cached: bool = True) -> dict[str, Any]:
    details = {"prompt_tokens_details": {"cached_tokens": CACHED}} if cached else {}
    used = {"prompt_tokens": PROMPT, "completion_tokens": COMPLETION, "total_tokens": PROMPT + COMPLETION}
    return used | details


def openai_chunks(halves: Sequence[str], call: bool, end: str | None, *, apart: bool) -> list[dict[str, Any]]:
    """OpenAI's chunks with usage `apart` in one without choices; Mistral's with usage in the last, and whole calls."""
    head = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m"}
    deltas: list[dict[str, Any]] = [{"role": "assistant", "content": ""}, *({"content": part} for part in halves)]
    pieces = [ARGUMENTS[:9], ARGUMENTS[9:]] if apart else [ARGUMENTS]
    for at, piece in enumerate(pieces if call else []):
        named = {"id": ID, "type": "function"} if at == 0 else {}
        function = {"arguments": piece} | ({"name": CALL} if at == 0 else {})
        deltas.append({"tool_calls": [named | {"index": 0, "function": function}]})
    chunks = [head | {"choices": [{"index": 0, "delta": delta, "finish_reason": None}]} for delta in deltas]
    last = {"index": 0, "delta": {"content": ""}, "finish_reason": end or ("tool_calls" if call else "stop")}
    if apart:
        return [*chunks, head | {"choices": [last]}, head | {"choices": [], "usage": openai_usage()}]
    return [*chunks, head | {"choices": [last], "usage": openai_usage()}]


def _openai(halves: Sequence[str], call: bool, end: str | None) -> list[str]:
    return [*map(_event, openai_chunks(halves, call, end, apart=True)), "data: [DONE]\n\n"]


def _mistral(halves: Sequence[str], call: bool, end: str | None) -> list[str]:
    return [*map(_event, openai_chunks(halves, call, end, apart=False)), "data: [DONE]\n\n"]


def _google(halves: Sequence[str], call: bool, end: str | None) -> list[str]:
    parts: list[dict[str, Any]] = [{"text": part} for part in halves]
    if call:
        parts.append({"functionCall": {"name": CALL, "args": json.loads(ARGUMENTS)}})
    candidates: list[dict[str, Any]] = [
        {"content": {"role": "model", "parts": [part]}, "index": 0} for part in parts or [{"text": ""}]
    ]
    candidates[-1]["finishReason"] = end or "STOP"
    # The counts are sums so far.
    used = {"promptTokenCount": PROMPT, "cachedContentTokenCount": CACHED}
    shares = [COMPLETION * number // len(candidates) for number in range(1, len(candidates) + 1)]
    return [
        _event(
            {
                "candidates": [candidate],
                "usageMetadata": used | {"candidatesTokenCount": share, "totalTokenCount": PROMPT + share},
                "modelVersion": "m",
            }
        )
        for candidate, share in zip(candidates, shares, strict=True)
    ]


def _anthropic(halves: Sequence[str], call: bool, end: str | None) -> list[str]:
    used = {"input_tokens": 150, "cache_read_input_tokens": CACHED, "cache_creation_input_tokens": 50}
    head = {"id": "m1", "type": "message", "role": "assistant", "model": "m", "content": []}
    begun = head | {"stop_reason": None, "stop_sequence": None, "usage": used | {"output_tokens": 1}}
    events: list[dict[str, Any]] = [{"type": "message_start", "message": begun}]
    blocks: list[tuple[dict[str, Any], list[dict[str, Any]]]] = []
    if halves:
        blocks.append(({"type": "text", "text": ""}, [{"type": "text_delta", "text": part} for part in halves]))
    if call:
        pieces = [ARGUMENTS[:9], ARGUMENTS[9:]]
        start = {"type": "tool_use", "id": ID, "name": CALL, "input": {}}
        blocks.append((start, [{"type": "input_json_delta", "partial_json": piece} for piece in pieces]))
    for at, (block, deltas) in enumerate(blocks):
        events.append({"type": "content_block_start", "index": at, "content_block": block})
        events.extend({"type": "content_block_delta", "index": at, "delta": delta} for delta in deltas)
        events.append({"type": "content_block_stop", "index": at})
    stopped = {"stop_reason": end or ("tool_use" if call else "end_turn"), "stop_sequence": None}
    events.append({"type": "message_delta", "delta": stopped, "usage": used | {"output_tokens": COMPLETION}})
    events.append({"type": "message_stop"})
    return [_event(event, event["type"]) for event in events]


_MADE = {
    Provider.OPENAI: _openai,
    Provider.MISTRAL: _mistral,
    Provider.GOOGLE: _google,
    Provider.ANTHROPIC: _anthropic,
}

_ENDS = {Provider.OPENAI: 3, Provider.MISTRAL: 2, Provider.GOOGLE: 1, Provider.ANTHROPIC: 3}
"""Events of an answer's end."""
_HALVED = (Provider.OPENAI, Provider.ANTHROPIC)
"""Whose calls come in pieces."""


def unfinished(provider: Provider, *, call: bool = False) -> list[str]:
    """The events of an answer up to the middle of its text or, where the provider cuts them, of its call."""
    return streamed(provider, "Look.", call=call)[: -_ENDS[provider] - (call and provider in _HALVED)]


@dataclass
class Endless:
    """A stream that writes the middle of an answer again and again, a word each `pause` seconds."""

    provider: Provider
    pause: float = 0.005
    word: str = "again and again "
    said: list[str] = field(default_factory=list)

    def __iter__(self) -> Iterator[str]:
        events = streamed(self.provider, self.word * 2)
        at = next(number for number, event in enumerate(events) if self.word in event)
        yield from events[:at]
        for _ in range(20_000):
            time.sleep(self.pause)
            self.said.append(self.word)
            yield events[at]
