"""The pod of a run, held to the table of stages: who sees what, with which secret, and may do what to it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from boardhand_api import pod
from boardhand_api.order import Order
from boardhand_api.pod import Stage
from boardhand_api.run import TicketRunSpec
from boardhand_operator.errors import Misconfigured
from boardhand_operator.specs.job import build_job
from boardhand_operator.specs.order import build_order
from tests.support.objects import a_pool, run_body

Json = dict[str, Any]
RUNNER, TOOLCHAIN = "runner:1", "toolchain:1"
ALL = [Stage.CHECKOUT, Stage.WORKBENCH, Stage.AGENT, Stage.PUBLISH, Stage.VERIFY]
REPOSITORY = {
    "url": "http://forge.test/shop/cart.git",
    "readSecretRef": {"name": "read"},
    "pushSecretRef": {"name": "push"},
}
MODELS = {
    "large": {"name": "l", "secretRef": {"name": "large-key"}},
    "small": {"name": "s", "secretRef": {"name": "small-key"}},
}
FULL: Json = {"repository": REPOSITORY, "models": MODELS, "certificates": {"configMap": "authorities"}}


def job(task: str = "Auto", run: Json | None = None, **spec: Any) -> Json:
    pool, body = a_pool(**spec), run or run_body(task=task)
    order = build_order(body["metadata"]["name"], pool.spec, TicketRunSpec.model_validate(body["spec"]))
    return build_job("run-1-1", body, pool.spec, order, RUNNER)


def spec_of(made: Json) -> Json:
    spec: Json = made["spec"]["template"]["spec"]
    return spec


def containers(made: Json) -> dict[Stage, Json]:
    spec = spec_of(made)
    return {Stage(one["name"]): one for one in [*spec["initContainers"], *spec["containers"]]}


def mounts(made: Json, stage: Stage) -> dict[tuple[str, str], bool]:
    """Volume and path to whether it is read-only."""
    return {(one["name"], one["mountPath"]): one["readOnly"] for one in containers(made)[stage]["volumeMounts"]}


WORK, GIT, EXEC, SERVE, PROOF = (str(path) for path in (pod.WORK, pod.GIT, pod.EXEC, pod.SERVE, pod.PROOF))
ORDER = ("order", str(pod.ORDER.parent))
TABLE = {
    Stage.CHECKOUT: {("work", WORK): False, ("git", GIT): False, ("exec", EXEC): False, ("serve", SERVE): False}
    | {ORDER: True, ("git-read", str(pod.GIT_SECRET)): True},
    Stage.WORKBENCH: {("work", WORK): False, ("git", GIT): True, ("exec", EXEC): False, ("serve", SERVE): True}
    | {("git", f"{WORK}/.git"): True},
    Stage.AGENT: {("work", WORK): False, ("git", GIT): False, ("exec", EXEC): False, ("serve", SERVE): False}
    | {ORDER: True, ("model-large", str(pod.LARGE_SECRET)): True, ("model-small", str(pod.SMALL_SECRET)): True},
    Stage.PUBLISH: {("git", GIT): False, ("proof", PROOF): False, ORDER: True}
    | {("git-push", str(pod.GIT_SECRET)): True},
    Stage.VERIFY: {("proof", PROOF): False, ("serve", SERVE): True},
}


@pytest.mark.parametrize("stage", ALL)
def test_a_stage_sees_its_row_and_nothing_else(stage: Stage) -> None:
    seen = mounts(job(**FULL), stage)
    own = {("certificates", str(pod.CERTIFICATES.parent)): True}
    own |= {(f"scratch-{stage.value}", path): False for path in (str(pod.HOME), "/tmp")}
    assert seen == TABLE[stage] | own


def test_the_stages_stand_in_order_and_the_workbench_stays() -> None:
    made = spec_of(job())
    assert [one["name"] for one in made["initContainers"]] == ["checkout", "workbench", "agent", "publish"]
    assert [one["name"] for one in made["containers"]] == ["verify"]
    assert {one["name"]: one.get("restartPolicy") for one in made["initContainers"]} == {
        "checkout": None,
        "workbench": "Always",
        "agent": None,
        "publish": None,
    }
    images = {stage: one["image"] for stage, one in containers(job()).items()}
    assert {stage for stage, image in images.items() if image == TOOLCHAIN} == {Stage.WORKBENCH, Stage.VERIFY}
    assert {stage for stage, image in images.items() if image == RUNNER} == {
        Stage.CHECKOUT,
        Stage.AGENT,
        Stage.PUBLISH,
    }


def test_an_analysis_has_nothing_to_publish_or_verify() -> None:
    made = job("Analyse", **FULL)
    assert [one["name"] for one in spec_of(made)["initContainers"]] == ["checkout", "workbench"]
    assert [one["name"] for one in spec_of(made)["containers"]] == ["agent"]
    names = {volume["name"] for volume in spec_of(made)["volumes"]}
    assert not names & {"git-push", "proof", "scratch-publish", "scratch-verify"}


def test_the_git_pointer_is_one_file_that_the_workbench_cannot_change() -> None:
    made = containers(job())[Stage.WORKBENCH]["volumeMounts"]
    (pointer,) = [one for one in made if one["mountPath"] == f"{WORK}/.git"]
    assert pointer == {"name": "git", "mountPath": f"{WORK}/.git", "readOnly": True, "subPath": "pointer"}


@pytest.mark.parametrize("task", ["Auto", "Implement", "Analyse"])
@pytest.mark.parametrize("spec", [{}, FULL], ids=["least", "full"])
def test_every_mount_has_its_volume_and_every_volume_its_mount(task: str, spec: Json) -> None:
    made = job(task, **spec)
    mounted = {one["name"] for box in containers(made).values() for one in box["volumeMounts"]}
    assert sorted(mounted) == [volume["name"] for volume in spec_of(made)["volumes"]]


def test_secrets_come_from_where_the_pool_says() -> None:
    found = {volume["name"]: volume["secret"] for volume in spec_of(job(**FULL))["volumes"] if "secret" in volume}
    assert {name: secret["secretName"] for name, secret in found.items()} == {
        "git-read": "read",
        "git-push": "push",
        "model-large": "large-key",
        "model-small": "small-key",
    }
    assert {secret["defaultMode"] for secret in found.values()} == {0o440}


def test_an_mcp_servers_secret_is_mounted_in_the_agent_stage_alone() -> None:
    servers = [
        {"name": "tracker", "url": "https://tracker.test/mcp", "tools": ["find"], "secretRef": {"name": "tracker-key"}},
        {"name": "docs", "command": ["docs-server"], "env": {"LEVEL": "1"}, "tools": ["read"], "readOnly": True},
    ]
    made = job(mcpServers=servers)
    path = ("mcp-tracker", f"{pod.SECRETS}/mcp-tracker")
    assert {stage for stage in ALL if path in mounts(made, stage)} == {Stage.AGENT}
    assert mounts(made, Stage.AGENT)[path] is True
    volumes = {volume["name"]: volume for volume in spec_of(made)["volumes"]}
    assert volumes["mcp-tracker"]["secret"] == {"secretName": "tracker-key", "defaultMode": 0o440}
    assert "mcp-docs" not in volumes
    order = Order.model_validate_json(made["spec"]["template"]["metadata"]["annotations"][pod.ORDER_ANNOTATION])
    assert [(one.name, one.tools, one.env) for one in order.mcp_servers] == [
        ("tracker", ["find"], {}),
        ("docs", ["read"], {"LEVEL": "1"}),
    ]
    assert [sorted(one.serves()) for one in order.mcp_servers] == [
        ["bugfixer", "coder"],
        ["analyst", "bugfixer", "coder"],
    ]


def test_without_a_small_model_the_large_ones_key_serves_both() -> None:
    found = {volume["name"]: volume["secret"] for volume in spec_of(job())["volumes"] if "secret" in volume}
    assert {name: secret["secretName"] for name, secret in found.items()} == {
        "git-push": "secret",
        "model-large": "model",
        "model-small": "model",
    }


def test_a_public_repository_and_an_open_model_bring_no_secret() -> None:
    made = job(models={"large": {"name": "l"}})
    secrets = {volume["name"] for volume in spec_of(made)["volumes"] if "secret" in volume}
    assert secrets == {"git-push"}
    assert all(name == "git-push" or "secret" not in path for name, path in mounts(made, Stage.PUBLISH))


@pytest.mark.parametrize("task", ["Auto", "Analyse"])
def test_the_pod_security_is_restricted_in_every_stage(task: str) -> None:
    made = job(task, **FULL)
    for box in containers(made).values():
        assert box["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "runAsNonRoot": True,
            "capabilities": {"drop": ["ALL"]},
            "seccompProfile": {"type": "RuntimeDefault"},
        }
    spec = spec_of(made)
    assert spec["securityContext"]["runAsNonRoot"] is True
    assert spec["securityContext"]["runAsUser"] == spec["securityContext"]["fsGroup"] == pod.USER > 0
    assert (spec["automountServiceAccountToken"], spec["enableServiceLinks"]) == (False, False)
    assert spec["shareProcessNamespace"] is False
    assert not {"hostNetwork", "hostPID", "hostIPC", "hostUsers", "serviceAccountName"} & spec.keys()
    kinds = {kind for volume in spec["volumes"] for kind in volume if kind != "name"}
    assert kinds <= {"emptyDir", "secret", "configMap", "downwardAPI"}


@pytest.mark.parametrize("spec", [{}, FULL], ids=["least", "full"])
def test_no_secret_is_an_environment_variable(spec: Json) -> None:
    for box in containers(job(**spec)).values():
        assert "envFrom" not in box
        assert all(set(variable) == {"name", "value"} for variable in box["env"])


def environment(box: Json) -> dict[str, str]:
    return {variable["name"]: variable["value"] for variable in box["env"]}


def test_certificates_are_what_every_stage_trusts() -> None:
    for stage, box in containers(job(**FULL)).items():
        values = environment(box)
        assert values["SSL_CERT_FILE"] == values["GIT_SSL_CAINFO"] == str(pod.CERTIFICATES)
        assert ("trustStore=" in values.get("JAVA_TOOL_OPTIONS", "")) == (stage in (Stage.WORKBENCH, Stage.VERIFY))
    for box in containers(job()).values():
        assert environment(box).keys() <= {"HOME", "TMPDIR", "JAVA_TOOL_OPTIONS", pod.MESSAGE_BYTES, pod.PROCESSES}
        assert "trustStore" not in environment(box).get("JAVA_TOOL_OPTIONS", "")


def test_verify_is_told_how_long_its_message_may_be() -> None:
    bench = {"image": TOOLCHAIN, "verify": ["true"], "env": {pod.MESSAGE_BYTES: "9"}}
    boxes = containers(job(workbench=bench))
    assert int(environment(boxes[Stage.VERIFY])[pod.MESSAGE_BYTES]) == 12 * 1024 // len(boxes)


def test_the_workbenchs_environment_reaches_the_toolchain_alone() -> None:
    bench = {"image": TOOLCHAIN, "verify": ["true"], "env": {"MAVEN_OPTS": "-q"}}
    boxes = containers(job(workbench=bench))
    has = {stage for stage, box in boxes.items() if {"name": "MAVEN_OPTS", "value": "-q"} in box["env"]}
    assert has == {Stage.WORKBENCH, Stage.VERIFY}


@pytest.mark.parametrize(("required", "flags"), [(True, ["--require-tests"]), (False, [])])
def test_verify_is_given_its_commands_as_arguments(required: bool, flags: list[str]) -> None:
    bench = {"image": TOOLCHAIN, "setup": ["pip install ."], "verify": ["ruff check", "pytest; rm -rf '$HOME'"]}
    box = containers(job(workbench=bench, policy={"requireTests": required}))[Stage.VERIFY]
    script = f"{SERVE}/verify.sh"
    assert box["command"] == ["/bin/sh", script, *flags, "1", "pip install .", "ruff check", "pytest; rm -rf '$$HOME'"]
    assert "args" not in box


def test_without_verify_commands_the_proof_takes_what_checkout_told() -> None:
    made = job(workbench={"image": TOOLCHAIN, "setup": ["./get-ready"]}, repository=REPOSITORY | {"workdir": "api"})
    assert containers(made)[Stage.VERIFY]["command"][1:] == [
        f"{SERVE}/verify.sh",
        "--require-tests",
        "--workdir",
        "api",
    ]
    order = Order.model_validate_json(made["spec"]["template"]["metadata"]["annotations"][pod.ORDER_ANNOTATION])
    assert (order.setup, order.verify, order.workdir) == (["./get-ready"], [], "api")


def test_a_work_folder_is_told_to_all_who_start_in_it() -> None:
    made = job(repository=REPOSITORY | {"workdir": "services/api", "sparse": ["docs"]})
    boxes = containers(made)
    assert boxes[Stage.WORKBENCH]["command"] == ["/bin/sh", f"{SERVE}/workbench.sh", str(pod.ROOT), "services/api"]
    assert boxes[Stage.VERIFY]["command"][3:5] == ["--workdir", "services/api"]
    order = Order.model_validate_json(made["spec"]["template"]["metadata"]["annotations"][pod.ORDER_ANNOTATION])
    assert (order.workdir, order.sparse) == ("services/api", ["docs"])
    assert containers(job())[Stage.WORKBENCH]["command"] == ["/bin/sh", f"{SERVE}/workbench.sh"]


# Services and caches

DATABASE = {
    "name": "db",
    "image": "postgres:18",
    "env": {"POSTGRES_HOST_AUTH_METHOD": "trust"},
    "ports": [5432, 5433],
    "readySeconds": 90,
    "resources": {"limits": {"memory": "512Mi"}},
}
BENCH = {"image": TOOLCHAIN, "verify": ["true"]}
CACHES = [
    {"path": "/cache/maven", "claim": "maven"},
    {"path": "/cache/mirror", "claim": "mirror", "readOnly": True},
    {"path": "/cache/npm", "size": "2Gi"},
]


@pytest.mark.parametrize("task", ["Auto", "Analyse"])
def test_services_start_after_checkout_and_before_the_workbench(task: str) -> None:
    queue = {"name": "queue", "image": "queue:1", "command": ["serve", "--all"]}
    made = spec_of(job(task, workbench=BENCH | {"services": [DATABASE, queue]}))
    names = [one["name"] for one in made["initContainers"]]
    assert names[:4] == ["checkout", "service-db", "service-queue", "workbench"]
    database, second = made["initContainers"][1:3]
    assert database["restartPolicy"] == second["restartPolicy"] == "Always"
    assert database["startupProbe"] == {"tcpSocket": {"port": 5432}, "periodSeconds": 1, "failureThreshold": 90}
    assert database["env"] == [{"name": "POSTGRES_HOST_AUTH_METHOD", "value": "trust"}]
    assert database["ports"] == [{"containerPort": 5432}, {"containerPort": 5433}]
    assert database["resources"]["limits"]["memory"] == "512Mi"
    assert second["command"] == ["serve", "--all"]
    assert "startupProbe" not in second
    assert "command" not in database


def test_a_service_is_restricted_and_sees_no_volume() -> None:
    made = spec_of(job(**(FULL | {"workbench": BENCH | {"services": [DATABASE], "caches": CACHES}})))
    (service,) = [one for one in made["initContainers"] if one["name"] == "service-db"]
    assert "volumeMounts" not in service
    assert service["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": False,
        "runAsNonRoot": True,
        "capabilities": {"drop": ["ALL"]},
        "seccompProfile": {"type": "RuntimeDefault"},
    }


def test_no_volume_of_a_cache_that_can_be_written_is_seen_by_two_stages() -> None:
    made = job(**(FULL | {"workbench": BENCH | {"caches": CACHES}}))
    boxes, sources = containers(made), {volume["name"]: volume for volume in spec_of(made)["volumes"]}
    seen: dict[str, dict[Stage, bool]] = {}
    for stage, box in boxes.items():
        for mount in box["volumeMounts"]:
            if mount["name"].startswith("cache-"):
                seen.setdefault(mount["name"], {})[stage] = mount["readOnly"]
    both = {Stage.WORKBENCH: True, Stage.VERIFY: True}
    assert seen.pop("cache-1") == both
    assert seen == {
        "cache-0-workbench": {Stage.WORKBENCH: False},
        "cache-0-verify": {Stage.VERIFY: False},
        "cache-2-workbench": {Stage.WORKBENCH: False},
        "cache-2-verify": {Stage.VERIFY: False},
    }
    assert sources["cache-0-workbench"]["persistentVolumeClaim"] == {"claimName": "maven", "readOnly": False}
    assert sources["cache-1"]["persistentVolumeClaim"] == {"claimName": "mirror", "readOnly": True}
    assert sources["cache-0-verify"]["emptyDir"] == {"sizeLimit": "10Gi"}
    assert sources["cache-2-workbench"]["emptyDir"] == sources["cache-2-verify"]["emptyDir"] == {"sizeLimit": "2Gi"}
    for stage in (Stage.WORKBENCH, Stage.VERIFY):
        assert {path for name, path in mounts(made, stage) if name.startswith("cache-")} == {
            "/cache/maven",
            "/cache/mirror",
            "/cache/npm",
        }


@pytest.mark.parametrize("task", ["Auto", "Analyse"])
def test_every_cache_mount_has_its_volume_and_every_volume_its_mount(task: str) -> None:
    made = job(task, workbench=BENCH | {"caches": CACHES, "services": [DATABASE]})
    boxes = [*spec_of(made)["initContainers"], *spec_of(made)["containers"]]
    mounted = {one["name"] for box in boxes for one in box.get("volumeMounts", [])}
    assert sorted(mounted) == [volume["name"] for volume in spec_of(made)["volumes"]]


def test_the_job_is_owned_by_its_run_and_never_retries_by_itself() -> None:
    made = job(limits={"deadlineSeconds": 900})
    (owner,) = made["metadata"]["ownerReferences"]
    assert (owner["kind"], owner["name"], owner["uid"], owner["controller"]) == (
        "TicketRun",
        "run-1",
        "uid-run-1",
        True,
    )
    assert (made["spec"]["backoffLimit"], spec_of(made)["restartPolicy"]) == (0, "Never")
    assert spec_of(made)["activeDeadlineSeconds"] == 900 < made["spec"]["activeDeadlineSeconds"]
    assert made["metadata"]["labels"] == made["spec"]["template"]["metadata"]["labels"]


@given(st.from_regex(r"[a-z0-9]([a-z0-9.-]{0,250}[a-z0-9])?", fullmatch=True))
def test_labels_are_valid_for_every_name(name: str) -> None:
    made = job(run=run_body(name, pool=name))
    for value in made["metadata"]["labels"].values():
        assert len(value) <= 63
        assert value[0].isalnum()
        assert value[-1].isalnum()


# The order

TEXT = st.text(st.characters(codec="utf-8"), max_size=300)


@given(ticket=st.fixed_dictionaries({"title": TEXT.filter(bool), "body": TEXT, "labels": st.lists(TEXT, max_size=3)}))
def test_the_order_comes_back_as_it_was_written(ticket: Json) -> None:
    ticket["labels"] = [label[:256] for label in ticket["labels"]]
    pool, body = a_pool(**FULL), run_body(ticket=ticket)
    order = build_order("run-1", pool.spec, TicketRunSpec.model_validate(body["spec"]))
    made = build_job("run-1-1", body, pool.spec, order, RUNNER)
    annotations = made["spec"]["template"]["metadata"]["annotations"]
    assert Order.model_validate_json(annotations[pod.ORDER_ANNOTATION]) == order
    assert order.ticket.model_dump(include=set(ticket)) == ticket
    assert order.branch.startswith(pod.BRANCH_PREFIX)


@given(
    title=st.integers(1, 1024),
    body=st.sampled_from([0, 100, 60_000, 131_072]),
    comments=st.integers(0, 50),
    length=st.sampled_from([10, 5000, 16384]),
    letter=st.sampled_from(["a", "é", "\U0001f600", '"', "\u0001"]),
)
@settings(max_examples=60, deadline=None)
def test_an_order_always_fits_into_an_annotation(
    title: int, body: int, comments: int, length: int, letter: str
) -> None:
    """The largest ticket there is: the oldest comments go first, then the end of the description, never the title."""
    said = [{"author": str(at), "text": letter * length} for at in range(comments)]
    labels = [letter * 256] * 100 if body > 60_000 else []
    ticket = {"title": letter * title, "body": letter * body, "comments": said, "labels": labels}
    made = job(run=run_body(ticket=ticket))
    annotation = made["spec"]["template"]["metadata"]["annotations"][pod.ORDER_ANNOTATION]
    assert len(annotation.encode()) <= pod.ORDER_BYTES < 256 * 1024
    order = Order.model_validate_json(annotation)
    assert order.ticket.title == letter * title
    kept = len(order.ticket.comments)
    assert [comment.author for comment in order.ticket.comments] == [str(at) for at in range(comments - kept, comments)]
    assert len(order.ticket.body) == body or kept == 0


def test_commands_that_leave_no_room_are_the_pools_fault() -> None:
    with pytest.raises(Misconfigured, match="220000 bytes; put them into a script"):
        job(workbench={"image": TOOLCHAIN, "verify": ["x" * pod.ORDER_BYTES]})


@pytest.mark.parametrize(("deadline", "agent", "command"), [(3600, 2880, 600), (100, 80, 100), (1, 1, 1)])
def test_the_agent_leaves_a_fifth_of_the_deadline_to_the_proof(deadline: int, agent: int, command: int) -> None:
    made = job(limits={"deadlineSeconds": deadline})
    order = Order.model_validate_json(made["spec"]["template"]["metadata"]["annotations"][pod.ORDER_ANNOTATION])
    assert (order.limits.deadline_seconds, order.limits.command_timeout_seconds) == (agent, command)
