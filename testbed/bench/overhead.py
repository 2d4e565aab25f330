"""What a step costs beside the model and the command: sixty steps through the real graph, tools and git server."""

from __future__ import annotations

import itertools
import statistics

from testbed.bench import project, runs
from testbed.bench.played import LARGE
from testbed.bench.rows import RUNS, Row, row


def measure() -> list[Row]:
    """From the end of an answer to the next request, without the commands in between.

    The model's client, masking, supervision, git over MCP and the transcript count. Processor time is of the agent's
    process alone.
    """
    walls, processors = zip(*(_milliseconds() for _ in range(RUNS)), strict=True)
    return [
        row("harness overhead a step, p50", [statistics.median(times) for times in walls], 25, "ms"),
        row("harness overhead a step, p99", [runs.percentile(times, 99) for times in walls], 100, "ms"),
        row("processor time a step, p50", [statistics.median(times) for times in processors], unit="ms"),
    ]


def _milliseconds() -> tuple[list[float], list[float]]:
    """For each step, by the clock and by the processor."""
    with runs.checked_out(project.files().items(), runs.order()) as (settings, order):
        ran = runs.ran(settings, order, project.script(project.moves()))
    wall, processor = [], []
    for before, after in itertools.pairwise(ran.played.of(LARGE)):
        between = [end - begin for begin, end in ran.commands if before.ended <= begin and end <= after.began]
        wall.append((after.began - before.ended - sum(between)) * 1000)
        processor.append((after.cpu_began - before.cpu_ended) * 1000)
    return wall, processor
