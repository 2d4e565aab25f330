"""The testbed that end-to-end tests run on, and what each test gets of it: a board, a repository, a pool of its own."""

from __future__ import annotations

import itertools
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest

from testbed import manifests, world
from testbed.board import TrelloClient
from testbed.forge.seed import folder_files, reset_repository
from testbed.kubectl import Kubectl
from testbed.operator_log import OperatorLog, errors_of, following
from testbed.plan import plan_from_environment
from testbed.watching import finished, run_of_card, wait_for_pool
from testbed.world import World

NAMESPACE = "e2e"
LAST = "test_rights.py"
"""Looks at what all the others had the operator do."""
RUN_SECONDS = 180
Json = dict[str, Any]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: item.path.name == LAST)


@pytest.fixture(scope="session")
def up() -> World:
    """The whole testbed; found up when `make e2e` brought it up."""
    return world.up(plan_from_environment())


@pytest.fixture(scope="session")
def operator_log(up: World) -> Iterator[OperatorLog]:
    """What the operator logs from now on."""
    with following(up.kubectl(world.SYSTEM)) as log:
        yield log


@pytest.fixture(autouse=True)
def announced_errors(operator_log: OperatorLog) -> Iterator[list[str]]:
    """Regular expressions of what a test expects among the operator's lines of level error: any other fails it."""
    announced: list[str] = []
    yield announced
    assert errors_of(operator_log.take(), announced) == []


@dataclass
class Scene:
    """One test's board, repository and pool."""

    world: World
    name: str
    source: str
    kubectl: Kubectl
    board: TrelloClient
    board_id: str
    pools: list[str] = field(default_factory=list)

    @property
    def repository(self) -> str:
        return f"{self.source}-{self.name}"

    def pool(self, *, on_board: bool = True, **spec: Any) -> Json:
        """The pool's manifest; `spec` replaces whole fields."""
        body = manifests.pool(
            self.world, NAMESPACE, self.name, self.source, self.board_id if on_board else None, **spec
        )
        body["spec"]["repository"]["url"] = body["spec"]["repository"]["url"].replace(
            f"/{self.source}.git", f"/{self.repository}.git"
        )
        return body

    def apply(self, body: Json, ready: str = "True") -> Json:
        """Apply the pool and wait until it is Ready, or says why not."""
        self.pools.append(body["metadata"]["name"])
        self.kubectl.apply(body)
        return wait_for_pool(self.kubectl, body["metadata"]["name"], ready, 60)

    def add_card(self, title: str, body: str = "Please.") -> str:
        return str(self.board.add_card(self.board_id, title, body)["id"])

    def ticket(self, title: str, body: str = "Please.") -> tuple[str, Json]:
        """A card put on the board and its run when it is finished."""
        card = self.add_card(title, body)
        return card, self.outcome(card)

    def outcome(self, card: str, seconds: float = RUN_SECONDS) -> Json:
        """The card's run when it is finished."""
        name = run_of_card(self.kubectl, card, 60)["metadata"]["name"]
        return finished(self.kubectl, name, seconds)

    def forge_api(self, path: str) -> Any:
        """What the forge answers to its administrator about the repository."""
        info = self.world.forge
        answer = httpx.get(
            f"{info.base_url}/api/v1/repos/{info.organisation}/{self.repository}{path}",
            headers={"Authorization": f"token {info.admin_token}"},
            timeout=10,
            trust_env=False,
        )
        answer.raise_for_status()
        return answer.json()

    def branches(self) -> list[str]:
        return sorted(branch["name"] for branch in self.forge_api("/branches"))

    def pulls(self) -> list[Json]:
        found: list[Json] = self.forge_api("/pulls?state=all")
        return found

    def events(self, run: str) -> list[str]:
        """Reasons of the run's Events, oldest first."""
        events = [event for event in self.kubectl.list("events") if event["involvedObject"]["name"] == run]
        events.sort(key=lambda event: int(event["metadata"]["resourceVersion"]))
        return [event["reason"] for event in events]


_numbers = itertools.count(1)


def _scene(up: World, request: pytest.FixtureRequest, source: str) -> Iterator[Scene]:
    words = re.sub(r"[^a-z0-9]+", "-", request.node.name.removeprefix("test_").lower()).strip("-")
    name = f"{words[:28].strip('-')}-{next(_numbers)}"
    kubectl, board = up.kubectl(NAMESPACE), up.board()
    kubectl.apply(*manifests.secrets(NAMESPACE, up.forge))
    scene = Scene(up, name, source, kubectl, board, board.board(f"{name} {os.getpid()}"))
    reset_repository(up.forge, scene.repository, folder_files(source))
    switch(scene.world.model_url, None)
    switch(scene.world.trello_url, None)
    yield scene
    switch(scene.world.model_url, None)
    switch(scene.world.trello_url, None)
    for run in kubectl.list("ticketruns"):
        if run["spec"]["pool"] in scene.pools:
            kubectl.delete("ticketrun", run["metadata"]["name"])
    for pool in scene.pools:
        kubectl.delete("codingagent", pool)


@pytest.fixture
def shop(up: World, request: pytest.FixtureRequest) -> Iterator[Scene]:
    """A board and a Python project."""
    yield from _scene(up, request, "python-shop")


@pytest.fixture
def ledger(up: World, request: pytest.FixtureRequest) -> Iterator[Scene]:
    """A board and a Java project."""
    yield from _scene(up, request, "java-ledger")


def switch(url: str, fault: Json | None) -> None:
    """Switch a stand-in's fault on, or all of them off."""
    address = f"{url}/_testbed/faults"
    with httpx.Client(timeout=10, trust_env=False) as http:
        answer = http.delete(address) if fault is None else http.post(address, json=fault)
    answer.raise_for_status()
