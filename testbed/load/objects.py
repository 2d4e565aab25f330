"""The objects that a load cluster starts with, and pools for its operator. Pure."""

from __future__ import annotations

from typing import Any

from boardhand_api import API_VERSION
from testbed.load.programs import OPERATOR_USER, Layout

Json = dict[str, Any]

TRELLO_KEY = "f00dfacef00dfacef00dfacef00dface"
TRELLO_TOKEN = "standin-token-of-the-testbed"
WEBHOOK_SECRET = "standin-secret"
"""What the Trello stand-in signs with, where it is told of no other."""
FORGE_TOKEN = "standin-token-of-the-forge"
NODE_LABEL = {"testbed.boardhand.dev/node": "simulated"}


def cluster_admin(user: str) -> Json:
    """A ClusterRoleBinding that lets the user do everything."""
    return {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRoleBinding",
        "metadata": {"name": user.replace(":", "-")},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "cluster-admin"},
        "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": user}],
    }


COUNTED: dict[str, tuple[list[str], str, list[str]]] = {
    "watches": (["watch"], "*", ["*"]),
    "leases": (["*"], "coordination.k8s.io", ["*"]),
    "runs-read": (["get", "list"], "boardhand.dev", ["ticketruns"]),
    "runs-created": (["create"], "boardhand.dev", ["ticketruns"]),
    "runs-patched": (["patch", "update"], "boardhand.dev", ["ticketruns", "ticketruns/status"]),
    "runs-deleted": (["delete"], "boardhand.dev", ["ticketruns"]),
    "pools": (["*"], "boardhand.dev", ["codingagents", "codingagents/status"]),
    "jobs-read": (["get", "list"], "batch", ["jobs"]),
    "jobs-created": (["create"], "batch", ["jobs"]),
    "jobs-patched": (["patch", "update"], "batch", ["jobs"]),
    "jobs-deleted": (["delete"], "batch", ["jobs"]),
    "logs": (["get"], "", ["pods/log"]),
    "pods": (["*"], "", ["pods"]),
    "events": (["*"], "*", ["events"]),
    "secrets": (["*"], "", ["secrets"]),
    "other": (["*"], "*", ["*"]),
}
"""What the operator's requests are counted by: verbs, API group, resources; the first that fits counts."""
FLOW_PREFIX = "boardhand-"


def flow_schemas() -> list[Json]:
    """One FlowSchema for each kind of request of the operator's, all of the level that service accounts have.

    So the API server's own metric `apiserver_flowcontrol_dispatched_requests_total` counts the operator's requests,
    exactly and by kind, which no metric else does: those have no client.
    """
    return [
        _flow_schema(name, 900 + place, verbs, group, resources)
        for place, (name, (verbs, group, resources)) in enumerate(COUNTED.items())
    ]


def _flow_schema(name: str, precedence: int, verbs: list[str], group: str, resources: list[str]) -> Json:
    rule = {
        "verbs": verbs,
        "apiGroups": [group],
        "resources": resources,
        "clusterScope": True,
        "namespaces": ["*"],
    }
    paths = [{"verbs": ["*"], "nonResourceURLs": ["*"]}] if name == "other" else []
    who = {"kind": "User", "user": {"name": OPERATOR_USER}}
    return {
        "apiVersion": "flowcontrol.apiserver.k8s.io/v1",
        "kind": "FlowSchema",
        "metadata": {"name": f"{FLOW_PREFIX}{name}"},
        "spec": {
            "priorityLevelConfiguration": {"name": "workload-low"},
            "matchingPrecedence": precedence,
            "distinguisherMethod": {"type": "ByUser"},
            "rules": [{"subjects": [who], "resourceRules": [rule], "nonResourceRules": paths}],
        },
    }


def node(name: str, at: Layout) -> Json:
    """A simulated node with room for everything. Its status is complete, so kwok has only to say that it is ready."""
    room = {"cpu": "100k", "memory": "100Ti", "ephemeral-storage": "100Ti", "pods": "100k"}
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": name, "labels": {"kubernetes.io/hostname": name, **NODE_LABEL}},
        "status": {
            "addresses": [
                {"type": "InternalIP", "address": "127.0.0.1"},
                {"type": "Hostname", "address": name},
            ],
            "daemonEndpoints": {"kubeletEndpoint": {"Port": at.kubelet_port}},
            "allocatable": room,
            "capacity": room,
        },
    }


def namespace(name: str) -> Json:
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}


def secrets(namespace: str) -> list[Json]:
    """Every Secret that `pool` refers to; nothing in them is secret."""
    return [
        _secret(namespace, "trello", key=TRELLO_KEY, token=TRELLO_TOKEN, webhookSecret=WEBHOOK_SECRET),
        _secret(namespace, "forge", token=FORGE_TOKEN),
        _secret(namespace, "git-push", username="boardhand", token=FORGE_TOKEN),
        _secret(namespace, "model", apiKey="no-model-is-asked"),
    ]


def _secret(namespace: str, name: str, **data: str) -> Json:
    metadata = {"name": name, "namespace": namespace}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "stringData": data}


def pool(
    namespace: str,
    name: str,
    board: str | None,
    trello_url: str,
    forge_url: str | None,
    *,
    concurrency: int = 1000,
    poll_seconds: int = 1,
    repository: str = "",
    webhook_url: str | None = None,
    **spec: Any,
) -> Json:
    """A CodingAgent whose pods are simulated. repository: `owner/name` at the forge; `spec` replaces whole fields.

    A pool with a board must have a forge; without both only runs applied by hand are worked.
    """
    out: Json = {
        "repository": {
            "url": f"{forge_url or 'http://forge.invalid'}/{repository or f'load/{name}'}.git",
            "branch": "main",
            "pushSecretRef": {"name": "git-push"},
        },
        "models": {size: _model(size) for size in ("large", "small")},
        "workbench": {"image": "registry.invalid/workbench:1", "verify": ["make test"]},
        "limits": {"concurrency": concurrency, "deadlineSeconds": 3600, "retrySeconds": 1},
    }
    if forge_url:
        out["forge"] = {"type": "gitea", "url": forge_url, "secretRef": {"name": "forge"}}
    if board:
        out["board"] = {
            "type": "trello",
            "board": board,
            "url": f"{trello_url}/1",
            "secretRef": {"name": "trello"},
            "columns": {"failed": "Needs a person"},
            "pollSeconds": poll_seconds,
        }
        if webhook_url:
            out["board"]["webhook"] = {"callbackUrl": webhook_url}
    metadata = {"name": name, "namespace": namespace}
    return {"apiVersion": API_VERSION, "kind": "CodingAgent", "metadata": metadata, "spec": out | spec}


def _model(size: str) -> Json:
    return {"provider": "openai", "name": f"none-{size}", "secretRef": {"name": "model"}}
