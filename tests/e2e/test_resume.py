"""The pod of a run is deleted under way: with a volume of its own the run goes on, without one it starts anew."""

from __future__ import annotations

from collections import Counter
from typing import Any

import httpx
import pytest

from boardhand_api.events import Event, Resumed, Step, parse_event
from testbed.shell import wait_for
from testbed.storage import SIZE, storage_class
from testbed.watching import run_of_card
from tests.e2e.conftest import Scene, switch

pytestmark = pytest.mark.e2e

Json = dict[str, Any]
_LIMITS = {"concurrency": 1, "deadlineSeconds": 600, "retrySeconds": 1, "modelPatienceSeconds": 120}
_ASKED = 4
"""So many answers of the model the first pod gets: the route, and three steps."""


def _asked(scene: Scene) -> list[int | None]:
    """The steps of its script that the model was asked for so far; None for a forced answer, such as the route."""
    report = httpx.get(f"{scene.world.model_url}/_testbed/calls", timeout=10, trust_env=False).json()
    return [call["step"] for call in report["calls"] if call["script"] == "cart-quantity"]


def _lose_its_pod(scene: Scene) -> tuple[Json, list[int | None], list[Event]]:
    """A card whose run loses its pod while the agent works, when it is finished; what the model was asked for, and what
    the second pod's agent said first."""
    before = len(_asked(scene))
    # Slow answers: the pod is lost while one is waited for.
    switch(scene.world.model_url, {"match": "Cart total ignores quantity", "delay": 1.5})
    card = scene.add_card("Cart total ignores quantity")
    name = run_of_card(scene.kubectl, card, 60)["metadata"]["name"]
    wait_for("work under way", lambda: len(_asked(scene)) >= before + _ASKED, 120)
    (pod,) = scene.kubectl.list("pods", f"batch.kubernetes.io/job-name={name}-1")
    scene.kubectl("delete", "pod", pod["metadata"]["name"], "--grace-period=0", "--force", "--wait=false")
    said = _begins(scene, name)
    switch(scene.world.model_url, None)
    run = scene.outcome(card)

    assert run["status"]["phase"] == "Succeeded", run["status"]
    assert run["status"]["tries"] == 2
    assert "Retry" in scene.events(name)
    assert scene.board.column_of(card) == "In Review"
    assert scene.board.moves(card) == ["In Progress", "In Review"]
    assert len(scene.pulls()) == 1
    assert scene.branches() == sorted(["main", run["status"]["branch"]])
    return run, _asked(scene)[before:], said


def _begins(scene: Scene, run: str) -> list[Event]:
    """What the second pod's agent says first. Read at once: the pod goes with a volume that is given back."""
    said: list[Event] = []

    def begun() -> bool:
        for pod in scene.kubectl.list("pods", f"batch.kubernetes.io/job-name={run}-2"):
            lines = scene.kubectl.logs(pod["metadata"]["name"], "agent").splitlines()
            said[:] = [event for line in lines if (event := parse_event(line))]
        return len(said) > 1

    wait_for("the second pod at work", begun, 120)
    return said


def test_a_run_with_a_volume_goes_on_where_its_pod_was_lost(shop: Scene) -> None:
    with storage_class(shop.world, volumes=1) as storage:
        shop.apply(shop.pool(limits=_LIMITS, persistence={"size": SIZE, "storageClass": storage}))
        run, asked, said = _lose_its_pod(shop)
        name = run["metadata"]["name"]

        resumed = said[1]
        assert isinstance(resumed, Resumed)
        assert resumed.step >= _ASKED - 1
        counted = Counter(asked)
        steps = {step: number for step, number in counted.items() if step is not None}
        assert sorted(steps) == list(range(8))
        # Route and describe are the two that are no steps.
        assert sum(counted.values()) <= len(steps) + 2 + 1, counted
        assert max(steps.values()) <= 2
        assert run["status"]["volume"] == name
        wait_for("the volume given back", lambda: shop.kubectl.get("persistentvolumeclaim", name) is None, 60)


def test_a_run_without_one_starts_anew(shop: Scene) -> None:
    shop.apply(shop.pool(limits=_LIMITS))
    run, asked, said = _lose_its_pod(shop)

    assert isinstance(said[1], Step)
    assert asked.count(0) == asked.count(1) == 2
    assert "volume" not in run["status"]
    assert shop.kubectl.list("persistentvolumeclaims") == []
