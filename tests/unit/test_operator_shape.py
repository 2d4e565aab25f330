"""What a pool says of its pods' shape is in the Job, and what the stages' isolation stands on is not its to say."""

from __future__ import annotations

import copy
import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from boardhand_api.pod import LABEL_RUN, ORDER_ANNOTATION
from boardhand_api.run import TicketRunSpec
from boardhand_operator.errors import Misconfigured
from boardhand_operator.specs import shape
from boardhand_operator.specs.job import build_job
from boardhand_operator.specs.order import build_order
from tests.support.objects import a_pool, run_body

Json = dict[str, Any]
DATABASE = {"name": "database", "image": "postgres:17"}
BENCH = {"image": "toolchain:1", "verify": ["pytest -q"], "services": [DATABASE], "env": {"CI": "1"}}


def job(task: str = "Auto", **settings: Any) -> Json:
    pool, body = a_pool(workbench=BENCH, pod=settings), run_body(task=task)
    order = build_order("run-1", pool.spec, TicketRunSpec.model_validate(body["spec"]))
    return build_job("run-1-1", body, pool.spec, order, "runner:1")


def spec_of(made: Json) -> Json:
    spec: Json = made["spec"]["template"]["spec"]
    return spec


def containers(made: Json) -> dict[str, Json]:
    return {one["name"]: one for kind in ("initContainers", "containers") for one in spec_of(made)[kind]}


def test_without_settings_nothing_is_said() -> None:
    made = job()
    assert not spec_of(made).keys() & shape._OF_POD - {"terminationGracePeriodSeconds"}
    assert "suspend" not in made["spec"] and "annotations" not in made["metadata"]


def test_each_setting_is_where_kubernetes_has_it() -> None:
    plain: Json = {
        "nodeSelector": {"pool": "agents"},
        "tolerations": [{"key": "agents", "operator": "Exists"}],
        "affinity": {"nodeAffinity": {}},
        "topologySpreadConstraints": [{"maxSkew": 1, "topologyKey": "zone", "whenUnsatisfiable": "ScheduleAnyway"}],
        "priorityClassName": "batch",
        "runtimeClassName": "gvisor",
        "imagePullSecrets": [{"name": "registry"}],
    }
    spec = spec_of(job(**plain))
    assert {name: spec[name] for name in plain} == plain


def test_labels_and_annotations_are_added_and_never_take_the_place_of_ours() -> None:
    made = job(labels={"team": "shop", LABEL_RUN: "other"}, annotations={"cost": "7", ORDER_ANNOTATION: "{}"})
    template = made["spec"]["template"]["metadata"]
    for about in (made["metadata"], template):
        assert (about["labels"]["team"], about["labels"][LABEL_RUN]) == ("shop", "run-1")
        assert about["annotations"]["cost"] == "7"
    assert template["annotations"][ORDER_ANNOTATION] != "{}"


def test_what_is_proved_is_what_the_pool_says_whatever_the_kubelet_makes_of_dollars() -> None:
    """Its rules: `$$` is `$`, and `$(NAME)` the variable where the container has one of that name."""
    setup, verify = ["mkdir /tmp/of-$$"], ["test $(HOME) != $HOME", "awk '{print $$1}' f", "echo $", "t=$(date); $t"]
    pool, body = a_pool(workbench=BENCH | {"setup": setup, "verify": verify}), run_body()
    order = build_order("run-1", pool.spec, TicketRunSpec.model_validate(body["spec"]))
    told = containers(build_job("run-1-1", body, pool.spec, order, "runner:1"))["verify"]
    variables = {one["name"]: one["value"] for one in told["env"]}
    known = re.compile(rf"\$\$|\$\(({'|'.join(variables)})\)")
    given = [known.sub(lambda found: variables.get(found[1], "$"), word) for word in told["command"]]
    assert given[-6:] == ["1", *setup, *verify]


def test_each_stage_has_its_own_resources() -> None:
    made = job(resources={"agent": {"requests": {"memory": "512Mi"}}, "publish": {"limits": {"cpu": "3"}}})
    found = {name: containers(made)[name]["resources"] for name in ("checkout", "agent", "publish")}
    requests = {name: one["requests"]["memory"] for name, one in found.items()}
    assert requests == {"checkout": "128Mi", "agent": "512Mi", "publish": "128Mi"}
    assert {name: one["limits"]["cpu"] for name, one in found.items()} == {
        "checkout": "2",
        "agent": "2",
        "publish": "3",
    }


def test_a_queue_of_kueues_admits_the_job() -> None:
    made = job(queueName="agents")
    assert made["metadata"]["labels"]["kueue.x-k8s.io/queue-name"] == "agents"
    assert made["spec"]["suspend"] is True
    assert "kueue.x-k8s.io/queue-name" not in made["spec"]["template"]["metadata"]["labels"]


@pytest.mark.parametrize(("task", "kind"), [("Auto", "initContainers"), ("Analyse", "containers")])
def test_a_patch_finds_containers_by_name_and_adds_to_their_environment(task: str, kind: str) -> None:
    proxy = {"name": "HTTPS_PROXY", "value": "http://proxy:3128"}
    change = {"name": "agent", "env": [proxy], "imagePullPolicy": "Always", "resources": {"limits": {"memory": "3Gi"}}}
    skipped = {"name": "publish", "imagePullPolicy": "Always"}
    before = containers(job(task))["agent"]
    made = job(task, patch={"spec": {"containers": [change, skipped]}})
    assert [one["name"] for one in spec_of(made)[kind]].count("agent") == 1
    assert [one["name"] for one in spec_of(made)["containers"]] == ["agent" if task == "Analyse" else "verify"]
    assert containers(made)["agent"] == before | {
        "env": [*before["env"], proxy],
        "imagePullPolicy": "Always",
        "resources": before["resources"] | {"limits": before["resources"]["limits"] | {"memory": "3Gi"}},
    }


def test_a_patch_merges_objects_replaces_lists_and_takes_away_with_null() -> None:
    patch = {
        "metadata": {"labels": {"team": "shop"}},
        "spec": {
            "nodeSelector": {"disk": "fast", "pool": None},
            "tolerations": [{"key": "b"}],
            "priorityClassName": None,
            "dnsConfig": {"options": [{"name": "ndots", "value": "1"}]},
        },
    }
    made = job(
        nodeSelector={"pool": "agents", "arch": "arm64"},
        tolerations=[{"key": "a"}],
        priorityClassName="batch",
        patch=patch,
    )
    spec = spec_of(made)
    assert spec["nodeSelector"] == {"arch": "arm64", "disk": "fast"}
    assert spec["tolerations"] == [{"key": "b"}]
    assert "priorityClassName" not in spec
    assert spec["dnsConfig"]["options"][0]["name"] == "ndots"
    assert made["spec"]["template"]["metadata"]["labels"]["team"] == "shop"


OF_A_STAGE: list[tuple[str, Any]] = [
    ("image", "mine:1"),
    ("command", ["sh"]),
    ("args", []),
    ("volumeMounts", None),
    ("securityContext", {}),
    ("envFrom", []),
    ("restartPolicy", "Always"),
    ("workingDir", "/"),
    ("env", None),
    ("env", [{"name": "HOME", "value": "/"}]),
    ("env", [{"name": "SSL_CERT_FILE", "value": "/"}]),
    ("env", [{"name": "CI", "value": "2"}]),
    ("env", [{"name": "BOARDHAND_PROCESSES", "value": ""}]),
    ("env", [{"name": "KEY", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}}]),
]
REFUSED: list[tuple[Json, str]] = [
    ({"spec": {"securityContext": {"runAsUser": 0}}}, "spec.securityContext"),
    ({"spec": {"securityContext": None}}, "spec.securityContext"),
    ({"spec": {"serviceAccountName": "admin"}}, "spec.serviceAccountName"),
    ({"spec": {"automountServiceAccountToken": True}}, "spec.automountServiceAccountToken"),
    ({"spec": {"hostNetwork": True}}, "spec.hostNetwork"),
    ({"spec": {"hostUsers": True}}, "spec.hostUsers"),
    ({"spec": {"shareProcessNamespace": True}}, "spec.shareProcessNamespace"),
    ({"spec": {"volumes": []}}, "spec.volumes"),
    ({"spec": {"activeDeadlineSeconds": None}}, "spec.activeDeadlineSeconds"),
    ({"spec": {"ephemeralContainers": []}}, "spec.ephemeralContainers"),
    ({"spec": None}, "spec"),
    ({"spec": {"containers": None}}, "spec.containers"),
    ({"spec": {"containers": [{"name": "mine", "image": "x"}]}}, "spec.containers[0].name"),
    ({"spec": {"containers": [{"name": "agent"}], "initContainers": [{"name": "agent"}]}}, "spec.containers[0]"),
    ({"spec": {"containers": [7]}}, "spec.containers[0]"),
    ({"metadata": {"labels": None}}, "metadata.labels"),
    ({"metadata": {"labels": {"boardhand.dev/run": "other"}}}, "metadata.labels.boardhand.dev/run"),
    ({"metadata": {"annotations": {ORDER_ANNOTATION: None}}}, f"metadata.annotations.{ORDER_ANNOTATION}"),
    ({"metadata": {"name": "other"}}, "metadata.name"),
    ({"backoffLimit": 3}, "backoffLimit"),
    *(
        ({"spec": {"initContainers": [{"name": "publish", field: value}]}}, f"spec.initContainers[0].{field}")
        for field, value in OF_A_STAGE
    ),
]


@pytest.mark.parametrize(("patch", "where"), REFUSED)
def test_a_patch_cannot_touch_what_the_isolation_stands_on(patch: Json, where: str) -> None:
    with pytest.raises(Misconfigured, match="cannot be patched: allowed is") as refused:
        job(patch=patch)
    assert refused.value.reason == "PodPatch"
    assert refused.value.message.startswith(f"spec.pod.patch.{where}")


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("container.apparmor.security.beta.kubernetes.io/workbench", "unconfined"),
        ("k8s.v1.cni.cncf.io/networks", "storage"),
        ("v1.multus-cni.io/default-network", "kube-system/host"),
        ("cdi.k8s.io/gpu", "nvidia.com/gpu=all"),
        ("io.kubernetes.cri-o.Devices", "/dev/fuse"),
        ("seccomp-profile.kubernetes.cri-o.io/POD", "unconfined"),
        ("io.katacontainers.config.hypervisor.path", "/bin/other"),
    ],
)
def test_no_annotation_opens_what_the_isolation_shuts(key: str, value: str) -> None:
    for field, said in (
        ("annotations", {"annotations": {key: value}}),
        ("patch.metadata.annotations", {"patch": {"metadata": {"annotations": {key: value}}}}),
    ):
        with pytest.raises(Misconfigured, match=r"would bring .*: take it out") as refused:
            job(**said)
        assert refused.value.reason == "PodAnnotation"
        assert refused.value.message.startswith(f"spec.pod.{field}.{key} ")


def test_an_apparmor_profile_may_be_named() -> None:
    key = "container.apparmor.security.beta.kubernetes.io/agent"
    for profile in ("runtime/default", "localhost/agents"):
        made = job(annotations={key: profile})
        assert made["spec"]["template"]["metadata"]["annotations"][key] == profile


FIELDS = st.sampled_from(["spec", "metadata", "labels", "boardhand.dev/run", "containers", "initContainers"]) | (
    st.sampled_from(["name", "image", "command", "env", "resources", "securityContext", "volumeMounts"])
    | st.sampled_from(["volumes", "nodeSelector", "tolerations", "hostPID"])
)
VALUES = st.none() | st.booleans() | st.sampled_from(["agent", "publish", "verify", "x"])
PATCHES = st.recursive(VALUES, lambda inner: st.dictionaries(FIELDS, inner) | st.lists(inner, max_size=2), max_leaves=8)
WALLS = ("image", "command", "args", "volumeMounts", "securityContext", "restartPolicy", "workingDir")
POD_WALLS = ("securityContext", "automountServiceAccountToken", "volumes", "restartPolicy", "activeDeadlineSeconds")


@given(
    st.fixed_dictionaries(
        {},
        optional={
            "metadata": PATCHES,
            "spec": st.dictionaries(FIELDS, PATCHES)
            | st.fixed_dictionaries({"containers": st.lists(st.dictionaries(FIELDS, PATCHES), max_size=2)}),
        },
    )
)
@settings(max_examples=200, deadline=None)
def test_whatever_is_patched_the_walls_stand(patch: Json) -> None:
    plain, before = job(), copy.deepcopy(patch)
    try:
        made = job(patch=patch)
    except Misconfigured:
        return
    assert patch == before
    assert list(containers(made)) == list(containers(plain))
    for name, container in containers(plain).items():
        assert {wall: containers(made)[name].get(wall) for wall in WALLS} == {
            wall: container.get(wall) for wall in WALLS
        }
        assert containers(made)[name]["env"][: len(container["env"])] == container["env"]
    assert {wall: spec_of(made).get(wall) for wall in POD_WALLS} == {
        wall: spec_of(plain).get(wall) for wall in POD_WALLS
    }
    metadata = made["spec"]["template"]["metadata"]
    for kind in ("labels", "annotations"):
        assert metadata[kind].items() >= plain["spec"]["template"]["metadata"][kind].items()
