"""The operator's judgement as tables, one row a line of what can be, and as properties over all that can be."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from boardhand_api.failures import LIMITS, FailureClass, exit_code_of
from boardhand_api.pod import Stage
from boardhand_api.result import Published, Refusal, Result, Usage, termination_message
from boardhand_api.run_status import Phase
from boardhand_operator.decide.actions import (
    Action,
    Claim,
    CloseTicket,
    Decision,
    FlagPool,
    Launch,
    OpenPullRequest,
    Record,
    RemoveJob,
    Settle,
)
from boardhand_operator.decide.conditions import run_conditions, stamp
from boardhand_operator.decide.deciding import decide
from boardhand_operator.decide.facts import Facts
from boardhand_operator.memory.turns import Turn
from boardhand_operator.specs.shape import merged
from boardhand_operator.views import Run
from tests.support.objects import a_pool, a_run, ended, job_body, pod_body, running, waiting

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
COLUMNS = {"ready": "Ready", "inProgress": "Doing", "review": "Review", "failed": "Failed"}
BOARD = {"type": "fake", "board": "b1", "secretRef": {"name": "s"}, "columns": COLUMNS}
POOL = a_pool(board=BOARD)
WORKED = termination_message(Result(specialist="bugfixer", summary="Because.", usage=Usage(prompt_tokens=5)))
PUSHED = termination_message(Published(branch="boardhand/1-fix", commit="b" * 40))


def facts(run: Run, **changes: Any) -> Facts:
    base = Facts(run=run, pool=POOL, job=None, pod=None, logged=None, turn=Turn(True), now=NOW)
    return replace(base, **changes)


def decided(run: Run, **changes: Any) -> Decision:
    return decide(facts(run, **changes))


def record_of(decision: Decision) -> Record:
    (record,) = (action for action in decision.actions if isinstance(action, Record))
    return record


def failure_of(decision: Decision) -> tuple[str, str]:
    failure = record_of(decision).fields["failure"]
    return failure["class"], failure["reason"]


def kinds(decision: Decision) -> list[type[Action]]:
    return [type(action) for action in decision.actions]


def at_work(phase: Phase = Phase.WORKING, **status: Any) -> Run:
    usual = {"phase": phase.value, "claim": "c1", "tries": 1, "job": "run-1-1", "startedAt": stamp(NOW)}
    return a_run(**(usual | status))


def told(cls: FailureClass | None = None, **status: Any) -> Run:
    """A run whose outcome is recorded, and told to nobody yet."""
    if cls:
        status["failure"] = {"class": cls.value, "reason": "Told", "message": "The reason."}
    return at_work(Phase.VERIFYING, finishedAt=stamp(NOW), **status)


# Before there is a Job


def test_a_queued_run_is_claimed_and_launched() -> None:
    assert decided(a_run()) == Decision((Claim(), Launch(1)))


def test_a_run_by_hand_is_launched_without_a_claim() -> None:
    assert decided(a_run(event=None)) == Decision((Launch(1),))
    assert decided(a_run(), pool=a_pool(board=False)) == Decision((Launch(1),))


def test_a_claimed_run_is_launched_whatever_became_of_the_pool() -> None:
    for pool in (a_pool(suspend=True), a_pool(ready=False), POOL):
        assert decided(a_run(phase="Claimed", claim="c1"), pool=pool, turn=Turn()) == Decision((Launch(1),))


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"pool": None}, "PoolMissing: there is no CodingAgent shop in this namespace"),
        ({"pool": a_pool(suspend=True)}, "PoolSuspended: the pool is suspended"),
        ({"pool": a_pool(ready=False)}, "PoolNotReady: the pool is not Ready"),
        ({"run": a_run(suspend=True)}, "Suspended: spec.suspend of the run is set"),
        ({"turn": Turn()}, "NoPlace: all 1 places of the pool are taken, or others come first"),
        (
            {"turn": Turn(limit=9)},
            "NoPlace: all 9 places of the operator (operator.concurrency) are taken, or others come first",
        ),
    ],
)
def test_a_run_that_may_not_begin_says_why_once_and_looks_again(changes: dict[str, Any], why: str) -> None:
    reason, _, message = why.partition(": ")
    run = changes.pop("run", a_run())
    first = decided(run, **changes)
    assert first.actions == (Record({"phase": "Queued", "position": None}, message, reason=reason),)
    assert first.again == 600
    waits = {"type": "Reconciling", "status": "True", "reason": reason, "message": message}
    body = {**run.body, "status": {"conditions": [{**waits, "lastTransitionTime": stamp(NOW)}]}}
    assert decided(Run.of(body), **changes) == Decision((), 600)


def test_a_run_at_work_goes_on_though_it_is_suspended() -> None:
    begun = a_run(suspend=True, phase="Claimed", claim="c1")
    assert decided(begun, turn=Turn()) == Decision((Launch(1),))


def test_a_suspended_job_waits_at_its_place_whatever_its_pod_and_the_clock_say() -> None:
    """Kueue takes the pod of a run at work away as well."""
    suspended = job_body() | {"spec": {"suspend": True}}
    text = "Job run-1-1 is suspended until Kueue, or who suspended it, lets it begin"
    for pod in (None, pod_body(phase="Failed", reason="DeadlineExceeded")):
        record = record_of(decided(at_work(), job=suspended, pod=pod, now=NOW + timedelta(days=9)))
        assert record == Record({"phase": "Queued"}, text, "JobSuspended", reason="JobSuspended")
        assert decided(at_work(Phase.QUEUED), job=suspended, pod=pod) == Decision()
    admitted = decided(at_work(Phase.QUEUED), job=job_body())
    assert record_of(admitted).fields == {"phase": "Preparing"}
    over = suspended | {"status": job_body(failed="BackoffLimitExceeded")["status"]}
    assert record_of(decided(at_work(), job=over)).event == "Retry"


@pytest.mark.parametrize(
    ("told", "now", "written"),
    [(None, 7, True), (7, 7, False), (7, 4, False), (7, 3, True), (2, 1, True), (7, 13, False), (7, 14, True)],
)
def test_a_position_is_written_anew_where_it_is_far_off(told: int | None, now: int, written: bool) -> None:
    message = "all 1 places of the pool are taken, or others come first"
    said = {"type": "Reconciling", "status": "True", "reason": "NoPlace", "message": message}
    known = a_run(position=told, conditions=[{**said, "lastTransitionTime": stamp(NOW)}])
    actions = decided(known, turn=Turn(position=now)).actions
    fields = {"phase": "Queued", "position": now}
    assert actions == ((Record(fields, message, reason="NoPlace"),) if written else ())


def test_attempts_are_bounded() -> None:
    spent = a_run(attempt=4)
    assert failure_of(decided(spent)) == ("Refused", "AttemptsExhausted")
    assert record_of(decided(spent)).fields["finishedAt"] == stamp(NOW)
    assert decided(a_run(attempt=3)) == Decision((Claim(), Launch(1)))


def test_a_retry_waits_for_its_time_and_is_a_new_try() -> None:
    later = NOW + timedelta(seconds=30)
    run = a_run(phase="Claimed", claim="c1", tries=1, retryAt=stamp(later))
    waits = decided(run)
    assert waits.actions == ()
    assert waits.again == pytest.approx(30, abs=1)
    assert decided(run, now=later) == Decision((Launch(2),))
    assert decided(run, now=later, turn=Turn()) == Decision((Launch(2),))


# While the Job is at work

STAGES = {
    Phase.PREPARING: {Stage.CHECKOUT: running()},
    Phase.WORKING: {Stage.CHECKOUT: ended(0), Stage.WORKBENCH: running(), Stage.AGENT: running()},
    Phase.PUBLISHING: {Stage.AGENT: ended(0, WORKED), Stage.PUBLISH: running()},
    Phase.VERIFYING: {Stage.AGENT: ended(0, WORKED), Stage.PUBLISH: ended(0, PUSHED), Stage.VERIFY: running()},
}


@pytest.mark.parametrize("phase", STAGES)
@pytest.mark.parametrize("before", STAGES)
def test_the_phase_is_the_last_stage_that_began(before: Phase, phase: Phase) -> None:
    later = NOW + timedelta(seconds=2)
    decision = decided(at_work(before), job=job_body(), pod=pod_body(STAGES[phase]), now=later)
    assert [action.fields["phase"] for action in decision.actions if isinstance(action, Record)] == (
        [] if before is phase else [phase.value]
    )


def test_a_stage_that_passes_at_once_is_not_written_down() -> None:
    soon = NOW + timedelta(seconds=0.5)
    decision = decided(at_work(Phase.WORKING), job=job_body(), pod=pod_body(STAGES[Phase.PUBLISHING]), now=soon)
    assert decision == Decision((), 1.5)


def test_a_job_without_a_pod_is_preparing() -> None:
    look = decided(at_work(Phase.PREPARING), job=job_body())
    assert (look.actions, look.again) == ((), 30)


@pytest.mark.parametrize(
    ("why", "reason"),
    [
        ("ErrImagePull", "ImagePull"),
        ("ImagePullBackOff", "ImagePull"),
        ("ErrImageNeverPull", "ImagePull"),
        ("InvalidImageName", "ImageName"),
        ("CreateContainerConfigError", "ContainerConfig"),
        ("CreateContainerError", "ContainerConfig"),
    ],
)
def test_a_stage_that_cannot_start_is_the_pools_configuration(why: str, reason: str) -> None:
    pod = pod_body({Stage.CHECKOUT: ended(0), Stage.WORKBENCH: waiting(why, "no such image")})
    run = at_work(Phase.PREPARING)
    young = decided(run, job=job_body(), pod=pod, now=NOW + timedelta(seconds=19))
    assert young.actions == ()
    assert young.again
    late = decided(run, job=job_body(), pod=pod, now=NOW + timedelta(seconds=20))
    assert failure_of(late) == ("Configuration", reason)
    assert record_of(late).fields["failure"]["message"] == "stage workbench cannot start: no such image"
    over = at_work(Phase.PREPARING, finishedAt=stamp(NOW), failure=record_of(late).fields["failure"])
    assert decided(over).actions[0] == RemoveJob("run-1-1")


def test_a_stage_that_waits_for_its_turn_blocks_nothing() -> None:
    pod = pod_body({Stage.CHECKOUT: running(), Stage.AGENT: waiting("PodInitializing")})
    late = decided(at_work(Phase.PREPARING), job=job_body(), pod=pod, now=NOW + timedelta(hours=1))
    assert (late.actions, late.again) == ((), 301)


# When it ended

GREEN = {**STAGES[Phase.VERIFYING], Stage.CHECKOUT: ended(0), Stage.VERIFY: ended(0)}


def closing(cls: FailureClass) -> dict[str, Any]:
    """A pod whose agent stopped with this class."""
    refusal = Refusal(failure_class=cls, reason="Told", message="The reason.")
    said = termination_message(Result(failure=refusal, usage=Usage(prompt_tokens=5)))
    return pod_body({Stage.CHECKOUT: ended(0), Stage.AGENT: ended(exit_code_of(cls), said)}, phase="Failed")


def test_a_green_try_is_recorded_before_anybody_is_told() -> None:
    decision = decided(at_work(), job=job_body(), pod=pod_body(GREEN, phase="Succeeded"))
    assert kinds(decision) == [Record]
    fields = record_of(decision).fields
    assert (fields["finishedAt"], fields["phase"]) == (stamp(NOW), "Working")
    assert (fields["branch"], fields["failure"]) == ("boardhand/1-fix", None)
    assert fields["verdict"]["passed"] is True
    assert fields["usage"]["promptTokens"] == 5


@pytest.mark.parametrize("cls", [cls for cls in FailureClass if cls is not FailureClass.INFRASTRUCTURE])
def test_a_class_ends_the_run_as_itself(cls: FailureClass) -> None:
    decision = decided(at_work(), job=job_body(), pod=closing(cls))
    assert failure_of(decision) == (cls.value, "Told")
    assert record_of(decision).fields["finishedAt"] == stamp(NOW)


def test_usage_of_all_tries_is_counted_together() -> None:
    run = at_work(tries=2, usage={"promptTokens": 100, "completionTokens": 1, "seconds": 2.0})
    usage = record_of(decided(run, job=job_body(), pod=closing(FailureClass.STUCK))).fields["usage"]
    assert (usage["promptTokens"], usage["completionTokens"]) == (105, 1)


@pytest.mark.parametrize(("tries", "seconds"), [(1, 30), (2, 60), (3, 120), (8, 3600), (19, 3600)])
def test_infrastructure_is_tried_again_with_a_growing_wait(tries: int, seconds: int) -> None:
    pool = a_pool(limits={"tries": 20})
    decision = decided(at_work(tries=tries), pool=pool, job=job_body(), pod=closing(FailureClass.INFRASTRUCTURE))
    fields = record_of(decision).fields
    assert (fields["phase"], fields["job"], "finishedAt" in fields) == ("Claimed", None, False)
    assert fields["retryAt"] == stamp(NOW + timedelta(seconds=seconds))
    assert decision.again == seconds
    by_hand = at_work(tries=tries, claim=None)
    decision = decided(by_hand, pool=pool, job=job_body(), pod=closing(FailureClass.INFRASTRUCTURE))
    assert record_of(decision).fields["phase"] == "Queued"


def test_the_last_try_ends_as_infrastructure() -> None:
    decision = decided(at_work(tries=3), job=job_body(), pod=closing(FailureClass.INFRASTRUCTURE))
    assert failure_of(decision) == ("Infrastructure", "Told")
    assert record_of(decision).fields["finishedAt"] == stamp(NOW)


@pytest.mark.parametrize("job", [None, job_body(failed="BackoffLimitExceeded")])
def test_a_job_or_pod_that_is_gone_is_another_try(job: dict[str, Any] | None) -> None:
    decision = decided(at_work(), job=job)
    assert record_of(decision).fields["job"] is None
    assert failure_of(decision) == ("Infrastructure", "Disrupted")


# When the outcome stands

NOT_AT_A_LIMIT = a_pool(board=BOARD, policy={"onLimit": "Nothing"})
DRAFT, NO_DRAFT = a_pool(board=BOARD), a_pool(board=BOARD, policy={"onRed": "Nothing"})


@pytest.mark.parametrize(
    ("cls", "column", "phase", "flagged"),
    [
        (None, "Review", Phase.SUCCEEDED, False),
        (FailureClass.INFRASTRUCTURE, "Ready", Phase.FAILED, False),
        (FailureClass.CONFIGURATION, "Ready", Phase.FAILED, True),
        (FailureClass.BUDGET, "Failed", Phase.FAILED, False),
        (FailureClass.DEADLINE, "Failed", Phase.FAILED, False),
        (FailureClass.STUCK, "Failed", Phase.FAILED, False),
        (FailureClass.REFUSED, "Failed", Phase.FAILED, False),
        (FailureClass.NEEDS_INFO, "Failed", Phase.FAILED, False),
        (FailureClass.RED, "Failed", Phase.FAILED, False),
    ],
)
def test_every_class_has_its_column_and_phase(
    cls: FailureClass | None, column: str, phase: Phase, flagged: bool
) -> None:
    decision = decided(told(cls))
    flag = [FlagPool("Told", "The reason.")] if flagged else []
    record = Record(
        {"phase": phase.value},
        "The reason." if cls else "the question is answered",
        phase.value,
        warning=cls is not None,
    )
    assert decision.actions == (CloseTicket(column), *flag, record, Settle())


def test_without_a_failed_column_the_ticket_stays() -> None:
    pool = a_pool()
    assert CloseTicket(None) in decided(told(FailureClass.STUCK), pool=pool).actions


@pytest.mark.parametrize(
    ("cls", "pool", "partial", "wanted"),
    [
        (None, DRAFT, False, OpenPullRequest(draft=False)),
        (None, DRAFT, True, OpenPullRequest(draft=True)),
        (FailureClass.RED, DRAFT, False, OpenPullRequest(draft=True)),
        (FailureClass.RED, NO_DRAFT, False, None),
        (FailureClass.BUDGET, DRAFT, True, OpenPullRequest(draft=True)),
        (FailureClass.DEADLINE, NO_DRAFT, True, OpenPullRequest(draft=True)),
        (FailureClass.BUDGET, NOT_AT_A_LIMIT, True, None),
        (FailureClass.DEADLINE, DRAFT, False, None),
        (FailureClass.INFRASTRUCTURE, DRAFT, False, None),
        (None, a_pool(board=BOARD, forge=False), False, None),
    ],
)
def test_a_pull_request_is_opened_first_and_where_it_is_wanted(
    cls: FailureClass | None, pool: Any, partial: bool, wanted: OpenPullRequest | None
) -> None:
    decision = decided(told(cls, branch="boardhand/1-fix", partial=partial), pool=pool)
    assert [action for action in decision.actions if isinstance(action, OpenPullRequest)] == (
        [wanted] if wanted else []
    )
    assert wanted is None or decision.actions[0] == wanted


def test_what_was_told_is_not_told_again() -> None:
    opened = {"url": "http://forge.test/1", "number": 1}
    run = told(branch="boardhand/1-fix", pullRequest=opened, delivery={"comment": "c2"})
    assert kinds(decided(run)) == [Record, Settle]


def test_a_run_by_hand_tells_no_board() -> None:
    run = a_run(event=None, finishedAt=stamp(NOW), phase="Verifying")
    assert kinds(decided(run)) == [Record, Settle]


def test_somebody_elses_ticket_is_told_nothing() -> None:
    run = a_run(finishedAt=stamp(NOW), failure={"class": "Cancelled", "reason": "ClaimedElsewhere"})
    assert kinds(decided(run)) == [Record, Settle]


@pytest.mark.parametrize("phase", [phase for phase in Phase if phase.finished])
def test_a_finished_run_is_settled_and_then_left_alone(phase: Phase) -> None:
    assert decided(a_run(phase=phase.value)) == Decision((Settle(),))
    assert decided(a_run(phase=phase.value, settled=True)) == Decision()


# All that can be

TIMES = st.sampled_from([stamp(NOW - timedelta(minutes=1)), stamp(NOW + timedelta(minutes=1))])
FAILURES = st.builds(
    lambda cls: {"class": cls.value, "reason": "Told", "message": "The reason."}, st.sampled_from(FailureClass)
)
STATUSES = st.fixed_dictionaries(
    {"phase": st.sampled_from([phase.value for phase in Phase])},
    optional={
        "claim": st.just("c1"),
        "tries": st.integers(0, 4),
        "job": st.just("run-1-1"),
        "retryAt": TIMES,
        "finishedAt": TIMES,
        "branch": st.just("boardhand/1-fix"),
        "failure": FAILURES,
        "delivery": st.just({"comment": "c2"}),
        "pullRequest": st.just({"url": "http://forge.test/1", "number": 1}),
        "partial": st.booleans(),
    },
)
ENDS = st.builds(ended, st.sampled_from([0, 1, 40, 41, 44, 47, 137]), st.sampled_from(["", WORKED, PUSHED]))
STATES = st.one_of(st.just(running()), st.just(waiting()), st.just(waiting("ErrImagePull")), ENDS)
PODS = st.builds(
    lambda states, phase, reason: pod_body(states, phase=phase, reason=reason),
    st.dictionaries(st.sampled_from(list(Stage)), STATES),
    st.sampled_from(["Pending", "Running", "Succeeded", "Failed"]),
    st.sampled_from(["", "Evicted", "DeadlineExceeded"]),
)
RUNS = st.builds(
    lambda status, event, settled, attempt: a_run(event=event, settled=settled, attempt=attempt, **status),
    STATUSES,
    st.sampled_from([None, "event-1"]),
    st.booleans(),
    st.sampled_from([1, 1, 1, 9]),
)
FACTS = st.builds(
    Facts,
    run=RUNS,
    pool=st.sampled_from([None, POOL, NO_DRAFT, a_pool(), a_pool(board=False), a_pool(suspend=True)]),
    job=st.sampled_from([None, job_body(), job_body(failed="BackoffLimitExceeded"), job_body(complete=True)]),
    pod=st.none() | PODS,
    logged=st.sampled_from([None, Result(specialist="analyst", summary="It is so.")]),
    turn=st.sampled_from([Turn(), Turn(True, 1), Turn(position=3), Turn(position=1, limit=2)]),
    now=st.sampled_from([NOW, NOW + timedelta(hours=1)]),
)


@given(FACTS)
def test_a_settled_run_is_left_alone_and_a_finished_phase_never_changes(known: Facts) -> None:
    decision = decide(known)
    if known.run.status.phase.finished:
        assert decision.actions == (() if known.run.settled else (Settle(),))


@given(FACTS)
def test_what_is_asked_for_is_asked_for_once(known: Facts) -> None:
    """At most one of each kind, one record at most before a Job, and a launch only where there is no Job."""
    decision = decide(known)
    assert len(set(kinds(decision))) == len(decision.actions)
    launches = [action for action in decision.actions if isinstance(action, Launch)]
    if launches:
        assert known.run.status.job is None
        assert launches[0].number == known.run.status.tries + 1
        assert decision.actions[-1] is launches[0]
    if Settle in kinds(decision) and not known.run.status.phase.finished:
        assert Phase(record_of(decision).fields["phase"]).finished


@given(FACTS, st.none() | TIMES)
def test_no_ticket_of_somebody_else_is_touched(known: Facts, finished: str | None) -> None:
    lost = {"failure": {"class": "Cancelled", "reason": "ClaimedElsewhere"}, "finishedAt": finished or stamp(NOW)}
    status = {key: value for key, value in known.run.body["status"].items() if key != "claim"} | lost
    run = Run.of({**known.run.body, "status": status})
    assert not {CloseTicket, Claim, Launch, OpenPullRequest, FlagPool} & set(kinds(decide(replace(known, run=run))))


@given(FACTS)
def test_only_a_success_goes_to_review_and_no_class_becomes_another(known: Facts) -> None:
    status = known.run.status
    for action in decide(known).actions:
        if isinstance(action, CloseTicket):
            assert (action.column in ("Review", "In Review")) == (status.failure is None)
        if isinstance(action, OpenPullRequest) and status.failure:
            limited = status.failure.failure_class in LIMITS and status.partial
            assert action.draft
            assert limited or status.failure.failure_class is FailureClass.RED
        if isinstance(action, FlagPool):
            assert status.failure and status.failure.failure_class is FailureClass.CONFIGURATION
        if isinstance(action, Record) and status.finished_at:
            assert set(action.fields) == {"phase"}


@given(FACTS)
def test_doing_what_was_asked_leaves_nothing_to_ask(known: Facts) -> None:
    """With nothing new, a second look asks for nothing that the first one wrote down already."""
    decision = decide(known)
    assume(decision.actions)
    body = json.loads(json.dumps(known.run.body))
    for action in decision.actions:
        effect = written(action, known)
        if isinstance(action, Settle):
            body["metadata"]["labels"]["boardhand.dev/settled"] = "true"
        body["status"] = merged(body["status"], effect)
        if isinstance(action, Record):
            conditions = run_conditions(Run.of(body).status, action.message, known.now)
            body["status"]["conditions"] = [condition.wire() for condition in conditions]
    job = job_body() if Launch in kinds(decision) else known.job
    pod = None if Launch in kinds(decision) else known.pod
    again = decide(replace(known, run=Run.of(body), job=job, pod=pod))
    repeated = [action for action in again.actions if action in decision.actions and not isinstance(action, Record)]
    assert repeated == []
    if again.actions:
        # Only the next step of the same story may follow: what was recorded is delivered, a retry that is due begins.
        assert body["status"] != known.run.body["status"]


def written(action: Action, known: Facts) -> dict[str, Any]:
    """What doing an action leaves in the status."""
    if isinstance(action, Record):
        return action.fields
    if isinstance(action, Claim):
        return {"claim": "c1", "phase": "Claimed"}
    if isinstance(action, Launch):
        return {"job": "run-1-1", "tries": action.number, "phase": "Preparing", "retryAt": None}
    if isinstance(action, OpenPullRequest):
        return {"pullRequest": {"url": "http://forge.test/1", "number": 1}}
    if isinstance(action, CloseTicket):
        return {"delivery": {"comment": "c2"}}
    return {}


@given(FACTS)
def test_every_story_ends(known: Facts) -> None:
    """From any state, with the cluster standing still and time going on, a few looks settle a run or wait for it."""
    body, now = json.loads(json.dumps(known.run.body)), known.now
    for _ in range(40):
        look = replace(known, run=Run.of(body), now=now)
        if body["status"].get("job") != known.run.status.job:
            look = replace(look, job=job_body(failed="BackoffLimitExceeded"), pod=None)
        decision = decide(look)
        if not decision.actions:
            break
        for action in decision.actions:
            body["status"] = merged(body["status"], written(action, known))
            if isinstance(action, Settle):
                body["metadata"]["labels"]["boardhand.dev/settled"] = "true"
            if isinstance(action, Record):
                conditions = run_conditions(Run.of(body).status, action.message, now, action.reason)
                body["status"]["conditions"] = [condition.wire() for condition in conditions]
        now += timedelta(hours=2)
    else:
        raise AssertionError(f"no end: {body['status']}")
    run = Run.of(body)
    assert run.settled or not run.status.phase.finished
