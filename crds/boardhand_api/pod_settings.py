"""The part of a pool that says where and as what its pods run: what a cluster's owners ask of a pod."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

from pydantic import Field, WithJsonSchema

from boardhand_api.base import NonEmpty, Quantity, SecretRef, Wire, rules
from boardhand_api.workbench import Resources

OWN_PREFIXES = ("boardhand.dev/", "app.kubernetes.io/", "batch.kubernetes.io/", "kueue.x-k8s.io/")
"""Labels and annotations that are the operator's, or the cluster's, to give."""

Free = Annotated[dict[str, Any], WithJsonSchema({"type": "object", "x-kubernetes-preserve-unknown-fields": True})]
"""As Kubernetes has it; the API server checks it with the Job."""
_OTHERS = rules(
    (
        "self.all(key, !(" + " || ".join(f"key.startsWith('{prefix}')" for prefix in OWN_PREFIXES) + "))",
        f"keys must not begin with {', '.join(OWN_PREFIXES)}",
    )
)
Marks = Annotated[dict[str, str], Field(max_length=50, json_schema_extra=_OTHERS)]
Name = Annotated[NonEmpty, Field(max_length=253)]


class UserNamespaces(StrEnum):
    """Whether the pods' users are other ones on the node."""

    AUTO = "Auto"
    NEVER = "Never"
    ALWAYS = "Always"


class StageResources(Wire):
    """Requests and limits of the runner's stages; those of workbench and proof are `workbench.resources`. What is
    absent is as the operator has it: 50m and 128Mi requested, 2 CPUs, 1Gi of memory and `disk` at most."""

    checkout: Resources | None = None
    """Clones the repository."""
    agent: Resources | None = None
    """Asks the models; the commands run in the workbench."""
    publish: Resources | None = None
    """Pushes the branch."""


class PodSettings(Wire):
    """Where and as what the pods of the pool's runs run."""

    queue_name: Annotated[str | None, Field(pattern=r"^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$", max_length=63)] = None
    """A LocalQueue of Kueue in the pool's namespace. The Job is made suspended, and begins when Kueue admits it; a run
    that waits for that holds its place, so let limits.concurrency be large."""
    node_selector: Annotated[dict[str, str], Field(max_length=50)] = {}
    """Labels that the node must have."""
    tolerations: Annotated[list[Free], Field(max_length=50)] = []
    """As in a pod."""
    affinity: Free = {}
    """As in a pod."""
    topology_spread_constraints: Annotated[list[Free], Field(max_length=10)] = []
    """As in a pod; its pods have the label boardhand.dev/pool."""
    priority_class_name: Name | None = None
    """A PriorityClass of the cluster."""
    runtime_class_name: Name | None = None
    """A RuntimeClass of the cluster, such as gvisor."""
    user_namespaces: UserNamespaces = UserNamespaces.AUTO
    """With them (`hostUsers: false`) what breaks out of a container is nobody on the node. Always, Never, or Auto: as
    the operator has it (`userNamespaces` of its chart), which may look whether the nodes can. They need Kubernetes 1.33
    and nodes with Linux 6.3, containerd 2.0 or CRI-O 1.25, and runc 1.2; on others the pod cannot begin."""
    writable_root: bool = False
    """Whether the toolchain's image may write its own folders, in workbench and proof. Without it those write the work
    tree, $HOME, /tmp and caches."""
    disk: Quantity = "10Gi"
    """What each container may write to its own disk, and each of the pod's volumes may hold; whoever writes more loses
    the pod. The run's own volume (spec.persistence) and caches have sizes of their own."""
    processes: Annotated[int, Field(ge=64, le=1_000_000)] = 8192
    """So many processes and threads may there be before commands in workbench and proof can start no more. Linux counts
    all of user 10001 on the node, with user namespaces those of the pod."""
    image_pull_secrets: Annotated[list[SecretRef], Field(max_length=20)] = []
    """Secrets in the pool's namespace with which its images are pulled."""
    labels: Marks = {}
    """Further labels of Job and pod."""
    annotations: Marks = {}
    """Further annotations of Job and pod."""
    resources: StageResources = StageResources()
    """Of the runner's stages."""
    ttl_seconds: Annotated[int, Field(ge=600, le=31_536_000)] = 86_400
    """How long Job and pod of a try that ended stay, with their logs, in seconds. What they answered is read from them,
    so let it be longer than the operator is ever down; a try whose answer is gone is made anew."""
    patch: Free = {}
    """A JSON merge patch (RFC 7386) of the pod's template, {metadata, spec}, made last, for the rest. Containers are
    found by name, be they init containers or not, and their `env` is added; other lists are replaced. It may set what
    the pod's isolation does not stand on: labels, annotations, scheduling, names and addresses, resources, and of a
    stage or service imagePullPolicy, resources and further env. A pool with any other patch is not Ready."""
