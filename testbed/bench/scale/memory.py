"""Resident memory of the operator: idle, beside what is retained, and at work."""

from __future__ import annotations

import time

from boardhand_api.pod import LABEL_RUN
from testbed.bench.rows import RUNS as TIMES
from testbed.bench.rows import Row, row
from testbed.bench.scale import retained
from testbed.bench.scale.arrivals import Arrivals
from testbed.bench.scale.scene import JOBS, Scene, scene
from testbed.shell import say

RETAINED, WORKING = 10_000, 500
_SETTLE_SECONDS = 10.0
_SECONDS = 300.0


def measure() -> list[Row]:
    """Idle, 10,000 retained, the same and 500 at work. The operator is started anew for each of the first two."""
    found = [_one() for _ in range(TIMES)]
    return [
        row("memory of the operator, idle", [one[0] for one in found], 90, "MB"),
        row(f"memory, {RETAINED:,} runs retained", [one[1] for one in found], 110, "MB"),
        row(f"memory, {RETAINED:,} runs retained, {WORKING} working", [one[2] for one in found], 200, "MB"),
    ]


def _one() -> tuple[float, float, float]:
    with scene(pods=True) as stage:
        stage.start_operator()
        retained.example(stage)
        idle = _fresh(stage)
        retained.fill(stage, RETAINED)
        stage.rest()
        beside = _fresh(stage)
        with Arrivals(stage.cluster, JOBS, LABEL_RUN) as jobs:
            stage.put_cards(WORKING)
            jobs.wait_for(WORKING, _SECONDS)
        time.sleep(_SETTLE_SECONDS)
        working = stage.operator.rss_mb()
    say(f"memory: idle {idle:.0f} MB, {RETAINED} retained {beside:.0f} MB, {WORKING} working {working:.0f} MB")
    return idle, beside, working


def _fresh(stage: Scene) -> float:
    """The memory of an operator some seconds after its start."""
    stage.operator.stop()
    stage.start_operator()
    time.sleep(_SETTLE_SECONDS)
    return stage.operator.rss_mb()
