"""The run's own volume: who sees what of it, and that it is there once, as long as the run needs it and no longer."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from boardhand_api import pod
from boardhand_api.keeping import Persistence
from boardhand_api.order import Order
from boardhand_api.pod import Stage
from boardhand_api.result import Result, Usage, termination_message
from boardhand_api.run_status import Phase
from boardhand_operator.decide.actions import Record
from boardhand_operator.decide.deciding import decide
from boardhand_operator.decide.facts import Facts
from boardhand_operator.kube import ApiException, Resource
from boardhand_operator.memory.turns import Turn
from boardhand_operator.specs.kept import build_claim
from tests.support.fake_nodes import Fate
from tests.support.fuse import Crash, Fuse, When
from tests.support.objects import a_pool, a_run, ended, job_body, pod_body, run_body
from tests.support.world import Replica, World, clocked, live
from tests.unit.test_operator_exactly_once import BOARD
from tests.unit.test_operator_specs import ALL, FULL, containers, job, spec_of

Json = dict[str, Any]
KEPT: Json = {"persistence": {"size": "2Gi", "storageClass": "fast"}}


def seen(made: Json, stage: Stage) -> dict[tuple[str, str, str], bool]:
    """Volume, folder in it and path to whether it is read-only."""
    mounts = containers(made)[stage]["volumeMounts"]
    return {(one["name"], one.get("subPath", ""), one["mountPath"]): one["readOnly"] for one in mounts}


def kept(made: Json, stage: Stage) -> dict[tuple[str, str], bool]:
    """What the stage sees of the run's volume."""
    return {(sub, path): readonly for (name, sub, path), readonly in seen(made, stage).items() if name == "kept"}


WORK, GIT, STATE = (str(path) for path in (pod.WORK, pod.GIT, pod.STATE))


def test_each_stage_sees_its_part_of_the_runs_volume() -> None:
    made = job(**(FULL | KEPT))
    assert {stage: kept(made, stage) for stage in ALL} == {
        Stage.CHECKOUT: {("work", WORK): False, ("git", GIT): False, ("state", STATE): False},
        Stage.WORKBENCH: {("work", WORK): False, ("git", GIT): True, ("git/pointer", f"{WORK}/.git"): True},
        Stage.AGENT: {("work", WORK): False, ("git", GIT): False, ("state", STATE): False},
        Stage.PUBLISH: {("git", GIT): False},
        Stage.VERIFY: {},
    }
    volumes = {volume["name"]: volume for volume in spec_of(made)["volumes"]}
    assert volumes["kept"]["persistentVolumeClaim"] == {"claimName": "run-1"}
    assert not {"work", "git", "state"} & volumes.keys()
    assert all("emptyDir" in volumes[name] for name in ("proof", "exec", "serve"))


@pytest.mark.parametrize("task", ["Auto", "Analyse"])
def test_all_else_is_as_without_it(task: str) -> None:
    """The same mounts apart from where they come from, and no other stage, secret or setting."""
    plain, made = job(task, **FULL), job(task, **(FULL | KEPT))
    for stage, box in containers(plain).items():
        paths = {path for _, _, path in seen(plain, stage)}
        assert {path for _, _, path in seen(made, stage)} - {STATE} == paths
        other = containers(made)[stage]
        assert {key: value for key, value in other.items() if key != "volumeMounts"} == {
            key: value for key, value in box.items() if key != "volumeMounts"
        }
    mounted = {one["name"] for box in containers(made).values() for one in box["volumeMounts"]}
    assert sorted(mounted) == [volume["name"] for volume in spec_of(made)["volumes"]]
    orders = [
        Order.model_validate_json(one["spec"]["template"]["metadata"]["annotations"][pod.ORDER_ANNOTATION])
        for one in (plain, made)
    ]
    assert [order.persistent for order in orders] == [False, True]
    assert orders[0] == orders[1].model_copy(update={"persistent": False})


def test_the_claim_is_called_as_the_run_and_goes_with_it() -> None:
    made = build_claim(run_body("run-7"), Persistence(size="2Gi", storage_class="fast"))
    assert made["metadata"]["name"] == "run-7"
    (owner,) = made["metadata"]["ownerReferences"]
    assert (owner["kind"], owner["uid"], owner["controller"]) == ("TicketRun", "uid-run-7", True)
    assert made["spec"] == {
        "accessModes": ["ReadWriteOnce"],
        "resources": {"requests": {"storage": "2Gi"}},
        "storageClassName": "fast",
    }
    assert "storageClassName" not in build_claim(run_body(), Persistence())["spec"]


@pytest.mark.parametrize("size", ["0Gi", "5", "5 Gi", "-1Gi", ""])
def test_a_size_is_a_quantity(size: str) -> None:
    with pytest.raises(ValidationError):
        Persistence(size=size)


# The operator


def lived(fuse: Fuse, tries: int = 1, end: Fate = Fate.GREEN, **spec: Any) -> World:
    """A world in which a card was worked to its end; all tries but the last are evicted."""
    made = World(fuse, lambda run, number: end if number == tries else Fate.EVICTED)
    made.add_pool(board=BOARD, limits={"retrySeconds": 5}, **spec)
    made.board.add("card-1", "Ticket 1")
    with clocked(made.clock):
        asyncio.run(live(made))
    return made


def claims_made(made: World) -> list[int]:
    return [number for (plural, _, _), number in made.kube.created.items() if plural == "persistentvolumeclaims"]


@pytest.mark.parametrize("end", [Fate.GREEN, Fate.RED, Fate.NEEDS_INFO, Fate.DEADLINE])
def test_one_volume_for_all_tries_and_none_afterwards(end: Fate) -> None:
    made = lived(Fuse(), tries=2, end=end, **KEPT)
    (run,) = made.runs()
    assert run.status.tries == 2
    assert claims_made(made) == [1]
    assert run.status.volume == run.name
    assert made.kube.objects[Resource.CLAIMS] == {}
    calls = made.fuse.calls
    # The pod needs it from the start, and the second try finds it.
    assert calls.index("create CLAIMS") < calls.index("create JOBS")
    last = len(calls) - 1 - calls[::-1].index("create JOBS")
    assert "delete CLAIMS" not in calls[:last]
    # A pod that has ended holds the claim, too. That of a failed run stays, for its log.
    assert len(made.kube.objects[Resource.JOBS]) == (0 if end is Fate.GREEN else 2)


def test_a_job_that_the_run_does_not_own_is_left_alone_to_the_end() -> None:
    made = World(Fuse())
    made.add_pool(board=False, **KEPT)
    made.kube.put(Resource.RUNS, "team", run_body("run-1", event=None))
    order = job()["spec"]
    made.kube.put(Resource.JOBS, "team", {"metadata": {"name": "run-1-1"}, "spec": order})
    with clocked(made.clock):
        asyncio.run(live(made))
    assert made.runs()[0].status.tries == 2
    assert [name for _, name in made.kube.objects[Resource.JOBS]] == ["run-1-1"]


def test_without_persistence_no_call_is_made_for_it() -> None:
    made = lived(Fuse(), tries=2)
    assert not [call for call in made.fuse.calls if "CLAIMS" in call]
    assert made.runs()[0].status.volume is None


@pytest.mark.slow
@pytest.mark.parametrize("when", When)
def test_any_call_beside_it_may_fail_and_there_is_one_volume_and_none_afterwards(when: When) -> None:
    calls = lived(Fuse(), tries=2, **KEPT).fuse.calls
    beside = {at + near for at, call in enumerate(calls, start=1) if "CLAIMS" in call for near in (-1, 0, 1)}
    for at in sorted(beside):
        made = lived(Fuse({at: when}, Crash), tries=2, **KEPT)
        (run,) = made.runs()
        assert (run.status.phase, run.status.tries, run.settled) == (Phase.SUCCEEDED, 2, True)
        assert claims_made(made) == [1]
        assert made.kube.objects[Resource.CLAIMS] == {}


def test_a_volume_of_somebody_else_is_left_alone_and_waited_for() -> None:
    made = World(Fuse())
    made.add_pool(board=False, **KEPT)
    made.kube.put(Resource.RUNS, "team", run_body("run-1", event=None))
    foreign = made.kube.put(Resource.CLAIMS, "team", {"metadata": {"name": "run-1"}})
    with clocked(made.clock), pytest.raises(AssertionError, match="after 5 passes"):
        asyncio.run(live(made, passes=5))
    (run,) = made.runs()
    assert (
        "does not own; delete it"
        in {condition.type: condition for condition in run.status.conditions}["Reconciling"].message
    )
    events = [event["reason"] for event in made.kube.objects[Resource.EVENTS].values()]
    assert events.count("ForeignVolume") == 1
    assert made.kube.objects[Resource.CLAIMS][("team", "run-1")] == foreign
    assert made.kube.objects[Resource.JOBS] == {}

    made.kube.remove(Resource.CLAIMS, ("team", "run-1"))
    with clocked(made.clock):
        asyncio.run(live(made))
    assert made.runs()[0].status.phase is Phase.SUCCEEDED


@pytest.mark.parametrize(("resumed", "tokens"), [(True, 130), (False, 230)])
def test_what_a_resumed_try_used_is_not_counted_twice(resumed: bool, tokens: int) -> None:
    """Its result counts the tries before it, too."""
    used = Usage(prompt_tokens=130)
    result = Result(specialist="analyst", summary="So it is.", usage=used, resumed=resumed)
    states = {Stage.CHECKOUT: ended(0, "{}"), Stage.AGENT: ended(0, termination_message(result))}
    run = a_run(task="Analyse", phase="Working", job="run-1-2", tries=2, usage={"promptTokens": 100})
    body = pod_body(states, phase="Succeeded", main=Stage.AGENT, job="run-1-2")
    facts = Facts(
        run, a_pool(**KEPT), {"metadata": {"name": "run-1-2"}}, body, result, Turn(place=True), World(Fuse()).clock.time
    )
    (record,) = decide(facts).actions
    assert record.fields["usage"]["promptTokens"] == tokens  # type: ignore[union-attr]


UNBOUND = "0/3 nodes are available: pod has unbound immediate PersistentVolumeClaims."


@pytest.mark.parametrize(
    ("message", "seconds", "ends"), [(UNBOUND, 330, True), (UNBOUND, 200, False), ("busy", 330, False)]
)
def test_a_volume_that_nobody_provides_is_the_pools_configuration(message: str, seconds: float, ends: bool) -> None:
    """Not at once: a provisioner takes its time."""
    condition = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": message}
    body = pod_body(phase="Pending", conditions=[condition])
    run = a_run(phase="Preparing", job="run-1-1", tries=1)
    now = World(Fuse()).clock.time + timedelta(seconds=seconds)
    job = job_body()
    actions = decide(Facts(run, a_pool(**KEPT), job, body, None, Turn(place=True), now)).actions
    failures = [action.fields.get("failure") for action in actions if isinstance(action, Record)]
    assert [(one["class"], one["reason"]) for one in failures if one] == [("Configuration", "VolumePending")] * ends


def test_a_volume_of_a_run_whose_job_was_never_noted_goes_with_it() -> None:
    """The API server refuses the Job, or somebody calls the run off, after the claim was made."""
    made = World(Fuse())
    made.add_pool(board=BOARD, **KEPT)
    made.board.add("card-1", "Ticket 1")
    create = made.kube._create

    async def refuses_jobs(resource: Resource, namespace: str, body: Json) -> Json:
        if resource is Resource.JOBS:
            raise ApiException(status=422, reason="Unprocessable Entity")
        return await create(resource, namespace, body)

    made.kube._create = refuses_jobs  # type: ignore[method-assign]

    async def play() -> None:
        replica = Replica(made)
        await replica.poll()
        for _ in range(6):
            replica.watch()
            await replica.work()

    with clocked(made.clock):
        asyncio.run(play())
    (run,) = made.runs()
    assert (run.status.phase, run.settled, run.status.volume) == (Phase.FAILED, True, None)
    assert claims_made(made) == [1]
    assert made.kube.objects[Resource.CLAIMS] == {}
