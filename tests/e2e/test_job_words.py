"""What the real Job controller writes of a pod that failed, and what is still known once that pod is gone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from boardhand_api.failures import FailureClass, exit_code_of
from boardhand_api.pod import Stage
from boardhand_operator.decide import observe
from boardhand_operator.decide.outcome import judge
from boardhand_operator.specs.job import build_job
from boardhand_operator.specs.order import build_order
from testbed.load.cluster import LoadCluster
from testbed.shell import wait_for
from tests.support.objects import IMPLEMENT_STAGES, a_pool, a_run, ended, run_body, waiting

pytestmark = pytest.mark.e2e
JOBS, PODS = "/apis/batch/v1/namespaces/team/jobs", "/api/v1/namespaces/team/pods"
Json = dict[str, Any]


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LoadCluster]:
    """Without a node: pods wait, and get the status that a test writes."""
    with LoadCluster(Path(tmp_path_factory.mktemp("load"))) as made:
        made.namespace("team")
        yield made


def job_of(cluster: LoadCluster, name: str, task: str = "Auto") -> None:
    service = {"name": "db", "image": "postgres:17", "ports": [5432]}
    pool = a_pool(workbench={"image": "toolchain:1", "verify": ["pytest -q"], "services": [service]})
    body = run_body(task=task)
    made = build_job(name, body, pool.spec, build_order("run-1", pool.spec, a_run(task=task).spec), "runner:1")
    # The run itself is not there, and what it owns would be collected.
    del made["metadata"]["ownerReferences"]
    cluster.api.create(JOBS, made)


def pod_of(cluster: LoadCluster, job: str) -> Json:
    found: list[Json] = []

    def made() -> bool:
        found[:] = cluster.api.list(PODS, f"batch.kubernetes.io/job-name={job}")
        return bool(found)

    wait_for("the Job's pod", made, 30, every=0.1)
    return found[0]


def lost(cluster: LoadCluster, job: str, status: Json) -> Json:
    """The Job after its pod failed with this status and was removed."""
    pod = f"{PODS}/{pod_of(cluster, job)['metadata']['name']}"
    cluster.api.patch(f"{pod}/status", {"status": {"phase": "Failed", **status}})

    def failed() -> bool:
        return observe.condition(cluster.api.get(f"{JOBS}/{job}"), "Failed") is not None

    wait_for("the Job's end", failed, 30, every=0.1)
    cluster.api.delete(pod)
    return cluster.api.get(f"{JOBS}/{job}")


def states(at: Stage, code: int, main: Stage = Stage.VERIFY) -> Json:
    """A pod whose stage `at` ended with this code; the sidecars were killed with it."""
    rows: Json = {"service-db": ended(137)}
    for stage in IMPLEMENT_STAGES[: IMPLEMENT_STAGES.index(main) + 1]:
        before = IMPLEMENT_STAGES.index(stage) < IMPLEMENT_STAGES.index(at)
        rows[stage.value] = ended(0) if before else ended(code) if stage is at else waiting()
    rows[Stage.WORKBENCH.value] = ended(137)
    told = [
        {"name": name, "state": state, "image": "i", "imageID": "i", "ready": False, "restartCount": 0}
        for name, state in rows.items()
    ]
    return {
        "initContainerStatuses": [one for one in told if one["name"] != main],
        "containerStatuses": [one for one in told if one["name"] == main],
    }


@pytest.mark.parametrize(
    ("stage", "code", "cls"),
    [
        (Stage.CHECKOUT, exit_code_of(FailureClass.CONFIGURATION), FailureClass.CONFIGURATION),
        (Stage.AGENT, exit_code_of(FailureClass.NEEDS_INFO), FailureClass.NEEDS_INFO),
        (Stage.PUBLISH, exit_code_of(FailureClass.REFUSED), FailureClass.REFUSED),
        (Stage.AGENT, 1, FailureClass.INFRASTRUCTURE),
        (Stage.VERIFY, 1, FailureClass.RED),
        (Stage.VERIFY, 137, FailureClass.INFRASTRUCTURE),
    ],
)
def test_the_class_outlives_the_pod(cluster: LoadCluster, stage: Stage, code: int, cls: FailureClass) -> None:
    name = f"job-{stage}-{code}"
    job_of(cluster, name)
    failure = judge(lost(cluster, name, states(stage, code)), None, None, ["pytest -q"]).failure
    assert failure and failure.failure_class is cls


def test_an_analysis_is_told_by_its_agent(cluster: LoadCluster) -> None:
    job_of(cluster, "job-analysis", "Analyse")
    job = lost(cluster, "job-analysis", states(Stage.AGENT, exit_code_of(FailureClass.STUCK), Stage.AGENT))
    failure = judge(job, None, None, []).failure
    assert failure and failure.failure_class is FailureClass.STUCK


def test_a_disruption_is_infrastructure_whatever_the_stages_ended_with(cluster: LoadCluster) -> None:
    job_of(cluster, "job-evicted")
    target = {"type": "DisruptionTarget", "status": "True", "reason": "EvictionByEvictionAPI"}
    job = lost(cluster, "job-evicted", {**states(Stage.VERIFY, 1), "conditions": [target]})
    said = observe.condition(job, "Failed")
    assert said and (said["reason"], "DisruptionTarget" in said["message"]) == ("PodFailurePolicy", True)
    failure = judge(job, None, None, []).failure
    assert failure and (failure.failure_class, failure.reason) == (FailureClass.INFRASTRUCTURE, "Disrupted")
    assert len(list(cluster.api.list(PODS, "batch.kubernetes.io/job-name=job-evicted"))) == 0
