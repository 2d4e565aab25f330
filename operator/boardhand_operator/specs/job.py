"""The Job of one try: one pod, whose containers are the stages. Each is given exactly its own secrets and mounts."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from boardhand_api import pod
from boardhand_api.order import Order
from boardhand_api.pod import Stage
from boardhand_api.pool import CodingAgentSpec
from boardhand_api.workbench import Resources, Service
from boardhand_operator.specs import isolation, shape, volumes
from boardhand_operator.specs.failure_policy import build_policy
from boardhand_operator.specs.owned import metadata
from boardhand_operator.specs.volumes import Mount

Json = dict[str, Any]

_GRACE = 120
"""Seconds between the pod's own deadline, after which its stages can still be read, and the Job's."""


def _environment(pool: CodingAgentSpec, extra: dict[str, str]) -> list[Json]:
    values = {"HOME": str(pod.HOME), "TMPDIR": "/tmp", **extra}  # noqa: S108 (a volume of the stage's own)
    if pool.certificates:
        bundle = str(pod.CERTIFICATES)
        values |= dict.fromkeys(shape.CERTIFICATE_VARIABLES, bundle)
    return [{"name": name, "value": value} for name, value in values.items()]


def _container(stage: Stage, image: str, mounts: list[Mount], **rest: Any) -> Json:
    return {
        "name": stage.value,
        "image": image,
        "imagePullPolicy": "IfNotPresent",
        "volumeMounts": [mount.wire() for mount in mounts],
        "securityContext": isolation.of_container(),
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
        resources=_runner_resources(stage, pool),
    )


def _runner_resources(stage: Stage, pool: CodingAgentSpec) -> Json:
    said = pool.pod.resources
    chosen = {Stage.CHECKOUT: said.checkout, Stage.AGENT: said.agent, Stage.PUBLISH: said.publish}[stage]
    return isolation.resources(stage, chosen or Resources(), pool.pod)


def _toolchain(stage: Stage, pool: CodingAgentSpec, command: list[str], directory: str, **variables: str) -> Json:
    bench = pool.workbench
    return _container(
        stage,
        bench.image,
        volumes.mounts(stage, pool),
        command=["/bin/sh", *command],
        workingDir=directory,
        env=_environment(
            pool, volumes.java_options(pool) | bench.env | variables | isolation.variables(stage, pool.pod)
        ),
        resources=isolation.resources(stage, bench.resources, pool.pod),
        securityContext=isolation.of_container(read_only_root=isolation.root_is_read_only(stage, pool.pod)),
    )


def _verify(pool: CodingAgentSpec, order: Order) -> Json:
    bench = pool.workbench
    flags = ["--require-tests"] if pool.policy.require_tests else []
    flags += ["--workdir", pool.repository.workdir] if pool.repository.workdir else []
    # Without verify commands the script takes those that checkout told from the repository, set-up with them.
    commands = [str(len(bench.setup)), *map(_literal, (*bench.setup, *bench.verify))] if bench.verify else []
    script = str(pod.SERVE / pod.VERIFY_SCRIPT)
    room = {pod.MESSAGE_BYTES: str(order.message_bytes)}
    return _toolchain(Stage.VERIFY, pool, [script, *flags, *commands], str(pod.PROOF), **room)


def _literal(command: str) -> str:
    """For the kubelet, which takes `$$` for `$` and `$(NAME)` for a variable: what is proved is what the agent ran."""
    return command.replace("$", "$$")


def _service(service: Service, pool: CodingAgentSpec) -> Json:
    """A service's sidecar. It sees no volume and no secret; its image's own folders are writable, since servers expect
    that of images that were not made for this."""
    box: Json = {
        "name": f"{pod.SERVICE_PREFIX}{service.name}",
        "image": service.image,
        "imagePullPolicy": "IfNotPresent",
        "restartPolicy": "Always",
        "env": [{"name": name, "value": value} for name, value in service.env.items()],
        "ports": [{"containerPort": port} for port in service.ports],
        "resources": isolation.service_resources(service.resources, pool.pod),
        "securityContext": isolation.of_container(read_only_root=False),
        # The end of its log is what tells why it does not start.
        "terminationMessagePolicy": "FallbackToLogsOnError",
    }
    if service.command:
        box["command"] = list(service.command)
    if service.ports:
        box["startupProbe"] = {
            "tcpSocket": {"port": service.ports[0]},
            "periodSeconds": 1,
            "failureThreshold": service.ready_seconds,
        }
    return box


def _stages(pool: CodingAgentSpec, order: Order, image: str) -> tuple[list[Json], Json]:
    """Init containers in order, and the main container."""
    checkout = _runner(Stage.CHECKOUT, image, pool)
    serve = [str(pod.SERVE_SCRIPT), *([str(pod.ROOT), pool.repository.workdir] if pool.repository.workdir else [])]
    bench = _toolchain(Stage.WORKBENCH, pool, serve, str(pod.WORK)) | {"restartPolicy": "Always"}
    services = [_service(service, pool) for service in pool.workbench.services]
    agent = _runner(Stage.AGENT, image, pool)
    if order.task.reads_only:
        return [checkout, *services, bench], agent
    return [checkout, *services, bench, agent, _runner(Stage.PUBLISH, image, pool)], _verify(pool, order)


def _of_pod(pool: CodingAgentSpec, containers: Json) -> Json:
    """The pod's spec around its containers and their volumes."""
    return {
        "restartPolicy": "Never",
        "activeDeadlineSeconds": pool.limits.deadline_seconds,
        "terminationGracePeriodSeconds": 10,
        **isolation.of_pod(pool.pod),
        **containers,
        **shape.fields(pool.pod),
    }


def build_job(
    name: str,
    run: Json,
    pool: CodingAgentSpec,
    order: Order,
    runner_image: str,
    minted: Collection[Stage] = (),
) -> Json:
    """The Job `name` of the TicketRun object `run`, owned by it. DESIGN section 2 is its table of stages.

    Raises Misconfigured for a patch of the pool that touches what only the operator sets.
    """
    shape.check(pool)
    about = metadata(name, run)
    labels, queue = {**pool.pod.labels, **about["labels"]}, pool.pod.queue_name
    about["labels"] = labels | ({shape.QUEUE_LABEL: queue} if queue else {})
    about |= {"annotations": pool.pod.annotations} if pool.pod.annotations else {}
    init, main = _stages(pool, order, runner_image)
    annotation = order.model_dump_json(by_alias=True, exclude_none=True)
    annotations = {**pool.pod.annotations, pod.ORDER_ANNOTATION: annotation}
    containers = {"initContainers": init, "containers": [main], "volumes": volumes.volumes(pool, order, minted)}
    template = {"metadata": {"labels": labels, "annotations": annotations}, "spec": _of_pod(pool, containers)}
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": about,
        "spec": {
            "backoffLimit": 0,
            "podFailurePolicy": build_policy(box["name"] for box in (*init, main)),
            "activeDeadlineSeconds": pool.limits.deadline_seconds + _GRACE,
            "ttlSecondsAfterFinished": pool.pod.ttl_seconds,
            "template": shape.patched(template, pool.pod.patch),
            # Kueue begins it; by itself it would not wait for that where Kueue does not watch the namespace.
            **({"suspend": True} if queue else {}),
        },
    }
