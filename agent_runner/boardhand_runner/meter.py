"""Watches answers while they stream, so that money and tokens end one in its middle, and not only the next."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from itertools import chain
from typing import Any

from langchain_core.callbacks import AsyncCallbackHandler
from langchain_core.messages import AIMessageChunk, BaseMessage
from langchain_core.outputs import ChatGenerationChunk, GenerationChunk

from boardhand_api.model import Price
from boardhand_api.result import Usage
from boardhand_runner.context import tokens_of
from boardhand_runner.errors import Budget
from boardhand_runner.usage import Ledger, cost, estimated

Chunk = GenerationChunk | ChatGenerationChunk

CHARACTERS_A_TOKEN = 4
"""Sooner too many than too few: an answer is not to be ended before its limit."""
_WRITTEN = ("text", "thinking", "reasoning")


class Meter(AsyncCallbackHandler):
    """Raises Budget in the middle of an answer. One meter is for one question, asked as often as it takes.

    The deadline needs none of this: it ends the request itself, whatever is under way.
    """

    raise_error = True

    def __init__(self, ledger: Ledger, price: Price | None, prompt: Sequence[BaseMessage]) -> None:
        self._ledger, self._price = ledger, price
        self._prompt = tokens_of(prompt)
        self._characters: int | None = None

    async def on_llm_new_token(self, token: Any, *, chunk: Chunk | None = None, **_: Any) -> None:  # noqa: ARG002
        self._characters = (self._characters or 0) + _written(chunk)
        limits, used = self._ledger.limits, self._ledger.total().plus(self._estimate(self._characters))
        if used.prompt_tokens + used.completion_tokens >= limits.tokens:
            raise Budget("TokensUsedUp", f"The run's {limits.tokens} tokens were used up in the middle of an answer.")
        if limits.money is not None and used.money is not None and used.money >= limits.money:
            raise Budget("MoneyUsedUp", f"The run's ${limits.money} were used up in the middle of an answer.")

    async def on_llm_end(self, *_: Any, **__: Any) -> None:
        """The answer is whole: it tells itself what it used."""
        self._characters = None

    async def on_llm_error(self, *_: Any, **__: Any) -> None:
        self.settle()

    def settle(self) -> None:
        """Books by estimate the answer that was begun and not ended: its provider reports nothing of it."""
        begun, self._characters = self._characters, None
        if begun is not None:
            self._ledger.add(self._estimate(begun), step=False)

    def _estimate(self, characters: int) -> Usage:
        written = characters // CHARACTERS_A_TOKEN
        money = cost(self._price, self._prompt, 0, written) if self._price else Decimal(0)
        return estimated(self._prompt, written).model_copy(update={"money": money})


def _written(chunk: Chunk | None) -> int:
    """Characters of a piece: its text, what it reasons, and the arguments of its calls."""
    message = chunk.message if isinstance(chunk, ChatGenerationChunk) else None
    if not isinstance(message, AIMessageChunk):
        return 0
    blocks = message.content if isinstance(message.content, list) else [message.content]
    told = [[block] if isinstance(block, str) else [block.get(key) for key in _WRITTEN] for block in blocks]
    arguments = [call["args"] for call in message.tool_call_chunks]
    return sum(len(text) for text in [*chain.from_iterable(told), *arguments] if isinstance(text, str))
