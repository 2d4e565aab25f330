"""Pure: when the stages of a try ran, as the kubelet recorded it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from boardhand_api.pod import Stage
from boardhand_api.run_status import StageTime
from boardhand_operator.decide import lost_pod

Json = Mapping[str, Any]


def stage_times(job: Json | None, pod: Json | None) -> list[StageTime]:
    """The stages that the pod's status knows, in order; of a pod that is gone the one that its Job names."""
    status = (pod or {}).get("status") or {}
    rows = [*(status.get("initContainerStatuses") or []), *(status.get("containerStatuses") or [])]
    by_name = {row["name"]: row for row in rows}
    found = [_time(stage, by_name[stage.value]) for stage in Stage if stage.value in by_name]
    if not found and pod is None and (told := lost_pod.stage_and_code(job)):
        stage, code = told
        found.append(StageTime(name=stage.value, exit_code=code))
    return found


def _time(stage: Stage, row: Json) -> StageTime:
    """The workbench is started anew once the agent is done: it began with its first life."""
    state = row.get("state") or {}
    ended = state.get("terminated") or {}
    lives = ((row.get("lastState") or {}).get("terminated") or {}, ended, state.get("running") or {})
    return StageTime(
        name=stage.value,
        started_at=next((life["startedAt"] for life in lives if life.get("startedAt")), None),
        finished_at=ended.get("finishedAt"),
        exit_code=ended.get("exitCode"),
    )
