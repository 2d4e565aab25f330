"""One run of the whole graph: real repository, file tools and workbench; only the model is a fake."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from langchain_core.tools import BaseTool

from boardhand_api.events import Nudged, Step, last_result, parse_event
from boardhand_api.model import Model
from boardhand_api.result import Result
from boardhand_runner.agent import main
from boardhand_runner.fifo_workbench import FifoWorkbench
from boardhand_runner.git import Git
from boardhand_runner.models import Mind
from boardhand_runner.settings import Settings
from boardhand_runner.surroundings import Surroundings
from tests.support.benches import order, served
from tests.support.scripted import ScriptedChatModel, calls

FILES = {
    "total.sh": "total() { echo $1; }\n",
    "check.sh": 'test -f broken && exit 1\n. ./total.sh\ntest "$(total 2)" = 4 && echo "1 passed in 0.01s"\n',
    "tests/test_old.sh": "true\n",
    "AGENTS.md": "Shell only.\n",
}
ROUTE = calls(("Route", {"specialist": "coder", "reason": "A change."}))
TEXT = calls(("PullRequestText", {"title": "Double it", "why": "It was single."}))
EDIT = calls(("edit_file", {"path": "total.sh", "old": "echo $1", "new": "echo $(($1 * 2))"}))
FINISH = calls(("finish", {"summary": "It doubles."}))


@asynccontextmanager
async def no_git_tools(_: Settings) -> AsyncIterator[list[BaseTool]]:
    """Most tests need none, and starting the server takes its time."""
    yield []


class Run:
    """One run of the agent, and what came of it."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.log = ""
        self.large = ScriptedChatModel(answers=[])
        self.small = ScriptedChatModel(answers=[])

    def __call__(
        self, large: list[Any], small: list[Any] | None = None, git_tools: Any = no_git_tools, **changes: Any
    ) -> Result:
        self.large = ScriptedChatModel(answers=large, asked=[], offered=[])
        self.small = ScriptedChatModel(answers=small or [ROUTE, TEXT], asked=[], offered=[])
        out = io.StringIO()
        told = order(small=Model(name="small", price=order().small.price), **changes)
        with served(self.settings):
            around = Surroundings(FifoWorkbench(self.settings), self._mind, git_tools)
            result = main(self.settings, told, out, around)
        self.log = out.getvalue()
        assert last_result(self.log) == result
        return result

    def _mind(self, model: Model, secret: Path) -> Mind:
        chat = self.small if model.name == "small" else self.large
        return Mind(model.name, chat, model.price, (TimeoutError,))

    @property
    def nudges(self) -> list[str]:
        events = [parse_event(line) for line in self.log.splitlines()]
        return [event.reason for event in events if isinstance(event, Nudged)]

    @property
    def steps(self) -> list[Step]:
        events = [parse_event(line) for line in self.log.splitlines()]
        return [event for event in events if isinstance(event, Step)]

    def said_to_large(self, at: int) -> str:
        return "\n".join(str(message.content) for message in self.large.asked[at])

    def git(self, *arguments: str) -> str:
        return Git(self.settings, work_tree=self.settings.work).text(*arguments)
