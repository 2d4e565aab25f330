"""User namespaces on a real API server: pods get them once all nodes say that they can, and not before."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from testbed.load import LoadCluster, OperatorProcess, Player, objects
from testbed.load.api import GROUP, Json
from testbed.manifests import run

pytestmark = pytest.mark.slow

RUNS = f"{GROUP}/namespaces/load/ticketruns"
PODS = "/api/v1/namespaces/load/pods"
CAN = {
    "nodeInfo": {"kubeletVersion": "v1.34.0", "kernelVersion": "6.12.0"},
    "runtimeHandlers": [{"name": "", "features": {"userNamespaces": True}}],
}


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LoadCluster]:
    with LoadCluster(tmp_path_factory.mktemp("users") / "state") as made:
        made.namespace("load")
        made.apply(objects.pool("load", "pool", None, "", None))
        yield made


def equip(cluster: LoadCluster, node: str) -> None:
    """The node says that it can, as a kubelet does."""
    told = cluster.api.get(f"/api/v1/nodes/{node}")["status"]["nodeInfo"]
    change = CAN | {"nodeInfo": told | CAN["nodeInfo"]}
    cluster.api.patch(f"/api/v1/nodes/{node}/status", {"status": change})


async def finished(cluster: LoadCluster, name: str) -> Json:
    """The spec of the pod with which a new operator solved a new run."""
    operator = OperatorProcess(cluster, name, env={"BOARDHAND_USER_NAMESPACES": "Auto"})
    operator.start()
    try:
        await asyncio.to_thread(operator.wait_ready)
        cluster.api.create(RUNS, run("load", name, "pool", "Add a total", "With tax."))
        async with Player(cluster).playing(), asyncio.timeout(60):
            while cluster.api.get(f"{RUNS}/{name}").get("status", {}).get("phase") != "Succeeded":
                await asyncio.sleep(0.1)
    finally:
        operator.stop()
    (pod,) = [one for one in cluster.api.list(PODS) if one["metadata"]["labels"]["boardhand.dev/run"] == name]
    spec: Json = pod["spec"]
    return spec


async def test_a_runs_users_are_its_own_once_every_node_says_that_it_can(cluster: LoadCluster) -> None:
    first, second = cluster.add_nodes(2)
    equip(cluster, first)
    assert "hostUsers" not in await finished(cluster, "mixed")
    equip(cluster, second)
    assert (await finished(cluster, "able"))["hostUsers"] is False
