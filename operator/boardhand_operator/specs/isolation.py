"""What stands between a run's containers and the node: no rights, no more than its share, no user of the node's."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

from kubernetes.utils.quantity import parse_quantity

from boardhand_api.pod import PROCESSES, USER, Stage
from boardhand_api.pod_settings import PodSettings, UserNamespaces
from boardhand_api.pool import CodingAgentSpec
from boardhand_api.workbench import Resources
from boardhand_operator.errors import Misconfigured
from boardhand_operator.specs import users

Json = dict[str, Any]

_TOOLCHAIN = frozenset({Stage.WORKBENCH, Stage.VERIFY})
_RUNNER_SHARE = {"cpu": ("50m", "2"), "memory": ("128Mi", "1Gi")}
_TOOLCHAIN_SHARE = {"cpu": ("100m", "4"), "memory": ("256Mi", "4Gi")}
_SERVICE_SHARE = {"cpu": ("50m", "2"), "memory": ("128Mi", "2Gi")}
"""Requested, and at most. A CPU limit above the node's is none, a memory limit above it is the node's."""
_DISK = "ephemeral-storage"
_DISK_REQUEST = "50Mi"
"""Little, since most of what is written is in volumes of a size that nobody can reserve."""
_QUANTITY = re.compile(r"\+?([0-9]{1,20}(\.[0-9]{0,20})?|\.[0-9]{1,20})([KMGTPE]i|[numkMGTPE]|[eE][+-]?[0-9]{1,2})?")
"""Source: https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/"""
_SMALL = {"serve": "64Mi"}
"""The volume for which the size of the others would be too much: it holds scripts."""


def of_pod(settings: PodSettings) -> Json:
    """Fields of the pod's spec."""
    identity = {"runAsNonRoot": True, "runAsUser": USER, "runAsGroup": USER, "fsGroup": USER}
    return {
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "shareProcessNamespace": False,
        "securityContext": {**identity, "seccompProfile": {"type": "RuntimeDefault"}},
        **(users.OWN if settings.user_namespaces is UserNamespaces.ALWAYS else {}),
    }


def of_container(*, read_only_root: bool = True) -> Json:
    """A container's securityContext: what the Pod Security level *restricted* asks for, and the root read-only."""
    return {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": read_only_root,
        "runAsNonRoot": True,
        "capabilities": {"drop": ["ALL"]},
        "seccompProfile": {"type": "RuntimeDefault"},
    }


def root_is_read_only(stage: Stage, settings: PodSettings) -> bool:
    """Whether the stage's image is as it was built, for as long as it runs."""
    return not (settings.writable_root and stage in _TOOLCHAIN)


def resources(stage: Stage, said: Resources, settings: PodSettings) -> Json:
    """What the stage may use: as the pool says, and for what it does not say a share that does no harm."""
    return _shared(_TOOLCHAIN_SHARE if stage in _TOOLCHAIN else _RUNNER_SHARE, said, settings)


def service_resources(said: Resources, settings: PodSettings) -> Json:
    """The same for a service of the pool."""
    return _shared(_SERVICE_SHARE, said, settings)


def _shared(shares: dict[str, tuple[str, str]], said: Resources, settings: PodSettings) -> Json:
    """A request never exceeds its limit: where only one of them is said, the other one gives way."""
    requests, limits = dict(said.requests), dict(said.limits)
    for name, (request, limit) in {**shares, _DISK: (_DISK_REQUEST, settings.disk)}.items():
        if name not in limits:
            limits[name] = _of(max, limit, requests.get(name, limit))
        if name not in requests:
            requests[name] = _of(min, request, limits[name])
    return {"requests": requests, "limits": limits}


def _of(choose: Callable[[Decimal, Decimal], Decimal], ours: str, theirs: str) -> str:
    """Of two quantities; `check` has let theirs pass."""
    return ours if choose(parse_quantity(ours), parse_quantity(theirs)) == parse_quantity(ours) else theirs


def check(pool: CodingAgentSpec) -> None:
    """Raises Misconfigured for an amount that is none, naming the field: no API server would take a Job with it."""
    for where, said in _said(pool):
        for kind, amounts in (("requests", said.requests), ("limits", said.limits)):
            for name, amount in amounts.items():
                if not _QUANTITY.fullmatch(amount):
                    text = f"{amount[:80]!r} is not a quantity as Kubernetes writes it, such as 500m or 2Gi"
                    raise Misconfigured("ResourcesUnreadable", f"{where}.{kind}.{name[:80]}: {text}")


def _said(pool: CodingAgentSpec) -> Iterator[tuple[str, Resources]]:
    """All that the pool says of resources, by its field."""
    of_stages = pool.pod.resources
    for stage, said in ((one, getattr(of_stages, one)) for one in ("checkout", "agent", "publish")):
        if said:
            yield f"spec.pod.resources.{stage}", said
    yield "spec.workbench.resources", pool.workbench.resources
    for service in pool.workbench.services:
        yield f"spec.workbench.services[{service.name}].resources", service.resources


def empty_volume(name: str, settings: PodSettings) -> Json:
    """A volume that the pod begins with empty, and that cannot fill the node's disk."""
    return {"name": name, "emptyDir": {"sizeLimit": _SMALL.get(name, settings.disk)}}


def variables(stage: Stage, settings: PodSettings) -> dict[str, str]:
    """How the toolchain's stages are told how many processes their commands may start."""
    return {PROCESSES: str(settings.processes)} if stage in _TOOLCHAIN else {}
