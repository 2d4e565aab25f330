"""The stages of a run in their order, with their times: from its pod while there is one, else from its status. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from boardhand_api.pod import Stage
from boardhand_client.fields import number, part, text

Json = Mapping[str, Any]
_ORDER = (Stage.CHECKOUT, Stage.WORKBENCH, Stage.AGENT, Stage.PUBLISH, Stage.VERIFY)


class StageState(StrEnum):
    """How far a stage is."""

    WAITING = "Waiting"
    RUNNING = "Running"
    DONE = "Done"
    FAILED = "Failed"
    NOT_RUN = "NotRun"
    """The run ended before it."""


@dataclass(frozen=True, slots=True)
class StageRow:
    """A stage. Times are those of Kubernetes, empty where there is none."""

    name: Stage
    state: StageState
    started: str = ""
    finished: str = ""
    exit_code: int | None = None
    """As the kubelet recorded it."""
    reason: str = ""
    """Why it waits, or ended as it did, in the kubelet's word."""

    def seconds(self, now: datetime) -> float | None:
        """How long it ran, or has run; None: it has not begun."""
        if not self.started:
            return None
        end = datetime.fromisoformat(self.finished) if self.finished else now
        return max(0.0, (end - datetime.fromisoformat(self.started)).total_seconds())


def stages_of(run: Json, pod: Json | None) -> list[StageRow]:
    """The run's stages, those of its present or last try. Empty: no try has begun, or nothing is known of it."""
    rows = of_pod(pod) if pod is not None else []
    return rows or of_status(part(run, "status"))


def of_pod(pod: Json) -> list[StageRow]:
    """From the pod's status, and for what the kubelet has not told of yet from its spec."""
    status, spec = part(pod, "status"), part(pod, "spec")
    over = status.get("phase") in ("Succeeded", "Failed")
    rows = [row for key in ("initContainerStatuses", "containerStatuses") for row in status.get(key) or ()]
    told = {row.get("name"): row for row in rows}
    planned = {one.get("name") for key in ("initContainers", "containers") for one in spec.get(key) or ()}
    seen = [stage for stage in _ORDER if stage.value in planned or stage.value in told]
    return [_container(stage, part(told, stage.value), over) for stage in seen]


def _container(stage: Stage, row: Json, over: bool) -> StageRow:
    state = part(row, "state")
    if ended := part(state, "terminated"):
        return _ended(stage, ended)
    if running := part(state, "running"):
        return StageRow(stage, StageState.RUNNING, text(running.get("startedAt")))
    if stage is Stage.WORKBENCH and (before := part(part(row, "lastState"), "terminated")):
        return _ended(stage, before)
    reason = text(part(state, "waiting").get("reason"))
    return StageRow(stage, StageState.NOT_RUN if over else StageState.WAITING, reason=reason)


def _ended(stage: Stage, ended: Json) -> StageRow:
    code = number(ended.get("exitCode"))
    # The workbench is ended from outside, whatever it says then.
    good = code == 0 or stage is Stage.WORKBENCH
    started, finished, reason = (text(ended.get(key)) for key in ("startedAt", "finishedAt", "reason"))
    state = StageState.DONE if good else StageState.FAILED
    return StageRow(stage, state, started, finished, None if code is None else int(code), reason)


def of_status(status: Json) -> list[StageRow]:
    """From what was written down with the outcome."""
    known = {one.get("name"): one for one in status.get("stages") or () if isinstance(one, Mapping)}
    return [_written(stage, known[stage.value]) for stage in _ORDER if stage.value in known]


def _written(stage: Stage, one: Json) -> StageRow:
    if not one.get("startedAt"):
        return StageRow(stage, StageState.NOT_RUN)
    if one.get("exitCode") is None and not one.get("finishedAt"):
        return StageRow(stage, StageState.FAILED, text(one.get("startedAt")), reason="Lost")
    return _ended(stage, one)
