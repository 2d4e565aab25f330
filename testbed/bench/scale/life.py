"""What a run's whole life costs the API server, counted by the server itself."""

from __future__ import annotations

import asyncio

from boardhand_api.pod import Stage
from testbed.bench.rows import RUNS as TIMES
from testbed.bench.rows import Row, row
from testbed.bench.scale.scene import scene
from testbed.shell import say

CARDS = 30
AIM = 10
_STAGE_SECONDS = 2.0
_NOT_COUNTED = ("watches", "leases")
"""Long polls and the election, which are the operator's whether there are runs or not."""


def measure() -> list[Row]:
    """Requests a run, of 30 cards that become pull requests. Writes of the pool's status are among them.

    Each stage takes two seconds, so that the operator sees and writes every phase: at a burst's speed it may skip some.
    """
    counts = [_one() for _ in range(TIMES)]
    return [row("API requests of the operator in a run's life", counts, AIM, "requests")]


def _one() -> float:
    with scene(pods=True, delays=dict.fromkeys(Stage, _STAGE_SECONDS)) as stage:
        stage.cluster.add_nodes(2)
        stage.start_operator()
        before = stage.cluster.operator_requests()
        stage.put_cards(CARDS)
        asyncio.run(stage.play(CARDS))
        after = stage.cluster.operator_requests()
    used = {kind: (after[kind] - before[kind]) / CARDS for kind in after if after[kind] > before[kind]}
    counted = sum(number for kind, number in used.items() if kind not in _NOT_COUNTED)
    say(f"requests a run: {counted:.2f}, of them " + ", ".join(f"{kind} {n:.2f}" for kind, n in used.items()))
    return counted
