"""What a Job and its pod say of a run: pure reading of their status, no pod calls home."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from boardhand_api.pod import LABEL_NUDGED, Stage
from boardhand_api.run_status import Phase

Json = Mapping[str, Any]

_LOST = {"Evicted", "NodeLost", "NodeAffinity", "Preempting", "Terminated", "Shutdown", "UnexpectedAdmissionError"}


_OWN_DISK = re.compile(
    r"Usage of EmptyDir volume |Pod ephemeral local storage usage exceeds |Container \S+ exceeded its local"
)
ENDING = frozenset(Stage) - {Stage.WORKBENCH}
"""The stages that end by themselves."""
_NODE_SECONDS = 30.0
"""A kubelet that answers has removed a pod long before so much time has passed since its grace period ended."""
_ENDED_SECONDS = 300.0
"""So long after its pod's deadline a Job, whose own comes two minutes later, has ended."""


def parse_time(text: str) -> datetime:
    """A Kubernetes time stamp, with its time zone."""
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


@dataclass(frozen=True)
class StageState:
    """A stage's container."""

    started: bool = False
    running: bool = False
    exit_code: int | None = None
    """As the kubelet recorded it; None until the container ended."""
    reason: str = ""
    message: str = ""
    """The termination message, or why it waits; the kubelet keeps it below 4,096 bytes."""


def state_of(status: Json) -> StageState:
    """One row of a pod\'s container statuses."""
    state = status.get("state") or {}
    if ended := state.get("terminated"):
        return StageState(
            True, False, ended.get("exitCode"), ended.get("reason") or "", str(ended.get("message") or "")[:4096]
        )
    if state.get("running"):
        return StageState(started=True, running=True)
    waiting = state.get("waiting") or {}
    return StageState(reason=waiting.get("reason") or "", message=str(waiting.get("message") or "")[:1024])


def rows_of(pod: Json | None) -> list[Json]:
    """The pod\'s container statuses, those of the init containers first."""
    status = (pod or {}).get("status") or {}
    return [*(status.get("initContainerStatuses") or []), *(status.get("containerStatuses") or [])]


def stages(pod: Json | None) -> dict[Stage, StageState]:
    """The state of each stage that the pod's status knows."""
    names = {stage.value for stage in Stage}
    return {Stage(row["name"]): state_of(row) for row in rows_of(pod) if row["name"] in names}


_PHASES = {Stage.VERIFY: Phase.VERIFYING, Stage.PUBLISH: Phase.PUBLISHING, Stage.AGENT: Phase.WORKING}
"""The last that began counts."""


def phase(pod: Json | None) -> Phase:
    """Where a pod that has not ended stands: the last stage that began."""
    seen = stages(pod)
    return next((name for stage, name in _PHASES.items() if seen.get(stage, StageState()).started), Phase.PREPARING)


def began(pod: Json | None) -> datetime | None:
    """When that stage began; None where the kubelet does not say, or none has."""
    rows = {row["name"]: row.get("state") or {} for row in rows_of(pod)}
    for stage in _PHASES:
        state = rows.get(stage.value, {})
        if given := state.get("running") or state.get("terminated"):
            return parse_time(given["startedAt"]) if given.get("startedAt") else None
    return None


def condition(obj: Json | None, name: str) -> Json | None:
    """The object's condition of this type, where it holds."""
    for one in ((obj or {}).get("status") or {}).get("conditions") or []:
        if one["type"] == name and one["status"] == "True":
            return dict(one)
    return None


def succeeded(pod: Json | None) -> bool:
    """Whether all its stages ended with 0; its Job counts it a moment later."""
    return ((pod or {}).get("status") or {}).get("phase") == "Succeeded"


def counted(job: Json | None) -> bool:
    """Whether the Job counts its pod as one that succeeded: then no watch shows it any more."""
    return bool(((job or {}).get("status") or {}).get("succeeded"))


def overlooked_since(job: Json | None, pod: Json | None, known: datetime) -> datetime | None:
    """Since when a Job has had neither a pod nor an end: since it was made, began, was last nudged, or since `known`,
    when the last of its pods was gone. None where it waits to be admitted. Right after an API server came back, the
    Job's own controller was seen to miss what was made then, and pods that went (Kubernetes 1.34); nobody else would
    tell it."""
    if job is None or pod is not None or suspended(job):
        return None
    nudged = (job["metadata"].get("labels") or {}).get(LABEL_NUDGED, "")
    times = [(job.get("status") or {}).get("startTime"), job["metadata"]["creationTimestamp"]]
    # Anybody who may label Jobs may write it: ten digits are a time.
    told = [datetime.fromtimestamp(int(nudged), UTC)] if nudged.isdecimal() and len(nudged) <= 10 else []
    return max(known, *told, *(parse_time(time) for time in times if time))


def over_by(job: Json, deadline_seconds: float) -> datetime:
    """When a Job that began with this deadline of its pod has ended for certain, whatever the watches show."""
    began = (job.get("status") or {}).get("startTime") or job["metadata"]["creationTimestamp"]
    return parse_time(began) + timedelta(seconds=deadline_seconds + _ENDED_SECONDS)


def ended(job: Json | None, pod: Json | None) -> bool:
    """Whether nothing more will happen: the pod ended, or the Job ended without one."""
    if ((pod or {}).get("status") or {}).get("phase") in ("Succeeded", "Failed"):
        return True
    return bool(condition(job, "Complete") or condition(job, "Failed"))


def suspended(job: Json | None) -> bool:
    """Whether the Job waits to be admitted, by Kueue or whoever suspended it. Its deadlines do not run meanwhile, and
    what becomes of its pod says nothing of the run: it is deleted, and made anew."""
    held = ((job or {}).get("spec") or {}).get("suspend") is True
    return held and not condition(job, "Complete") and not condition(job, "Failed")


def past_deadline(job: Json | None, pod: Json | None) -> bool:
    """Whether the kubelet or the Job controller ended the pod for its deadline."""
    if ((pod or {}).get("status") or {}).get("reason") == "DeadlineExceeded":
        return True
    failed = condition(job, "Failed")
    return failed is not None and failed.get("reason") == "DeadlineExceeded"


def own_disk_full(pod: Json | None) -> str | None:
    """The kubelet's sentence where it evicted the pod for writing more than it may; None where it did not.

    A node that is short of disk says another one (pkg/kubelet/eviction/helpers.go, read in Kubernetes 1.34).
    """
    status = (pod or {}).get("status") or {}
    said = str(status.get("message") or "").strip()
    return said if status.get("reason") == "Evicted" and _OWN_DISK.match(said) else None


def disruption(pod: Json | None) -> str | None:
    """Why the cluster, rather than the run, ended the pod; None where it did not."""
    if pod is None:
        return "the pod is gone"
    status = pod.get("status") or {}
    if status.get("reason") in _LOST and own_disk_full(pod) is None:
        return f"{status['reason']}: {status.get('message') or 'the node gave the pod up'}"
    if target := condition(pod, "DisruptionTarget"):
        return f"{target.get('reason')}: {target.get('message') or 'the pod was disrupted'}"
    return "the pod was deleted while it ran" if _deleted_under_way(pod) else None


def leaving(pod: Json | None) -> bool:
    """Whether the pod is being deleted."""
    return pod is not None and "deletionTimestamp" in pod["metadata"]


def given_up(pod: Json | None, now: datetime) -> bool:
    """Whether the pod was to be gone long ago: its node no longer answers, and nobody will say that it ended."""
    if pod is None or not leaving(pod):
        return False
    return (now - parse_time(pod["metadata"]["deletionTimestamp"])).total_seconds() >= _NODE_SECONDS


def _deleted_under_way(pod: Json) -> bool:
    """Whether deletion ended a stage; one that had ended before keeps its word."""
    meta, status = pod["metadata"], pod.get("status") or {}
    if not leaving(pod) or status.get("phase") == "Succeeded":
        return False
    grace = timedelta(seconds=meta.get("deletionGracePeriodSeconds") or 0)
    asked = parse_time(meta["deletionTimestamp"]) - grace
    # The sidecars always end last, and after a stage that failed by itself.
    states = [row.get("state") or {} for row in rows_of(pod) if row["name"] in ENDING]
    ends = [parse_time(at) for state in states if (at := (state.get("terminated") or {}).get("finishedAt"))]
    return status.get("phase") != "Failed" or not ends or max(ends) >= asked
