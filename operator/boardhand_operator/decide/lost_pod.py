"""What is known of a try whose pod is gone: the word its Job kept of it. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from boardhand_api.failures import FailureClass, class_of_exit_code
from boardhand_api.pod import Stage
from boardhand_api.run_status import Failure
from boardhand_operator.decide import observe

Json = Mapping[str, Any]

POLICY = "PodFailurePolicy"
"""Reason of a Job that one of `specs.failure_policy`'s rules ended."""
_EXIT = re.compile(r"Container (\S+) for pod \S+ failed with exit code ([0-9]+) matching FailJob rule at index [0-9]+")
"""The Job controller's sentence (pkg/controller/job/pod_failure_policy.go, read in Kubernetes 1.34)."""
_KILLED = (137, 143)
"""Exit codes of what was ended from outside, by KILL and TERM; they say nothing of the ticket."""


@dataclass(frozen=True)
class Head:
    """The commit at which a branch is."""

    commit: str
    committed_at: datetime | None
    """As whoever made it says; None where the forge does not tell."""


def stage_and_code(job: Json | None) -> tuple[Stage, int] | None:
    """Which stage failed the pod, and its exit code, in the Job's own words; None where they do not say."""
    failed = observe.condition(job, "Failed")
    said = _EXIT.fullmatch(str(failed.get("message"))) if failed and failed.get("reason") == POLICY else None
    if said is None or said[1] not in observe.ENDING:
        return None
    return Stage(said[1]), int(said[2])


def failure_of(job: Json | None) -> Failure:
    """Why the try failed, as far as it can be known. Its class is that which the pod would have told."""
    told = stage_and_code(job)
    if told is None:
        if observe.condition(job, "Complete"):
            text = "the Job is complete, and its pod is gone with what it answered"
            return Failure(failure_class=FailureClass.INFRASTRUCTURE, reason="ResultLost", message=text)
        return Failure(failure_class=FailureClass.INFRASTRUCTURE, reason="Disrupted", message="the pod is gone")
    stage, code = told
    if stage is not Stage.VERIFY:
        text = f"{stage} ended with exit code {code}; what it said is gone with its pod"
        return Failure(failure_class=class_of_exit_code(code), reason=f"{stage.value.capitalize()}Failed", message=text)
    if code in _KILLED:
        text = f"verify was killed (exit code {code}), and the pod is gone"
        return Failure(failure_class=FailureClass.INFRASTRUCTURE, reason="Disrupted", message=text)
    text = f"the verify commands ended with exit code {code}; what they said is gone with the pod"
    return Failure(failure_class=FailureClass.RED, reason="VerifyFailed", message=text)
