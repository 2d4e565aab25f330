"""What came of a try, told from exit codes, messages and the cluster's own words, for every stage and code."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from boardhand_api.counts import NO_TESTS_EXIT
from boardhand_api.failures import LIMITS, FailureClass, class_of_exit_code, exit_code_of
from boardhand_api.pod import Stage
from boardhand_api.result import Checked, Published, Refusal, Result, Usage, termination_message
from boardhand_operator.decide.outcome import Outcome, attempt_spent, judge
from tests.support.objects import a_run, ended, job_body, pod_body, running, waiting

BASE, HEAD, BRANCH = "a" * 40, "b" * 40, "boardhand/1-fix"
CHECKED = termination_message(Checked(base_commit=BASE))
USAGE = Usage(prompt_tokens=7)
RESULT = Result(specialist="bugfixer", title="Fix", summary="Because.", base_commit=BASE, usage=USAGE, cut=False)
WORKED = termination_message(RESULT)
PUSHED = termination_message(Published(branch=BRANCH, commit=HEAD))
NOTHING = termination_message(Published())
VERIFY = ["pytest -q"]
OWN = (Stage.CHECKOUT, Stage.AGENT, Stage.PUBLISH)
"""Stages that speak the table of exit codes."""

States = dict[Stage, dict[str, Any]]


def states(**changes: dict[str, Any]) -> States:
    """A whole and green pipeline with these stages changed, by their names."""
    out = {
        Stage.CHECKOUT: ended(0, CHECKED),
        Stage.WORKBENCH: running(),
        Stage.AGENT: ended(0, WORKED),
        Stage.PUBLISH: ended(0, PUSHED),
        Stage.VERIFY: ended(0, "command 1 exit 0 seconds 3\nsummary ===== 3 passed in 0.02s =====\n"),
    }
    return out | {Stage(name): state for name, state in changes.items()}


def stopped(at: Stage, state: dict[str, Any]) -> States:
    """The pipeline that ended in this stage: what comes after it waits for ever."""
    out: States = {}
    for stage, usual in states().items():
        reached = at in out
        out[stage] = waiting() if reached and stage is not Stage.WORKBENCH else usual
        if stage is at:
            out[stage] = state
    return out


def judged(made: States, phase: str = "Succeeded", logged: Result | None = None, **pod: Any) -> Outcome:
    return judge(job_body(), pod_body(made, phase=phase, **pod), logged, VERIFY)


def failure_of(outcome: Outcome) -> tuple[FailureClass, str]:
    assert outcome.failure is not None
    return outcome.failure.failure_class, outcome.failure.reason


def test_a_green_pipeline_is_a_proven_change() -> None:
    outcome = judged(states())
    assert outcome.failure is None
    assert outcome.verdict and (outcome.verdict.passed, outcome.verdict.exit_code) == (True, 0)
    assert outcome.verdict.commands == VERIFY
    assert outcome.verdict.tests and outcome.verdict.tests.ran == 3
    assert (outcome.result, outcome.published) == (RESULT, Published(branch=BRANCH, commit=HEAD))


@pytest.mark.parametrize("stage", OWN)
@pytest.mark.parametrize("cls", FailureClass)
@pytest.mark.parametrize("said", [True, False], ids=["with its words", "with its message lost"])
def test_a_stage_that_says_its_class_is_believed(stage: Stage, cls: FailureClass, said: bool) -> None:
    refusal = Refusal(failure_class=cls, reason="Told", message="The reason.")
    answer = {Stage.CHECKOUT: Checked, Stage.AGENT: Result, Stage.PUBLISH: Published}[stage](failure=refusal)
    message = termination_message(answer) if said else ""
    outcome = judged(stopped(stage, ended(exit_code_of(cls), message)), "Failed")
    assert failure_of(outcome) == (cls, "Told" if said else f"{stage.value.capitalize()}Failed")
    assert outcome.failure and outcome.failure.message.startswith("The reason." if said else f"{stage} ended with exit")
    assert outcome.verdict is None


@pytest.mark.parametrize("stage", OWN)
@pytest.mark.parametrize("code", [1, 2, 39, 49, 65, 126, 127, 128, 139, 143, 255])
def test_a_code_outside_the_table_is_infrastructure(stage: Stage, code: int) -> None:
    outcome = judged(stopped(stage, ended(code)), "Failed")
    assert failure_of(outcome)[0] is FailureClass.INFRASTRUCTURE


@given(st.sampled_from(OWN), st.integers(1, 255), st.sampled_from(FailureClass))
def test_words_that_disagree_with_the_exit_code_are_not_believed(stage: Stage, code: int, cls: FailureClass) -> None:
    refusal = Refusal(failure_class=cls, reason="Told")
    answer = {Stage.CHECKOUT: Checked, Stage.AGENT: Result, Stage.PUBLISH: Published}[stage](failure=refusal)
    outcome = judged(stopped(stage, ended(code, termination_message(answer))), "Failed")
    assert failure_of(outcome)[0] is class_of_exit_code(code)
    assert (failure_of(outcome)[1] == "Told") == (class_of_exit_code(code) is cls)


@given(st.integers(1, 255))
def test_every_code_of_verify_is_red(code: int) -> None:
    outcome = judged(states(verify=ended(code, f"command 1 exit {code} seconds 1")), "Failed")
    assert failure_of(outcome) == (FailureClass.RED, "VerifyFailed")
    assert outcome.verdict and (outcome.verdict.passed, outcome.verdict.exit_code) == (False, code)
    assert outcome.published.branch == BRANCH


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        ("command 1 exit 0 seconds 1\ncommand 2 exit 0 seconds 1\n", "NoTestsRan"),
        ("setup 1 exit 0 seconds 1\ncommand 1 exit 65 seconds 1\n", "VerifyFailed"),
        ("command 1 exit 0 seconds 1\ncommand 2 exit 65 seconds 1\n", "VerifyFailed"),
        ("", "VerifyFailed"),
    ],
)
def test_no_tests_is_told_apart_from_a_command_that_ends_with_its_code(message: str, reason: str) -> None:
    outcome = judged(states(verify=ended(NO_TESTS_EXIT, message)), "Failed")
    assert failure_of(outcome) == (FailureClass.RED, reason)


def test_failed_tests_are_counted_in_the_message() -> None:
    said = "command 1 exit 1 seconds 1\nsummary ===== 1 failed, 2 passed in 0.02s =====\n"
    failure = judged(states(verify=ended(1, said)), "Failed").failure
    assert failure and failure.message == "the verify commands ended with exit code 1; 1 of 3 tests failed"


@pytest.mark.parametrize("stage", [*OWN, Stage.VERIFY])
def test_memory_is_infrastructure_in_every_stage(stage: Stage) -> None:
    outcome = judged(stopped(stage, ended(137, reason="OOMKilled")), "Failed")
    assert failure_of(outcome) == (FailureClass.INFRASTRUCTURE, "OutOfMemory")
    assert outcome.failure and outcome.failure.message == f"{stage} was killed for its memory"


@pytest.mark.parametrize("stage", [Stage.CHECKOUT, Stage.AGENT, Stage.PUBLISH, Stage.VERIFY])
def test_the_deadline_of_the_pod_is_deadline(stage: Stage) -> None:
    outcome = judged(stopped(stage, ended(137)), "Failed", reason="DeadlineExceeded")
    assert failure_of(outcome) == (FailureClass.DEADLINE, "DeadlineExceeded")


def test_the_deadline_of_the_job_is_deadline_though_the_pod_is_gone() -> None:
    assert failure_of(judge(job_body(failed="DeadlineExceeded"), None, None, VERIFY))[0] is FailureClass.DEADLINE


@pytest.mark.parametrize("reason", ["Evicted", "NodeLost", "Preempting", "Shutdown", "Terminated"])
def test_a_node_that_gives_up_the_pod_is_infrastructure(reason: str) -> None:
    outcome = judged(stopped(Stage.AGENT, ended(137)), "Failed", reason=reason)
    assert failure_of(outcome) == (FailureClass.INFRASTRUCTURE, "Disrupted")


def test_a_disruption_target_is_infrastructure_whatever_the_stages_say() -> None:
    target = {"type": "DisruptionTarget", "status": "True", "reason": "PreemptionByScheduler", "message": "preempted"}
    outcome = judged(states(verify=ended(143)), "Failed", conditions=[target])
    assert failure_of(outcome) == (FailureClass.INFRASTRUCTURE, "Disrupted")
    assert outcome.failure and outcome.failure.message == "PreemptionByScheduler: preempted"
    no_target = [{**target, "status": "False"}]
    assert failure_of(judged(states(verify=ended(143)), "Failed", conditions=no_target))[0] is FailureClass.RED


@pytest.mark.parametrize("job", [None, job_body(failed="BackoffLimitExceeded")])
def test_a_pod_that_is_gone_is_infrastructure(job: dict[str, Any] | None) -> None:
    assert failure_of(judge(job, None, None, VERIFY)) == (FailureClass.INFRASTRUCTURE, "Disrupted")


@pytest.mark.parametrize("stage", [Stage.AGENT, Stage.VERIFY])
@pytest.mark.parametrize("state", [running(), waiting(), {}])
def test_a_stage_without_an_end_is_lost(stage: Stage, state: dict[str, Any]) -> None:
    assert failure_of(judged(stopped(stage, state), "Failed")) == (FailureClass.INFRASTRUCTURE, "StageLost")


@pytest.mark.parametrize("missing", [Stage.AGENT, Stage.VERIFY])
def test_a_stage_that_the_status_leaves_out_is_lost_and_not_red(missing: Stage) -> None:
    made = {stage: state for stage, state in states().items() if stage is not missing}
    assert failure_of(judged(made, "Failed")) == (FailureClass.INFRASTRUCTURE, "StageLost")


def test_a_pod_without_any_status_is_lost() -> None:
    assert failure_of(judged({}, "Failed")) == (FailureClass.INFRASTRUCTURE, "StageLost")


def test_the_result_of_the_log_leads_and_the_message_stands_in() -> None:
    whole = RESULT.model_copy(update={"summary": "Because. " * 2000})
    assert judged(states(), logged=whole).result == whole
    assert judged(states()).result == RESULT


@pytest.mark.parametrize("message", ["", "no json", "{", '{"usage": {"promptTokens": -1}}', "[]"])
def test_a_result_that_is_lost_is_infrastructure(message: str) -> None:
    assert failure_of(judged(states(agent=ended(0, message)))) == (FailureClass.INFRASTRUCTURE, "ResultLost")


@pytest.mark.parametrize("message", ["", "no json", '{"branch": 1}'])
@pytest.mark.parametrize("specialist", ["bugfixer", "analyst"])
def test_what_publish_did_may_not_be_guessed(message: str, specialist: str) -> None:
    result = termination_message(RESULT.model_copy(update={"specialist": specialist}))
    outcome = judged(states(agent=ended(0, result), publish=ended(0, message)))
    assert failure_of(outcome) == (FailureClass.INFRASTRUCTURE, "ResultLost")


def test_an_answer_needs_no_branch() -> None:
    answer = RESULT.model_copy(update={"specialist": "analyst", "summary": "It does."})
    analysed = {Stage.CHECKOUT: ended(0, CHECKED), Stage.AGENT: ended(0, termination_message(answer))}
    outcome = judged(analysed, main=Stage.AGENT)
    assert (outcome.failure, outcome.verdict, outcome.result) == (None, None, answer)
    routed = judged(states(agent=ended(0, termination_message(answer)), publish=ended(0, NOTHING)))
    assert (routed.failure, routed.verdict) == (None, None)


@pytest.mark.parametrize("change", [{"specialist": "bugfixer"}, {"specialist": "analyst", "summary": ""}])
def test_an_agent_that_changed_nothing_is_stuck(change: dict[str, str]) -> None:
    result = termination_message(RESULT.model_copy(update=change))
    outcome = judged(states(agent=ended(0, result), publish=ended(0, NOTHING)))
    assert failure_of(outcome) == (FailureClass.STUCK, "NoChange")


TEXTS = st.one_of(
    st.text(max_size=300),
    st.text(min_size=4096, max_size=5000),
    st.sampled_from([CHECKED, WORKED, PUSHED, NOTHING]),
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["version", "failure", "class", "reason", "branch", "usage", "money", "summary"]),
                inner,
                max_size=4,
            )
        ),
        max_leaves=8,
    ).map(json.dumps),
)
STATES: st.SearchStrategy[dict[str, Any]] = st.one_of(
    st.just(running()),
    st.just(waiting()),
    st.just({}),
    st.builds(
        ended, st.integers(-1, 300), TEXTS, st.sampled_from(["", "OOMKilled", "Error", "ContainerStatusUnknown"])
    ),
)


@given(
    st.dictionaries(st.sampled_from(list(Stage)), STATES),
    st.sampled_from(["", "Evicted", "DeadlineExceeded", "Whatever"]),
    st.sampled_from([None, RESULT]),
)
def test_whatever_a_pod_says_there_is_an_outcome(
    made: dict[Stage, dict[str, Any]], reason: str, logged: Result | None
) -> None:
    """No text raises; only the kubelet's codes make a success, and an outcome can be written as JSON."""
    outcome = judged(made, "Failed", logged, reason=reason)
    codes = {stage: (state.get("terminated") or {}).get("exitCode") for stage, state in made.items()}
    if outcome.failure is None:
        assert codes[Stage.AGENT] == 0
        assert outcome.verdict is None or codes[Stage.VERIFY] == 0
        assert outcome.verdict is not None or outcome.result.specialist == "analyst"
    else:
        assert len(outcome.failure.message) <= 1000
        json.dumps(outcome.failure.wire(), allow_nan=False)
    red = outcome.failure is not None and outcome.failure.failure_class is FailureClass.RED
    assert not red or codes.get(Stage.VERIFY) or exit_code_of(FailureClass.RED) in codes.values()


@pytest.mark.parametrize("cls", FailureClass)
def test_an_attempt_is_spent_unless_it_was_not_the_tickets_fault(cls: FailureClass) -> None:
    free = {FailureClass.INFRASTRUCTURE, FailureClass.CONFIGURATION, FailureClass.CANCELLED}
    run = a_run(phase="Failed", failure={"class": cls.value, "reason": "R"})
    assert attempt_spent(run.status) == (cls not in free)
    assert attempt_spent(a_run(phase="Succeeded").status)


def limited(cls: FailureClass, partial: bool = True) -> str:
    refusal = Refusal(failure_class=cls, reason="StepsUsedUp", message="All steps are used up.")
    return termination_message(RESULT.model_copy(update={"failure": refusal, "partial": partial}))


@pytest.mark.parametrize("cls", sorted(LIMITS))
@pytest.mark.parametrize("code", [0, 1])
def test_work_handed_over_at_a_limit_is_told_by_the_limit_whatever_the_verdict(cls: FailureClass, code: int) -> None:
    outcome = judged(states(agent=ended(0, limited(cls)), verify=ended(code, f"command 1 exit {code} seconds 1")))
    assert failure_of(outcome) == (cls, "StepsUsedUp")
    assert outcome.verdict and outcome.verdict.passed is (code == 0)
    assert outcome.result.partial
    assert failure_of(judged(states(agent=ended(0, limited(cls)), publish=ended(0, NOTHING)))) == (cls, "StepsUsedUp")


@pytest.mark.parametrize("cls", sorted(set(FailureClass) - LIMITS))
def test_no_other_failure_is_believed_of_an_agent_that_ended_well(cls: FailureClass) -> None:
    assert judged(states(agent=ended(0, limited(cls)))).failure is None
    assert judged(states(agent=ended(0, limited(FailureClass.BUDGET, partial=False)))).failure is None


def test_commands_that_checkout_told_are_those_of_the_verdict() -> None:
    told = termination_message(Checked(base_commit=BASE, setup=["go mod download"], verify=["go test ./..."]))
    made = pod_body(states(checkout=ended(0, told)), phase="Succeeded")
    for commands, expected in (([], ["go test ./..."]), (VERIFY, VERIFY)):
        verdict = judge(job_body(), made, RESULT, commands).verdict
        assert verdict
        assert verdict.commands == expected
