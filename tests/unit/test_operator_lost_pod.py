"""A pod that is gone: its class survives in the Job's word, and nothing is told for what it was not."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any
from unittest.mock import AsyncMock

import pytest

from boardhand_api.failures import FailureClass, class_of_exit_code, exit_code_of
from boardhand_api.pod import LABEL_NUDGED, Stage
from boardhand_api.result import Published
from boardhand_api.run_status import Phase
from boardhand_operator.decide import observe
from boardhand_operator.decide.actions import Decision, NudgeJob, Record
from boardhand_operator.decide.conditions import stamp
from boardhand_operator.decide.deciding import decide
from boardhand_operator.decide.facts import Facts
from boardhand_operator.decide.lost_pod import POLICY, Head
from boardhand_operator.decide.outcome import Outcome, judge
from boardhand_operator.kube import Resource
from boardhand_operator.memory.store import Store
from boardhand_operator.memory.turns import Turn
from boardhand_operator.specs.failure_policy import build_policy
from boardhand_operator.specs.job import build_job
from boardhand_operator.specs.order import build_order
from boardhand_operator.views import Run
from tests.support.fake_nodes import Fate
from tests.support.fuse import Fuse
from tests.support.objects import a_pool, a_run, ended, job_body, pod_body, run_body, running
from tests.support.world import Replica, World, clocked, live

VERIFY = ["pytest -q"]
NOON = observe.parse_time("2026-01-01T12:00:00Z")
BOARD = {"type": "fake", "board": "b1", "secretRef": {"name": "s"}, "pollSeconds": 1}
OWN = (Stage.CHECKOUT, Stage.AGENT, Stage.PUBLISH)
Json = dict[str, Any]


def failed(message: str, reason: str = POLICY) -> Json:
    """A Job that a rule ended, in the words that a Job controller of 1.34 was seen to write."""
    job = job_body(failed=reason)
    job["status"]["conditions"][0]["message"] = message
    return job


def exited(stage: str, code: int) -> Json:
    text = f"Container {stage} for pod team/run-1-1-x7k2p failed with exit code {code} matching FailJob rule at index 3"
    return failed(text)


def failure_of(outcome: Outcome) -> tuple[FailureClass, str]:
    assert outcome.failure is not None
    return outcome.failure.failure_class, outcome.failure.reason


@pytest.mark.parametrize("task", ["Auto", "Analyse"])
def test_the_policy_names_the_stages_that_the_pod_has_and_what_the_api_server_allows(task: str) -> None:
    service = {"name": "db", "image": "postgres:17", "ports": [5432]}
    pool = a_pool(workbench={"image": "toolchain:1", "verify": VERIFY, "services": [service]})
    body = run_body(task=task)
    made = build_job("run-1-1", body, pool.spec, build_order("run-1", pool.spec, a_run(task=task).spec), "runner:1")
    spec = made["spec"]["template"]["spec"]
    disrupted, *rules = made["spec"]["podFailurePolicy"]["rules"]
    assert disrupted == {"action": "FailJob", "onPodConditions": [{"type": "DisruptionTarget", "status": "True"}]}
    named = {rule["onExitCodes"]["containerName"]: rule["onExitCodes"] for rule in rules}
    assert set(named) == {"checkout", "agent"} | ({"publish", "verify"} if task == "Auto" else set())
    assert set(named) <= {box["name"] for box in (*spec["initContainers"], *spec["containers"])}
    assert (spec["restartPolicy"], made["spec"]["backoffLimit"], len(rules) < 20) == ("Never", 0, True)
    codes = sorted(exit_code_of(one) for one in FailureClass)
    for name, rule in named.items():
        expected = ("NotIn", [0]) if name == "verify" else ("In", codes)
        assert (rule["operator"], rule["values"]) == expected
    assert build_policy(["workbench", "service-db"]) == {"rules": [disrupted]}


def test_a_pool_says_how_long_jobs_that_ended_stay() -> None:
    for settings, seconds in (({}, 86_400), ({"ttlSeconds": 7200}, 7200)):
        pool = a_pool(pod=settings)
        made = build_job("run-1-1", run_body(), pool.spec, build_order("run-1", pool.spec, a_run().spec), "runner:1")
        assert made["spec"]["ttlSecondsAfterFinished"] == seconds


@pytest.mark.parametrize("stage", OWN)
@pytest.mark.parametrize("cls", FailureClass)
def test_the_class_of_a_stage_outlives_its_pod(stage: Stage, cls: FailureClass) -> None:
    outcome = judge(exited(stage, exit_code_of(cls)), None, None, VERIFY)
    assert failure_of(outcome) == (cls, f"{stage.value.capitalize()}Failed")
    assert outcome.verdict is None


@pytest.mark.parametrize("code", [1, 2, 40, 65, 125, 255])
def test_a_red_verdict_outlives_its_pod(code: int) -> None:
    outcome = judge(exited("verify", code), None, None, VERIFY)
    assert failure_of(outcome) == (FailureClass.RED, "VerifyFailed")
    assert outcome.verdict and (outcome.verdict.exit_code, outcome.verdict.commands) == (code, VERIFY)


@pytest.mark.parametrize(
    "job",
    [
        exited("verify", 137),
        exited("verify", 143),
        exited("service-db", 44),
        exited("workbench", 44),
        exited("verify; Container agent for pod a/b", 44),
        failed("Pod team/run-1-1-x has condition DisruptionTarget matching FailJob rule at index 0"),
        failed("Container agent for pod team/x failed with exit code 44 matching FailJob rule at index 2", "Other"),
        failed("", "BackoffLimitExceeded"),
        None,
    ],
)
def test_what_says_nothing_of_the_ticket_is_infrastructure(job: Json | None) -> None:
    outcome = judge(job, None, None, VERIFY)
    assert failure_of(outcome) == (FailureClass.INFRASTRUCTURE, "Disrupted")
    assert outcome.verdict is None


def test_a_job_that_is_complete_without_its_pod_proves_nothing() -> None:
    assert failure_of(judge(job_body(complete=True), None, None, VERIFY)) == (
        FailureClass.INFRASTRUCTURE,
        "ResultLost",
    )


def test_the_jobs_word_helps_where_the_pods_status_ends_too_early() -> None:
    pod = pod_body({Stage.CHECKOUT: ended(0), Stage.AGENT: running()}, phase="Failed")
    assert failure_of(judge(exited("agent", 44), pod, None, VERIFY)) == (class_of_exit_code(44), "AgentFailed")
    assert failure_of(judge(job_body(failed="Other"), pod, None, VERIFY))[1] == "StageLost"


def deleted(ends: int | None, phase: str = "Failed", code: int = 1) -> Json:
    """A pod that was deleted at noon with ten seconds' grace, whose verify ended so many seconds after noon."""
    states = {stage: ended(0) for stage in OWN} | {Stage.VERIFY: ended(code)}
    if ends is not None:
        states[Stage.VERIFY]["terminated"]["finishedAt"] = stamp(NOON + timedelta(seconds=ends))
    pod = pod_body(states, phase=phase)
    pod["metadata"] |= {"deletionTimestamp": stamp(NOON + timedelta(seconds=10)), "deletionGracePeriodSeconds": 10}
    return pod


@pytest.mark.parametrize(
    ("pod", "lost"),
    [
        (deleted(-5), False),
        (deleted(0), True),
        (deleted(7), True),
        (deleted(None), True),
        (deleted(7, "Running"), True),
        (deleted(7, "Succeeded", 0), False),
    ],
)
def test_deletion_tells_a_stage_that_it_ended_from_one_that_ended_before(pod: Json, lost: bool) -> None:
    assert (observe.disruption(pod) is not None) == lost


@pytest.mark.parametrize(("seconds", "over"), [(0, False), (39, False), (40, True)])
def test_a_node_that_does_not_let_its_pod_go_is_not_waited_for(seconds: int, over: bool) -> None:
    run = a_run(phase="Working", job="run-1-1", tries=1, startedAt="2026-01-01T11:00:00Z")
    pod = pod_body({Stage.CHECKOUT: ended(0), Stage.AGENT: running()})
    pod["metadata"]["deletionTimestamp"] = stamp(NOON + timedelta(seconds=10))
    now: datetime = NOON + timedelta(seconds=seconds)
    decision = decide(Facts(run, a_pool(), job_body(), pod, None, Turn(place=True), now))
    assert bool(decision.actions) == over
    assert decision.again is not None


async def test_a_phase_does_not_go_back_while_no_pod_is_in_sight() -> None:
    world = World(Fuse())
    world.add_pool()
    world.board.add("card-1")
    with clocked(world.clock):
        replica = Replica(world)
        for _ in range(5):
            await replica.poll()
            await replica.work()
            world.pass_time(60)
            replica.watch()
        (run,) = world.runs()
        before = run.status.phase
        assert before not in (Phase.QUEUED, Phase.PREPARING) and not before.finished
        young = Replica(world)
        young.store.drop(Resource.PODS, ("team", f"{run.status.job}-x"))
        await young.reconciler.work((run.namespace, run.name))
        assert world.runs()[0].status.phase is before
        await live(world)


def decided_by_head(head: Head | None, **status: Any) -> Decision:
    """What becomes of a run whose Job is complete and whose pod is gone."""
    run = a_run(**{"phase": "Working", "job": "run-1-1", "tries": 1, "startedAt": "2026-01-01T11:00:00Z"} | status)
    facts = Facts(run, a_pool(), job_body(complete=True), None, None, Turn(place=True), NOON, pushed=head)
    return decide(facts)


def test_a_proved_change_whose_pod_is_gone_is_not_worked_twice() -> None:
    job = observe.parse_time(job_body()["metadata"]["creationTimestamp"])
    (record,) = decided_by_head(Head("c" * 40, job)).actions
    assert isinstance(record, Record)
    assert (record.fields["commit"], record.fields["failure"], record.fields["partial"]) == ("c" * 40, None, True)
    assert record.fields["verdict"] == {"passed": True, "exitCode": 0, "commands": VERIFY}
    assert "is gone with the run's pod" in record.fields["summary"]


@pytest.mark.parametrize("old", [True, False])
def test_a_branch_of_an_earlier_try_or_none_proves_nothing(old: bool) -> None:
    before = observe.parse_time(job_body()["metadata"]["creationTimestamp"]) - timedelta(seconds=1)
    (record,) = decided_by_head(Head("c" * 40, before) if old else None).actions
    assert isinstance(record, Record)
    assert record.fields["failure"]["reason"] == "ResultLost"
    assert record.fields["retryAt"]


def published(commit: str) -> Json:
    """The pod of a try that has pushed, and whose verify commands run since five seconds."""
    message = Published(branch="boardhand/shop-1", commit=commit).model_dump_json(by_alias=True)
    verify = {"running": {"startedAt": stamp(NOON - timedelta(seconds=5))}}
    states = {Stage.CHECKOUT: ended(0), Stage.AGENT: ended(0), Stage.PUBLISH: ended(0, message), Stage.VERIFY: verify}
    return pod_body(states)


def test_what_was_pushed_is_kept_with_the_phase() -> None:
    run = a_run(phase="Working", job="run-1-1", tries=1, startedAt="2026-01-01T11:00:00Z")
    facts = Facts(run, a_pool(), job_body(), published("c" * 40), None, Turn(place=True), NOON)
    (record,) = decide(facts).actions
    assert isinstance(record, Record)
    assert record.fields == {"phase": "Verifying", "branch": "boardhand/shop-1", "commit": "c" * 40}


@pytest.mark.parametrize("at_forge", ["c", "d"])
@pytest.mark.parametrize("slow_clock", [True, False])
def test_only_the_commit_that_was_told_is_taken_for_proved(at_forge: str, slow_clock: bool) -> None:
    made = observe.parse_time(job_body()["metadata"]["creationTimestamp"]) - timedelta(hours=slow_clock)
    told = {"phase": "Verifying", "branch": "boardhand/shop-1", "commit": "c" * 40}
    (record,) = decided_by_head(Head(at_forge * 40, made), **told).actions
    assert isinstance(record, Record)
    if at_forge == "c":
        assert (record.fields["commit"], record.fields["failure"]) == ("c" * 40, None)
    else:
        assert record.fields["failure"]["reason"] == "ResultLost"
        assert (record.fields["branch"], record.fields["commit"]) == (None, None)


def test_finished_pods_that_are_cleared_away_while_no_operator_looks_cost_no_second_try() -> None:
    world = World(Fuse())
    world.add_pool(board=BOARD)
    world.board.add("card-1")

    async def play() -> None:
        replica = Replica(world)
        await replica.poll()
        await replica.work()
        for _ in range(8):
            world.pass_time(20)
        world.kube.objects[Resource.PODS].clear()
        await live(world)

    with clocked(world.clock):
        asyncio.run(play())
    (run,) = world.runs()
    assert (run.status.phase, run.status.tries, run.settled) == (Phase.SUCCEEDED, 1, True)
    assert [request.draft for _, request in world.forge.opened] == [True]


def test_a_job_that_has_left_the_watch_and_whose_pod_is_not_seen_to_end_is_looked_at_again() -> None:
    """No event tells of either any more."""
    run = a_run(phase="Verifying", job="run-1-1", tries=1, startedAt="2026-01-01T11:00:00Z")
    for pod in (published("c" * 40), None):
        looks = []
        for succeeded in (0, 1):
            job = job_body()
            job["status"]["succeeded"] = succeeded
            looks.append(decide(Facts(run, a_pool(), job, pod, None, Turn(place=True), NOON)))
        assert [bool(look.actions) for look in looks] == [False, False]
        assert (looks[0].again or 0) >= (60 if pod else 30)
        assert (looks[1].again or 3600) < 60


async def test_what_no_watch_told_of_is_found_out_once_the_deadline_is_over() -> None:
    """Job and pod were deleted while the watch was broken off: kopf lists what is there, and not what has gone."""
    world = World(Fuse(armed=False), lambda run, number: Fate.DEADLINE)
    world.add_pool(board=BOARD, limits={"deadlineSeconds": 600, "tries": 1})
    world.board.add("card-1")
    with clocked(world.clock):
        replica = Replica(world)
        for _ in range(4):
            await replica.poll()
            await replica.work()
            world.pass_time(20)
            replica.watch()
        (run,) = world.runs()
        assert run.status.phase is Phase.WORKING
        for resource in (Resource.JOBS, Resource.PODS):
            world.kube.objects[resource].clear()
        key, looks = (run.namespace, run.name), 0
        while not world.runs()[0].status.phase.finished:
            again = await replica.reconciler.work(key)
            assert again is not None or world.runs()[0].status.finished_at
            world.pass_time(again or 0)
            looks += 1
            assert looks < 10
    (run,) = world.runs()
    assert run.status.failure and (run.status.phase, run.status.failure.reason) == (Phase.FAILED, "Disrupted")


@pytest.mark.parametrize("last", ["made", "begun", "pod gone", "nudged"])
@pytest.mark.parametrize(("seconds", "nudged"), [(29, False), (30, True)])
@pytest.mark.parametrize("phase", ["Preparing", "Working"])
def test_a_job_that_its_controller_overlooked_is_told_of_every_half_minute(
    last: str, seconds: int, nudged: bool, phase: str
) -> None:
    """Seen where an API server was killed: Jobs that were made as it came back had no pod, and Jobs whose pod was
    deleted then no end, for as long as one waited."""
    job = job_body()
    del job["status"]["startTime"]
    since = observe.parse_time(job["metadata"]["creationTimestamp"])
    if last != "made":
        since += timedelta(minutes=5)
    if last == "begun":
        job["status"]["startTime"] = stamp(since)
    elif last == "nudged":
        job["metadata"]["labels"] = {LABEL_NUDGED: str(int(since.timestamp()))}
    run = a_run(phase=phase, job="run-1-1", tries=1, startedAt="2026-01-01T11:00:00Z")
    now = since + timedelta(seconds=seconds)
    podless = seconds if last == "pod gone" else 9999
    decision = decide(Facts(run, a_pool(), job, None, None, Turn(place=True), now, podless_seconds=podless))
    assert decision.actions == ((NudgeJob("run-1-1"),) if nudged else ())
    assert decision.again == (30 if nudged else 1)


def test_a_job_with_a_pod_is_not_told_of_nor_one_that_is_held() -> None:
    run = a_run(phase="Preparing", job="run-1-1", tries=1, startedAt="2026-01-01T11:00:00Z")
    held = job_body()
    held["spec"] = {"suspend": True}
    for job, pod in ((job_body(), pod_body()), (held, None)):
        facts = Facts(run, a_pool(), job, pod, None, Turn(place=True), NOON + timedelta(hours=1), podless_seconds=9999)
        assert not any(isinstance(action, NudgeJob) for action in decide(facts).actions)


def test_the_memory_knows_since_when_a_job_is_to_have_a_pod() -> None:
    now = 1000.0
    store = Store(lambda: now)
    job, pod = job_body(), pod_body()
    now += 50
    assert store.podless("team", "run-1-1") == 50
    store.put(Resource.JOBS, job)
    store.put(Resource.PODS, pod)
    now += 50
    store.gone(Resource.PODS, pod)
    now += 7
    assert store.podless("team", "run-1-1") == 7
    for suspend, version in ((True, "1000001"), (False, "1000002")):
        now += 3
        meta = job["metadata"] | {"resourceVersion": version}
        store.put(Resource.JOBS, {"metadata": meta, "spec": {"suspend": suspend}, "status": job["status"]})
    now += 2
    assert store.podless("team", "run-1-1") == 2
    store.drop(Resource.JOBS, ("team", "run-1-1"))
    assert store.podless("team", "run-1-1") == 115


@asynccontextmanager
async def _overlooked() -> AsyncIterator[tuple[World, Replica, Run]]:
    """A run whose Job was made half a minute ago, and has no pod."""
    world = World(Fuse())
    world.add_pool()
    world.board.add("card-1")
    with clocked(world.clock):
        replica = Replica(world)
        await replica.poll()
        await replica.work()
        (run,) = world.runs()
        world.clock.time += timedelta(seconds=31)
        yield world, replica, run


async def test_a_nudged_job_is_seen_to_have_changed() -> None:
    async with _overlooked() as (world, replica, _):
        (job,) = world.kube.objects[Resource.JOBS].values()
        before = job["metadata"]["resourceVersion"]
        replica.watch()
        await replica.work()
        await replica.work()
        (job,) = world.kube.objects[Resource.JOBS].values()
        assert int(job["metadata"]["resourceVersion"]) > int(before)
        assert world.fuse.calls.count("patch JOBS") == 1
        await live(world)


async def test_a_job_that_went_without_a_word_is_not_nudged_for_ever() -> None:
    """Its run was deleted, and the watches have not said so yet."""
    async with _overlooked() as (world, replica, run):
        world.kube.remove(Resource.RUNS, (run.namespace, run.name))
        world.kube.remove(Resource.JOBS, (run.namespace, str(run.status.job)))
        for _ in range(5):
            await replica.reconciler.work((run.namespace, run.name))
        assert world.fuse.calls.count("patch JOBS") == 1
        assert not list(replica.store.bodies(Resource.JOBS))
        assert not list(replica.store.bodies(Resource.RUNS))


async def test_what_changed_nothing_is_not_done_again_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("boardhand_operator.act.doing.Doing.nudge_job", AsyncMock())
    async with _overlooked() as (_, replica, run):
        pauses = [await replica.reconciler.work((run.namespace, run.name)) for _ in range(3)]
    assert pauses == [30, 5, 5]


async def test_a_try_is_not_told_for_lost_by_a_memory_that_is_older_than_its_end() -> None:
    """Its pod was seen to be deleted at work, by a watch that broke off; by then the Job is complete."""
    world = World(Fuse(armed=False))
    world.add_pool()
    world.board.add("card-1")
    with clocked(world.clock):
        replica = Replica(world)
        await replica.poll()
        for _ in range(3):
            replica.watch()
            await replica.work()
            world.pass_time(20)
        replica.watch()
        (run,) = world.runs()
        key = ("team", f"{run.status.job}-x")
        before = replica.store.get(Resource.PODS, key)
        job = replica.store.get(Resource.JOBS, ("team", str(run.status.job)))
        assert before is not None
        assert job is not None
        for _ in range(8):
            world.pass_time(20)
        gone = stamp(world.clock.time - timedelta(minutes=5))
        deleted = {**before, "metadata": {**before["metadata"], "deletionTimestamp": gone, "resourceVersion": "999999"}}
        replica.store.put(Resource.PODS, deleted)
        assert observe.disruption(deleted)
        await replica.reconciler.work((run.namespace, run.name))
        status = world.runs()[0].status
        assert (status.tries, status.retry_at, status.failure) == (1, None, None)
        await live(world)
    assert [run.status.tries for run in world.runs()] == [1]


@pytest.mark.parametrize("written", ["9" * 63, "9" * 10, "soon"])
def test_what_others_write_into_the_nudges_label_stops_no_look(written: str) -> None:
    job = job_body()
    del job["status"]["startTime"]
    job["metadata"]["labels"] = {LABEL_NUDGED: written}
    run = a_run(phase="Preparing", job="run-1-1", tries=1, startedAt="2026-01-01T11:00:00Z")
    decision = decide(Facts(run, a_pool(), job, None, None, Turn(place=True), NOON + timedelta(minutes=5)))
    assert decision.again == 30
