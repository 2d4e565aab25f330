"""The agent's start: the stage as a process of its own, from its start to the first request at a model's server.

Processor seconds and memory are the process' own, read by the server when the request has arrived. Wall time says
nothing without the machine's load, which therefore stands beside it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from boardhand_api.model import Model, Provider
from boardhand_api.order import Order
from boardhand_runner.local.stages import workbench
from boardhand_runner.settings import ROOT_VARIABLE, TERMINATION_VARIABLE, Settings
from testbed.bench import runs
from testbed.bench.rows import RUNS, Row, row
from testbed.evals.faulty_model import DESCRIBE, LARGE, ROUTE, FaultyModel
from testbed.evals.faulty_reply import Reply
from testbed.evals.faulty_wire import Called, Said
from testbed.shell import TestbedError

_STAGE = (
    # The runner's image does without this library, which those of the models import where they find it.
    "import sys; sys.modules['aiohttp'] = None; from boardhand_runner.cli import main; sys.exit(main(['agent']))"
)
_TICKS = os.sysconf("SC_CLK_TCK")
_MEGABYTE = 1024
"""In the kernel's kilobytes."""


@dataclass(frozen=True)
class Figures:
    """Of a process when a request of it arrived."""

    processor: float
    """Seconds, of all its threads and not of its children."""
    wall: float
    """Seconds since it was started."""
    memory: float
    """Resident, in megabytes."""
    most: float
    """The most it was until then."""


class Watching(FaultyModel):
    """Plays one run, and looks at the process that asks."""

    pid = 0
    began = 0.0

    def __init__(self, provider: Provider) -> None:
        super().__init__(provider, _scripts())
        self.seen: list[Figures] = []

    def next(self, role: str, request: dict[str, object]) -> Reply:
        self.seen.append(_figures(self.pid, time.perf_counter() - self.began))
        return super().next(role, request)


def measure(providers: Sequence[Provider] = tuple(Provider)) -> list[Row]:
    """Four rows a provider, each the median of RUNS starts."""
    rows: list[Row] = []
    with runs.checked_out(
        [("README.md", "# Ledger\n")], runs.order("Name the ledger", "In its README.", "true")
    ) as made:
        settings, order = made
        for provider in providers:
            rows += _rows(provider, [started(settings, order, provider) for _ in range(RUNS)])
    return rows


def _rows(provider: Provider, starts: Sequence[tuple[Figures, Figures]]) -> list[Row]:
    firsts, lasts = zip(*starts, strict=True)
    load = f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores"
    return [
        row(f"{provider}: start to first request, processor", [first.processor for first in firsts]),
        row(f"{provider}: start to first request, {load}", [first.wall for first in firsts], 2.5),
        row(f"{provider}: memory at the first request", [first.memory for first in firsts], unit="MB"),
        row(f"{provider}: most memory of a run", [last.most for last in lasts], 200, "MB"),
    ]


def started(settings: Settings, order: Order, provider: Provider) -> tuple[Figures, Figures]:
    """The figures at the first and at the last request of one run. Raises TestbedError where the stage fails."""
    server = Watching(provider)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        model = Model(provider=provider, name="start", base_url=server.url(LARGE))
        told = order.model_copy(update={"large": model, "small": model, "require_tests": False})
        settings.order.write_text(told.model_dump_json(by_alias=True, exclude_none=True))
        settings.serve_closed.unlink(missing_ok=True)
        with workbench(settings):
            _run(server, settings)
    finally:
        server.closing.set()
        server.shutdown()
        thread.join()
        server.server_close()
    return server.seen[0], server.seen[-1]


def _run(server: Watching, settings: Settings) -> None:
    environment = {ROOT_VARIABLE: str(settings.root), TERMINATION_VARIABLE: str(settings.termination_log)}
    server.began = time.perf_counter()
    with subprocess.Popen(
        [sys.executable, "-c", _STAGE],
        env=os.environ | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as stage:
        server.pid = stage.pid
        said, _ = stage.communicate()
    if stage.returncode or len(server.seen) < 2:
        raise TestbedError(f"the agent's stage ended with {stage.returncode}\n{said[-1000:]}")


def _scripts() -> dict[str, list[Reply]]:
    def call(name: str, **arguments: str) -> Said:
        return Said(calls=(Called(name, json.dumps(arguments)),))

    return {
        ROUTE: [call("Route", specialist="coder", reason="A change.")],
        LARGE: [call("write_file", path="README.md", content="# The ledger\n"), call("finish", summary="Named.")],
        DESCRIBE: [call("PullRequestText", title="Name it", why="It had none.")],
    }


def _figures(pid: int, wall: float) -> Figures:
    """Raises OSError where the process is gone."""
    # After the name, which may hold spaces: fields 14 and 15 of proc(5) are 11 and 12 of these.
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    status = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines())
    memory, most = (int(status[name].split()[0]) / _MEGABYTE for name in ("VmRSS", "VmHWM"))
    return Figures((int(fields[11]) + int(fields[12])) / _TICKS, wall, memory, most)
