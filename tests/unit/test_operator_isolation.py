"""Every container of a run's pod has its share of the node and no more, whatever the pool leaves unsaid."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from kubernetes.utils.quantity import parse_quantity

from boardhand_api import pod
from boardhand_api.pod import Stage
from boardhand_api.run import TicketRunSpec
from boardhand_operator.decide import observe
from boardhand_operator.decide.outcome import judge
from boardhand_operator.errors import Misconfigured
from boardhand_operator.specs.job import build_job
from boardhand_operator.specs.order import build_order
from tests.support.objects import a_pool, ended, job_body, pod_body, run_body

Json = dict[str, Any]
SHARES = ("cpu", "memory", "ephemeral-storage")
SERVICE = {"name": "db", "image": "postgres:17", "ports": [5432]}
BENCH: Json = {"image": "toolchain:1", "verify": ["pytest -q"]}
TOOLCHAIN = (Stage.WORKBENCH, Stage.VERIFY)
parse: Callable[[str], Decimal] = parse_quantity


def template(task: str = "Auto", bench: Json | None = None, **said: Any) -> Json:
    """The pod's spec of a pool with a service and a cache, and these settings of pods."""
    caches = [{"path": "/cache/npm", "size": "2Gi"}, {"path": "/cache/m2", "claim": "maven"}]
    pool = a_pool(workbench=BENCH | {"services": [SERVICE], "caches": caches} | (bench or {}), pod=said)
    body = run_body(task=task)
    order = build_order("run-1", pool.spec, TicketRunSpec.model_validate(body["spec"]))
    spec: Json = build_job("run-1-1", body, pool.spec, order, "runner:1")["spec"]["template"]["spec"]
    return spec


def boxes(spec: Json) -> dict[str, Json]:
    return {one["name"]: one for one in [*spec["initContainers"], *spec["containers"]]}


@pytest.mark.parametrize("task", ["Auto", "Analyse"])
def test_every_container_has_a_limit_of_cpu_memory_and_disk_and_asks_for_less(task: str) -> None:
    for name, box in boxes(template(task)).items():
        for share in SHARES:
            least, most = box["resources"]["requests"][share], box["resources"]["limits"][share]
            assert 0 < parse(least) < parse(most), (name, share)


AMOUNTS = {"cpu": ["10m", "1", "1500m", "64"], "memory": ["16Mi", "1Gi", "900G"], "ephemeral-storage": ["1Mi", "90Gi"]}
SAID = st.fixed_dictionaries({}, optional={name: st.sampled_from(amounts) for name, amounts in AMOUNTS.items()})


@given(SAID, SAID)
@settings(max_examples=100, deadline=None)
def test_what_is_said_holds_and_no_request_that_is_ours_is_above_a_limit(requests: Json, limits: Json) -> None:
    said = {"requests": requests, "limits": limits}
    found = boxes(template(bench={"resources": said}, resources={"agent": said}))
    for name in ("workbench", "agent"):
        resources = found[name]["resources"]
        assert resources["requests"].items() >= requests.items()
        assert resources["limits"].items() >= limits.items()
        for share in SHARES:
            if not (share in requests and share in limits):
                assert parse(resources["requests"][share]) <= parse(resources["limits"][share])


def test_what_else_a_node_gives_is_left_as_it_is_said() -> None:
    found = boxes(template(bench={"resources": {"limits": {"nvidia.com/gpu": "1"}}}))
    assert found["workbench"]["resources"]["limits"]["nvidia.com/gpu"] == "1"
    assert "nvidia.com/gpu" not in found["workbench"]["resources"]["requests"]


@pytest.mark.parametrize("amount", ["lots", "", "NaN", "sNaN", "Infinity", "1 Gi", "-5", "1e9999", "1KiB", "1\n"])
@pytest.mark.parametrize(
    ("said", "where"),
    [
        ({"bench": {"resources": {"requests": {"memory": "?"}}}}, "spec.workbench.resources.requests.memory"),
        ({"resources": {"publish": {"limits": {"cpu": "?"}}}}, "spec.pod.resources.publish.limits.cpu"),
        (
            {"bench": {"services": [SERVICE | {"resources": {"limits": {"gpu.test/one": "?"}}}]}},
            "spec.workbench.services[db].resources.limits.gpu.test/one",
        ),
    ],
)
def test_a_quantity_that_is_none_is_the_pools_configuration(amount: str, said: Json, where: str) -> None:
    """It is said before a ticket is taken: `shape.check` is what a pool is looked at with."""
    asked = json.loads(json.dumps(said).replace('"?"', json.dumps(amount)))
    with pytest.raises(Misconfigured, match="is not a quantity as Kubernetes writes it") as refused:
        template(**asked)
    assert refused.value.reason == "ResourcesUnreadable"
    assert refused.value.message.startswith(f"{where}: {amount!r} ")


@pytest.mark.parametrize("amount", ["1", "0", "500m", "2Gi", "1.5", ".5", "1e3", "1E", "12E-2", "+4k"])
def test_a_quantity_is_taken_as_kubernetes_writes_it(amount: str) -> None:
    made = template(bench={"resources": {"limits": {"memory": amount}}})
    assert {box["name"]: box["resources"]["limits"]["memory"] for box in made["containers"]} == {"verify": amount}


@pytest.mark.parametrize("task", ["Auto", "Analyse"])
def test_no_empty_volume_can_fill_the_nodes_disk(task: str) -> None:
    empty = {
        volume["name"]: volume["emptyDir"] for volume in template(task, disk="3Gi")["volumes"] if "emptyDir" in volume
    }
    assert {"work", "git", "exec", "serve", "scratch-agent", "scratch-workbench", "cache-0-workbench"} <= empty.keys()
    assert all(set(one) == {"sizeLimit"} for one in empty.values())
    assert {name: one["sizeLimit"] for name, one in empty.items() if one["sizeLimit"] != "3Gi"} == {
        name: size
        for name, size in {"serve": "64Mi", "cache-0-workbench": "2Gi", "cache-0-verify": "2Gi"}.items()
        if name in empty
    }


def test_the_root_is_writable_for_the_toolchain_alone_and_only_where_the_pool_says_so() -> None:
    def writable(spec: Json) -> set[str]:
        return {name for name, box in boxes(spec).items() if not box["securityContext"]["readOnlyRootFilesystem"]}

    assert writable(template()) == {"service-db"}
    assert writable(template(writableRoot=True)) == {"service-db", "workbench", "verify"}


def test_users_are_the_nodes_unless_the_pool_says_that_its_nodes_can_do_otherwise() -> None:
    assert "hostUsers" not in template()
    assert template(userNamespaces="Always")["hostUsers"] is False


def test_the_toolchain_is_told_how_many_processes_there_may_be_and_its_own_environment_cannot_say_otherwise() -> None:
    found = boxes(template(bench={"env": {pod.PROCESSES: "999999"}}, processes=100))
    told = {name: {one["name"]: one["value"] for one in box.get("env", [])} for name, box in found.items()}
    assert {name: one.get(pod.PROCESSES) for name, one in told.items() if one.get(pod.PROCESSES)} == {
        "workbench": "100",
        "verify": "100",
    }


FULL = [
    'Usage of EmptyDir volume "work" exceeds the limit "10Gi". ',
    "Pod ephemeral local storage usage exceeds the total limit of containers 20Gi. ",
    'Container verify exceeded its local ephemeral storage limit "10Gi". ',
]


def evicted(message: str) -> Json:
    body = pod_body({Stage.WORKBENCH: ended(137)}, phase="Failed")
    body["status"] |= {"reason": "Evicted", "message": message}
    return body


@pytest.mark.parametrize("message", FULL)
def test_a_run_that_wrote_more_than_its_disk_spent_its_budget_and_is_not_tried_again(message: str) -> None:
    failure = judge(job_body(), evicted(message), None, ["true"]).failure
    assert failure is not None
    assert (failure.failure_class, failure.reason) == ("Budget", "DiskFull")
    assert message.strip() in failure.message and "spec.pod.disk" in failure.message


def test_a_node_that_ran_out_of_disk_is_infrastructure() -> None:
    failure = judge(job_body(), evicted("The node was low on resource: ephemeral-storage. "), None, ["true"]).failure
    assert failure is not None
    assert failure.failure_class == "Infrastructure"
    assert observe.own_disk_full(evicted("The node was low on resource: ephemeral-storage. ")) is None
