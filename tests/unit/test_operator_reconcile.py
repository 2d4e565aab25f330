"""Looks at runs among fakes: places under concurrency, what wakes who, errors that become waiting, and settling."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import nullcontext
from datetime import timedelta
from unittest.mock import AsyncMock

import pytest

from boardhand_api.failures import FailureClass
from boardhand_api.pod import LABEL_SETTLED
from boardhand_api.run_status import Phase
from boardhand_operator.act.doing import Doing
from boardhand_operator.errors import CredentialsRefused, RateLimited, RemoteUnavailable
from boardhand_operator.kube import ApiException, Json, Resource
from boardhand_operator.memory.store import Key
from boardhand_operator.queue import Work
from boardhand_operator.views import Run
from tests.support.fake_board import DOING, READY
from tests.support.fake_nodes import Fate
from tests.support.fuse import Fuse, When
from tests.support.objects import job_body, run_body
from tests.support.world import Replica, World, clocked, live

A, B = ("team", "run-a"), ("team", "run-b")


@pytest.fixture
def world() -> Iterator[World]:
    made = World(Fuse())
    made.add_pool()
    with clocked(made.clock):
        yield made


def add_run(world: World, name: str, card: str = "card-1") -> Run:
    """A run for a card that is there."""
    event = world.board.cards[card].event
    world.kube.put(Resource.RUNS, "team", run_body(name, event=event, ticket={"id": card}))
    return run_of(world, ("team", name))


def run_of(world: World, key: Key) -> Run:
    return Run.of(world.kube.objects[Resource.RUNS][key])


async def looked(replica: Replica, key: Key, times: int = 1) -> float | None:
    """The last answer of so many looks."""
    again = None
    for _ in range(times):
        replica.watch()
        again = await replica.reconciler.work(key)
    return again


async def test_a_place_is_taken_from_the_moment_a_run_begins(world: World) -> None:
    """Both were made in one second, and the second to be seen comes first by name."""
    for card in ("card-1", "card-2"):
        world.board.add(card)
    add_run(world, B[1], "card-1")
    replica = Replica(world)
    first = asyncio.create_task(replica.reconciler.work(B))
    await asyncio.sleep(0)
    add_run(world, A[1], "card-2")
    replica.watch()
    await asyncio.gather(first, replica.reconciler.work(A))
    assert [run_of(world, key).status.tries for key in (A, B)] == [0, 1]
    assert world.board.moves == [("card-1", DOING)]


async def test_a_place_that_was_not_used_is_free_again(world: World) -> None:
    for card in ("card-1", "card-2"):
        world.board.add(card)
    for key, card in ((A, "card-1"), (B, "card-2")):
        add_run(world, key[1], card)
    del world.board.cards["card-1"]
    replica = Replica(world)
    await looked(replica, A, 2)
    await looked(replica, B)
    assert run_of(world, A).status.phase is Phase.CANCELLED
    assert run_of(world, B).status.tries == 1


@pytest.mark.parametrize("wrong", [OSError("cut off"), ApiException(500, "sorry"), ValueError("a bug")])
async def test_a_place_is_kept_while_nobody_knows_whether_a_run_began(world: World, wrong: Exception) -> None:
    """The claim was written, and the answer was lost."""
    for card, key in (("card-1", A), ("card-2", B)):
        world.board.add(card)
        add_run(world, key[1], card)
    replica, patch = Replica(world), world.kube.patch

    async def lost(resource: Resource, namespace: str, name: str, body: Json, subresource: str = "") -> Json | None:
        await patch(resource, namespace, name, body, subresource)
        raise wrong

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(world.kube, "patch", lost)
        with pytest.raises(ValueError, match="bug") if isinstance(wrong, ValueError) else nullcontext():
            await replica.reconciler.work(A)
    await replica.reconciler.work(B)
    assert [job["metadata"]["name"] for job in world.kube.objects[Resource.JOBS].values()] == ["run-a-1"]
    assert run_of(world, B).status.claim is None
    await replica.reconciler.work(A)
    known = replica.store.get(Resource.RUNS, A)
    assert known is not None
    assert known["status"]["claim"] == run_of(world, A).status.claim
    assert replica.store.turns.counts(("team", "shop")) == (1, 1)


async def test_many_runs_worked_side_by_side_never_exceed_the_places() -> None:
    world = World(Fuse())
    world.add_pool(limits={"concurrency": 2})
    for number in range(6):
        world.board.add(f"card-{number}")
    most = 0
    with clocked(world.clock):
        for number in (3, 1, 5, 0, 4, 2):
            add_run(world, f"run-{number}", f"card-{number}")
        replica = Replica(world)
        workers = asyncio.create_task(replica.queue.run(replica.reconciler.work, 4))
        for _ in range(2000):
            replica.watch()
            for run in world.runs():
                if not run.settled:
                    replica.queue.add((run.namespace, run.name))
            for _ in range(5):
                await asyncio.sleep(0)
            working = [run for run in world.runs() if run.status.tries and not run.status.finished_at]
            most = max(most, len(working))
            world.pass_time(1)
            if all(run.settled for run in world.runs()):
                break
        workers.cancel()
        await asyncio.wait({workers})
    assert most == 2
    assert {run.status.phase for run in world.runs()} == {Phase.SUCCEEDED}
    assert all(run.settled for run in world.runs())


async def test_a_run_that_ends_wakes_those_that_wait(world: World) -> None:
    for key, card in ((A, "card-1"), (B, "card-2")):
        world.board.add(card)
        add_run(world, key[1], card)
    replica = Replica(world)
    await looked(replica, A)
    await looked(replica, B)
    assert run_of(world, B).status.conditions[0].message == "all 1 places of the pool are taken, or others come first"
    woken: list[Key] = []
    workers = asyncio.create_task(replica.queue.run(_noting(woken), 1))
    await asyncio.sleep(0)
    woken.clear()
    while run_of(world, A).status.finished_at is None:
        await looked(replica, A)
        world.pass_time(1)
    for _ in range(20):
        await asyncio.sleep(0)
    workers.cancel()
    assert B in woken


async def test_a_place_that_becomes_free_wakes_only_who_is_next(world: World) -> None:
    keys = [("team", f"run-{number}") for number in range(9)]
    replica = Replica(world)
    for at, key in enumerate(keys):
        world.board.add(f"card-{at}")
        add_run(world, key[1], f"card-{at}")
    for key in keys:
        await looked(replica, key)
    assert [run_of(world, key).status.position for key in keys] == [None, *range(1, 9)]
    woken: list[Key] = []
    workers = asyncio.create_task(replica.queue.run(_noting(woken), 1))
    for _ in range(60):
        await asyncio.sleep(0)
    woken.clear()
    while run_of(world, keys[0]).status.finished_at is None:
        await looked(replica, keys[0])
        world.pass_time(1)
    for _ in range(20):
        await asyncio.sleep(0)
    workers.cancel()
    assert set(woken) == set(keys[:2])
    await looked(replica, keys[1])
    assert (run_of(world, keys[1]).status.tries, run_of(world, keys[1]).status.position) == (1, None)


async def test_a_suspended_run_is_passed_over_until_it_is_not(world: World) -> None:
    for key, card in ((A, "card-1"), (B, "card-2")):
        world.board.add(card)
        add_run(world, key[1], card)
    spec = world.kube.objects[Resource.RUNS][A]["spec"]
    await world.kube.patch(Resource.RUNS, *A, {"spec": {"suspend": True}})
    replica = Replica(world)
    await looked(replica, A)
    said = run_of(world, A).status
    assert (said.phase, said.conditions[1].type, said.conditions[1].reason) == (
        Phase.QUEUED,
        "Reconciling",
        "Suspended",
    )
    await looked(replica, B)
    assert run_of(world, B).status.tries == 1
    await world.kube.patch(Resource.RUNS, *A, {"spec": spec})
    await looked(replica, A)
    assert run_of(world, A).status.conditions[1].reason == "NoPlace"


async def test_a_deleted_run_wakes_those_that_wait(world: World) -> None:
    for key, card in ((A, "card-1"), (B, "card-2")):
        world.board.add(card)
        add_run(world, key[1], card)
    replica = Replica(world)
    await looked(replica, A)
    world.pass_time(1)
    world.pass_time(1)
    world.pass_time(1)
    replica.watch()
    world.kube.remove(Resource.RUNS, A)
    woken: list[Key] = []
    workers = asyncio.create_task(replica.queue.run(_noting(woken), 1))
    await asyncio.sleep(0)
    woken.clear()
    assert await replica.reconciler.work(A) is None
    for _ in range(20):
        await asyncio.sleep(0)
    workers.cancel()
    assert replica.store.get(Resource.RUNS, A) is None
    assert B in woken


def _noting(keys: list[Key]) -> Work[Key]:
    async def work(key: Key) -> float | None:
        keys.append(key)
        return None

    return work


@pytest.mark.parametrize(
    ("error", "again"),
    [
        (RateLimited("Board", "ask", "slower", retry_after=17), 17),
        (RemoteUnavailable("Board", "ask", "no answer"), 5),
        (CredentialsRefused("Board", "ask", "wrong token"), 5),
        (TimeoutError(), 5),
    ],
)
async def test_what_is_refused_is_waited_out(error: Exception, again: float) -> None:
    made = World(Fuse())
    made.add_pool()
    made.board.add("card-1")
    with clocked(made.clock):
        add_run(made, A[1])
        replica = Replica(made)
        made.board.fuse = Fuse({1: When.BEFORE}, lambda name: error)
        waits = await replica.reconciler.work(A)
        assert waits is not None and again <= waits <= again * 1.2
        assert run_of(made, A).status.phase is Phase.QUEUED
        made.clock.time += timedelta(seconds=waits * 1.2)
        await looked(replica, A)
    assert run_of(made, A).status.tries == 1


async def test_a_ticket_that_left_the_ready_column_is_let_go(world: World) -> None:
    world.board.add("card-1")
    add_run(world, A[1])
    world.board.put("card-1", "Failed")
    await looked(Replica(world), A, 3)
    run = run_of(world, A)
    assert (run.status.phase, run.status.failure and run.status.failure.reason) == (Phase.CANCELLED, "TicketMoved")
    assert run.settled
    assert world.board.texts("card-1") == []
    assert world.board.moves == [("card-1", "Failed")]


async def test_a_ticket_that_goes_before_its_claim_is_noted_leaves_no_job_behind(world: World) -> None:
    """The Job was made, and the status could not be written; else it would work on, and push."""
    world.board.add("card-1")
    add_run(world, A[1])
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Doing, "record", AsyncMock(side_effect=OSError("cut off")))
        await Replica(world).reconciler.work(A)
    (job,) = world.kube.objects[Resource.JOBS]
    del world.board.cards["card-1"]
    replica = Replica(world)
    replica.store.drop(Resource.JOBS, job)
    await replica.reconciler.work(A)
    after = run_of(world, A)
    assert after.status.failure
    assert after.status.failure.reason == "TicketMoved"
    assert not world.kube.objects[Resource.JOBS]


@pytest.mark.parametrize(
    "refused", [RemoteUnavailable("Board", "move a card", "no answer"), OSError("cut off"), ApiException(500, "sorry")]
)
async def test_a_run_that_is_deleted_while_its_ticket_is_moved_is_told_of(world: World, refused: Exception) -> None:
    """The move may have been made, after the pool's worker looked for tickets whose run is gone."""
    world.board.add("card-1")
    run = add_run(world, A[1])
    replica, told = Replica(world), list[str]()
    replica.services.deleted = lambda body: told.append(body["metadata"]["uid"])

    async def move(*_: object) -> None:
        world.kube.remove(Resource.RUNS, A)
        replica.store.gone(Resource.RUNS, run.body)
        raise refused

    world.board.move = move  # type: ignore[method-assign,assignment]
    await replica.reconciler.work(A)
    assert told == [run.uid]


async def test_a_ticket_that_is_deleted_while_worked_ends_its_run(world: World) -> None:
    world.board.add("card-1")
    add_run(world, A[1])
    replica = Replica(world)
    await looked(replica, A)
    del world.board.cards["card-1"]
    await live(world, polls=False)
    run = run_of(world, A)
    assert (run.status.phase, run.settled) == (Phase.SUCCEEDED, True)
    assert run.status.delivery and run.status.delivery.comment is None


async def test_somebody_elses_job_is_left_alone(world: World) -> None:
    world.board.add("card-1")
    add_run(world, A[1])
    world.kube.put(Resource.JOBS, "team", job_body("run-a-1"))
    replica = Replica(world)
    await looked(replica, A, 2)
    assert (run_of(world, A).status.job, run_of(world, A).status.tries) == ("run-a-2", 2)
    assert "ownerReferences" not in world.kube.objects[Resource.JOBS][("team", "run-a-1")]["metadata"]
    assert world.board.texts("card-1") and len(world.board.texts("card-1")) == 1


async def test_a_job_that_the_api_server_refuses_is_the_pools_configuration() -> None:
    refused = ApiException(status=422, reason="Unprocessable Entity")
    refused.body = '{"message": "Job is invalid: spec.template.spec.tolerations[0].operator: NotSupported"}'
    counted = await _looked_at_thrice(Fuse())
    at = counted.fuse.calls.index("create JOBS") + 1
    made = await _looked_at_thrice(Fuse({at: When.BEFORE}, lambda _: refused))
    failure = run_of(made, A).status.failure
    assert failure and (failure.failure_class, failure.reason) == (FailureClass.CONFIGURATION, "JobInvalid")
    assert "tolerations[0].operator: NotSupported" in failure.message
    assert made.board.cards["card-1"].column == READY
    (pool,) = made.kube.objects[Resource.POOLS].values()
    assert {one["reason"] for one in pool["status"]["conditions"]} == {"JobInvalid"}


async def test_a_pool_whose_patch_reaches_too_far_says_so_and_takes_nothing() -> None:
    made = World(Fuse())
    made.add_pool(pod={"patch": {"spec": {"hostNetwork": True}}})
    made.board.add("card-1")
    with clocked(made.clock):
        await Replica(made).poll()
        (pool,) = made.kube.objects[Resource.POOLS].values()
        said = {condition["type"]: condition for condition in pool["status"]["conditions"]}
        assert (said["Ready"]["status"], said["Ready"]["reason"]) == ("False", "PodPatch")
        assert said["Ready"]["message"].startswith("spec.pod.patch.spec.hostNetwork cannot be patched")
        replica = Replica(made)
        for run in made.runs():
            await looked(replica, (run.namespace, run.name))
    assert made.kube.objects[Resource.JOBS] == {}
    assert made.board.moves == []


async def test_no_run_begins_with_a_spec_that_was_not_looked_at_yet(world: World) -> None:
    world.board.add("card-1")
    await Replica(world).poll()
    (key,) = world.kube.objects[Resource.RUNS]
    await world.kube.patch(Resource.POOLS, "team", "shop", {"spec": {"limits": {"deadlineSeconds": 60}}})
    replica = Replica(world)
    await looked(replica, key)
    assert run_of(world, key).status.conditions[1].reason == "PoolNotReady"
    await replica.poll()
    await looked(replica, key)
    assert run_of(world, key).status.tries == 1


async def _looked_at_thrice(fuse: Fuse) -> World:
    """A world in which a run of a card was looked at thrice."""
    made = World(fuse)
    made.add_pool()
    made.board.add("card-1")
    with clocked(made.clock):
        add_run(made, A[1])
        await looked(Replica(made), A, 3)
    return made


async def test_settling_takes_runs_jobs_and_pods_of_all_tries_out_of_the_watches() -> None:
    made = World(Fuse(), lambda run, number: Fate.EVICTED if number == 1 else Fate.GREEN)
    made.add_pool(limits={"retrySeconds": 1})
    made.board.add("card-1")
    with clocked(made.clock):
        await live(made)
    for resource, settled in ((Resource.RUNS, [True]), (Resource.JOBS, [True, False]), (Resource.PODS, [True, True])):
        found = made.kube.objects[resource].values()
        assert [LABEL_SETTLED in body["metadata"]["labels"] for body in found] == settled
    # The watch of Jobs selects those that have not succeeded.
    assert [body["status"].get("succeeded") for body in made.kube.objects[Resource.JOBS].values()] == [None, 1]
    after = Replica(made)
    assert [after.store.count(resource) for resource in (Resource.RUNS, Resource.JOBS, Resource.PODS)] == [0, 0, 0]
    assert made.board.cards["card-1"].column != READY


async def test_a_pool_at_fault_says_so_and_takes_nothing(world: World) -> None:
    world.board.add("card-1")
    add_run(world, A[1])
    replica = Replica(world)
    await looked(replica, A, 2)
    world.nodes.tick()
    blocked = {"name": "checkout", "state": {"waiting": {"reason": "ErrImagePull", "message": "no such image"}}}
    world.kube.set_status(Resource.PODS, ("team", "run-a-1-x"), {"initContainerStatuses": [blocked]})
    world.clock.time = world.clock.time.replace(minute=5)
    await looked(replica, A, 3)
    assert run_of(world, A).status.failure is not None
    (pool,) = world.kube.objects[Resource.POOLS].values()
    said = {condition["type"]: condition for condition in pool["status"]["conditions"]}
    assert {kind: (one["status"], one["reason"]) for kind, one in said.items()} == {
        "Ready": ("False", "ImagePull"),
        "Configured": ("False", "ImagePull"),
    }
    assert said["Ready"]["message"] == "stage checkout cannot start: no such image"
    assert world.kube.objects[Resource.JOBS] == {}
    assert world.board.cards["card-1"].column == READY
    await replica.poll()
    assert len(world.runs()) == 1


async def test_a_run_that_is_suspended_just_as_it_begins_goes_on_with_its_job(world: World) -> None:
    """Its Job is there and works, though the run's status does not say so: somebody wrote the run meanwhile."""
    world.board.add("card-1")
    run = add_run(world, A[1])
    create = world.kube._create

    async def suspended_meanwhile(resource: Resource, namespace: str, body: Json) -> Json:
        made = await create(resource, namespace, body)
        if resource is Resource.JOBS:
            await world.kube.patch(Resource.RUNS, *A, {"spec": {"suspend": True}})
        return made

    world.kube._create = suspended_meanwhile  # type: ignore[method-assign]
    replica = Replica(world)
    await looked(replica, A)
    assert run_of(world, A).status.job is None
    assert len(world.kube.objects[Resource.JOBS]) == 1
    await live(world, polls=False)
    after = run_of(world, A)
    assert (after.uid, after.status.phase, after.status.tries) == (run.uid, Phase.SUCCEEDED, 1)
