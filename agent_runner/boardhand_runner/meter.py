"""Watches an answer while it streams, so that money and tokens end it and not only the next one."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from langchain_core.callbacks import AsyncCallbackHandler
from langchain_core.messages import AIMessageChunk, BaseMessage
from langchain_core.outputs import ChatGenerationChunk, GenerationChunk

from boardhand_api.model import Price
from boardhand_api.result import Usage
from boardhand_runner.context import tokens_of
from boardhand_runner.errors import Budget
from boardhand_runner.usage import Ledger, cost

Token = str | list[str | dict[str, Any]]
Chunk = GenerationChunk | ChatGenerationChunk

CHARACTERS_A_TOKEN = 4
"""Sooner too many than too few: an answer is not to be ended before its limit."""


class Meter(AsyncCallbackHandler):
    """Raises Budget in the middle of an answer, with what the provider did not get to report booked by estimate.

    The deadline needs none of this: it ends the request itself, whatever is under way.
    """

    raise_error = True

    def __init__(self, ledger: Ledger, price: Price | None, prompt: Sequence[BaseMessage]) -> None:
        self._ledger, self._price = ledger, price
        self._prompt = tokens_of(prompt)
        self._characters = 0

    async def on_llm_new_token(self, token: Token, *, chunk: Chunk | None = None, **_: Any) -> None:
        self._characters += len(str(token)) + _arguments(chunk)
        self._check()

    def _check(self) -> None:
        limits, used = self._ledger.limits, self._ledger.total().plus(now := self._so_far())
        if used.prompt_tokens + used.completion_tokens >= limits.tokens:
            self._end(now, "TokensUsedUp", f"The run's {limits.tokens} tokens were used up in the middle of an answer.")
        if limits.money is not None and used.money is not None and used.money >= limits.money:
            self._end(now, "MoneyUsedUp", f"The run's ${limits.money} were used up in the middle of an answer.")

    def _so_far(self) -> Usage:
        written = self._characters // CHARACTERS_A_TOKEN
        money = cost(self._price, self._prompt, 0, written) if self._price else Decimal(0)
        return Usage(prompt_tokens=self._prompt, completion_tokens=written, money=money)

    def _end(self, now: Usage, reason: str, message: str) -> None:
        self._ledger.add(now, step=True)
        raise Budget(reason, message)


def _arguments(chunk: Chunk | None) -> int:
    """Characters of a chunk that are no text: the arguments of tool calls."""
    message = chunk.message if isinstance(chunk, ChatGenerationChunk) else None
    if not isinstance(message, AIMessageChunk):
        return 0
    return sum(len(call["args"] or "") for call in message.tool_call_chunks)
