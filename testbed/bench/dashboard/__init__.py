"""The dashboard's rows: first paint, live delay, many viewers, all with 10,000 runs at a real API server.

Server, API server, etcd, browser and viewers share this machine's cores: what is reached here is a lower bound.
"""

from __future__ import annotations

import asyncio
import statistics
import time

from testbed.bench.dashboard import browser
from testbed.bench.dashboard.crowd import Crowd
from testbed.bench.dashboard.scene import RUNS, Scene, run, scene
from testbed.bench.rows import RUNS as TIMES
from testbed.bench.rows import Row, row
from testbed.shell import say

RETAINED = 10_000
VIEWERS = 200
_CHANGES = 30
_PACE_SECONDS = 0.7
"""No multiple of what the server waits between two messages, so that changes come at any moment between."""


def measure() -> list[Row]:
    """All rows of the dashboard; raises TestbedError."""
    with scene(RETAINED) as stage:
        looks = [_first_look(stage) for _ in range(TIMES)]
        seen = _seen_live(stage)
        crowds = [_crowd(stage) for _ in range(TIMES)]
    return [
        row(f"dashboard: first paint with {RETAINED:,} runs", [paint for paint, _ in looks], 0.3),
        row("dashboard: these runs on the board, first viewer", [there for _, there in looks]),
        row("dashboard: live delay, write to page", seen, 1),
        row(f"dashboard: {VIEWERS} viewers, live delay p50", [_share(delays, 0.5) for delays, _ in crowds], 1),
        row(f"dashboard: {VIEWERS} viewers, live delay p99", [_share(delays, 0.99) for delays, _ in crowds], 1),
        row(f"dashboard: {VIEWERS} viewers, memory", [memory for _, memory in crowds], unit="MB"),
    ]


def _share(values: list[float], part: float) -> float:
    return statistics.quantiles(values, n=1000)[round(part * 1000) - 1]


def _first_look(stage: Scene) -> tuple[float, float]:
    """By who comes first: nothing is in memory."""
    stage.start()
    paint, there = browser.first_look(stage)
    say(f"dashboard: first paint {paint * 1000:.0f} ms, the runs after {there:.2f} s")
    return paint, there


def _write(stage: Scene, name: str) -> float:
    """A new run; when it was asked for."""
    begun = time.time()
    stage.cluster.api.create(RUNS, run(name, "A live one"))
    return begun


def _seen_live(stage: Scene) -> list[float]:
    stage.start()
    with browser.page(stage, "one") as tab:
        browser.watch(stage, tab)
        seen = []
        for number in range(_CHANGES):
            name = f"live-one-{number}"
            seen.append(browser.seen_after(tab, name, _write(stage, name)))
            time.sleep(_PACE_SECONDS)
    say(f"dashboard: live delay {statistics.median(seen) * 1000:.0f} ms, at most {max(seen) * 1000:.0f} ms")
    return seen


def _crowd(stage: Scene) -> tuple[list[float], float]:
    stage.start()
    delays, memory = asyncio.run(_watched(stage))
    say(f"dashboard: {VIEWERS} viewers, p99 {_share(delays, 0.99) * 1000:.0f} ms, {memory:.0f} MB")
    return delays, memory


async def _watched(stage: Scene) -> tuple[list[float], float]:
    crowd = Crowd(stage, VIEWERS)
    written: dict[str, float] = {}
    async with crowd.looking():
        for number in range(_CHANGES):
            name = f"live-{time.time_ns()}-{number}"
            written[name] = await asyncio.to_thread(_write, stage, name)
            await asyncio.sleep(_PACE_SECONDS)
        for name in written:
            await crowd.all_heard(name)
        memory = stage.rss_mb()
    return [at - written[name] for name in written for at in crowd.heard[name]], memory
