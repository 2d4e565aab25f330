"""One small ticket through all stages, with a model that goes wrong on the wire."""

from __future__ import annotations

import json
import subprocess
import tempfile
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

from langchain_core.tools import BaseTool

from boardhand_api.events import Event, FellBack, Nudged
from boardhand_api.model import Model, PlainModel, Price, Profile, Provider
from boardhand_api.order import OrderLimits
from boardhand_api.result import Result
from boardhand_api.ticket import Ticket
from boardhand_runner.fifo_workbench import FifoWorkbench
from boardhand_runner.local.stages import AGENT_LOG
from boardhand_runner.models import build
from boardhand_runner.settings import Settings
from boardhand_runner.surroundings import Surroundings, git_server
from testbed.evals.case import Outcome, outcome_of
from testbed.evals.classify import SUCCEEDED, Seen, classify
from testbed.evals.faulty_model import DESCRIBE, LARGE, ROUTE, SPARE, FaultyModel, serving
from testbed.evals.faulty_reply import Damaged, Reply
from testbed.evals.faulty_wire import Called, Said
from testbed.evals.run import Job, Run, played

KEY = "sk-evals-0123456789"
FILES = {
    "total.sh": "total() { echo $1; }\n",
    "check.sh": '. ./total.sh\nif test "$(total 2)" = 4; then echo "ok 1 - two"; else echo "not ok 1"; exit 1; fi\n',
    "README.md": "# Total\n\nA shell function.\n",
}
VERIFY = "sh check.sh"
NOWHERE = "http://127.0.0.1:9/v1"
"""Nothing listens there."""
HIDDEN = ". ./total.sh && test $(total 21) = 42"
SHORT_SECONDS, LONG_SECONDS = 5.0, 60.0
MOST_REQUEST_BYTES = 300_000
"""Whatever a model says, a request stays below this."""
MOST_LOG_BYTES = 1_000_000


def call(name: str, id: str | None = "", **arguments: Any) -> Called:
    """A tool call with these arguments."""
    return Called(name, json.dumps(arguments), id)


def calls(*made: Called, **more: Any) -> Said:
    """An answer of tool calls."""
    return Said(calls=made, **more)


LOOK = calls(call("read_file", path="total.sh"))
EDIT = calls(call("edit_file", path="total.sh", old="echo $1", new="echo $(($1 * 2))"))
FINISH = calls(call("finish", summary="It doubles."))
WORK = (EDIT, FINISH)
ROUTED = calls(call("Route", specialist="coder", reason="A change."))
TEXT = calls(call("PullRequestText", title="Double the total", why="It was single."))
PRICE = Price(prompt=Decimal(1), completion=Decimal(10))
LIMITS = OrderLimits(
    steps=30, tokens=1_000_000, deadline_seconds=120, command_timeout_seconds=30, model_patience_seconds=20
)


@dataclass(frozen=True)
class Played:
    """A run, and what it told."""

    server: FaultyModel
    result: Result
    events: Sequence[Event]
    log: str

    @property
    def nudges(self) -> tuple[str, ...]:
        return tuple(event.reason for event in self.events if isinstance(event, Nudged))

    @property
    def fell_back(self) -> bool:
        return any(isinstance(event, FellBack) for event in self.events)


Problems = Callable[[Played], Iterable[str]]


@dataclass(frozen=True)
class Fault:
    """What goes wrong, and what the run must come to."""

    name: str
    expected: str
    """Succeeded, or class and reason such as Stuck/SameCall."""
    large: tuple[Reply, ...] = WORK
    route: tuple[Reply, ...] = (ROUTED,)
    describe: tuple[Reply, ...] = (TEXT,)
    spare: tuple[Reply, ...] = ()
    """What the large model's fallback says; it has none without."""
    nudges: tuple[str, ...] = ()
    """Every word of the harness to the model, by its reason, in this order."""
    draft: bool = False
    """Whether unfinished work is handed over."""
    provider: Provider = Provider.OPENAI
    limits: Mapping[str, Any] = field(default_factory=dict)
    """Instead of those of LIMITS."""
    price: Price | None = PRICE
    profile: Profile | None = None
    spare_profile: Profile | None = None
    answer_seconds: float = 0
    """The time limit of an answer; 0: short where the server hangs, else long, since the machine may be busy."""
    unheard: bool = False
    """The server is not there."""
    short: bool = False
    holds: Problems = lambda _: ()
    """Says what else must be true and is not."""

    @property
    def time_limit(self) -> float:
        hangs = any(isinstance(one, Damaged) and one.damage.seconds for said in self.scripts.values() for one in said)
        return self.answer_seconds or (SHORT_SECONDS if hangs else LONG_SECONDS)

    @property
    def scripts(self) -> dict[str, Sequence[Reply]]:
        """What each role says; a role that the run must not reach has nothing to say."""
        roles = {ROUTE: self.route, LARGE: self.large, SPARE: self.spare, DESCRIBE: self.describe}
        return {role: script for role, script in roles.items() if script}


def play(fault: Fault) -> Outcome:
    """Take the ticket through the stages; nothing is left behind."""
    with tempfile.TemporaryDirectory(prefix="boardhand-fault-") as folder:
        for name, text in FILES.items():
            Path(folder, name).write_text(text)
        with serving(fault.provider, fault.scripts) as server:
            job = Job(
                source=Path(folder),
                ticket=Ticket(id="t1", title="Double the total", body="`total 2` must be 4. No test is asked for."),
                verify=(VERIFY,),
                model=model_of(fault, server),
                limits=LIMITS.model_copy(update=dict(fault.limits)),
                key=KEY,
            )
            with played(job, partial(_surround, fault)) as run:
                return _outcome(fault, server, run)


def model_of(fault: Fault, server: FaultyModel) -> Model:
    """The model of the run, and its fallback where that has something to say."""

    def about(who: str, profile: Profile | None) -> dict[str, Any]:
        address = NOWHERE if fault.unheard else server.url(who)
        named = {"provider": fault.provider, "name": f"test-{who}", "base_url": address}
        return named | {"price": fault.price, "profile": profile}

    spare = PlainModel(**about(SPARE, fault.spare_profile)) if fault.spare else None
    return Model(**about(LARGE, fault.profile), fallback=spare)


def _surround(fault: Fault, settings: Settings) -> Surroundings:
    minds = partial(build, answer_seconds=fault.time_limit)
    return Surroundings(FifoWorkbench(settings), minds, git_server if fault.short else _no_git)


@asynccontextmanager
async def _no_git(_: Settings) -> AsyncIterator[list[BaseTool]]:
    """The git server takes most of a second to start and has no part in most faults."""
    yield []


def _outcome(fault: Fault, server: FaultyModel, run: Run) -> Outcome:
    hidden = None
    if run.verify is not None:
        hidden = subprocess.run(["sh", "-c", HIDDEN], cwd=run.settings.proof, check=False).returncode == 0
    klass, said = classify(Seen(run.result, run.published, run.verify, hidden))
    log = (run.settings.root / AGENT_LOG).read_text("utf-8")
    return outcome_of(klass, said, run.result, tuple(problems(fault, Played(server, run.result, run.events, log))))


def problems(fault: Fault, played: Played) -> Iterable[str]:
    """What is wrong whatever the class."""
    failure, server = played.result.failure, played.server
    came = f"{failure.failure_class}/{failure.reason}" if failure else SUCCEEDED
    if came != fault.expected:
        yield f"{fault.expected} was expected"
    if played.nudges != fault.nudges:
        yield f"the harness said {played.nudges}, not {fault.nudges}"
    if (failure is not None and played.result.commit is not None) != fault.draft:
        yield "handed over" if played.result.commit else "not handed over"
    if server.refused:
        yield f"a vendor would refuse: {server.refused[0]}"
    if server.unplayed and not fault.unheard:
        yield f"never struck: {', '.join(server.unplayed)}"
    if (largest := server.largest) > MOST_REQUEST_BYTES:
        yield f"a request of {largest} bytes"
    if len(played.log) > MOST_LOG_BYTES:
        yield f"a log of {len(played.log)} bytes"
    if KEY in played.log:
        yield "the key is in the log"
    yield from fault.holds(played)
