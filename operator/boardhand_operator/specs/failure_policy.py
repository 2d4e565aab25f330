"""The Job's podFailurePolicy: by it the Job's own status tells which stage failed the pod, and how, once that is gone.

Each rule ends the Job, as backoffLimit 0 does: the operator makes the next try itself. `lost_pod` reads what it says.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from boardhand_api.failures import FailureClass, exit_code_of
from boardhand_api.pod import Stage

Json = dict[str, Any]

_OURS = (Stage.CHECKOUT, Stage.AGENT, Stage.PUBLISH)


def build_policy(containers: Iterable[str]) -> Json:
    """The rules for a pod with these containers; of others, sidecars among them, no exit code says anything.

    A disruption comes first, since stages that it kills end with a code of their own. batch/v1 wants values in order,
    at most 255 of them, at most 20 rules, and only names that the pod has.
    """
    names = set(containers)
    codes = sorted(map(exit_code_of, FailureClass))
    disrupted = {"action": "FailJob", "onPodConditions": [{"type": "DisruptionTarget", "status": "True"}]}
    rules = [disrupted, *(_on(stage, "In", codes) for stage in _OURS if stage in names)]
    return {"rules": [*rules, *([_on(Stage.VERIFY, "NotIn", [0])] if Stage.VERIFY in names else [])]}


def _on(stage: Stage, operator: str, values: list[int]) -> Json:
    return {
        "action": "FailJob",
        "onExitCodes": {"containerName": stage.value, "operator": operator, "values": values},
    }
