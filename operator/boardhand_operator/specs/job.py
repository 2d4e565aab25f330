"""The Job of one try: one pod, whose containers are the stages. Each is given exactly its own secrets and mounts."""

from __future__ import annotations

from typing import Any

from boardhand_api import API_VERSION, pod
from boardhand_api.order import Order
from boardhand_api.pod import Stage
from boardhand_api.pool import CodingAgentSpec
from boardhand_api.run import Task
from boardhand_operator.names import label_value
from boardhand_operator.specs import volumes
from boardhand_operator.specs.volumes import Mount

Json = dict[str, Any]

_DAY = 86_400
_GRACE = 120
"""Seconds between the pod's own deadline, after which its stages can still be read, and the Job's."""


def _environment(pool: CodingAgentSpec, extra: dict[str, str]) -> list[Json]:
    values = {"HOME": str(pod.HOME), "TMPDIR": "/tmp", **extra}  # noqa: S108 (a volume of the stage's own)
    if pool.certificates:
        bundle = str(pod.CERTIFICATES)
        names = ("SSL_CERT_FILE", "GIT_SSL_CAINFO", "REQUESTS_CA_BUNDLE", "PIP_CERT", "CURL_CA_BUNDLE")
        values |= dict.fromkeys((*names, "NODE_EXTRA_CA_CERTS", "CARGO_HTTP_CAINFO"), bundle)
    return [{"name": name, "value": value} for name, value in values.items()]


def _container(stage: Stage, image: str, mounts: list[Mount], **rest: Any) -> Json:
    return {
        "name": stage.value,
        "image": image,
        "imagePullPolicy": "IfNotPresent",
        "volumeMounts": [mount.wire() for mount in mounts],
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "runAsNonRoot": True,
            "capabilities": {"drop": ["ALL"]},
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "terminationMessagePath": str(pod.TERMINATION_LOG),
        **rest,
    }


def _runner(stage: Stage, image: str, pool: CodingAgentSpec) -> Json:
    return _container(
        stage,
        image,
        volumes.mounts(stage, pool),
        args=[stage.value],
        env=_environment(pool, {}),
        resources={"requests": {"cpu": "50m", "memory": "128Mi"}, "limits": {"memory": "1Gi"}},
    )


def _toolchain(stage: Stage, pool: CodingAgentSpec, command: list[str], directory: str) -> Json:
    bench = pool.workbench
    return _container(
        stage,
        bench.image,
        volumes.mounts(stage, pool),
        command=["/bin/sh", *command],
        workingDir=directory,
        env=_environment(pool, volumes.java_options(pool) | bench.env),
        resources={key: value for key, value in bench.resources.wire().items() if value},
    )


def _verify(pool: CodingAgentSpec) -> Json:
    bench = pool.workbench
    flags = ["--require-tests"] if pool.policy.require_tests else []
    commands = [str(len(bench.setup)), *bench.setup, *bench.verify]
    script = str(pod.SERVE / pod.VERIFY_SCRIPT)
    return _toolchain(Stage.VERIFY, pool, [script, *flags, *commands], str(pod.PROOF))


def _stages(pool: CodingAgentSpec, order: Order, image: str) -> tuple[list[Json], Json]:
    """Init containers in order, and the main container."""
    checkout = _runner(Stage.CHECKOUT, image, pool)
    bench = _toolchain(Stage.WORKBENCH, pool, [str(pod.SERVE_SCRIPT)], str(pod.WORK)) | {"restartPolicy": "Always"}
    agent = _runner(Stage.AGENT, image, pool)
    if order.task is Task.ANALYSE:
        return [checkout, bench], agent
    return [checkout, bench, agent, _runner(Stage.PUBLISH, image, pool)], _verify(pool)


def build_job(name: str, run: Json, pool: CodingAgentSpec, order: Order, runner_image: str) -> Json:
    """The Job `name` of the TicketRun object `run`, owned by it. DESIGN section 2 is its table of stages."""
    labels = {
        "app.kubernetes.io/name": "boardhand",
        "app.kubernetes.io/component": "run",
        pod.LABEL_POOL: label_value(run["spec"]["pool"]),
        pod.LABEL_RUN: label_value(run["metadata"]["name"]),
    }
    init, main = _stages(pool, order, runner_image)
    owner = {
        "apiVersion": API_VERSION,
        "kind": "TicketRun",
        "name": run["metadata"]["name"],
        "uid": run["metadata"]["uid"],
        "controller": True,
        "blockOwnerDeletion": False,
    }
    annotation = order.model_dump_json(by_alias=True, exclude_none=True)
    spec = {
        "restartPolicy": "Never",
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "activeDeadlineSeconds": pool.limits.deadline_seconds,
        "terminationGracePeriodSeconds": 10,
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": pod.USER,
            "runAsGroup": pod.USER,
            "fsGroup": pod.USER,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "initContainers": init,
        "containers": [main],
        "volumes": volumes.volumes(pool, order),
    }
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {
            "name": name,
            "namespace": run["metadata"]["namespace"],
            "labels": labels,
            "ownerReferences": [owner],
        },
        "spec": {
            "backoffLimit": 0,
            "activeDeadlineSeconds": pool.limits.deadline_seconds + _GRACE,
            "ttlSecondsAfterFinished": _DAY,
            "template": {
                "metadata": {"labels": labels, "annotations": {pod.ORDER_ANNOTATION: annotation}},
                "spec": spec,
            },
        },
    }
