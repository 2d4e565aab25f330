"""A Job that is complete and whose pod is gone: the forge is asked what was pushed, and may not answer."""

from __future__ import annotations

import pytest

from boardhand_api.run import Task
from boardhand_api.run_status import Phase
from boardhand_operator.decide.lost_pod import Head
from boardhand_operator.errors import CredentialsRefused
from boardhand_operator.kube import Resource
from boardhand_operator.names import branch_name
from tests.support.fuse import Fuse
from tests.support.objects import run_body
from tests.support.world import Replica, World, clocked, live

BOARD = {"type": "fake", "board": "b1", "secretRef": {"name": "s"}, "pollSeconds": 1}


async def test_a_forge_that_does_not_tell_of_the_branch_is_told_of_and_keeps_no_run_from_being_called_off() -> None:
    world = World(Fuse(armed=False))
    world.add_pool(board=BOARD)
    world.board.add("card-1")
    asked: list[str] = []

    async def head(branch: str) -> Head | None:
        asked.append(branch)
        raise CredentialsRefused("Forge", "read a branch", "the token has expired")

    world.forge.head = head  # type: ignore[method-assign]
    with clocked(world.clock):
        replica = Replica(world)
        await replica.poll()
        await replica.work()
        for _ in range(8):
            world.pass_time(20)
        world.kube.objects[Resource.PODS].clear()
        (run,) = world.runs()
        again: list[float] = []
        for _ in range(4):
            replica = replica if again else Replica(world)
            replica.watch()
            again.append(await replica.reconciler.work((run.namespace, run.name)) or 0.0)
        (said,) = [one for one in world.runs()[0].status.conditions if one.type == "Reconciling"]
        assert (said.reason, "the token has expired" in said.message) == ("ForgeUnavailable", True)
        assert "its branch is still to be looked for" in said.message
        assert again[-1] > 20
        await world.kube.patch(Resource.RUNS, run.namespace, run.name, {"spec": {"cancel": True}})
        asked.clear()
        await live(world)
    assert world.runs()[0].status.phase is Phase.CANCELLED
    assert asked == []


@pytest.mark.parametrize("task", [Task.ANALYSE, Task.PLAN])
async def test_what_others_pushed_is_no_change_of_a_run_that_only_reads(task: Task) -> None:
    """Its branch has the name that the ticket's next attempt has, too."""
    world = World(Fuse(armed=False))
    world.add_pool(board=BOARD, limits={"tries": 1})
    body = run_body("by-hand", event=None, task=task.value)
    body.pop("status")
    world.kube.put(Resource.RUNS, "team", body)
    with clocked(world.clock):
        replica = Replica(world)
        await replica.work()
        for _ in range(8):
            world.pass_time(20)
        world.kube.objects[Resource.PODS].clear()
        (run,) = world.runs()
        world.forge.branches.add(branch_name(run.spec.ticket, 1))
        await live(world, polls=False)
    (run,) = world.runs()
    assert (run.status.phase, run.status.verdict, world.forge.opened) == (Phase.FAILED, None, [])
