"""What kubelet and Job controller do to a run's Job, one step at a time, with an end that a test chooses."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from enum import Enum
from typing import Any

from boardhand_api.failures import FailureClass, exit_code_of
from boardhand_api.order import Order
from boardhand_api.pod import LABEL_RUN, ORDER_ANNOTATION, Stage
from boardhand_api.result import Checked, Published, Refusal, Result, Usage, termination_message
from boardhand_operator.kube import Resource
from tests.support.fake_forge import FakeForge
from tests.support.fake_kube import FakeKube
from tests.support.objects import IMPLEMENT_STAGES, ended, pod_body, running

Json = dict[str, Any]


class Fate(Enum):
    """How a try ends."""

    GREEN = "green"
    RED = "red"
    ANSWER = "answer"
    NEEDS_INFO = "needs info"
    MODEL_DOWN = "model down"
    EVICTED = "evicted"
    DEADLINE = "deadline"


RED = "command 1 exit 1 seconds 2\noutput\nE   assert 1 == 2\n"
"""What the verify stage says of a command that failed."""
USAGE = Usage(prompt_tokens=100, completion_tokens=10, money=Decimal("0.25"), seconds=1)
_STOPS = {Fate.NEEDS_INFO: FailureClass.NEEDS_INFO, Fate.MODEL_DOWN: FailureClass.INFRASTRUCTURE}


class FakeNodes:
    """Pods of all Jobs; `fate` says how the try of a Job ends, given the run's name and the number of the try."""

    def __init__(self, kube: FakeKube, forge: FakeForge, fate: Callable[[str, int], Fate]) -> None:
        self._kube = kube
        self._forge = forge
        self._fate = fate
        self._steps: dict[str, int] = {}

    def tick(self) -> None:
        """Every Job that has not ended comes one step further."""
        for (namespace, name), job in list(self._kube.objects[Resource.JOBS].items()):
            if not (job.get("status") or {}).get("conditions"):
                self._advance(namespace, name, job)

    def _advance(self, namespace: str, name: str, job: Json) -> None:
        uid = job["metadata"]["uid"]
        step = self._steps[uid] = self._steps.get(uid, -1) + 1
        template = job["spec"]["template"]
        order = Order.model_validate_json(template["metadata"]["annotations"][ORDER_ANNOTATION])
        fate = self._fate(order.run, int(name.rsplit("-", 1)[1]))
        states = _states(fate, order, step)
        if Stage.PUBLISH in states and states[Stage.PUBLISH].get("terminated") and fate in (Fate.GREEN, Fate.RED):
            self._forge.branches.add(order.branch)
        status = _pod_status(fate, states, step)
        if step == 0:
            meta = {
                "name": f"{name}-x",
                "labels": template["metadata"]["labels"] | {"batch.kubernetes.io/job-name": name},
                "ownerReferences": [{"kind": "Job", "name": name, "uid": uid}],
            }
            assert LABEL_RUN in meta["labels"]
            self._kube.set_status(Resource.JOBS, (namespace, name), {"startTime": self._kube.clock()})
            self._kube.put(Resource.PODS, namespace, {"metadata": meta})
        self._kube.set_status(Resource.PODS, (namespace, f"{name}-x"), status)
        if status["phase"] in ("Succeeded", "Failed"):
            kind = "Complete" if status["phase"] == "Succeeded" else "Failed"
            self._kube.set_status(
                Resource.JOBS,
                (namespace, name),
                job["status"]
                | {"conditions": [{"type": kind, "status": "True", "reason": "BackoffLimitExceeded"}]}
                | ({"succeeded": 1} if kind == "Complete" else {}),
            )


def _states(fate: Fate, order: Order, step: int) -> dict[Stage, Json]:
    """The containers at this step: the stages before it ended, the one at it runs."""
    ends = _ends(fate, order)
    states: dict[Stage, Json] = {}
    for at, stage in enumerate(IMPLEMENT_STAGES):
        if at > step:
            break
        if stage is Stage.WORKBENCH or (at == step and stage in ends) or stage not in ends:
            states[stage] = running()
        else:
            states[stage] = ends[stage]
            if ends[stage]["terminated"]["exitCode"]:
                break
    return states


def _pod_status(fate: Fate, states: dict[Stage, Json], step: int) -> Json:
    reason, phase = "", "Running"
    codes = [state["terminated"]["exitCode"] for state in states.values() if "terminated" in state]
    if any(codes):
        phase = "Failed"
    elif step >= len(IMPLEMENT_STAGES):
        phase = "Succeeded"
    if fate in (Fate.EVICTED, Fate.DEADLINE) and step > len(IMPLEMENT_STAGES):
        reason, phase = ("Evicted" if fate is Fate.EVICTED else "DeadlineExceeded"), "Failed"
    elif fate in (Fate.EVICTED, Fate.DEADLINE):
        phase = "Running"
    status: Json = pod_body(states, phase=phase, reason=reason)["status"]
    return status


def _ends(fate: Fate, order: Order) -> dict[Stage, Json]:
    """How each stage ends that does end."""
    ends = {Stage.CHECKOUT: ended(0, termination_message(Checked(base_commit="a" * 40)))}
    if fate in _STOPS:
        refusal = Refusal(failure_class=_STOPS[fate], reason="Told", message="as the test says")
        said = termination_message(Result(failure=refusal, usage=USAGE))
        return ends | {Stage.AGENT: ended(exit_code_of(_STOPS[fate]), said)}
    if fate in (Fate.EVICTED, Fate.DEADLINE):
        return ends
    specialist = "analyst" if fate is Fate.ANSWER else "bugfixer"
    result = Result(specialist=specialist, title="Fix it", summary="Because.", usage=USAGE)
    pushed = Published() if fate is Fate.ANSWER else Published(branch=order.branch, commit="b" * 40)
    return ends | {
        Stage.AGENT: ended(0, termination_message(result)),
        Stage.PUBLISH: ended(0, termination_message(pushed)),
        Stage.VERIFY: ended(1, RED) if fate is Fate.RED else ended(0, "command 1 exit 0 seconds 2\n"),
    }
