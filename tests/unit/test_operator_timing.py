"""When the stages ran: told by the pod's status, written with the outcome, whatever that is."""

from __future__ import annotations

from typing import Any

import pytest

from boardhand_api.failures import FailureClass, exit_code_of
from boardhand_api.pod import Stage
from boardhand_api.result import Published, Result, termination_message
from boardhand_api.run_status import StageTime, TicketRunStatus
from boardhand_operator.decide.actions import Record
from boardhand_operator.decide.conditions import stamp
from boardhand_operator.decide.deciding import decide
from boardhand_operator.decide.facts import Facts
from boardhand_operator.decide.observe import parse_time
from boardhand_operator.decide.timing import stage_times
from boardhand_operator.memory.turns import Turn
from tests.support.objects import NOON, a_pool, a_run, ended, job_body, pod_body, running, waiting

LATER = "2026-01-01T12:01:00Z"
END = "2026-01-01T12:02:00Z"


def ran(code: int = 0, message: str = "", since: str = NOON, until: str = LATER) -> dict[str, Any]:
    state = ended(code, message)
    state["terminated"] |= {"startedAt": since, "finishedAt": until}
    return state


def stages_of(job: dict[str, Any] | None, pod: dict[str, Any] | None, **run: Any) -> list[StageTime]:
    """As they stand in the status once the outcome is written; the write has all of it, so no request is added."""
    status = {"phase": "Working", "claim": "c1", "tries": 1, "job": "run-1-1", "startedAt": NOON}
    found = decide(Facts(a_run(**status, **run), a_pool(), job, pod, logged=None, turn=Turn(True), now=parse_time(END)))
    (record,) = found.actions
    assert isinstance(record, Record)
    assert record.fields["finishedAt"] == stamp(parse_time(END))
    return TicketRunStatus.model_validate({"stages": record.fields.get("stages", [])}).stages


PROVED = {
    Stage.CHECKOUT: ran(),
    Stage.WORKBENCH: running(),
    Stage.AGENT: ran(0, termination_message(Result(specialist="coder", summary="Done.")), LATER, LATER),
    Stage.PUBLISH: ran(0, termination_message(Published(branch="boardhand/1-x", commit="c" * 40))),
    Stage.VERIFY: ran(0, since=LATER, until=END),
}


def test_a_proved_run_has_the_times_of_all_its_stages() -> None:
    found = stages_of(job_body(complete=True), pod_body(PROVED, phase="Succeeded"))
    assert [time.name for time in found] == [stage.value for stage in Stage]
    assert found[-1] == StageTime(name="verify", started_at=LATER, finished_at=END, exit_code=0)
    assert found[1] == StageTime(name="workbench", started_at=NOON)


def test_a_run_that_failed_has_those_that_there_were() -> None:
    code = exit_code_of(FailureClass.STUCK)
    pod = pod_body(
        {Stage.CHECKOUT: ran(), Stage.AGENT: ran(code), Stage.VERIFY: waiting("PodInitializing")}, phase="Failed"
    )
    found = stages_of(job_body(failed="PodFailurePolicy"), pod)
    assert [(time.name, time.started_at, time.exit_code) for time in found] == [
        ("checkout", NOON, 0),
        ("agent", NOON, code),
        ("verify", None, None),
    ]


def test_a_cancelled_run_has_what_was_seen_last() -> None:
    run = a_run(phase="Working", claim="c1", tries=1, job="run-1-1", startedAt=NOON)
    pod = pod_body({Stage.CHECKOUT: ran(), Stage.AGENT: running()})
    facts = Facts(run, a_pool(), job_body(), pod, None, Turn(True), parse_time(END), moved_to="Later")
    (record,) = decide(facts).actions
    assert isinstance(record, Record)
    assert record.fields["stages"] == [
        {"name": "checkout", "startedAt": NOON, "finishedAt": LATER, "exitCode": 0},
        {"name": "agent", "startedAt": NOON},
    ]


def test_of_a_pod_that_is_gone_the_job_names_the_stage_that_failed() -> None:
    job = job_body(failed="PodFailurePolicy")
    sentence = "Container verify for pod team/run-1-1-x failed with exit code 1 matching FailJob rule at index 3"
    job["status"]["conditions"][0]["message"] = sentence
    assert stages_of(job, None) == [StageTime(name="verify", exit_code=1)]


def test_nothing_is_written_where_nothing_is_known() -> None:
    run = a_run(phase="Queued", attempt=9)
    facts = Facts(run, a_pool(), None, None, None, Turn(True), parse_time(END))
    (record,) = decide(facts).actions
    assert isinstance(record, Record)
    assert "finishedAt" in record.fields
    assert "stages" not in record.fields


def test_a_workbench_that_was_started_anew_began_with_its_first_life() -> None:
    pod = pod_body({Stage.WORKBENCH: {"running": {"startedAt": END}}})
    (row,) = pod["status"]["initContainerStatuses"]
    row |= {"restartCount": 1, "lastState": ran(0)}
    assert stage_times(None, pod) == [StageTime(name="workbench", started_at=NOON)]


@pytest.mark.parametrize("pod", [None, {}, {"status": None}, pod_body()])
def test_a_pod_that_says_nothing_has_no_times(pod: dict[str, Any] | None) -> None:
    assert stage_times(None, pod) == []


def test_containers_that_are_no_stages_and_times_that_are_not_told_are_left_out() -> None:
    pod = pod_body({Stage.AGENT: {"terminated": {"exitCode": 137, "startedAt": None, "finishedAt": None}}})
    pod["status"]["containerStatuses"].append({"name": "istio-proxy", "state": running()})
    assert stage_times(None, pod) == [StageTime(name="agent", exit_code=137)]
