"""Two operators: one works, the other takes over. A card on its way then gets there once."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from testbed.world import SYSTEM, World
from tests.e2e.conftest import Scene

pytestmark = pytest.mark.e2e

TAKEOVER_SECONDS = 20
TITLE = "Cart total ignores quantity"


def _holder(world: World) -> str:
    lease = world.kubectl(SYSTEM).get("lease", "boardhand")
    return str(((lease or {}).get("spec") or {}).get("holderIdentity") or "")


def _ready(world: World) -> list[str]:
    """Names of the operators that are ready and not being ended."""
    pods = world.kubectl(SYSTEM).list("pods", "app.kubernetes.io/component=operator")
    return [
        pod["metadata"]["name"]
        for pod in pods
        if not pod["metadata"].get("deletionTimestamp")
        and any(row["type"] == "Ready" and row["status"] == "True" for row in pod["status"].get("conditions") or [])
    ]


def _taken_over(world: World, before: str) -> float:
    """Seconds until another operator that is there holds the Lease."""
    begin = time.monotonic()
    while (now := _holder(world)) in ("", before) or now not in _ready(world):
        assert time.monotonic() - begin < TAKEOVER_SECONDS, f"{now or 'nobody'} holds the Lease"
        time.sleep(0.2)
    return time.monotonic() - begin


@pytest.fixture
def pair(up: World) -> Iterator[World]:
    """Two operators, ready."""
    kubectl = up.kubectl(SYSTEM)
    kubectl("scale", "deployment", "boardhand", "--replicas=2")
    kubectl("rollout", "status", "deployment/boardhand", "--timeout=120s", timeout=130)
    yield up
    kubectl("scale", "deployment", "boardhand", "--replicas=1")
    kubectl("rollout", "status", "deployment/boardhand", "--timeout=120s", timeout=130)


def test_the_other_takes_over_and_the_card_gets_there_once(pair: World, shop: Scene) -> None:
    kubectl = pair.kubectl(SYSTEM)
    shop.apply(shop.pool())
    card = shop.add_card(TITLE)
    first = _holder(pair)
    kubectl("delete", "pod", first, "--grace-period=0", "--force", "--wait=false")
    _taken_over(pair, first)
    kubectl("rollout", "status", "deployment/boardhand", "--timeout=120s", timeout=130)

    second = _holder(pair)
    kubectl("delete", "pod", second, "--wait=false")
    _taken_over(pair, second)

    run = shop.outcome(card)
    assert run["status"]["phase"] == "Succeeded", run["status"]
    assert run["status"]["tries"] == 1
    assert len(shop.pulls()) == 1
    assert len(shop.board.comments(card)) == 2
    assert shop.board.moves(card) == ["In Progress", "In Review"]
