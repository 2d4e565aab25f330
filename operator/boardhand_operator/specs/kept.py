"""The run's own volume, which outlives its pods: one claim a run, and what of the pod's folders lies on it."""

from __future__ import annotations

from typing import Any

from boardhand_api.keeping import Persistence
from boardhand_operator.specs.owned import metadata

Json = dict[str, Any]

VOLUME = "kept"
"""The volume's name in the pod."""
FOLDERS = frozenset({"work", "git", "state"})
"""Volumes of the pod that are folders of it."""


def build_claim(run: Json, wanted: Persistence) -> Json:
    """The PersistentVolumeClaim of the TicketRun object `run`, called as it is and owned by it."""
    spec: Json = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": wanted.size}}}
    if wanted.storage_class:
        spec["storageClassName"] = wanted.storage_class
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": metadata(run["metadata"]["name"], run),
        "spec": spec,
    }


def source(run: str) -> Json:
    """The pod's volume of the run called so."""
    return {"name": VOLUME, "persistentVolumeClaim": {"claimName": run}}
