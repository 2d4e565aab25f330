"""Where one attack on the operator happens: a namespace of its own on the ground, with what to plant and to look at."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx

from testbed.load import objects
from testbed.load.api import GROUP, context
from testbed.load.programs import Layout
from testbed.manifests import run as run_by_hand
from testbed.redteam.operator_ground import Ground, Json, ground
from testbed.shell import TestbedError, wait_for

SECONDS = 40.0
"""An operator does what it is to do within so long, on a machine that is busy."""
QUIET = 4.0
"""What has not happened after so long does not happen."""


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


@contextmanager
def scene(off: str = "") -> Iterator[Scene]:
    """A scene with an operator at work, without the guard `off`."""
    here = ground()
    here.operate(off)
    space, repository = here.space()
    made = Scene(here, space, here.board.board(space), repository)
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
