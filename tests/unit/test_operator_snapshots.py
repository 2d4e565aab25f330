"""A run finishes with the pool's spec that it began with; the next one begins with the new one."""

from __future__ import annotations

import asyncio
import copy
from collections.abc import Iterator

import pytest

from boardhand_api.run_status import Phase
from boardhand_operator.cluster.snapshots import Snapshots, revision_name
from boardhand_operator.kube import Resource
from boardhand_operator.views import Pool
from tests.support.fake_board import DOING, FAILED, READY, REVIEW
from tests.support.fake_nodes import Fate
from tests.support.fuse import Fuse
from tests.support.world import Replica, World, clocked, live

KEY = ("team", "shop")
COLUMNS = {"ready": READY, "inProgress": DOING, "review": REVIEW, "failed": FAILED}
BOARD = {"type": "fake", "board": "b1", "secretRef": {"name": "s"}, "pollSeconds": 1, "columns": COLUMNS}


@pytest.fixture
def world() -> Iterator[World]:
    made = World(Fuse(armed=False), lambda run, number: Fate.EVICTED if number == 1 else Fate.RED)
    made.add_pool(board=BOARD, limits={"tries": 2, "retrySeconds": 1})
    with clocked(made.clock):
        yield made


def _pool(world: World) -> Pool:
    return Pool.of(copy.deepcopy(world.kube.objects[Resource.POOLS][KEY]))


async def _begin(world: World) -> None:
    world.board.add("card-1")
    replica = Replica(world)
    await replica.poll()
    for _ in range(4):
        replica.watch()
        await replica.work()
    assert world.runs()[0].status.tries == 1


async def test_a_run_finishes_with_what_it_began_with_after_restarts_and_retries(world: World) -> None:
    await _begin(world)
    spec = {"board": {**BOARD, "columns": {**COLUMNS, "failed": "Ideas"}}, "policy": {"onRed": "Nothing"}}
    await world.kube.patch(Resource.POOLS, *KEY, {"spec": {**spec, "workbench": {"image": "toolchain:2"}}})
    await live(world)
    (run,) = world.runs()
    assert (run.status.phase, run.status.tries, run.status.generation) == (Phase.FAILED, 2, 1)
    jobs = [job["spec"]["template"]["spec"] for job in world.kube.objects[Resource.JOBS].values()]
    images = {container["image"] for job in jobs for container in [*job["initContainers"], *job["containers"]]}
    assert "toolchain:1" in images
    assert "toolchain:2" not in images
    assert run.status.pull_request and run.status.pull_request.draft
    assert world.board.cards["card-1"].column == FAILED


async def test_the_next_run_begins_with_the_new_spec(world: World) -> None:
    await _begin(world)
    await world.kube.patch(Resource.POOLS, *KEY, {"spec": {"workbench": {"image": "toolchain:2"}}})
    world.board.add("card-2")
    await live(world)
    by_card = {run.spec.ticket.id: run.status.generation for run in world.runs()}
    assert by_card == {"card-1": 1, "card-2": 2}


async def test_one_revision_a_generation_and_it_goes_with_the_pool(world: World) -> None:
    for number in range(3):
        world.board.add(f"card-{number}")
    await live(world)
    names = [name for (_, name) in world.kube.objects[Resource.REVISIONS]]
    assert names == [revision_name(_pool(world), 1)]
    world.kube.remove(Resource.POOLS, KEY)
    assert not world.kube.objects[Resource.REVISIONS]


async def test_of_runs_that_begin_at_once_one_makes_the_revision(world: World) -> None:
    world.fuse.armed = True
    snapshots = Snapshots(world.kube)
    async with asyncio.TaskGroup() as group:
        for _ in range(20):
            group.create_task(snapshots.keep(_pool(world)))
    assert world.fuse.calls == ["create REVISIONS"]


async def test_what_is_not_kept_any_more_is_the_present_spec(world: World) -> None:
    pool = _pool(world)
    snapshots = Snapshots(world.kube)
    assert await snapshots.at(pool, 1) is pool
    assert (await snapshots.at(pool, 7)).spec == pool.spec


async def test_a_fault_of_a_former_spec_does_not_flag_the_pool(world: World) -> None:
    world.nodes._fate = lambda run, number: Fate.MODEL_DOWN
    await _begin(world)
    await world.kube.patch(Resource.POOLS, *KEY, {"spec": {"suspend": True}})
    world.kube.objects[Resource.RUNS][("team", world.runs()[0].name)]["status"] |= {
        "finishedAt": "2026-01-01T12:00:00Z",
        "failure": {"class": "Configuration", "reason": "ImagePull", "message": "no such image"},
    }
    replica = Replica(world)
    for _ in range(3):
        replica.watch()
        await replica.work()
    assert world.runs()[0].settled
    configured = _pool(world).condition("Configured")
    assert configured is None or configured.status == "True"
