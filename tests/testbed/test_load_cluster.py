"""The load cluster: runs become Succeeded on a real API server with simulated pods, whatever befalls it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from boardhand_api.failures import FailureClass
from boardhand_api.order import Order
from boardhand_api.pod import Stage
from testbed.load import Fate, LoadCluster, OperatorProcess, Player, green, objects
from testbed.load.api import GROUP, Json
from testbed.load.fate import red, refused
from testbed.load.player import PushFailed
from testbed.manifests import run
from testbed.shell import TestbedError

pytestmark = pytest.mark.slow

RUNS = f"{GROUP}/namespaces/load/ticketruns"
PODS = "/api/v1/namespaces/load/pods"
SECONDS = 60.0


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LoadCluster]:
    with LoadCluster(tmp_path_factory.mktemp("load") / "state") as made:
        made.namespace("load")
        made.add_nodes(2)
        made.apply(objects.pool("load", "pool", None, "", None))
        operator = OperatorProcess(made)
        operator.start()
        operator.wait_ready()
        yield made
        operator.stop()


def phase(cluster: LoadCluster, name: str) -> str:
    found: str = (cluster.api.get(f"{RUNS}/{name}").get("status") or {}).get("phase", "")
    return found


async def until(what: Callable[[], bool]) -> None:
    """Wait for it, beside whatever plays; an API server that restarts is waited for, too."""
    async with asyncio.timeout(SECONDS):
        while True:
            try:
                if await asyncio.to_thread(what):
                    return
            except (TestbedError, OSError):
                pass
            await asyncio.sleep(0.1)


def apply_run(cluster: LoadCluster, name: str) -> None:
    cluster.api.create(RUNS, run("load", name, "pool", "Add a total", "With tax."))


async def test_every_stage_is_seen_and_the_push_comes_before_publish_ends(cluster: LoadCluster) -> None:
    pushed: list[tuple[str, str]] = []

    async def note(order: Order, commit: str) -> None:
        pods = [pod for pod in cluster.api.list(PODS) if pod["metadata"]["labels"]["boardhand.dev/run"] == order.run]
        assert [row["name"] for row in rows(pods[0]) if "running" in row["state"]] == ["workbench", "publish"]
        pushed.append((order.branch, commit))

    apply_run(cluster, "green")
    async with Player(cluster, pushed=note).playing():
        await until(lambda: phase(cluster, "green") == "Succeeded")
    status = cluster.api.get(f"{RUNS}/green")["status"]
    assert pushed == [(status["branch"], status["commit"])]
    assert status["verdict"]["tests"]["ran"] == 1
    counted = cluster.operator_requests()
    assert (counted["jobs-created"], counted["runs-created"]) == (1, 0)


def rows(pod: Json) -> list[Json]:
    return [*pod["status"]["initContainerStatuses"], *pod["status"]["containerStatuses"]]


async def test_fates_become_what_they_say(cluster: LoadCluster) -> None:
    fates: dict[str, Callable[[Order], Fate]] = {
        "red": red,
        "asks": lambda order: refused(order, FailureClass.NEEDS_INFO, "Question", "Which tax?"),
    }
    for name in fates:
        apply_run(cluster, name)
    async with Player(cluster, lambda order: fates[order.run](order)).playing():
        await until(lambda: all(phase(cluster, name) == "Failed" for name in fates))
    found = {name: cluster.api.get(f"{RUNS}/{name}")["status"]["failure"]["class"] for name in fates}
    assert found == {"red": "Red", "asks": "NeedsInfo"}


async def test_a_push_that_fails_is_tried_again(cluster: LoadCluster) -> None:
    tries: list[str] = []

    async def fail_first(order: Order, _: str) -> None:
        tries.append(order.run)
        if len(tries) == 1:
            raise PushFailed("the forge is down")

    apply_run(cluster, "pushes-twice")
    async with Player(cluster, pushed=fail_first).playing():
        await until(lambda: phase(cluster, "pushes-twice") == "Succeeded")
    assert tries == ["pushes-twice"] * 2


async def test_a_pod_deleted_at_work_and_a_server_that_restarts(cluster: LoadCluster) -> None:
    """The first pod stays at its agent, until it is deleted; the second one goes through."""
    asked: list[str] = []

    def decide(order: Order) -> Fate:
        asked.append(order.run)
        whole = green(order)
        return whole if len(asked) > 1 else Fate({Stage.CHECKOUT: whole.ends[Stage.CHECKOUT]})

    apply_run(cluster, "loses-its-pod")
    async with Player(cluster, decide).playing():
        await until(lambda: phase(cluster, "loses-its-pod") == "Working")
        (pod,) = (name for entry in cluster.api.list(PODS) if (name := entry["metadata"]["name"]).startswith("loses"))
        cluster.api.delete(f"{PODS}/{pod}")
        await until(lambda: len(asked) > 1)
        cluster.kill_api_server()
        await asyncio.to_thread(cluster.start_api_server)
        await until(lambda: phase(cluster, "loses-its-pod") == "Succeeded")
    assert asked == ["loses-its-pod"] * 2


def test_nothing_is_left(tmp_path: Path) -> None:
    state = tmp_path / "state"
    made = LoadCluster(state, pods=False)
    made.up()
    processes = made.programs.recorded()
    assert set(processes) == {"etcd", "apiserver"}
    begun = time.monotonic()
    made.down()
    assert time.monotonic() - begun < 10
    assert not any(process.alive for process in processes.values())
    assert not state.exists()
    made.down()
