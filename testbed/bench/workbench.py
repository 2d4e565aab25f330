"""The workbench's round trip: what a command costs that does nothing."""

from __future__ import annotations

import statistics
import tempfile
from pathlib import Path

from boardhand_runner.fifo_workbench import FifoWorkbench
from boardhand_runner.local.ground import lay_out
from boardhand_runner.local.stages import workbench
from boardhand_runner.settings import Settings
from boardhand_runner.stages.checkout import place_workbench
from testbed.bench.rows import RUNS, Row, row
from testbed.bench.runs import percentile, processor_seconds

_COMMANDS = 200


def measure() -> list[Row]:
    """`true`, 200 times over the real server. Processor time is of both sides, the server's start with it."""
    walls, processors = zip(*(_milliseconds() for _ in range(RUNS)), strict=True)
    return [
        row("workbench round trip, p50", [statistics.median(times) for times in walls], 10, "ms"),
        row("workbench round trip, p99", [percentile(times, 99) for times in walls], unit="ms"),
        row("workbench round trip, processor time", processors, unit="ms"),
    ]


def _milliseconds() -> tuple[list[float], float]:
    """Of each command by the clock, and of one by the processor."""
    with tempfile.TemporaryDirectory(prefix="boardhand-bench-") as folder:
        settings = lay_out(Path(folder) / "run")
        settings.work.mkdir()
        place_workbench(settings)
        began = processor_seconds()
        with workbench(settings):
            times = _served(settings)
        return times, (processor_seconds() - began) * 1000 / _COMMANDS


def _served(settings: Settings) -> list[float]:
    workbench = FifoWorkbench(settings)
    workbench.wait_ready()
    times = [workbench.run("true", 10).seconds * 1000 for _ in range(_COMMANDS)]
    workbench.close()
    return times
