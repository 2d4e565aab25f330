"""Many cards at once: from the poll's answer to their Jobs, claims on the board included."""

from __future__ import annotations

import time
from dataclasses import dataclass

from boardhand_api.pod import LABEL_RUN
from testbed.bench.rows import RUNS as TIMES
from testbed.bench.rows import Row, row
from testbed.bench.runs import percentile
from testbed.bench.scale.arrivals import Arrivals
from testbed.bench.scale.scene import JOBS, RUNS, Scene, scene
from testbed.shell import TestbedError, say

CARDS = 500
GROWTH = {100: TIMES, 1000: 1, 5000: 1}
"""Cards, and how often they are measured: the large ones take minutes on two cores."""
_POOLS = 10
"""Of the growth rows: one pool has at most 1,000 runs at work."""
_POLL_SECONDS = 30
"""As pools poll by default. They are all poked when the cards are there, as by a webhook."""
_SECONDS = 900.0


@dataclass(frozen=True)
class Burst:
    """What one burst showed."""

    per_second: float
    p50: float
    p99: float
    """Seconds from a run to its Job."""


def measure() -> list[Row]:
    """The rows of 500 cards in one pool."""
    bursts = [one(CARDS) for _ in range(TIMES)]
    return [
        row(f"burst of {CARDS} cards: from the poll to Jobs", [b.per_second for b in bursts], 120, "cards/s", True),
        row(f"burst of {CARDS} cards: run to Job, p50", [b.p50 for b in bursts], 1.0),
        row(f"burst of {CARDS} cards: run to Job, p99", [b.p99 for b in bursts], 3.0),
    ]


def measure_growth() -> list[Row]:
    """The same with ten pools, and how much slower the largest burst is."""
    speeds = {
        cards: [one(cards // _POOLS, _POOLS, _POLL_SECONDS).per_second for _ in range(times)]
        for cards, times in GROWTH.items()
    }
    rows = [row(f"burst of {cards:,} cards, {_POOLS} pools", found, None, "cards/s") for cards, found in speeds.items()]
    small, large = rows[0], rows[-1]
    lost = 100 * (1 - large.value / small.value)
    title = f"growth: speed that {max(GROWTH):,} cards lose against {min(GROWTH)}"
    return [*rows, row(title, [lost], 33.3, "%")]


def one(cards: int, pools: int = 1, poll_seconds: int = 1) -> Burst:
    """One burst of so many cards a pool, on a cluster of its own."""
    with scene(pools, poll_seconds=poll_seconds) as stage:
        stage.start_operator()
        stage.rest()
        return watched(stage, cards)


def watched(stage: Scene, cards: int) -> Burst:
    """The burst on a scene whose operator works and polls."""
    count = cards * len(stage.boards)
    with Arrivals(stage.cluster, RUNS) as runs, Arrivals(stage.cluster, JOBS, LABEL_RUN) as jobs:
        before = stage.cluster.programs.cpu_seconds()
        stage.put_cards(cards)
        there = time.time()
        stage.poke()
        runs.wait_for(1, _SECONDS)
        polled = _first_answer(stage, there)
        jobs.wait_for(count, _SECONDS)
        runs.wait_for(count, _SECONDS)
    took = sorted(jobs.seen[name] - runs.seen[name] for name in jobs.seen)
    found = Burst(count / (max(jobs.seen.values()) - polled), percentile(took, 50), percentile(took, 99))
    say(f"{count} cards: {found.per_second:.0f}/s; run to Job {found.p50:.2f} s, p99 {found.p99:.2f} s")
    used = stage.cluster.programs.cpu_seconds()
    waited, refused = stage.cluster.operator_waits()
    say(f"priority and fairness: {waited:.1f} s waited in all, {refused} refused")
    say("processor seconds: " + ", ".join(f"{name} {used[name] - before[name]:.1f}" for name in before))
    return found


def _first_answer(stage: Scene, since: float) -> float:
    """When the board answered the first poll that saw the cards."""
    times = [float(call["time"]) for call in stage.board_calls() if call["time"] >= since and call["method"] == "GET"]
    if not times:
        raise TestbedError("the board was not asked since the cards came")
    return min(times)
