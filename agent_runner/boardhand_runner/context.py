"""What of the conversation is sent: old observations are masked, in batches, so that a provider's cached prefix stays.

Where that is not enough, since what is told of each of them fills a small window too, the oldest steps are folded into
one line. A pure function of the whole history: the same messages always give the same prompt, what is masked or folded
stays so, and between two maskings a prompt begins with the one before it, byte for byte.
"""

from __future__ import annotations

import itertools
import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field
from typing import Any

from langchain_core.messages import AIMessage, BaseMessage, ToolCall, ToolMessage

PINNED = "todo"
"""The tool whose newest answer, the plan, is never masked."""

_SHARE, _MOST_TOKENS = 0.6, 32_000
"""Masking starts at this share of the context, which leaves room for the answer; beyond so many tokens it would fit,
but every further step would pay for it again."""
_LOW_SHARE = 0.4
_KEPT_TURNS = 3
_BYTES_A_TOKEN = 3
"""Conservative: code has three to four, and a character of three bytes is mostly one token."""
_MESSAGE_TOKENS = 8
_FOLD_TOKENS = 60
"""What telling of folded steps takes."""
_ARGUMENT_CHARACTERS, _ARGUMENT_HEAD = 400, 100
_NOTE_LEAST, _NOTE_MOST = 60, 160
_WHOLE = re.compile(r"the whole is in (\S+?)\]")


@dataclass(frozen=True)
class Window:
    """When to mask, in tokens of the prompt as `tokens_of` counts them."""

    high: int
    """A prompt beyond it is masked."""
    low: int
    """Masked down to this, where there is enough to mask."""
    kept: int = _KEPT_TURNS
    """Newest answers whose observations are never masked."""

    @property
    def crowded(self) -> int:
        """A prompt that is beyond it after a masking would soon be masked again."""
        return (self.high + self.low) // 2

    @property
    def turn_characters(self) -> int:
        """How much one answer's observations may show, so that the newest always fit."""
        return self.high * _BYTES_A_TOKEN // 8

    @property
    def note_characters(self) -> int:
        """How much of a call and of its answer is told of a masked observation: a small window holds many of them."""
        return max(_NOTE_LEAST, min(_NOTE_MOST, self.high // 40))


def window_of(context_tokens: int, fixed: int = 0) -> Window:
    """The window for a model's context, of which `fixed` tokens are spent elsewhere, such as on the tools."""
    high = max(1, min(int(context_tokens * _SHARE), _MOST_TOKENS) - fixed)
    return Window(high, int(high * _LOW_SHARE))


def squeezed(window: Window, prompt: Sequence[BaseMessage]) -> Window:
    """A window for a model that refused this prompt for its length: half of it, and only the newest observation."""
    high = max(1, min(window.high, tokens_of(prompt)) // 2)
    return Window(high, int(high * _LOW_SHARE), kept=1)


def text_tokens(text: str) -> int:
    """A conservative estimate."""
    return len(text.encode("utf-8", "replace")) // _BYTES_A_TOKEN + 1


def tokens_of(messages: Sequence[BaseMessage]) -> int:
    """A conservative estimate of the messages' tokens."""
    return sum(_tokens(message) for message in messages)


def prompt_of(history: Sequence[BaseMessage], window: Window) -> list[BaseMessage]:
    """The messages to send for this history."""
    calls = _calls(history)
    left = left_out(history, window)
    done = {message.tool_call_id for at in left.masked if isinstance(message := history[at], ToolMessage)}
    note = window.note_characters
    shown = [_shown(message, at in left.masked, done, calls, note) for at, message in enumerate(history)]
    return _folded(shown, left.folded) if left.folded else shown


@dataclass
class LeftOut:
    """What the model is not shown any more."""

    masked: set[int] = field(default_factory=set)
    """Observations."""
    folded: int = 0
    """The steps before this message."""


def left_out(history: Sequence[BaseMessage], window: Window) -> LeftOut:
    """What is left out when the model is asked next: told by going through every request so far."""
    calls, left, total = _calls(history), LeftOut(), 0
    for at in range(len(history) + 1):
        asked = at == len(history) or isinstance(history[at], AIMessage)
        if asked and total > window.high:
            total -= _mask(history[:at], window, left, calls, total)
            if total > window.crowded:
                total -= _fold(history[:at], window, left, calls, total)
        if at < len(history):
            total += _tokens(history[at])
    return left


def _mask(history: Sequence[BaseMessage], window: Window, left: LeftOut, calls: Mapping[str, _Made], total: int) -> int:
    """The tokens that are saved by masking down to the low-water mark, or as far as it goes."""
    saved = 0
    for old in _maskable(history, left, window.kept):
        if total - saved <= window.low:
            break
        if (less := _saved(history[old], calls, window.note_characters)) > 0:
            left.masked.add(old)
            saved += less
    return saved


def _maskable(history: Sequence[BaseMessage], left: LeftOut, kept: int) -> list[int]:
    """Observations before the newest answers, oldest first; not the newest plan."""
    answers = _answers(history)
    end = answers[-kept] if len(answers) > kept else 0
    spared = left.masked | {_plan(history)}
    return [at for at in range(left.folded, end) if isinstance(history[at], ToolMessage) and at not in spared]


def _fold(history: Sequence[BaseMessage], window: Window, left: LeftOut, calls: Mapping[str, _Made], total: int) -> int:
    """The tokens that are saved by leaving out the oldest steps, down to the low-water mark; not that of the plan.

    Nothing is folded where that would not help: the newest observations may be what fills the window.
    """
    answers, plan, saved = _answers(history), _plan(history), 0 if left.folded else -_FOLD_TOKENS
    folded = left.folded
    for begin, end in itertools.pairwise(answers[: -window.kept + 1 or None]):
        if total - saved <= window.low or begin < plan < end:
            break
        if begin >= folded:
            saved += sum(map(_tokens, history[begin:end]))
            masked = (history[at] for at in range(begin, end) if at in left.masked)
            saved -= sum(_saved(message, calls, window.note_characters) for message in masked)
            folded = end
    if total - saved > (window.crowded if total <= window.high else window.high):
        return 0
    left.folded = folded
    return saved


def _answers(history: Sequence[BaseMessage]) -> list[int]:
    return [at for at, message in enumerate(history) if isinstance(message, AIMessage)]


def _plan(history: Sequence[BaseMessage]) -> int:
    """Where the newest plan is; -1 without one."""
    plans = (at for at, message in enumerate(history) if isinstance(message, ToolMessage) and message.name == PINNED)
    return max(plans, default=-1)


def _folded(shown: Sequence[BaseMessage], end: int) -> list[BaseMessage]:
    """Told at the end of the opening, since not every model takes two messages of one side."""
    answers = _answers(shown)
    opening, old = shown[: answers[0]], shown[answers[0] : end]
    counts = Counter(call["name"] for message in old if isinstance(message, AIMessage) for call in message.tool_calls)
    told = ", ".join(f"{name} {count}" for name, count in counts.items()) or "no calls"
    note = (
        f"[{sum(isinstance(message, AIMessage) for message in old)} earlier steps are left out by the harness: {told}.]"
    )
    last = opening[-1].model_copy(update={"content": f"{opening[-1].text}\n\n{note}"})
    return [*opening[:-1], last, *shown[end:]]


@dataclass(frozen=True)
class _Made:
    """A call and where it stands. Answers in a provider's own blocks, some of them signed, go back as they came."""

    call: ToolCall
    shortens: bool


def _calls(history: Sequence[BaseMessage]) -> dict[str, _Made]:
    answers = [message for message in history if isinstance(message, AIMessage)]
    return {
        call["id"] or "": _Made(call, isinstance(answer.content, str))
        for answer in answers
        for call in answer.tool_calls
    }


def _saved(observation: BaseMessage, calls: Mapping[str, _Made], shown: int) -> int:
    assert isinstance(observation, ToolMessage)
    saved = _tokens(observation) - _tokens(_masked(observation, calls, shown))
    made = calls.get(observation.tool_call_id)
    if made and made.shortens:
        saved += text_tokens(json.dumps(made.call["args"])) - text_tokens(json.dumps(_shortened(made.call)["args"]))
    return saved


def _tokens(message: BaseMessage) -> int:
    content = message.content if isinstance(message.content, str) else json.dumps(message.content, default=str)
    calls = message.tool_calls if isinstance(message, AIMessage) else []
    return _MESSAGE_TOKENS + text_tokens(content) + sum(text_tokens(json.dumps(call["args"])) for call in calls)


def _shown(message: BaseMessage, masked: bool, done: Set[str], calls: Mapping[str, _Made], shown: int) -> BaseMessage:
    """`done`: the calls whose observations are masked."""
    if masked and isinstance(message, ToolMessage):
        return _masked(message, calls, shown)
    if not isinstance(message, AIMessage) or not isinstance(message.content, str):
        return message
    made = [_shortened(call) if call["id"] in done else call for call in message.tool_calls]
    return message.model_copy(update={"tool_calls": made})


def _masked(observation: ToolMessage, calls: Mapping[str, _Made], shown: int) -> ToolMessage:
    """What it was, and how to see it again."""
    text, made = observation.text, calls.get(observation.tool_call_id)
    arguments = json.dumps(made.call["args"], ensure_ascii=False)[:shown] if made else ""
    head = text.strip().split("\n", 1)[0][:shown]
    whole = _WHOLE.search(text)
    again = f"The whole is in {whole[1]}." if whole else "Call it again if you need it."
    note = f"[left out by the harness: {observation.name} {arguments}, {len(text)} characters: {head} … {again}]"
    return observation if len(note) >= len(text) else observation.model_copy(update={"content": note})


def _shortened(call: ToolCall) -> ToolCall:
    """Long texts among the arguments of a masked observation's call, such as a file's content, are cut too."""
    return ToolCall(name=call["name"], args={name: _cut(value) for name, value in call["args"].items()}, id=call["id"])


def _cut(value: Any) -> Any:
    if not isinstance(value, str) or len(value) <= _ARGUMENT_CHARACTERS:
        return value
    return f"{value[:_ARGUMENT_HEAD]} … [{len(value) - _ARGUMENT_HEAD} characters left out by the harness]"
