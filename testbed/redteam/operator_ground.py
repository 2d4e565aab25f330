"""What the operator is attacked on: a load cluster with the stand-ins for board and forge, kept by a worker process.

The API server is a real one, the operator the product's own in a process of its own; pods are played, and how each ends
is the attacker's choice. Without a guard, the operator runs as `unguarded` has it.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from multiprocessing.util import Finalize
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx

from boardhand_api.order import Order
from testbed.board import TrelloClient
from testbed.load import Fate, LoadCluster, OperatorProcess, Player, green, objects, standins
from testbed.load.ports import free_ports
from testbed.redteam import unguarded

Json = dict[str, Any]
REPOSITORIES = 40
KEYS = "keys"
PREFIX = "boardhand-redteam-"
"""Before the worker's pid: the folder of its cluster."""


@dataclass
class Ground:
    """One load cluster with everything on it."""

    cluster: LoadCluster
    trello_url: str
    forge_url: str
    webhooks: str
    fates: dict[str, Callable[[Order], Fate]]
    """By the ticket's title; green for all others."""
    _operator: OperatorProcess | None = None
    _off: str = ""
    _scenes: int = 0

    @property
    def board(self) -> TrelloClient:
        return TrelloClient(self.trello_url, objects.TRELLO_KEY, objects.TRELLO_TOKEN)

    @property
    def log(self) -> str:
        """All that this operator has said."""
        assert self._operator is not None
        return self._operator.log.read_text("utf-8", "replace")

    @property
    def operator(self) -> OperatorProcess:
        assert self._operator is not None
        return self._operator

    def operate(self, off: str = "", *, anew: bool = False) -> None:
        """See that an operator runs, without the guard `off` where one is named; anew: with no memory."""
        if self._operator and self._operator.alive and self._off == off and not anew:
            return
        if self._operator:
            self._operator.kill()
        name = f"operator-{time.monotonic_ns()}"
        env = {
            "BOARDHAND_WEBHOOKS": urlsplit(self.webhooks).netloc,
            "BOARDHAND_SEALING_KEYS": str(self.cluster.layout.state / KEYS),
            unguarded.OFF: off,
        }
        module = "testbed.redteam.unguarded" if off else "boardhand_operator"
        self._operator, self._off = OperatorProcess(self.cluster, name, env=env, module=module), off
        self._operator.start()
        self._operator.wait_ready()

    def space(self) -> tuple[str, str]:
        """A namespace of its own with the Secrets that pools refer to, and the repository that it works on."""
        self._scenes += 1
        name = f"team-{self._scenes}"
        self.cluster.namespace(name)
        return name, f"load/pool-{self._scenes % REPOSITORIES}"

    def forge_memory(self) -> dict[str, Json]:
        """All that the forge holds, by repository."""
        found: dict[str, Json] = httpx.get(f"{self.forge_url}/_testbed/forge.json", trust_env=False).json()
        return found


@cache
def ground() -> Ground:
    """This process's own, made when it is first asked for, and gone with the process."""
    _sweep()
    state = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-"))
    cluster = LoadCluster(state)
    Finalize(None, _gone, (cluster, state), exitpriority=10)
    cluster.up()
    cluster.add_nodes(2)
    (state / KEYS).write_text("")
    repositories = [f"load/pool-{number}" for number in range(REPOSITORIES)]
    fates: dict[str, Callable[[Order], Fate]] = {}
    (port,) = free_ports(1)
    made = Ground(
        cluster,
        standins.start_trello(cluster),
        standins.start_gitea(cluster, repositories),
        f"http://127.0.0.1:{port}",
        fates,
    )
    threading.Thread(target=lambda: asyncio.run(_play(made)), daemon=True).start()
    return made


def _sweep() -> None:
    """End what a worker left behind that was killed: its cluster has sessions of its own."""
    for state in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        pid = state.name.removeprefix(PREFIX).partition("-")[0]
        if pid.isdecimal() and not Path(f"/proc/{pid}").exists():
            LoadCluster(state).down()


def _gone(cluster: LoadCluster, state: Path) -> None:
    cluster.down()
    shutil.rmtree(state, ignore_errors=True)


async def _play(made: Ground) -> None:
    async def pushed(order: Order, commit: str) -> None:
        name = urlsplit(order.repository).path.strip("/").removesuffix(".git")
        body = {"repository": name, "branch": order.branch, "commit": commit}
        async with httpx.AsyncClient(trust_env=False) as http:
            await http.post(f"{made.forge_url}/_testbed/push", json=body)

    def decide(order: Order) -> Fate:
        return made.fates.get(order.ticket.title, green)(order)

    async with Player(made.cluster, decide, pushed).playing():
        await asyncio.Event().wait()
