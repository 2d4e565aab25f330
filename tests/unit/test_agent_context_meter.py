"""Limits inside of an answer: a model that streams on is ended by tokens, money and the deadline."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from langchain_core.messages import AIMessageChunk, BaseMessage
from langchain_core.outputs import ChatGenerationChunk

from boardhand_api.failures import FailureClass
from boardhand_api.model import Model
from boardhand_runner.models import Mind
from tests.support.benches import LIMITS, lay_out
from tests.support.runs import EDIT, FILES, Run
from tests.support.scripted import ScriptedChatModel

WORD = "again and again "


class Talker(ScriptedChatModel):
    """Gives its answers in one piece, and then one that does not end."""

    streaming: bool = True
    pause: float = 0
    said: list[str] = []

    async def _astream(
        self, messages: list[BaseMessage], *args: Any, **kwargs: Any
    ) -> AsyncIterator[ChatGenerationChunk]:
        if len(self.asked) < len(self.answers):
            whole = self._generate(messages, offered=()).generations[0].message
            parts = {"content": whole.content, "tool_calls": whole.tool_calls, "usage_metadata": whole.usage_metadata}  # type: ignore[attr-defined]
            yield ChatGenerationChunk(message=AIMessageChunk(**parts))
            return
        for _ in range(20_000):
            await asyncio.sleep(self.pause)
            self.said.append(WORD)
            chunk = ChatGenerationChunk(message=AIMessageChunk(content=WORD))
            if run_manager := kwargs.get("run_manager"):
                await run_manager.on_llm_new_token(WORD, chunk=chunk)
            yield chunk


class TalkingRun(Run):
    """A run whose large model edits first and then talks on."""

    pause = 0.0

    def _mind(self, model: Model, secret: Path) -> Mind:
        if model.name == "small":
            return super()._mind(model, secret)
        self.talker = Talker(answers=[EDIT], asked=[], offered=[], said=[], streaming=True, pause=self.pause)
        return Mind(model.name, self.talker, model.price, (TimeoutError,))


@pytest.fixture
def run(tmp_path: Path) -> TalkingRun:
    return TalkingRun(lay_out(tmp_path / "run", FILES))


@pytest.mark.parametrize(
    ("limits", "reason"),
    [({"tokens": 6_000}, "TokensUsedUp"), ({"money": Decimal("0.05")}, "MoneyUsedUp")],
)
def test_tokens_and_money_end_an_answer_in_its_middle(run: TalkingRun, limits: dict[str, Any], reason: str) -> None:
    result = run([], limits=LIMITS.model_copy(update=limits))

    assert result.failure is not None
    assert (result.failure.failure_class, result.failure.reason) == (FailureClass.BUDGET, reason)
    assert "in the middle of an answer" in result.failure.message
    assert 100 < len(run.talker.said) < 5_000
    used = result.usage
    assert used.prompt_tokens + used.completion_tokens >= 6_000 or (used.money or 0) >= Decimal("0.05")
    assert result.partial
    assert result.commit == run.git("rev-parse", "HEAD")


def test_the_deadline_ends_an_answer_in_its_middle(run: TalkingRun) -> None:
    run.pause, began = 0.01, time.monotonic()
    result = run([], limits=LIMITS.model_copy(update={"deadline_seconds": 4}))

    assert result.failure is not None
    assert result.failure.failure_class is FailureClass.DEADLINE
    assert time.monotonic() - began < 15
    assert result.partial
