"""The operator is killed at each arrow of the path: one branch, one pull request, one closing comment, one move."""

from __future__ import annotations

import time
from collections.abc import Callable

import httpx
import pytest

from testbed.watching import finished
from testbed.world import SYSTEM, World
from tests.e2e.conftest import Scene, switch

pytestmark = pytest.mark.e2e

_HOLD = 4
"""Seconds for which an answer is held back, so that the operator is killed between the work and its answer."""


def _kill(world: World) -> None:
    """End the operator at once, without a chance to clean up; its Deployment starts another."""
    kubectl = world.kubectl(SYSTEM)
    pods = kubectl.list("pods", "app.kubernetes.io/component=operator")
    names = [pod["metadata"]["name"] for pod in pods]
    kubectl("delete", "pod", *names, "--grace-period=0", "--force", "--wait=false")


def _until(what: str, seen: Callable[[], object], seconds: float = 120) -> None:
    deadline = time.monotonic() + seconds
    while not seen():
        assert time.monotonic() < deadline, f"not seen: {what}"
        time.sleep(0.05)


def _calls(url: str, method: str, needle: str) -> int:
    """How often the stand-in did what such a call asks for."""
    report = httpx.get(f"{url}/_testbed/calls", timeout=10, trust_env=False).json()
    counters = report["counters"]
    return sum(entry["done"] for entry in counters if entry["method"] == method and needle in entry["route"])


def test_killed_at_every_arrow(shop: Scene) -> None:
    world, kubectl = shop.world, shop.kubectl
    shop.apply(shop.pool())
    card = shop.add_card("Cart total ignores quantity")

    def mine() -> list[str]:
        return [run["metadata"]["name"] for run in kubectl.list("ticketruns") if run["spec"]["ticket"]["id"] == card]

    def phase() -> str:
        return str((kubectl.get("ticketrun", mine()[0]) or {}).get("status", {}).get("phase", ""))

    # board -> run: the claim's write is held up, so that the run is there and nothing else.
    switch(world.trello_url, {"match": f"POST /1/cards/{card}/actions/comments", "delay": _HOLD, "times": 1})
    _until("the run", mine)
    _until("the claim's comment", lambda: shop.board.comments(card))
    _kill(world)
    # claim -> column: the move is done, its answer never heard.
    switch(world.trello_url, None)
    switch(world.trello_url, {"match": f"PUT /1/cards/{card}", "delay": _HOLD, "times": 1})
    _until("the card in progress", lambda: shop.board.column_of(card) == "In Progress")
    _kill(world)
    # column -> Job
    switch(world.trello_url, None)
    _until("the Job", lambda: kubectl.get("job", f"{mine()[0]}-1"))
    _kill(world)
    # stages
    later = ["Working", "Publishing", "Verifying"]
    while later:
        _until(later[0], lambda: phase() in later or shop.pulls())
        _kill(world)
        later.pop(0)
    # verify -> pull request -> comment: the closing comment is written, its answer never heard.
    switch(world.trello_url, {"match": f"POST /1/cards/{card}/actions/comments", "delay": _HOLD, "times": 1})
    _until("the pull request", shop.pulls)
    _kill(world)
    _until("the closing comment", lambda: len(shop.board.comments(card)) > 1)
    _kill(world)
    switch(world.trello_url, None)
    switch(world.trello_url, {"match": f"PUT /1/cards/{card}", "delay": _HOLD, "times": 1})
    _until("the card in review", lambda: shop.board.column_of(card) == "In Review")
    _kill(world)
    switch(world.trello_url, None)

    run = finished(kubectl, mine()[0], 120)
    assert run["status"]["phase"] == "Succeeded", run["status"]
    assert len(mine()) == 1
    assert shop.branches() == sorted(["main", run["status"]["branch"]])
    assert len(shop.pulls()) == 1
    claim, closing = shop.board.comments(card)
    assert "took this ticket" in claim
    assert shop.pulls()[0]["html_url"] in closing
    assert shop.board.moves(card) == ["In Progress", "In Review"]
    jobs = [job for job in kubectl.list("jobs") if job["metadata"]["ownerReferences"][0]["name"] == mine()[0]]
    assert len(jobs) == 1
