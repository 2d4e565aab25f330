"""What attacks on the testbed's cluster share: a model of their own, a board, a repository, and runs to their end."""

from __future__ import annotations

import os
import secrets
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import uvicorn

from testbed import manifests
from testbed.forge.seed import folder_files, reset_repository
from testbed.kubectl import Kubectl
from testbed.load.ports import free_ports
from testbed.model.app import create_app
from testbed.model.scripts import Script, Step, ToolCall, in_order, load_scripts
from testbed.shell import TestbedError, wait_for
from testbed.watching import finished, run_of_card, wait_for_pool
from testbed.world import World

NAMESPACE = "e2e"
SOURCE = "python-shop"
SECONDS = 240
CANARY = "canary-of-a-raids-model-"
"""Begins every raid's model key."""
Json = dict[str, Any]
CALM = {"Route": {"specialist": "coder", "reason": "the attacker wants it so"}}


@dataclass
class Ground:
    """A pool's surroundings, with secrets that are nobody else's."""

    world: World
    name: str
    model_url: str
    model_key: str
    board_id: str
    applied: list[tuple[str, str]] = field(default_factory=list)

    @property
    def kubectl(self) -> Kubectl:
        return self.world.kubectl(NAMESPACE)

    @property
    def repository(self) -> str:
        return f"{SOURCE}-{self.name}"

    def apply(self, *bodies: Json) -> None:
        """Apply, to be taken away at the end."""
        self.kubectl.apply(*bodies)
        self.applied += [(body["kind"].lower(), body["metadata"]["name"]) for body in bodies]

    def pool(self, **spec: Any) -> Json:
        """The pool's manifest; its models ask our own server with our own key."""
        body = manifests.pool(self.world, NAMESPACE, self.name, SOURCE, self.board_id, **spec)
        url = body["spec"]["repository"]["url"]
        body["spec"]["repository"]["url"] = url.replace(f"/{SOURCE}.git", f"/{self.repository}.git")
        for model in body["spec"]["models"].values():
            model |= {"baseURL": f"{self.model_url}/v1", "secretRef": {"name": f"{self.name}-model"}}
        return body

    def ready(self, body: Json) -> None:
        """Apply the pool and wait until it is Ready."""
        self.apply(body)
        wait_for_pool(self.kubectl, self.name, "True", 60)

    def ticket(self, title: str, body: str = "Please.") -> tuple[str, Json]:
        """A card put on the board, and its run when it is finished."""
        board = self.world.board()
        card = str(board.add_card(self.board_id, title, body)["id"])
        name = run_of_card(self.kubectl, card, 60)["metadata"]["name"]
        return card, finished(self.kubectl, name, SECONDS)

    def pods(self, run: str) -> list[Json]:
        return self.kubectl.list("pods", f"boardhand.dev/run={run}")

    def logs(self, run: str) -> str:
        """What every container of the run's pods has said."""
        said = []
        for pod in self.pods(run):
            rows = [*pod["spec"].get("initContainers", []), *pod["spec"]["containers"]]
            said += [self.kubectl.logs(pod["metadata"]["name"], row["name"]) for row in rows]
        return "\n".join(said)


def plays(name: str, ticket: str, *calls: ToolCall, done: str = "Done.") -> Script:
    """A script that makes these calls one after the other for a ticket of these words, before all others."""
    steps = [Step(calls=(call,)) for call in (*calls, ToolCall(name="finish", arguments={"summary": done}))]
    answers = CALM | {"PullRequestText": {"title": ticket, "why": done}}
    return Script(name=name, ticket=ticket, priority=100, answers=answers, steps=tuple(steps))


@contextmanager
def ground(world: World, scripts: Sequence[Script] = (), name: str = "") -> Iterator[Ground]:
    """Made anew, and gone afterwards. name: the pool's."""
    name, key = name or f"raid-{secrets.token_hex(3)}", f"{CANARY}{secrets.token_hex(12)}"
    with _model(world, [*scripts, *load_scripts()], key) as url:
        board = world.board().board(f"{name} {os.getpid()}")
        made = Ground(world, name, url, key, board)
        made.kubectl.apply(*manifests.secrets(NAMESPACE, world.forge))
        made.apply(manifests.secret(NAMESPACE, f"{name}-model", apiKey=key))
        reset_repository(world.forge, made.repository, folder_files(SOURCE))
        try:
            yield made
        finally:
            for run in made.kubectl.list("ticketruns"):
                if run["spec"]["pool"] == name:
                    made.kubectl.delete("ticketrun", run["metadata"]["name"])
            for kind, applied in reversed(made.applied):
                made.kubectl.delete(kind, applied)


@contextmanager
def _model(world: World, scripts: Sequence[Script], key: str) -> Iterator[str]:
    """The scripted stand-in with these scripts, which takes this key alone."""
    (port,) = free_ports(1)
    address = world.cluster.host_address
    config = uvicorn.Config(create_app(in_order(scripts), key), host=address, port=port, log_level="error")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    wait_for("the raid's model", lambda: server.started or not thread.is_alive(), 30)
    if not server.started:
        raise TestbedError(f"the raid's model does not come up at {address}:{port}")
    try:
        yield f"http://{address}:{port}"
    finally:
        server.should_exit = True
        thread.join(10)
