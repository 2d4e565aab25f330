"""What a scale row happens on: a load cluster, boards with pools, and one operator."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import httpx

from boardhand_api.order import Order
from boardhand_api.pod import LABEL_SETTLED, Stage
from boardhand_operator.webhooks.relay import POKE
from testbed.board import COLUMNS, TrelloClient
from testbed.load import LoadCluster, OperatorProcess, Player, objects
from testbed.load.api import GROUP, Json
from testbed.load.cluster import DELAYS
from testbed.load.ports import free_ports
from testbed.load.standins import start_gitea, start_trello
from testbed.plan import state_home
from testbed.shell import TestbedError, wait_for

NAMESPACE = "load"
RUNS = f"{GROUP}/namespaces/{NAMESPACE}/ticketruns"
POOLS = f"{GROUP}/namespaces/{NAMESPACE}/codingagents"
JOBS = f"/apis/batch/v1/namespaces/{NAMESPACE}/jobs"
_READY_SECONDS = 120
_REST_SECONDS = 300
_LOOK_SECONDS = 2.0
_CALM = 0.25
"""Of one core, all programs together."""
TICKET = "Acceptance criteria\n" + "\n".join(
    f"- The {part} of a basket keeps its total when an item is taken out and put back." for part in ("sum", "tax", "id")
)
"""A card's text, as long as a short real one."""


@dataclass
class Scene:
    """Everything of one measurement."""

    cluster: LoadCluster
    operator: OperatorProcess
    trello_url: str
    forge_url: str
    boards: dict[str, str] = field(default_factory=dict)
    """Pool to board."""

    def __post_init__(self) -> None:
        self.trello = TrelloClient(self.trello_url, objects.TRELLO_KEY, objects.TRELLO_TOKEN)
        self._lists: dict[tuple[str, str], str] = {}
        self.forge = httpx.AsyncClient(base_url=self.forge_url, timeout=30, trust_env=False)

    def start_operator(self) -> None:
        """Start it, and wait until every pool is Ready and was polled."""
        self.operator.start()
        self.operator.wait_ready()
        wait_for("the pools", self._pools_ready, _READY_SECONDS, every=0.25)

    def _pools_ready(self) -> bool:
        self.cluster.require_alive()
        return all(_ready(pool) for pool in self.pools())

    def pools(self) -> list[Json]:
        return list(self.cluster.api.list(POOLS))

    def put_cards(self, count: int, column: str = COLUMNS[0]) -> None:
        """So many cards on each board, in one call: all of them or none are there for a poll."""
        lists = [self._list_id(board, column) for board in self.boards.values()]
        answer = httpx.post(
            f"{self.trello_url}/_testbed/cards",
            json={"lists": lists, "count": count, "title": "A basket", "desc": TICKET},
            timeout=120,
            trust_env=False,
        )
        answer.raise_for_status()

    def poke(self) -> None:
        """Have every pool poll at once, as a replica does that was told of a webhook."""
        moment = {"metadata": {"annotations": {POKE: str(time.time())}}}
        for name in self.boards:
            self.cluster.api.patch(f"{POOLS}/{name}", moment)

    def rest(self) -> None:
        """Wait until what went before is digested: the API server and the controllers use hardly any processor."""
        wait_for("a cluster at rest", self._rests, _REST_SECONDS, every=0)

    def _rests(self) -> bool:
        before = self.cluster.programs.cpu_seconds()
        time.sleep(_LOOK_SECONDS)
        after = self.cluster.programs.cpu_seconds()
        return sum(after[name] - before[name] for name in after if name in before) < _CALM * _LOOK_SECONDS

    def _list_id(self, board: str, column: str) -> str:
        if (board, column) not in self._lists:
            self._lists[board, column] = self.trello.list_id(board, column)
        return self._lists[board, column]

    def board_calls(self) -> list[Json]:
        """The calls that the board was sent, the last 20,000 of them."""
        return _calls(self.trello_url)

    def forge_calls(self) -> list[Json]:
        """The same of the forge."""
        return _calls(self.forge_url)

    async def play(self, count: int, seconds: float = 300) -> None:
        """Play pods until so many runs are settled. Raises TestbedError where one failed."""
        async with Player(self.cluster, pushed=self._pushed).playing():
            async with asyncio.timeout(seconds):
                while len(await asyncio.to_thread(self.settled)) < count:
                    await asyncio.sleep(0.25)
        wrong = [run["status"].get("failure") for run in self.settled() if run["status"].get("phase") != "Succeeded"]
        if wrong:
            raise TestbedError(f"{len(wrong)} of {count} simulated runs failed, the first with {wrong[0]}")

    def settled(self) -> list[Json]:
        return list(self.cluster.api.list(RUNS, LABEL_SETTLED))

    async def _pushed(self, order: Order, commit: str) -> None:
        name = urlsplit(order.repository).path.strip("/").removesuffix(".git")
        body = {"repository": name, "branch": order.branch, "commit": commit}
        (await self.forge.post("/_testbed/push", json=body)).raise_for_status()


def _calls(url: str) -> list[Json]:
    calls: list[Json] = httpx.get(f"{url}/_testbed/calls", timeout=60, trust_env=False).json()["calls"]
    return calls


def _ready(pool: Json) -> bool:
    conditions = (pool.get("status") or {}).get("conditions") or []
    return any(entry["type"] == "Ready" and entry["status"] == "True" for entry in conditions)


@contextmanager
def scene(
    pools: int = 1,
    *,
    pods: bool = False,
    poll_seconds: int = 1,
    concurrency: int = 1000,
    env: Mapping[str, str] | None = None,
    module: str = "boardhand_operator",
    delays: Mapping[Stage, float] = DELAYS,
    webhooks: bool = False,
    **spec: Any,
) -> Iterator[Scene]:
    """A scene with so many pools, a board each; the operator is not started. All of it is gone afterwards.

    pods: whether Jobs get pods; delays: seconds that these are in each stage. webhooks: whether
    the boards call the operator. spec: whole fields of every pool's spec.
    """
    with LoadCluster(state_home() / "bench-scale", pods=pods, delays=delays) as cluster:
        cluster.namespace(NAMESPACE)
        names = [f"pool-{number}" for number in range(pools)]
        trello = start_trello(cluster)
        forge = start_gitea(cluster, [f"load/{name}" for name in names])
        (calls,) = free_ports(1)
        listens = {"BOARDHAND_WEBHOOKS": f"127.0.0.1:{calls}"} if webhooks else {}
        made = Scene(cluster, OperatorProcess(cluster, env=listens | dict(env or {}), module=module), trello, forge)
        for name in names:
            board = made.boards[name] = made.trello.board(name)
            cluster.apply(
                objects.pool(
                    NAMESPACE,
                    name,
                    board,
                    trello,
                    forge,
                    concurrency=concurrency,
                    poll_seconds=poll_seconds,
                    webhook_url=f"http://127.0.0.1:{calls}/webhooks/{NAMESPACE}/{name}" if webhooks else None,
                    **({"retention": {"runs": 100_000, "days": 3650}} | spec),
                )
            )
        try:
            yield made
        finally:
            made.operator.stop()
