"""Kubernetes objects as the API server holds them, for tests of the operator: pools, runs, Jobs and pods."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from boardhand_api import API_VERSION
from boardhand_api.pod import Stage
from boardhand_operator.views import Pool, Run

Json = dict[str, Any]
NOON = "2026-01-01T12:00:00Z"
SECRET = {"name": "secret"}
IMPLEMENT_STAGES = (Stage.CHECKOUT, Stage.WORKBENCH, Stage.AGENT, Stage.PUBLISH, Stage.VERIFY)
"""In the order in which the kubelet starts them."""


def pool_body(
    name: str = "shop",
    *,
    board: bool | Json = True,
    forge: bool | Json = True,
    ready: bool = True,
    namespace: str = "team",
    **spec: Any,
) -> Json:
    """A CodingAgent; `spec` replaces whole parts of its spec, `board` and `forge` True are those with defaults."""
    values: Json = {
        "repository": {"url": "http://forge.test/shop/cart.git", "pushSecretRef": SECRET},
        "models": {"large": {"name": "large-model", "secretRef": {"name": "model"}}},
        "workbench": {"image": "toolchain:1", "verify": ["pytest -q"]},
    }
    if board:
        plain = {"type": "fake", "board": "b1", "secretRef": SECRET, "pollSeconds": 1}
        values["board"] = board if isinstance(board, dict) else plain
    if forge:
        plain = {"type": "fake", "url": "http://forge.test", "secretRef": SECRET}
        values["forge"] = forge if isinstance(forge, dict) else plain
    condition = {"type": "Ready", "status": "True" if ready else "False", "reason": "R", "lastTransitionTime": NOON}
    return {
        "apiVersion": API_VERSION,
        "kind": "CodingAgent",
        "metadata": {"name": name, "namespace": namespace, "uid": f"uid-{namespace}-{name}", "generation": 1},
        "spec": values | spec,
        "status": {"conditions": [condition]},
    }


def run_body(
    name: str = "run-1",
    *,
    pool: str = "shop",
    event: str | None = "event-1",
    ticket: Mapping[str, Any] | None = None,
    created: str = NOON,
    namespace: str = "team",
    settled: bool = False,
    task: str = "Auto",
    attempt: int = 1,
    priority: int = 0,
    suspend: bool = False,
    **status: Any,
) -> Json:
    """A TicketRun with these status fields, by their wire names."""
    said: Json = {"id": "card-1", "key": "#1", "title": "Fix the cart", "url": "http://board.test/c/1"}
    if event is not None:
        said["event"] = event
    labels = {"boardhand.dev/settled": "true"} if settled else {}
    return {
        "apiVersion": API_VERSION,
        "kind": "TicketRun",
        "metadata": {
            "name": name,
            "namespace": namespace,
            "uid": f"uid-{name}",
            "creationTimestamp": created,
            "resourceVersion": "1",
            "labels": labels,
        },
        "spec": {
            "pool": pool,
            "task": task,
            "attempt": attempt,
            "priority": priority,
            "suspend": suspend,
            "ticket": said | dict(ticket or {}),
        },
        "status": status,
    }


def a_pool(**kwargs: Any) -> Pool:
    return Pool.of(pool_body(**kwargs))


def a_run(**kwargs: Any) -> Run:
    return Run.of(run_body(**kwargs))


def ended(code: int, message: str = "", reason: str = "") -> Json:
    """The state of a container that ended."""
    return {
        "terminated": {"exitCode": code, "message": message, "reason": reason or ("Error" if code else "Completed")}
    }


def running() -> Json:
    return {"running": {"startedAt": NOON}}


def waiting(reason: str = "PodInitializing", message: str = "") -> Json:
    return {"waiting": {"reason": reason, "message": message}}


def pod_body(
    states: Mapping[Stage, Json] | None = None,
    *,
    job: str = "run-1-1",
    phase: str = "Running",
    reason: str = "",
    conditions: list[Json] | None = None,
    name: str = "",
    namespace: str = "team",
    created: str = NOON,
    main: Stage = Stage.VERIFY,
) -> Json:
    """A pod whose stages are in these states, in the given order."""
    rows = {stage: {"name": stage.value, "state": state} for stage, state in (states or {}).items()}
    status: Json = {
        "phase": phase,
        "initContainerStatuses": [row for stage, row in rows.items() if stage is not main],
        "containerStatuses": [row for stage, row in rows.items() if stage is main],
        "conditions": conditions or [],
    }
    if reason:
        status["reason"] = reason
    return {
        "metadata": {
            "name": name or f"{job}-x",
            "namespace": namespace,
            "uid": f"uid-{name or job}-x",
            "creationTimestamp": created,
            "labels": {"batch.kubernetes.io/job-name": job},
        },
        "status": status,
    }


def job_body(name: str = "run-1-1", *, failed: str = "", complete: bool = False, namespace: str = "team") -> Json:
    """A Job; `failed` is the reason of its Failed condition."""
    conditions = [{"type": "Failed", "status": "True", "reason": failed}] if failed else []
    conditions += [{"type": "Complete", "status": "True"}] if complete else []
    return {
        "metadata": {"name": name, "namespace": namespace, "uid": f"uid-{name}", "creationTimestamp": NOON},
        "status": {"startTime": NOON, "conditions": conditions} | ({"succeeded": 1} if complete else {}),
    }
