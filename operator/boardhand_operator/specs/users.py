"""Whether a pod can have users of its own: what its node must be able to, and what about the pod nobody can tell.

Nodes tell of themselves in `status`: https://kubernetes.io/docs/concepts/workloads/pods/user-namespaces/
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

Json = Mapping[str, Any]

OWN = {"hostUsers": False}
"""Field of a pod's spec."""
KUBELET, KERNEL = (1, 33), (6, 3)
"""From these versions on: the first kubelet that has it switched on, the first Linux that maps the users of a tmpfs."""
_VERSION = re.compile(r"v?(\d+)\.(\d+)")


def lacks(node: Json) -> str | None:
    """What keeps the node from giving a pod users of its own; None: nothing."""
    status = node.get("status") or {}
    told = status.get("nodeInfo") or {}
    if not _from(told.get("kubeletVersion"), KUBELET):
        return f"its kubelet is {told.get('kubeletVersion') or 'of no known version'}, and must be 1.33"
    if not _from(told.get("kernelVersion"), KERNEL):
        return f"its kernel is {told.get('kernelVersion') or 'of no known version'}, and must be Linux 6.3"
    # The handler without a name is the one of pods without a RuntimeClass.
    usual = [one for one in status.get("runtimeHandlers") or [] if not one.get("name")]
    if not any((one.get("features") or {}).get("userNamespaces") for one in usual):
        return "its container runtime does not say that it can"
    return None


def unknown(spec: Json) -> str | None:
    """What of a pod's spec keeps anybody from telling by the nodes; None: nothing."""
    if spec.get("nodeName"):
        return "it names its node"
    if spec.get("runtimeClassName"):
        return "it has a runtime class, of which nodes do not say it"
    kept = [one["name"] for one in spec.get("volumes") or [] if {"persistentVolumeClaim", "ephemeral"} & one.keys()]
    return f"volume {kept[0]} may lie on a file system that cannot map users" if kept else None


def selector(spec: Json) -> str:
    """The labels that the pod asks of its node, as the API takes them."""
    return ",".join(f"{name}={value}" for name, value in sorted((spec.get("nodeSelector") or {}).items()))


def _from(version: object, least: tuple[int, int]) -> bool:
    found = _VERSION.match(str(version or ""))
    return found is not None and (int(found[1]), int(found[2])) >= least
