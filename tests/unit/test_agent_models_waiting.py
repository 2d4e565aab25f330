"""A stream that stays alive and says nothing is broken off."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult

from boardhand_runner.errors import Infrastructure
from boardhand_runner.models import Mind
from boardhand_runner.models.patience import patiently
from boardhand_runner.models.streaming import Streamed
from boardhand_runner.models.trouble import BrokenOff


class Slow(Streamed):
    """Pauses before each of two pieces, or before the whole."""

    pause: float = 0

    @property
    def _llm_type(self) -> str:
        return "slow"

    def _generate(self, messages: list[BaseMessage], *args: Any, **more: Any) -> ChatResult:
        time.sleep(self.pause)
        return ChatResult(generations=[ChatGeneration(message=AIMessage("It is."))])

    async def _astream(
        self, messages: list[BaseMessage], *args: Any, **more: Any
    ) -> AsyncIterator[ChatGenerationChunk]:
        for text, about in (("It ", {}), ("is.", {"finish_reason": "stop"})):
            await asyncio.sleep(self.pause)
            yield ChatGenerationChunk(message=AIMessageChunk(content=text), generation_info=about)


async def test_each_piece_may_take_its_time_and_no_more() -> None:
    answer = await Slow(pause=0.3, wait_seconds=0.5).ainvoke("?")
    assert answer.text == "It is."

    with pytest.raises(BrokenOff, match=r"nothing of the answer came for 0\.01 s"):
        await Slow(pause=5, wait_seconds=0.01).ainvoke("?")


async def test_without_a_limit_it_is_waited_for() -> None:
    assert (await Slow(pause=0.01).ainvoke("?")).text == "It is."


async def test_the_runs_own_time_limit_stays_what_it_is() -> None:
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await Slow(pause=5, wait_seconds=10).ainvoke("?")


async def test_an_answer_as_a_whole_has_the_same_limit() -> None:
    assert (await Slow(in_pieces=False, pause=0.01, wait_seconds=5).ainvoke("?")).text == "It is."

    with pytest.raises(BrokenOff):
        await Slow(in_pieces=False, pause=0.2, wait_seconds=0.01).ainvoke("?")


async def test_an_answer_nested_beyond_what_its_library_reads_is_none() -> None:
    async def deep() -> AIMessage:
        raise RecursionError("maximum recursion depth exceeded while decoding a JSON array")

    with pytest.raises(Infrastructure, match="no chat completion"):
        await patiently(deep, Mind("m", Slow()), 0, lambda *_: None)
