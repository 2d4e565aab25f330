"""One run through the product's own stages, in this process where they can be, below a temporary root."""

from __future__ import annotations

import argparse
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractContextManager, asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from langchain_core.tools import BaseTool

from boardhand_api.events import Event, parse_event
from boardhand_api.model import Model
from boardhand_api.order import Order, OrderLimits
from boardhand_api.pod import BRANCH_PREFIX
from boardhand_api.result import Published, Result
from boardhand_api.run import Task
from boardhand_api.ticket import Ticket
from boardhand_runner import agent
from boardhand_runner.errors import RunnerError
from boardhand_runner.fifo_workbench import FifoWorkbench
from boardhand_runner.local.ground import lay_out, source_of
from boardhand_runner.local.stages import AGENT_LOG, WORKBENCH_PASSES, prove, workbench
from boardhand_runner.settings import Settings
from boardhand_runner.stages import checkout, publish
from boardhand_runner.surroundings import Surroundings
from testbed.evals import leftovers

JUNIT = "BOARDHAND_EVALS_JUNIT"
KEEP = "BOARDHAND_EVALS_KEEP"
PLAIN_PYTEST = "PYTEST_DISABLE_PLUGIN_AUTOLOAD"
"""Else each pytest of a task would load the plugins of this project's environment, which takes most of a second."""
PASSES = (*WORKBENCH_PASSES, JUNIT, PLAIN_PYTEST)
LIMITS = OrderLimits(
    steps=60, tokens=5_000_000, deadline_seconds=300, command_timeout_seconds=120, model_patience_seconds=20
)
PREFIX = "boardhand-eval-"
"""Of a run's folder, in the folder for temporary files."""
PROOF_LOG = "proof.log"
Surround = Callable[[Settings], Surroundings]


PATIENCE_SECONDS = 20.0
"""For a workbench that is not there."""
Serve = Callable[[Settings], AbstractContextManager[None]]


def passed() -> dict[str, str]:
    """Of this process' environment, what commands of workbench, proof and hidden checks get."""
    return {name: os.environ[name] for name in PASSES if name in os.environ}


def surround(settings: Settings) -> Surroundings:
    """The product's own."""
    return Surroundings(FifoWorkbench(settings, PATIENCE_SECONDS))


def surround_without_git(settings: Settings) -> Surroundings:
    """Without the git tools, whose server takes most of a second to start: for cases in which they have no part."""
    return replace(surround(settings), git_tools=_no_git)


@asynccontextmanager
async def _no_git(_: Settings) -> AsyncIterator[list[BaseTool]]:
    yield []


def serve(settings: Settings) -> AbstractContextManager[None]:
    """The workbench as `boardhand-runner run` has it."""
    return workbench(settings, passes=PASSES)


@dataclass(frozen=True)
class Job:
    """What a run is given."""

    source: Path
    """A folder with a project, or a git repository."""
    ticket: Ticket
    verify: tuple[str, ...]
    model: Model
    setup: tuple[str, ...] = ()
    limits: OrderLimits = LIMITS
    require_tests: bool = True
    key: str = ""
    """For the model's server."""


@dataclass
class Run:
    """What became of it; its folders are there as long as the context is."""

    settings: Settings
    order: Order
    result: Result
    published: Published | None = None
    verify: int | None = None
    """Exit code of the proof."""
    left: set[int] = field(default_factory=set)
    """Processes of it that still lived when the agent stage had ended."""
    events: list[Event] = field(default_factory=list)

    @property
    def repository(self) -> Path:
        """The bare repository that was pushed to."""
        return Path(self.order.repository)

    @property
    def branch(self) -> str:
        return self.order.branch


@contextmanager
def played(job: Job, surround: Surround = surround, serve: Serve = serve) -> Iterator[Run]:
    """Take the job through checkout, agent, publish and verify; all of it is gone afterwards, unless KEEP is set."""
    known, root = leftovers.children(), Path(tempfile.mkdtemp(prefix=PREFIX))
    try:
        settings = lay_out(root)
        yield _stages(settings, order_of(settings, job), surround, serve, partial(leftovers.end, known))
    finally:
        leftovers.end(known)
        if not os.environ.get(KEEP):
            remove(root)


def _stages(settings: Settings, order: Order, surround: Surround, serve: Serve, reap: Callable[[], set[int]]) -> Run:
    checkout.main(settings, order)
    log = settings.root / AGENT_LOG
    with serve(settings), log.open("w", encoding="utf-8") as out:
        result = agent.main(settings, order, out, surround(settings))
    run = Run(settings, order, result, left=reap())
    run.events = [event for line in log.read_text("utf-8").splitlines() if (event := parse_event(line))]
    if result.commit is not None and (result.failure is None or result.partial):
        _prove(run)
    return run


def _prove(run: Run) -> None:
    try:
        run.published = publish.main(run.settings, run.order)
    except RunnerError as error:
        run.published = Published(failure=error.refusal())
        return
    with (run.settings.root / PROOF_LOG).open("wb") as log:
        run.verify = prove(run.settings, run.order, PASSES, log)


def order_of(settings: Settings, job: Job) -> Order:
    """The order that the operator would write, with the repository and the key in their places."""
    source, branch = source_of(argparse.Namespace(repo=str(job.source), branch="main"), settings)
    if job.key:
        for folder in (settings.large_secret, settings.small_secret):
            folder.mkdir(parents=True)
            (folder / "apiKey").write_text(job.key)
    return Order(
        run=f"eval-{os.getpid()}",
        task=Task.AUTO,
        ticket=job.ticket,
        repository=source,
        base_branch=branch,
        branch=f"{BRANCH_PREFIX}eval",
        large=job.model,
        small=job.model,
        setup=list(job.setup),
        verify=list(job.verify),
        limits=job.limits,
        require_tests=job.require_tests,
    )


def remove(root: Path) -> None:
    """A run's folder, folders without permission to write included."""

    def allowed(function: Callable[[str], object], path: str, _: object) -> None:
        Path(path).parent.chmod(0o700)
        Path(path).chmod(0o700, follow_symlinks=False) if Path(path).is_dir() else None
        function(path)

    shutil.rmtree(root, onerror=allowed)
