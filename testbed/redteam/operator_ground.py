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
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
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
from testbed.load.api import GROUP, context
from testbed.load.ports import free_ports
from testbed.load.programs import Layout
from testbed.manifests import run as run_by_hand
from testbed.redteam import unguarded
from testbed.shell import TestbedError, wait_for

Json = dict[str, Any]
SECONDS = 40.0
"""An operator does what it is to do within so long, on a machine that is busy."""
QUIET = 4.0
"""What has not happened after so long does not happen."""
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

    def scene(self) -> Scene:
        """A namespace of its own with the Secrets that pools refer to, and a board."""
        self._scenes += 1
        name = f"team-{self._scenes}"
        self.cluster.namespace(name)
        return Scene(self, name, self.board.board(name), f"load/pool-{self._scenes % REPOSITORIES}")

    def forge_memory(self) -> dict[str, Json]:
        """All that the forge holds, by repository."""
        found: dict[str, Json] = httpx.get(f"{self.forge_url}/_testbed/forge.json", trust_env=False).json()
        return found


@dataclass
class Scene:
    """Where one attack happens."""

    ground: Ground
    space: str
    board: str
    repository: str

    @property
    def api(self) -> Any:
        return self.ground.cluster.api

    def path(self, plural: str, name: str = "", space: str = "") -> str:
        """The path of objects in this namespace, or in another one."""
        group = {
            "ticketruns": GROUP,
            "codingagents": GROUP,
            "jobs": "/apis/batch/v1",
            "controllerrevisions": "/apis/apps/v1",
            "networkpolicies": "/apis/networking.k8s.io/v1",
        }.get(plural, "/api/v1")
        return f"{group}/namespaces/{space or self.space}/{plural}" + (f"/{name}" if name else "")

    def get(self, plural: str, name: str) -> Json:
        """The object; empty where there is none."""
        try:
            found: Json = self.api.get(self.path(plural, name))
        except TestbedError as missing:
            if " 404 " not in str(missing):
                raise
            return {}
        return found

    def all(self, plural: str) -> list[Json]:
        return list(self.api.list(self.path(plural)))

    def status(self, run: str) -> Json:
        return dict(self.get("ticketruns", run).get("status") or {})

    def write_status(self, plural: str, name: str, status: Mapping[str, Any]) -> None:
        """As who may write it: the kubelet, a controller, or whoever was given that right."""
        self.api.patch(self.path(plural, name) + "/status", {"status": dict(status)})

    def pool(self, name: str = "pool", *, board: bool = False, **spec: Any) -> Json:
        """A pool's manifest; without a board only runs by hand are worked."""
        ground = self.ground
        return objects.pool(
            self.space, name, self.board if board else None, ground.trello_url, ground.forge_url,
            repository=self.repository, **spec,
        )  # fmt: skip

    def apply(self, body: Json, ready: str = "True") -> Json:
        """Apply the pool and wait until it is Ready, or says why not."""
        self.ground.cluster.apply(body)
        name = body["metadata"]["name"]
        wait_for(f"pool {name}", lambda: self.condition("codingagents", name, "Ready")["status"] == ready, SECONDS)
        return self.get("codingagents", name)

    def condition(self, plural: str, name: str, kind: str) -> Json:
        """The condition of this type, or one that says nothing."""
        found = (self.get(plural, name).get("status") or {}).get("conditions") or []
        return next((one for one in found if one["type"] == kind), {"status": "", "reason": "", "message": ""})

    def run(self, name: str, pool: str = "pool", title: str = "Add a total", **ticket: Any) -> None:
        """A TicketRun by hand."""
        body = run_by_hand(self.space, name, pool, title, "With tax.")
        body["spec"]["ticket"] |= ticket
        self.api.create(self.path("ticketruns"), body)

    def phase(self, run: str, *phases: str) -> Json:
        """The run's status once it is in one of these phases."""
        wait_for(f"run {run} in {phases}", lambda: self.status(run).get("phase") in phases, SECONDS)
        return self.status(run)

    def events(self, run: str) -> list[str]:
        """Messages of the run's Events."""
        return [str(one["message"]) for one in self.all("events") if one["involvedObject"]["name"] == run]

    def comes(self, what: Callable[[], bool], seconds: float = QUIET) -> bool:
        """Whether it happens within so long."""
        ends = time.monotonic() + seconds
        while not (there := what()) and time.monotonic() < ends:
            time.sleep(0.1)
        return there


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


@contextmanager
def scene(off: str = "") -> Iterator[Scene]:
    """A scene with an operator at work, without the guard `off`."""
    here = ground()
    here.operate(off)
    made = here.scene()
    try:
        yield made
    finally:
        for body in made.all("ticketruns"):
            made.api.delete(made.path("ticketruns", body["metadata"]["name"]))
        for body in made.all("codingagents"):
            made.api.delete(made.path("codingagents", body["metadata"]["name"]))


def as_user(layout: Layout, user: str) -> httpx.Client:
    """The API server as somebody with rights of their own."""
    return httpx.Client(
        base_url=layout.server, verify=context(layout), headers={"Impersonate-User": user}, trust_env=False
    )
