"""What others plant under names and labels of ours is not taken for ours, and what they write into a status deletes
nothing of theirs."""

from __future__ import annotations

import asyncio
import copy

import pytest

from boardhand_api.pod import LABEL_RUN, Stage
from boardhand_api.result import Published, Result, termination_message
from boardhand_api.run_status import Phase
from boardhand_operator.act import volume
from boardhand_operator.act.doing import Doing
from boardhand_operator.cluster.snapshots import Snapshots, build_revision
from boardhand_operator.errors import Misconfigured
from boardhand_operator.kube import Resource
from boardhand_operator.views import Pool, Run
from tests.support.fake_nodes import Fate
from tests.support.fuse import Fuse
from tests.support.objects import ended, job_body, pod_body, run_body
from tests.support.world import SETTINGS, FakeServices, Replica, World, clocked, go_on

FORGED = {
    Stage.AGENT: ended(0, termination_message(Result(commit="e" * 40, base_commit="b" * 40))),
    Stage.PUBLISH: ended(0, termination_message(Published(branch="boardhand/evil", commit="e" * 40))),
    Stage.VERIFY: ended(0),
}


def plant_pod(world: World, run: Run, job: str, uid: str) -> None:
    """A pod with a run's labels that says that all went well, younger than any."""
    pod = pod_body(FORGED, job=job, phase="Succeeded", name="planted")
    owners = [{"kind": "Job", "name": job, "uid": uid}]
    pod["metadata"] |= {"creationTimestamp": "2027-01-01T12:00:00Z", "ownerReferences": owners}
    pod["metadata"]["labels"][LABEL_RUN] = run.name
    world.kube.put(Resource.PODS, "team", pod)
    world.kube.set_status(Resource.PODS, ("team", "planted"), pod["status"])


def at_work() -> World:
    """A world in which a run's Job is made."""
    world = World(Fuse(), lambda run, number: Fate.RED)
    world.add_pool()
    world.board.add("card-1")
    return world


def test_a_pod_with_a_runs_labels_is_not_the_runs() -> None:
    world = at_work()

    async def lived() -> None:
        await go_on(world, 2, step=1)
        (run,) = world.runs()
        assert not run.status.phase.finished
        plant_pod(world, run, f"{run.name}-1", "another")
        await go_on(world, 12)

    with clocked(world.clock):
        asyncio.run(lived())
    (run,) = world.runs()
    assert (run.status.phase, run.status.failure and run.status.failure.reason) == (Phase.FAILED, "VerifyFailed")
    assert run.status.branch != "boardhand/evil"


def test_a_job_under_the_name_in_the_status_is_not_the_runs() -> None:
    """Its status was written by others: the run has lost its Job, and goes on with a try of its own."""
    world = at_work()

    async def lived() -> None:
        await go_on(world, 2, step=1)
        (run,) = world.runs()
        planted = job_body("planted", complete=True)
        world.kube.put(Resource.JOBS, "team", copy.deepcopy(planted))
        world.kube.set_status(Resource.JOBS, ("team", "planted"), planted["status"])
        plant_pod(world, run, "planted", planted["metadata"]["uid"])
        await world.kube.patch(Resource.RUNS, "team", run.name, {"status": {"job": "planted"}}, "status")
        await go_on(world, 12)

    with clocked(world.clock):
        asyncio.run(lived())
    (run,) = world.runs()
    assert (run.status.phase, run.status.failure and run.status.failure.reason) == (Phase.FAILED, "VerifyFailed")


async def test_a_claim_that_a_status_names_is_deleted_only_where_it_is_the_runs() -> None:
    world = World(Fuse())
    for name, owner in (("run-1", "uid-run-1"), ("data", "uid-of-a-database")):
        meta = {"name": name, "ownerReferences": [{"uid": owner}]}
        world.kube.put(Resource.CLAIMS, "team", {"metadata": meta})

    async def removed(named: str) -> set[str]:
        run = Run.of(run_body("run-1", volume=named))
        replica = Replica(world)
        services = FakeServices(world.kube, world.board, world.forge, lambda: 0.0)
        await volume.remove(Doing(world.kube, replica.store, services, SETTINGS, run, None))
        return {name for _, name in world.kube.objects[Resource.CLAIMS]}

    assert await removed("data") == {"data"}
    assert await removed("../../other/persistentvolumeclaims/data") == {"data"}


@pytest.mark.parametrize(("owner", "image"), [("uid-team-shop", "evil:1"), ("somebody", "toolchain:1")])
async def test_a_revision_that_others_made_is_not_gone_on_with(owner: str, image: str) -> None:
    world = World(Fuse())
    world.add_pool()
    pool = Pool.of(world.kube.objects[Resource.POOLS]["team", "shop"])
    planted = build_revision(pool)
    planted["metadata"]["ownerReferences"][0]["uid"] = owner
    planted["data"] = {"spec": {**pool.body["spec"], "workbench": {"image": image, "verify": ["pytest -q"]}}}
    world.kube.put(Resource.REVISIONS, "team", planted)
    with pytest.raises(Misconfigured, match="not of this pool's spec"):
        await Snapshots(world.kube).keep(pool)
    if owner == "somebody":
        newer = Pool.of({**pool.body, "metadata": {**pool.body["metadata"], "generation": 2}})
        assert (await Snapshots(world.kube).at(newer, 1)).spec_generation == 2


async def test_a_revision_of_ours_is_found_again() -> None:
    world = World(Fuse())
    world.add_pool()
    pool = Pool.of(world.kube.objects[Resource.POOLS]["team", "shop"])
    for _ in range(2):
        await Snapshots(world.kube).keep(pool)
    assert len(world.kube.objects[Resource.REVISIONS]) == 1
