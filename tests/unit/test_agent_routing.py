"""The first question of a run: asked before anything else is started, once, and let go of where nobody waits."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from langchain_core.outputs import ChatResult
from langchain_core.tools import BaseTool

from boardhand_api.run import Task
from boardhand_runner.models import Mind
from boardhand_runner.models.asking import Asking
from boardhand_runner.routing import Routing
from boardhand_runner.settings import Settings
from boardhand_runner.transcript import Transcript
from boardhand_runner.usage import Ledger
from tests.support.benches import LIMITS, lay_out, order
from tests.support.runs import EDIT, FILES, FINISH, ROUTE, Run
from tests.support.scripted import ScriptedChatModel


class Mute(ScriptedChatModel):
    """Never answers."""

    async def _agenerate(self, messages: list[Any], *args: Any, **kwargs: Any) -> ChatResult:
        self.asked.append(messages)
        await asyncio.Event().wait()
        raise AssertionError


def routing(chat: ScriptedChatModel, **changes: Any) -> Routing:
    ledger, transcript = Ledger(LIMITS), Transcript(io.StringIO(), [])
    return Routing(Asking(order(**changes), Mind("small", chat), ledger, transcript, "fence"))


def test_it_goes_out_before_the_git_server_is_started(tmp_path: Path) -> None:
    run, asked = Run(lay_out(tmp_path / "run", FILES)), []

    @asynccontextmanager
    async def git(_: Settings) -> AsyncIterator[list[BaseTool]]:
        asked.extend(run.small.asked)
        yield []

    assert run([EDIT, FINISH], git_tools=git).failure is None
    assert len(asked) == 1
    assert len(run.small.asked) == 2


async def test_it_is_asked_once_however_often_it_is_awaited() -> None:
    chat = ScriptedChatModel(answers=[ROUTE], asked=[], offered=[])
    one = routing(chat)
    await one.begin()

    assert (await one.route()).specialist == (await one.route()).specialist == "coder"
    assert len(chat.asked) == 1


async def test_it_is_asked_when_awaited_where_it_was_not_begun() -> None:
    chat = ScriptedChatModel(answers=[ROUTE], asked=[], offered=[])

    assert (await routing(chat).route()).specialist == "coder"


async def test_without_a_choice_nobody_is_asked() -> None:
    chat = ScriptedChatModel(answers=[], asked=[], offered=[])

    assert (await routing(chat, task=Task.ANALYSE).route()).specialist == "analyst"
    assert chat.asked == []


async def test_begin_does_not_wait_for_an_answer_and_close_lets_go_of_it() -> None:
    chat = Mute(answers=[], asked=[], offered=[])
    one = routing(chat)
    await one.begin()
    assert len(chat.asked) == 1
    await one.close()

    with pytest.raises(asyncio.CancelledError):
        await one.route()
