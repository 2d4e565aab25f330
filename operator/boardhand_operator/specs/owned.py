"""What every object of a run has: its labels, and the run as its owner, with which it goes."""

from __future__ import annotations

from typing import Any

from boardhand_api import API_VERSION, pod
from boardhand_operator.names import label_value

Json = dict[str, Any]


def metadata(name: str, run: Json) -> Json:
    """Of an object `name` of the TicketRun object `run`, in its namespace."""
    owner = {
        "apiVersion": API_VERSION,
        "kind": "TicketRun",
        "name": run["metadata"]["name"],
        "uid": run["metadata"]["uid"],
        "controller": True,
        "blockOwnerDeletion": False,
    }
    labels = {
        "app.kubernetes.io/name": "boardhand",
        "app.kubernetes.io/component": "run",
        pod.LABEL_POOL: label_value(run["spec"]["pool"]),
        pod.LABEL_RUN: label_value(run["metadata"]["name"]),
    }
    return {
        "name": name,
        "namespace": run["metadata"]["namespace"],
        "labels": labels,
        "ownerReferences": [owner],
    }
