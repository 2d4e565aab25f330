"""The API server's own word: a run's pod is taken at Pod Security level restricted, and without any one of its walls it
is not; NetworkPolicies and pools are taken as they are made, and refused where they cannot be."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from boardhand_api.run import TicketRunSpec
from boardhand_operator.cluster.policies import difference
from boardhand_operator.specs.job import build_job
from boardhand_operator.specs.network import Network, build_policy
from boardhand_operator.specs.order import build_order
from testbed.load import LoadCluster
from testbed.load.api import GROUP
from testbed.shell import TestbedError
from tests.support.objects import a_pool, pool_body, run_body

pytestmark = pytest.mark.slow

Json = dict[str, Any]
PODS = "/api/v1/namespaces/team/pods?dryRun=All"
JOBS = "/apis/batch/v1/namespaces/team/jobs?dryRun=All"
POLICIES = "/apis/networking.k8s.io/v1/namespaces/team/networkpolicies"
POOLS = f"{GROUP}/namespaces/team/codingagents?dryRun=All"
BENCH: Json = {
    "image": "toolchain:1",
    "verify": ["pytest -q"],
    "services": [{"name": "db", "image": "postgres:17", "ports": [5432]}],
    "caches": [{"path": "/cache/npm", "size": "2Gi"}, {"path": "/cache/m2", "claim": "maven"}],
}


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LoadCluster]:
    """An API server alone, with a namespace that enforces the level restricted."""
    with LoadCluster(tmp_path_factory.mktemp("admission") / "state", pods=False) as made:
        labels = {"pod-security.kubernetes.io/enforce": "restricted", "pod-security.kubernetes.io/warn": "restricted"}
        made.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "team", "labels": labels}})
        yield made


def job(task: str = "Auto", **pod: Any) -> Json:
    pool, body = a_pool(workbench=BENCH, pod=pod, persistence={"size": "1Gi"}), run_body(task=task)
    order = build_order("run-1", pool.spec, TicketRunSpec.model_validate(body["spec"]))
    return build_job("run-1-1", body, pool.spec, order, "runner:1")


def pod(task: str = "Auto", **settings: Any) -> Json:
    template = job(task, **settings)["spec"]["template"]
    return {"apiVersion": "v1", "kind": "Pod", "metadata": template["metadata"] | {"name": "run-1"}} | {
        "spec": template["spec"]
    }


@pytest.mark.parametrize("task", ["Auto", "Analyse"])
@pytest.mark.parametrize("settings", [{}, {"writableRoot": True}, {"userNamespaces": "Always"}])
def test_a_runs_pod_is_restricted(cluster: LoadCluster, task: str, settings: Json) -> None:
    taken = cluster.api.create(PODS, pod(task, **settings))["spec"]
    assert taken["automountServiceAccountToken"] is False
    assert taken.get("hostUsers", True) is (settings != {"userNamespaces": "Always"})
    assert not any("kube-api-access" in volume["name"] for volume in taken["volumes"])
    for box in (*taken["initContainers"], *taken["containers"]):
        assert set(box["resources"]["limits"]) == {"cpu", "memory", "ephemeral-storage"}
    # The Job is looked at by its own rules; its pods are by these.
    assert cluster.api.create(JOBS, job(task, **settings))["spec"]["template"]["spec"]["enableServiceLinks"] is False


def containers(spec: Json) -> list[Json]:
    return [*spec["initContainers"], *spec["containers"]]


def of_each(change: Callable[[Json], None]) -> list[Callable[[Json], None]]:
    """The change to one container at a time: each of them must be held back."""

    def one(at: int) -> Callable[[Json], None]:
        return lambda spec: change(containers(spec)[at])

    return [one(at) for at in range(len(containers(pod()["spec"])))]


def in_box(name: str, value: Any) -> Callable[[Json], None]:
    return lambda box: box["securityContext"].update({name: value})


def drop_both(name: str) -> Callable[[Json], None]:
    """The pod says it for all, each container for itself: gone is it where both are silent."""

    def change(spec: Json) -> None:
        spec["securityContext"].pop(name)
        for box in containers(spec):
            box["securityContext"].pop(name)

    return change


WALLS: dict[str, list[Callable[[Json], None]]] = {
    "allowPrivilegeEscalation != false": of_each(in_box("allowPrivilegeEscalation", True)),
    "unrestricted capabilities": [
        *of_each(lambda box: box["securityContext"].pop("capabilities")),
        *of_each(in_box("capabilities", {"drop": ["ALL"], "add": ["SYS_PTRACE"]})),
    ],
    "runAsNonRoot != true": [*of_each(in_box("runAsNonRoot", False)), drop_both("runAsNonRoot")],
    "runAsUser=0": [*of_each(in_box("runAsUser", 0)), lambda spec: spec["securityContext"].update(runAsUser=0)],
    "seccompProfile": [*of_each(in_box("seccompProfile", {"type": "Unconfined"})), drop_both("seccompProfile")],
    "host namespaces": [
        lambda spec: spec.update(hostPID=True),
        lambda spec: spec.update(hostNetwork=True),
        lambda spec: spec.update(hostIPC=True),
    ],
    "hostPath": [lambda spec: spec["volumes"].append({"name": "node", "hostPath": {"path": "/"}})],
    "hostPort": of_each(lambda box: box.update(ports=[{"containerPort": 8080, "hostPort": 8080}])),
    "procMount": of_each(in_box("procMount", "Unmasked")),
}


@pytest.mark.parametrize("said", WALLS)
def test_without_any_one_of_its_walls_a_pod_is_refused(cluster: LoadCluster, said: str) -> None:
    for change in WALLS[said]:
        body = copy.deepcopy(pod())
        change(body["spec"])
        if said == "procMount":
            # Only with user namespaces may it be asked for at all.
            body["spec"]["hostUsers"] = False
        with pytest.raises(TestbedError, match=r"violates PodSecurity .*restricted:latest") as refused:
            cluster.api.create(PODS, body)
        assert said in str(refused.value)


def test_limits_that_the_pool_gives_in_part_make_a_job_that_is_taken(cluster: LoadCluster) -> None:
    for said in ({"requests": {"memory": "64Gi"}}, {"limits": {"cpu": "10m", "memory": "16Mi"}}):
        cluster.api.create(JOBS, job(resources={"agent": said}))


EGRESS: list[Json] = [
    {},
    {"dns": False},
    {"mode": "Restricted", "to": [{"cidr": "0.0.0.0/0"}, {"cidr": "2001:db8::/32", "ports": [443]}]},
    {"mode": "Restricted", "dns": False, "to": [{"namespace": "git", "pods": {"app": "gitea"}, "ports": [3000, 22]}]},
]


@pytest.mark.parametrize("egress", EGRESS)
def test_a_policy_is_kept_as_it_was_made(cluster: LoadCluster, egress: Json) -> None:
    """Else the operator would mend it once a minute for ever."""
    name = f"p{EGRESS.index(egress)}"
    network = Network(closed=("10.96.0.1/32", "10.1.0.0/16", "fd00:1::/64"), dns_addresses=("169.254.20.10/32",))
    wanted = build_policy(a_pool(name=name, egress=egress), network)
    cluster.api.create(POLICIES, wanted)
    kept = cluster.api.get(f"{POLICIES}/{wanted['metadata']['name']}")
    assert difference(kept["spec"], wanted["spec"]) == {}


@pytest.mark.parametrize("egress", EGRESS)
def test_a_pool_may_say_so(cluster: LoadCluster, egress: Json) -> None:
    body = pool_body(egress=egress)
    taken = cluster.api.create(POOLS, {key: body[key] for key in ("apiVersion", "kind", "metadata", "spec")})
    assert taken["spec"]["egress"]["mode"] == egress.get("mode", "Open")


@pytest.mark.parametrize(
    ("egress", "said"),
    [
        ({"mode": "Restricted"}, "spec.egress.to is required with mode Restricted"),
        ({"mode": "Closed"}, "supported values"),
        ({"to": [{}]}, "either cidr or namespace"),
        ({"to": [{"cidr": "10.0.0.0/8", "namespace": "x"}]}, "either cidr or namespace"),
        ({"to": [{"cidr": "10.0.0.0/8", "pods": {"a": "b"}}]}, "pods goes with namespace"),
        ({"to": [{"cidr": "git.example.com"}]}, "should match"),
        ({"to": [{"cidr": "10.0.0.0/8", "ports": [0]}]}, "greater than or equal to 1"),
    ],
)
def test_what_cannot_be_is_refused_by_name(cluster: LoadCluster, egress: Json, said: str) -> None:
    body = pool_body(egress=egress)
    with pytest.raises(TestbedError) as refused:
        cluster.api.create(POOLS, {key: body[key] for key in ("apiVersion", "kind", "metadata", "spec")})
    assert said in str(refused.value)
