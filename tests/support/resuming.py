"""One run over several pods, each ended where a test says: a real repository, workbench and checkpoint."""

from __future__ import annotations

import io
import shutil
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest import mock

from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.outputs import ChatGeneration, ChatResult
from langchain_core.runnables import Runnable

from boardhand_api.events import Event, parse_event
from boardhand_api.model import Model
from boardhand_api.order import Order
from boardhand_api.result import Result
from boardhand_runner.agent import main
from boardhand_runner.fifo_workbench import FifoWorkbench
from boardhand_runner.local.stages import workbench
from boardhand_runner.models import Mind
from boardhand_runner.persistence.checkpoint import Latest
from boardhand_runner.repository import Repository
from boardhand_runner.settings import Settings
from boardhand_runner.stages import checkout
from boardhand_runner.surroundings import Surroundings
from boardhand_runner.tools.catalog import Catalog
from boardhand_runner.tools.command import Bench
from tests.support.benches import order
from tests.support.runs import ROUTE, TEXT, no_git_tools


class Killed(Exception):
    """The pod is gone: nothing in the runner catches this."""


class Fuse:
    """Counts the places where a pod can be lost, and is lost at one of them."""

    def __init__(self, at: int | None = None) -> None:
        self.at = at
        self.passed: list[str] = []

    def point(self, name: str) -> None:
        self.passed.append(name)
        if self.at is not None and len(self.passed) > self.at:
            raise Killed(name)

    def around(self, name: str, function: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        """The function with such a place before and after it."""

        async def wrapped(*arguments: Any, **named: Any) -> Any:
            self.point(f"before {name}")
            came = await function(*arguments, **named)
            self.point(f"after {name}")
            return came

        return wrapped


class Playing(BaseChatModel):
    """Answers by how far the conversation is, as a model does: the same prompt has the same answer in every pod."""

    answers: Any
    fuse: Any
    asked: Any
    """One entry a request: the function that was asked for, or how many answers the conversation had."""

    @property
    def _llm_type(self) -> str:
        return "playing"

    def bind_tools(self, tools: Sequence[Any], **kwargs: Any) -> Runnable[Any, AIMessage]:
        return self.bind(function=getattr(tools[0], "__name__", ""))

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        function: str = "",
        **kwargs: Any,
    ) -> ChatResult:
        at = sum(isinstance(message, AIMessage) for message in messages)
        name = function if function in _FORCED else str(at)
        self.fuse.point(f"before answer {name}")
        self.asked.append(name)
        self.fuse.point(f"after answer {name}")
        said = _FORCED.get(function) or self.answers[min(at, len(self.answers) - 1)]
        return ChatResult(generations=[ChatGeneration(message=said.model_copy(update={"id": None}, deep=True))])


_FORCED = {"Route": ROUTE, "PullRequestText": TEXT}


class Pods:
    """The pods of one run, one after the other, on one volume."""

    def __init__(self, root: Path, origin: Path, answers: Sequence[AIMessage], **order_changes: Any) -> None:
        self.settings = Settings(root=root, termination_log=root / "termination")
        self.answers = answers
        self.order: Order = order(
            persistent=True,
            repository=str(origin),
            small=Model(name="small", price=order().small.price),
            **order_changes,
        )
        self.asked: list[str] = []
        """Requests to the models, in all pods together."""
        self.events: list[list[Event]] = []
        """Of each pod."""

    def pod(self, fuse: Fuse | None = None) -> Result | None:
        """Checkout and agent in a new pod; None where it was lost."""
        fuse = fuse or Fuse()
        out = io.StringIO()
        try:
            self.check_out()
            with workbench(self.settings), _watched(fuse):
                around = Surroundings(FifoWorkbench(self.settings), self._mind(fuse), no_git_tools)
                return main(self.settings, self.order, out, around)
        except Killed:
            return None
        finally:
            self.events.append([event for line in out.getvalue().splitlines() if (event := parse_event(line))])

    def check_out(self) -> None:
        """The first stage of a new pod: what is an emptyDir is empty."""
        for folder in (self.settings.exec, self.settings.serve, self.settings.home):
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
        checkout.main(self.settings, self.order)

    def _mind(self, fuse: Fuse) -> Callable[[Model, Path], Mind]:
        def mind(model: Model, secret: Path) -> Mind:
            chat = Playing(answers=self.answers, fuse=fuse, asked=None)
            # Past pydantic, which would copy the list.
            object.__setattr__(chat, "asked", self.asked)
            return Mind(model.name, chat, model.price, (TimeoutError,))

        return mind


@contextmanager
def _watched(fuse: Fuse) -> Iterator[None]:
    """Places before and after each tool call, command, commit and checkpoint."""
    commit = Repository.commit

    def committed(self: Repository, message: str) -> str | None:
        fuse.point("before commit")
        head = commit(self, message)
        fuse.point("after commit")
        return head

    call, put, run = Catalog.call, Latest.aput, Bench.run
    with (
        mock.patch.object(Catalog, "call", _method(fuse, "call", call)),
        mock.patch.object(Bench, "run", _method(fuse, "command", run)),
        mock.patch.object(Latest, "aput", _method(fuse, "checkpoint", put)),
        mock.patch.object(Repository, "commit", committed),
    ):
        yield


def _method(fuse: Fuse, name: str, function: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
    async def method(self: Any, *arguments: Any, **named: Any) -> Any:
        return await fuse.around(name, function)(self, *arguments, **named)

    return method
