"""What comes late, an answer or a watch, brings nothing back that is over, and leaves nothing behind."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from unittest import mock

import pytest

from boardhand_api.pod import LABEL_SETTLED
from boardhand_operator.app import App
from boardhand_operator.boards import Said
from boardhand_operator.boards.markers import claim_text, find_claims, find_closing, find_replies
from boardhand_operator.kube import Json, Kube, Resource
from boardhand_operator.memory.store import Key, Store
from boardhand_operator.pools.cards import Cards
from boardhand_operator.pools.commanding import OVERLAP, Commands
from boardhand_operator.pools.crew import Crew
from boardhand_operator.pools.worker import PoolWorker
from boardhand_operator.views import Pool
from tests.support.fake_board import DOING, FAILED, READY, REVIEW
from tests.support.fake_nodes import Fate
from tests.support.fuse import Crash, Fuse
from tests.support.objects import job_body
from tests.support.world import SETTINGS, Replica, World, clocked

COLUMNS = {"ready": READY, "inProgress": DOING, "review": REVIEW, "failed": FAILED}
BOARD = {"type": "fake", "board": "b1", "secretRef": {"name": "s"}, "pollSeconds": 1, "columns": COLUMNS}


@pytest.fixture
def world() -> Iterator[World]:
    made = World(Fuse())
    made.add_pool(board=BOARD)
    made.board.add("card-1")
    with clocked(made.clock):
        yield made


def job(version: int, name: str = "run-1-1") -> Json:
    body: Json = job_body(name)
    body["metadata"]["resourceVersion"] = str(version)
    return body


def test_an_answer_that_comes_after_the_end_does_not_bring_it_back() -> None:
    store = Store()
    store.heard(Resource.JOBS, job(5))
    store.gone(Resource.JOBS, job(7))
    store.put(Resource.JOBS, job(5))
    store.wrote(Resource.JOBS, job(6))
    assert store.count(Resource.JOBS) == 0
    assert store.lag == 0


def test_what_comes_back_into_a_watch_is_known_again() -> None:
    store = Store()
    store.gone(Resource.JOBS, job(7))
    store.heard(Resource.JOBS, job(8))
    assert store.count(Resource.JOBS) == 1


def test_what_went_is_not_remembered_for_ever() -> None:
    now = 0.0
    store = Store(lambda: now)
    for minute in range(60):
        now = 60.0 * minute
        store.gone(Resource.JOBS, job(7, f"run-{minute}-1"))
    assert len(store._gone) < 5


async def test_a_run_that_is_settled_while_its_ticket_is_asked_for_was_not_left(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was the run itself that moved its ticket on."""
    replica = Replica(world)
    await replica.poll()
    await replica.work()
    (body,) = replica.store.bodies(Resource.RUNS)
    assert body["status"]["claim"]

    async def column_of(ticket: str) -> str:
        replica.store.gone(Resource.RUNS, body)
        return REVIEW

    monkeypatch.setattr(world.board, "column_of", column_of)
    (pool,) = (Pool.of(one) for one in replica.store.bodies(Resource.POOLS))
    await Cards(world.kube, replica.store, replica.queue).follow(pool, world.board, {DOING: frozenset()})
    assert replica.store.moved == {}


@pytest.mark.parametrize("fate", [Fate.GREEN, Fate.RED])
async def test_what_no_watch_has_shown_yet_leaves_them_as_well(world: World, fate: Fate) -> None:
    """Jobs and pods that are not labelled would be listed and held for as long as they are there: a day."""
    world.nodes._fate = lambda run, number: fate
    replica = Replica(world)
    await replica.poll()
    for _ in range(30):
        for resource in (Resource.JOBS, Resource.PODS):
            for key in world.kube.objects[resource]:
                replica.store.drop(resource, key)
        await replica.work()
        world.pass_time(20)
    (run,) = world.runs()
    assert run.settled
    (pod,) = world.kube.objects[Resource.PODS].values()
    (made,) = world.kube.objects[Resource.JOBS].values()
    assert LABEL_SETTLED in pod["metadata"]["labels"]
    assert LABEL_SETTLED in made["metadata"]["labels"] or made["status"].get("succeeded")


async def test_of_a_settled_run_no_job_is_remembered(world: World) -> None:
    """Its watch broke off as it ended, so it is not told that it left."""
    replica = Replica(world)
    await replica.poll()
    for _ in range(30):
        replica.watch()
        if any(pod["status"]["phase"] == "Running" for pod in world.kube.objects[Resource.PODS].values()):
            (shown,) = replica.store.bodies(Resource.JOBS)
        elif world.kube.objects[Resource.PODS]:
            replica.store.put(Resource.JOBS, shown)
        await replica.work()
        world.pass_time(20)
    assert all(run.settled for run in world.runs())
    assert replica.store.count(Resource.JOBS) == 0


async def test_a_command_is_answered_whichever_pool_takes_its_ticket_meanwhile(world: World) -> None:
    """Of two pools of a board each looks at its own moment, and thinks that it is the other's to answer."""
    world.add_pool("shop", namespace="zoo", board=BOARD)
    replica, asked = Replica(world), world.board.say("card-1", "/boardhand stop")
    first, second = sorted(replica.store.pools(), key=lambda one: one.namespace)
    each = {one.uid: Commands(world.kube, replica.store, replica.queue) for one in (first, second)}
    said = [Said("card-1", asked)]

    async def look(pool: Pool) -> int:
        await each[pool.uid].follow(pool, world.board, said, world.clock.now())
        return len(find_replies(world.board.said["card-1"]))

    assert await look(second) == 0
    await world.board.comment("card-1", claim_text("run-1", "uid-1", "event-1", second.name, second.uid))
    assert await look(first) == 0
    assert await look(second) == 1
    assert await look(first) == await look(second) == 1


async def test_a_command_for_another_pool_is_not_looked_at_for_ever(world: World) -> None:
    world.add_pool("shop", namespace="zoo", board=BOARD)
    replica, asked = Replica(world), world.board.say("card-1", "/boardhand stop")
    second = max(replica.store.pools(), key=lambda one: one.namespace)
    commands, said = Commands(world.kube, replica.store, replica.queue), [Said("card-1", asked)]
    for _ in range(9):
        await commands.follow(second, world.board, said, world.clock.now())
        world.pass_time(OVERLAP.total_seconds() / 3)
    assert world.fuse.calls.count("read a card") == 4


def changed(world: World, run: Key, **spec: Any) -> None:
    """Somebody writes the run."""
    world.kube._patched(Resource.RUNS, world.kube.objects[Resource.RUNS][run], {"spec": spec}, "")


@pytest.mark.parametrize("spec", [{"suspend": True}, {"cancel": True}])
async def test_a_run_that_is_stopped_as_it_begins_has_its_place_until_its_job_is_gone(
    world: World, monkeypatch: pytest.MonkeyPatch, spec: dict[str, bool]
) -> None:
    world.board.add("card-2")
    replica, jobs, create = Replica(world), world.kube.objects[Resource.JOBS], world.kube._create
    await replica.poll()
    first, second = sorted(world.kube.objects[Resource.RUNS])

    async def stopped(resource: Resource, namespace: str, body: Json) -> Json:
        if resource is Resource.JOBS:
            monkeypatch.setattr(world.kube, "_create", create)
            changed(world, first, **spec)
            replica.watch()
            await replica.reconciler.work(second)
            assert not jobs
        return await create(resource, namespace, body)

    monkeypatch.setattr(world.kube, "_create", stopped)
    await replica.reconciler.work(first)
    replica.watch()
    await replica.reconciler.work(second)
    assert len(jobs) == 1


async def test_a_job_that_nobody_could_note_takes_a_place(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The process dies right after it made it; then somebody else's run is more urgent."""
    world.board.add("card-2")
    replica, jobs, create = Replica(world), world.kube.objects[Resource.JOBS], world.kube._create
    await replica.poll()
    first, second = sorted(world.kube.objects[Resource.RUNS])

    async def dies(resource: Resource, namespace: str, body: Json) -> Json:
        made = await create(resource, namespace, body)
        if resource is Resource.JOBS:
            raise Crash
        return made

    monkeypatch.setattr(world.kube, "_create", dies)
    with pytest.raises(Crash):
        await replica.reconciler.work(first)
    monkeypatch.setattr(world.kube, "_create", create)
    changed(world, second, priority=5)
    replica = Replica(world)
    await replica.reconciler.work(second)
    assert len(jobs) == 1
    world.kube.remove(Resource.JOBS, next(iter(jobs)))
    replica.watch()
    await replica.reconciler.work(second)
    assert len(jobs) == 1


@pytest.mark.parametrize("told", [True, False])
async def test_a_run_that_is_deleted_as_it_moves_its_ticket_does_not_leave_it_in_progress(
    world: World, monkeypatch: pytest.MonkeyPatch, told: bool
) -> None:
    """told: whether a watch says so, and the pool's worker sees to the ticket, before it is moved."""
    replica, crew, move = Replica(world), Crew(), world.board.move
    await replica.poll()
    (key,) = world.kube.objects[Resource.RUNS]
    (body,) = replica.store.bodies(Resource.RUNS)
    worker = PoolWorker(("team", "shop"), world.kube, replica.store, replica.services, SETTINGS, replica.queue)
    crew.workers["team", "shop"], replica.services.deleted = worker, crew.run_deleted

    async def moves_late(*args: Any) -> None:
        monkeypatch.setattr(world.board, "move", move)
        world.kube.remove(Resource.RUNS, key)
        if told:
            replica.store.gone(Resource.RUNS, body)
            crew.run_deleted(body)
        await worker._round()
        await move(*args)

    monkeypatch.setattr(world.board, "move", moves_late)
    await replica.reconciler.work(key)
    assert world.board.cards["card-1"].column == DOING
    await worker._round()
    assert world.board.cards["card-1"].column == FAILED
    (mark,) = find_claims(world.board.said["card-1"])
    assert len([one for one in world.board.said["card-1"] if find_closing([one], mark.uid)]) == 1


async def test_a_job_that_its_maker_could_not_note_has_its_place_before_the_first_decision(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next process counts it, though no watch has shown it yet."""
    create = world.kube._create

    async def dies(resource: Resource, namespace: str, body: Json) -> Json:
        made = await create(resource, namespace, body)
        if resource is Resource.JOBS:
            raise Crash
        return made

    replica = Replica(world)
    await replica.poll()
    with monkeypatch.context() as patched, pytest.raises(Crash):
        patched.setattr(world.kube, "_create", dies)
        await replica.work()
    (run,) = world.runs()
    assert run.status.job is None
    operator = App(SETTINGS)
    with mock.patch.object(Kube, "connect", mock.AsyncMock(return_value=world.kube)):
        await operator.start()
    assert operator.store.at_work("team", "shop") == [run.body]
    await operator.stop()
