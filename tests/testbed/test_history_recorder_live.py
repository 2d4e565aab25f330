"""The recorder as a process at a real API server: killed in the middle and started again, each run is there once."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from boardhand_api.order import Order
from boardhand_api.pod import LABEL_RUN, LABEL_SETTLED
from boardhand_history.models import Kept, PastRun
from boardhand_history.queries import History, Search
from testbed import chart
from testbed.load import Fate, LoadCluster, OperatorProcess, Player, green, objects
from testbed.load.api import GROUP, Json
from testbed.load.fate import red
from testbed.load.ports import free_ports
from testbed.load.programs import OPERATOR_NAMESPACE, OPERATOR_USER
from testbed.manifests import run
from testbed.rights import Comparison, calls, compare, grants
from testbed.shell import TestbedError, wait_for
from tests.support.history import DIFF, body_of, sqlite_url

pytestmark = pytest.mark.slow

RUNS = f"{GROUP}/namespaces/load/ticketruns"
SEEN = frozenset({"load"})
SECONDS = 90.0


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


class RecorderProcess(OperatorProcess):
    """`python -m boardhand_history` into a SQLite file, with the operator's kubeconfig."""

    def __init__(self, cluster: LoadCluster, folder: Path, **more: str) -> None:
        (port,) = free_ports(1)
        self._ready = f"http://127.0.0.1:{port}/readyz"
        env = {"BOARDHAND_HISTORY_URL": sqlite_url(folder), "BOARDHAND_HISTORY_PROBES": f"127.0.0.1:{port}"}
        super().__init__(cluster, "recorder", env=env | more, module="boardhand_history")

    def ready(self) -> bool:
        try:
            return httpx.get(self._ready, timeout=2, trust_env=False).is_success
        except httpx.HTTPError:
            return False


async def until(what: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(SECONDS):
        while not await what():
            await asyncio.sleep(0.1)


def decided(order: Order) -> Fate:
    return red(order) if order.run.startswith("red") else replace(green(order), diff=DIFF)


async def rows(history: History) -> dict[str, PastRun]:
    found = (await history.search(SEEN, Search())).rows
    assert len({row.name for row in found}) == len(found)
    return {row.name: row for row in found}


async def test_every_run_is_recorded_once_with_its_texts(cluster: LoadCluster, tmp_path: Path) -> None:
    recorder = RecorderProcess(cluster, tmp_path)
    recorder.start()
    await asyncio.to_thread(recorder.wait_ready)
    history = History.at(sqlite_url(tmp_path))
    names = [f"green-{number}" for number in range(12)] + ["red-1"]

    async def some() -> bool:
        return len(await rows(history)) >= 4

    async def every() -> bool:
        return set(await rows(history)) == set(names)

    async with Player(cluster, decided).playing():
        for name in names:
            cluster.api.create(RUNS, run("load", name, "pool", "Add a total", "With tax."))
        await until(some)
        recorder.kill()
        recorder.start()
        await until(every)
        for name, row in (await rows(history)).items():
            told = await history.one(SEEN, row.uid)
            assert told is not None
            assert told.transcript.kept is Kept.WHOLE
            assert '"event":"result"' in told.transcript.read()
            assert told.diff.read() == ("" if name == "red-1" else DIFF)
            assert row.phase == ("Failed" if name == "red-1" else "Succeeded")
            assert [stage["name"] for stage in told.detail.said["stages"]][-1] == "verify"
    merged = {"status": {"pullRequest": {"url": "https://forge.test/1", "number": 1, "state": "Merged"}}}
    cluster.api.patch(f"{RUNS}/green-3/status", merged)

    async def known_as_merged() -> bool:
        return (await rows(history))["green-3"].pull_request_state == "Merged"

    await until(known_as_merged)
    cluster.api.delete(f"{RUNS}/green-3")
    wait_for("the run's end", lambda: _gone(cluster, "green-3"), SECONDS)
    recorder.stop()
    assert set(await rows(history)) == set(names)
    assert "ERROR" not in recorder.log.read_text()
    await history.close()


def _gone(cluster: LoadCluster, name: str) -> bool:
    try:
        cluster.api.get(f"{RUNS}/{name}")
    except TestbedError:
        return True
    return False


def rules(namespaces: list[str]) -> list[Json]:
    """The recorder's Roles as the chart gives them, bound to the user that the load cluster's processes are."""
    rendered = chart.rendered(OPERATOR_NAMESPACE, {"watchNamespaces": namespaces, "dashboard": {"enabled": True}})
    own = [
        body for body in rendered if body["apiVersion"].startswith("rbac.") and "history" in body["metadata"]["name"]
    ]
    subject = {"kind": "ServiceAccount", "name": OPERATOR_USER.rpartition(":")[2], "namespace": OPERATOR_NAMESPACE}
    return [body | ({"subjects": [subject]} if "subjects" in body else {}) for body in own]


def put_finished(cluster: LoadCluster, name: str) -> None:
    """A run that is done, and its pod as it stands afterwards."""
    cluster.api.create(RUNS, run("load", name, "pool", "Add a total", "With tax."))
    body = body_of(name)
    cluster.api.patch(f"{RUNS}/{name}/status", {"status": body["status"]})
    cluster.api.patch(f"{RUNS}/{name}", {"metadata": {"labels": {LABEL_SETTLED: "true"}}})
    labels = {LABEL_RUN: name, "batch.kubernetes.io/job-name": f"{name}-1"}
    pod: Json = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "labels": labels},
        "spec": {"containers": [{"name": "agent", "image": "registry.invalid/runner:1"}]},
    }
    cluster.api.create("/api/v1/namespaces/load/pods", pod)
    ended = {"exitCode": 0, "startedAt": "2026-01-01T12:00:00Z", "finishedAt": "2026-01-01T12:01:00Z"}
    row = {"name": "agent", "image": "", "imageID": "", "ready": False, "restartCount": 0}
    states = [row | {"state": {"terminated": ended}}]
    cluster.api.patch(f"/api/v1/namespaces/load/pods/{name}/status", {"status": {"containerStatuses": states}})


@pytest.mark.parametrize("namespaces", [["load"], ["*"]])
async def test_the_charts_rights_are_enough_and_all_are_used(tmp_path: Path, namespaces: list[str]) -> None:
    given = rules(namespaces)
    with LoadCluster(tmp_path / "state", pods=False, audited=True, rights=given) as cluster:
        cluster.namespace("load")
        cluster.apply(objects.pool("load", "pool", None, "", None))
        put_finished(cluster, "before")
        watched = "" if namespaces == ["*"] else "load"
        recorder = RecorderProcess(cluster, tmp_path, BOARDHAND_NAMESPACES=watched)
        recorder.start()
        await asyncio.to_thread(recorder.wait_ready)
        put_finished(cluster, "after")
        history = History.at(sqlite_url(tmp_path))

        async def both() -> bool:
            return set(await rows(history)) == {"before", "after"}

        await until(both)
        recorder.stop()
        await history.close()
        found = compare(grants(given, "boardhand"), calls(cluster.layout.audit_log, OPERATOR_USER))
    assert found == Comparison([], [])
