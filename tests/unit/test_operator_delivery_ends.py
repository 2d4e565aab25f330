"""A run whose outcome cannot be delivered ends all the same: its branch is gone for good, or somebody called it off."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import pytest

from boardhand_api.failures import FailureClass
from boardhand_api.run_status import Phase
from boardhand_operator.act.deliver import UNTOLD
from boardhand_operator.boards.markers import find_closing
from boardhand_operator.errors import CredentialsRefused, Misconfigured, Rejected
from boardhand_operator.kube import Resource
from boardhand_operator.views import Pool, Run
from tests.support.fake_board import DOING, FAILED, READY, REVIEW
from tests.support.fake_nodes import Fate
from tests.support.fuse import Fuse
from tests.support.world import Replica, World, clocked

MINUTE = 60.0
COLUMNS = {"ready": READY, "inProgress": DOING, "review": REVIEW, "failed": FAILED}
BOARD = {"type": "fake", "board": "b1", "secretRef": {"name": "s"}, "columns": COLUMNS}


class Refusing(Fuse):
    """Calls of these names are refused for good; what was asked is counted."""

    def __init__(self, *names: str) -> None:
        super().__init__()
        self.names = names

    @asynccontextmanager
    async def call(self, name: str) -> AsyncIterator[None]:
        if name in self.names:
            self.calls.append(name)
            raise CredentialsRefused("The board", name, "the token is revoked (401)")
        async with super().call(name):
            yield


class Unkept(set[str]):
    """Branches of a forge where somebody deletes each as soon as it is pushed."""

    def add(self, _: str) -> None:
        return


@pytest.fixture
def world() -> Iterator[World]:
    made = World(Fuse(), lambda run, number: Fate.GREEN)
    made.add_pool(board=BOARD)
    made.board.add("card-1")
    with clocked(made.clock):
        yield made


async def _pass(world: World, replica: Replica, minutes: float) -> Run:
    for _ in range(int(minutes * 4)):
        replica.watch()
        await replica.work()
        world.pass_time(MINUTE / 4)
    (run,) = world.runs()
    return run


async def _begun(world: World) -> Replica:
    replica = Replica(world)
    await replica.poll()
    return replica


async def _cancel(world: World, run: Run) -> None:
    await world.kube.patch(Resource.RUNS, run.namespace, run.name, {"spec": {"cancel": True}})


def _closings(world: World, run: Run) -> list[str]:
    return [one.text for one in world.board.said["card-1"] if find_closing([one], run.uid)]


async def test_a_branch_that_is_gone_for_good_ends_its_run_with_a_reason(world: World) -> None:
    world.forge.branches = Unkept({"main"})
    replica = await _begun(world)
    run = await _pass(world, replica, 12)
    assert run.status.finished_at
    assert not run.status.phase.finished
    run = await _pass(world, replica, 12)
    assert (run.status.phase, run.settled) == (Phase.CANCELLED, True)
    assert run.status.failure
    assert (run.status.failure.failure_class, run.status.failure.reason) == (FailureClass.CANCELLED, "BranchDeleted")
    assert run.status.commit
    assert run.status.commit in run.status.failure.message
    (text,) = _closings(world, run)
    assert "BranchDeleted" in text
    assert "is left as it is" not in text
    assert [to for _, to in world.board.moves] == [DOING, FAILED]
    assert len(world.kube.objects[Resource.JOBS]) == 1, "the publish stage's log is all that is left of the change"
    assert not world.forge.opened


async def test_a_red_run_whose_branch_is_gone_keeps_why_it_failed(world: World) -> None:
    world.nodes._fate = lambda run, number: Fate.RED
    world.forge.branches = Unkept({"main"})
    run = await _pass(world, await _begun(world), 25)
    assert (run.status.phase, run.settled) == (Phase.FAILED, True)
    assert run.status.failure
    assert run.status.failure.failure_class is FailureClass.RED
    assert "BranchDeleted" in [event["reason"] for event in world.kube.objects[Resource.EVENTS].values()]
    (text,) = _closings(world, run)
    assert "is left as it is" not in text


async def test_a_branch_that_comes_back_in_time_is_delivered(world: World) -> None:
    world.forge.branches = Unkept({"main"})
    replica = await _begun(world)
    run = await _pass(world, replica, 12)
    assert run.status.branch
    world.forge.branches = {"main", run.status.branch}
    run = await _pass(world, replica, 5)
    assert run.status.phase is Phase.SUCCEEDED


async def test_a_repository_or_base_that_is_gone_ends_no_run(world: World) -> None:
    """That is the pool's to mend: nothing says that the run's branch is gone from it."""
    world.forge.branches = Unkept()
    replica = await _begun(world)
    await _pass(world, replica, 3)
    world.pass_time(40 * MINUTE)
    run = await _pass(world, replica, 2)
    assert run.status.finished_at
    assert not run.status.phase.finished


async def test_a_cancel_ends_a_run_whose_pull_request_cannot_be_opened(world: World) -> None:
    replica = await _begun(world)

    async def refused(_: object) -> object:
        raise Rejected("Forge", "open a pull request", "no commits between main and this (422)", status=422)

    world.forge.open_pull_request = refused  # type: ignore[method-assign, assignment]
    run = await _pass(world, replica, 4)
    assert not run.status.phase.finished
    await _cancel(world, run)
    run = await _pass(world, replica, 1)
    assert (run.status.phase, run.settled) == (Phase.CANCELLED, True)
    assert run.status.failure
    assert run.status.failure.reason == "CancelRequested"
    assert run.status.branch in world.forge.branches
    assert len(_closings(world, run)) == 1


async def test_a_cancel_of_a_red_run_keeps_why_it_failed(world: World) -> None:
    world.nodes._fate = lambda run, number: Fate.RED
    world.forge.branches = Unkept({"main"})
    replica = await _begun(world)
    run = await _pass(world, replica, 10)
    assert not run.status.phase.finished
    await _cancel(world, run)
    run = await _pass(world, replica, 1)
    assert run.status.phase is Phase.FAILED
    assert run.status.failure
    assert run.status.failure.failure_class is FailureClass.RED


@pytest.mark.parametrize("ended_before", [True, False], ids=["while it is told", "while it is at work"])
async def test_a_cancel_ends_a_run_whose_ticket_cannot_be_told(world: World, ended_before: bool) -> None:
    """The board is asked a while longer, since most are back soon; then the run ends without it."""
    replica = await _begun(world)
    world.nodes._fate = lambda run, number: Fate.GREEN if ended_before else Fate.DEADLINE
    run = await _pass(world, replica, 0.5)
    assert run.status.claim
    world.board.fuse = Refusing("read comments")
    run = await _pass(world, replica, 2 if ended_before else 0.25)
    assert bool(run.status.finished_at) is ended_before
    await _cancel(world, run)
    world.pass_time(60 * MINUTE)
    run = await _pass(world, replica, 3)
    assert run.status.finished_at
    assert not run.status.phase.finished
    world.pass_time(UNTOLD.total_seconds())
    run = await _pass(world, replica, 4)
    assert (run.status.phase, run.settled) == (Phase.SUCCEEDED if ended_before else Phase.CANCELLED, True)
    assert any("the ticket is not told" in event["message"] for event in world.kube.objects[Resource.EVENTS].values())


async def test_who_is_not_called_off_waits_for_its_board(world: World) -> None:
    replica = await _begun(world)
    run = await _pass(world, replica, 0.5)
    world.board.fuse = Refusing("read comments")
    await _pass(world, replica, 3)
    world.pass_time(24 * 60 * MINUTE)
    run = await _pass(world, replica, 1)
    assert run.status.finished_at
    assert not run.status.phase.finished
    world.board.fuse = world.fuse
    run = await _pass(world, replica, 3)
    assert run.status.phase is Phase.SUCCEEDED
    assert len(_closings(world, run)) == 1


@pytest.mark.parametrize("ended", [True, False], ids=["that ended", "at work"])
async def test_a_cancel_ends_a_run_whose_pool_cannot_be_read_any_more(world: World, ended: bool) -> None:
    """As where it is gone: nobody can be told. Another version of the definitions let it through."""
    replica = await _begun(world)
    run = await _pass(world, replica, 0.5)
    (pool,) = world.kube.objects[Resource.POOLS].values()
    if ended:
        world.board.fuse = Refusing("read comments")
        run = await _pass(world, replica, 3)
    assert bool(run.status.finished_at) is ended
    pool["spec"]["limits"] = {"deadlineSeconds": "soon"}
    run = await _pass(world, replica, 3)
    assert not run.status.phase.finished
    await _cancel(world, run)
    run = await _pass(world, replica, 1)
    assert (run.status.phase.finished, run.settled) == (True, True)


async def test_a_cancel_ends_a_run_whose_former_spec_cannot_be_read_any_more(world: World) -> None:
    replica = await _begun(world)
    await _pass(world, replica, 0.5)

    async def unreadable(pool: Pool, generation: int) -> Pool:
        raise Misconfigured("SpecUnreadable", "limits.deadlineSeconds: not a number")

    replica.services.snapshots.at = unreadable  # type: ignore[method-assign]
    run = await _pass(world, replica, 3)
    assert not run.status.phase.finished
    await _cancel(world, run)
    run = await _pass(world, replica, 1)
    assert (run.status.phase, run.settled) == (Phase.CANCELLED, True)
