"""What a run's whole life costs the API server, counted by the server itself."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

from boardhand_api.pod import Stage
from testbed.bench.rows import RUNS as TIMES
from testbed.bench.rows import Row, row
from testbed.bench.scale.etcd import etcd_of
from testbed.bench.scale.scene import NAMESPACE, scene
from testbed.shell import say

CARDS = 30
AIM = 10
_STAGE_SECONDS = 2.0
_NOT_COUNTED = ("watches", "leases")
"""Long polls and the election, which are the operator's whether there are runs or not."""

_STORED = {"TicketRun": "boardhand.dev/ticketruns", "Job": "jobs", "pod": "pods", "Events": "events"}


@dataclass(frozen=True)
class Life:
    """What one run cost, on average."""

    requests: float
    """To the API server."""
    board: float
    forge: float
    cpu_ms: float
    stored: Mapping[str, float]
    """Bytes in etcd once it is done, by kind."""


def measure() -> list[Row]:
    """Requests a run, of 30 cards that become pull requests. Writes of the pool's status are among them.

    Each stage takes two seconds, so that the operator sees and writes every phase: at a burst's speed it may skip some.
    """
    lives = [_one() for _ in range(TIMES)]
    rows = [row("API requests of the operator in a run's life", [life.requests for life in lives], AIM, "requests")]
    for name, values, unit in (
        ("requests to the board in a run's life, polls among them", [life.board for life in lives], "requests"),
        ("requests to the forge in a run's life", [life.forge for life in lives], "requests"),
        ("processor time of the operator in a run's life", [life.cpu_ms for life in lives], "ms"),
    ):
        rows.append(row(name, values, None, unit))
    for what in _STORED:
        sizes = [life.stored[what] for life in lives]
        rows.append(row(f"etcd: bytes a run that is done, {what}", sizes, None, "bytes"))
    return rows


def _one() -> Life:
    with scene(pods=True, delays=dict.fromkeys(Stage, _STAGE_SECONDS)) as stage:
        stage.cluster.add_nodes(2)
        stage.start_operator()
        before, seconds = stage.cluster.operator_requests(), stage.operator.cpu_seconds()
        board, forge = len(stage.board_calls()), len(stage.forge_calls())
        stage.put_cards(CARDS)
        asyncio.run(stage.play(CARDS))
        after, seconds = stage.cluster.operator_requests(), stage.operator.cpu_seconds() - seconds
        board, forge = len(stage.board_calls()) - board, len(stage.forge_calls()) - forge
        with etcd_of(stage.cluster) as etcd:
            stored = {what: etcd.size(f"/registry/{key}/{NAMESPACE}/") / CARDS for what, key in _STORED.items()}
    used = {kind: (after[kind] - before[kind]) / CARDS for kind in after if after[kind] > before[kind]}
    counted = sum(number for kind, number in used.items() if kind not in _NOT_COUNTED)
    say(f"requests a run: {counted:.2f}, of them " + ", ".join(f"{kind} {n:.2f}" for kind, n in used.items()))
    say(f"board {board / CARDS:.2f}, forge {forge / CARDS:.2f} requests; {1000 * seconds / CARDS:.0f} ms of processor")
    say("etcd: bytes a run: " + ", ".join(f"{what} {size:.0f}" for what, size in stored.items()))
    return Life(counted, board / CARDS, forge / CARDS, 1000 * seconds / CARDS, stored)
