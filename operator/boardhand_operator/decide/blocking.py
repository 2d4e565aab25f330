"""What keeps a pod from beginning until somebody changes the pool, read from its status."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from boardhand_api.pod import SERVICE_PREFIX, Stage
from boardhand_operator.decide.observe import StageState, parse_time, rows_of, stages, state_of

Json = Mapping[str, Any]

_BLOCKING = {
    "ErrImagePull": "ImagePull",
    "ImagePullBackOff": "ImagePull",
    "InvalidImageName": "ImageName",
    "ErrImageNeverPull": "ImagePull",
    "CreateContainerConfigError": "ContainerConfig",
    "CreateContainerError": "ContainerConfig",
}
BLOCKS = frozenset({*_BLOCKING.values(), "ServiceFails", "VolumePending"})
"""Reasons for which a pod can never begin."""
_PROVISIONER_SECONDS = 300.0
"""A volume that is only being made is told in the same words as one that nobody makes."""


@dataclass(frozen=True)
class Blocked:
    """A stage that cannot start until somebody changes the pool."""

    stage: str
    reason: str
    message: str
    since: datetime
    longer: float = 0
    """Seconds that it is waited for beyond what others are."""


def blocked(pod: Json | None) -> Blocked | None:
    """The first stage, or service of the pool, that waits for an image or a configuration that is not there; or the
    service that ends each time it is started, before there was any work; or the volume that nobody provides."""
    if waits := _waits_for_volume(pod):
        return waits
    begun = stages(pod).get(Stage.AGENT, StageState()).started
    for row in rows_of(pod):
        state, service = state_of(row), row["name"].startswith(SERVICE_PREFIX)
        if state.reason in _BLOCKING and (service or row["name"] in set(Stage)):
            return _blocked_by(pod, row, _BLOCKING[state.reason], state.message or state.reason)
        if service and not begun and _keeps_ending(row, state):
            return _blocked_by(pod, row, "ServiceFails", _last_words(row))
    return None


def _waits_for_volume(pod: Json | None) -> Blocked | None:
    """No reason of its own says so: the scheduler's sentence names the claim's kind."""
    for condition in ((pod or {}).get("status") or {}).get("conditions") or []:
        message = str(condition.get("message") or "")
        unscheduled = (condition["type"], condition["status"]) == ("PodScheduled", "False")
        if pod and unscheduled and "persistentvolumeclaim" in message.lower():
            since = parse_time(pod["metadata"]["creationTimestamp"])
            text = f"its volume is not provided, see spec.persistence and spec.workbench.caches: {message}"
            return Blocked(Stage.CHECKOUT, "VolumePending", text, since, _PROVISIONER_SECONDS)
    return None


def _blocked_by(pod: Json | None, row: Json, reason: str, message: str) -> Blocked | None:
    return Blocked(row["name"], reason, message, parse_time(pod["metadata"]["creationTimestamp"])) if pod else None


def _keeps_ending(row: Json, state: StageState) -> bool:
    """Whether a sidecar that was started again ended again. Seen on 1.34: it stays terminated while it is held back,
    where other containers wait for CrashLoopBackOff."""
    held_back = state.exit_code is not None and (row.get("restartCount") or 0) > 0
    return held_back or state.reason == "CrashLoopBackOff"


def _last_words(row: Json) -> str:
    """How the service's container last ended, with the end of its log."""
    states = [(row.get(key) or {}).get("terminated") for key in ("state", "lastState")]
    ended: Json = next((state for state in states if state), {})
    said = " ".join(str(ended.get("message") or "it said nothing").split())[-500:]
    return f"it ended with exit code {ended.get('exitCode')}, or took longer than readySeconds: {said}"
