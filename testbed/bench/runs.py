"""One run of the agent for measuring: real checkout, graph, tools, git server, workbench; only the model is played."""

from __future__ import annotations

import io
import os
import statistics
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from boardhand_api.model import Model
from boardhand_api.order import Order, OrderLimits
from boardhand_api.result import Result
from boardhand_api.run import Task
from boardhand_api.ticket import Ticket
from boardhand_runner import agent
from boardhand_runner.fifo_workbench import FifoWorkbench
from boardhand_runner.local import stages
from boardhand_runner.local.ground import lay_out
from boardhand_runner.settings import Settings
from boardhand_runner.stages import checkout
from boardhand_runner.surroundings import Surroundings
from boardhand_runner.workbench import CommandResult
from testbed.bench import project
from testbed.bench.played import LARGE, SMALL, Played
from testbed.model.scripts import Script
from testbed.shell import TestbedError, run

_LIMITS = OrderLimits(
    steps=100, tokens=100_000_000, deadline_seconds=900, command_timeout_seconds=60, model_patience_seconds=5
)


class TimedWorkbench(FifoWorkbench):
    """Notes when its commands were under way."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self.under_way: list[tuple[float, float]] = []

    def run(self, command: str, timeout_seconds: float) -> CommandResult:
        began = time.perf_counter()
        result = super().run(command, timeout_seconds)
        self.under_way.append((began, time.perf_counter()))
        return result


@dataclass(frozen=True)
class Ran:
    """What came of a run."""

    played: Played
    commands: list[tuple[float, float]]
    result: Result
    began: float
    """When the agent stage began, on the clock of its requests."""


@contextmanager
def checked_out(files: Iterable[tuple[str, str]], order: Order) -> Iterator[tuple[Settings, Order]]:
    """A run's folders after checkout of a repository with these files; all of it is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="boardhand-bench-") as folder:
        repository = Path(folder) / "repository.git"
        run(["git", "init", "--quiet", "--bare", "--initial-branch=main", repository])
        run(["git", "-C", repository, "fast-import", "--quiet"], stdin="".join(_stream(files)))
        settings = lay_out(Path(folder) / "run")
        told = order.model_copy(update={"repository": str(repository)})
        settings.order.write_text(told.model_dump_json(by_alias=True, exclude_none=True))
        checkout.main(settings, told)
        yield settings, told


def _stream(files: Iterable[tuple[str, str]]) -> Iterator[str]:
    """One commit of these files (of ASCII), as `git fast-import` takes it."""
    yield "commit refs/heads/main\ncommitter Bench <bench@localhost> 0 +0000\ndata 4\nbase\n"
    for name, text in files:
        yield f"M 100644 inline {name}\ndata {len(text)}\n{text}\n"


def order(title: str = project.TITLE, body: str = project.BODY, verify: str = project.VERIFY) -> Order:
    """An order without a price or a place; `checked_out` fills in the repository."""
    return Order(
        run="bench",
        task=Task.AUTO,
        ticket=Ticket(id="bench", title=title, body=body),
        repository="-",
        base_branch="main",
        branch="boardhand/bench",
        large=Model(name=LARGE),
        small=Model(name=SMALL),
        verify=[verify],
        limits=_LIMITS,
    )


def processor_seconds() -> float:
    """Used so far by this process and by those it has waited for, and so on down."""
    used = os.times()
    return used.user + used.system + used.children_user + used.children_system


def percentile(values: Sequence[float], which: int) -> float:
    """Of 100; interpolated."""
    return statistics.quantiles(values, n=100, method="inclusive")[which - 1]


def ran(settings: Settings, order: Order, script: Script) -> Ran:
    """Run the agent stage. Raises TestbedError where it does not succeed."""
    played = Played(script)
    with stages.workbench(settings):
        workbench = TimedWorkbench(settings)
        began = time.perf_counter()
        result = agent.main(settings, order, io.StringIO(), Surroundings(workbench, played.mind))
    if result.failure is not None:
        raise TestbedError(f"the run of {script.name} failed: {result.failure}")
    return Ran(played, workbench.under_way, result, began)
