"""From the start of the operator's process to its first Job, whatever is retained."""

from __future__ import annotations

import time

from testbed.bench.rows import RUNS as TIMES
from testbed.bench.rows import Row, row
from testbed.bench.scale import retained
from testbed.bench.scale.arrivals import Arrivals
from testbed.bench.scale.scene import JOBS, NAMESPACE, RUNS, Scene, scene
from testbed.load import objects
from testbed.manifests import run
from testbed.shell import say

RETAINED = (0, 10_000, 50_000)
AIM_SECONDS = 3.0
_POOL = "by-hand"


def measure() -> list[Row]:
    """A row for each number of retained runs; the imports of the program are among the seconds."""
    rows = []
    with scene(pods=True) as stage:
        stage.cluster.apply(objects.pool(NAMESPACE, _POOL, None, "", None))
        stage.start_operator()
        retained.example(stage)
        for count in RETAINED:
            retained.fill(stage, count)
            stage.operator.kill()
            stage.rest()
            values = [_one(stage, f"first-{count}-{time_}") for time_ in range(TIMES)]
            say(f"restart with {count} retained: {min(values):.2f} to {max(values):.2f} s")
            rows.append(row(f"restart to first decision, {count:,} runs retained", values, AIM_SECONDS))
    return rows


def _one(stage: Scene, name: str) -> float:
    """A run waits while there is no operator; seconds from the start of one to the run's Job."""
    stage.operator.kill()
    stage.cluster.api.create(RUNS, run(NAMESPACE, name, _POOL, "Waits", "for an operator"))
    with Arrivals(stage.cluster, JOBS) as jobs:
        begun = time.time()
        stage.operator.start()
        jobs.wait_for(1, 120)
    return min(jobs.seen.values()) - begun
