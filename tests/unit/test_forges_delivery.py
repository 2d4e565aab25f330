"""A whole run where the forge has no pull requests, or there is no forge: the card is told the branch."""

from __future__ import annotations

import pytest

from boardhand_api.run_status import Phase
from tests.support.fuse import Fuse
from tests.support.world import World, clocked, live


@pytest.mark.parametrize("forge", [True, False])
async def test_a_branch_is_all_there_is(*, forge: bool) -> None:
    world = World(Fuse())
    world.forge.pull_requests = False  # type: ignore[misc]  # this one instance is a plain git remote
    world.add_pool(forge=forge, board=True)
    world.board.add("card-1")
    with clocked(world.clock):
        await live(world)
    (run,) = world.runs()
    assert run.status.phase is Phase.SUCCEEDED
    assert run.status.pull_request is None and world.forge.opened == []
    told = world.board.texts("card-1")[-1]
    assert f"Branch: `{run.status.branch}`" in told and "ull request" not in told


async def test_a_pull_request_gets_the_pools_labels_and_reviewers() -> None:
    world = World(Fuse())
    forge = {"type": "fake", "url": "http://forge.test", "secretRef": {"name": "s"}}
    world.add_pool(forge=forge | {"labels": ["bot"], "reviewers": ["ada", "grace"]}, board=True)
    world.board.add("card-1")
    with clocked(world.clock):
        await live(world)
    assert list(world.forge.wanted.values()) == [(("bot",), ("ada", "grace"))]


@pytest.mark.parametrize("wanted", [True, False])
async def test_a_description_follows_the_template_where_the_pool_wants_it(wanted: bool) -> None:
    world = World(Fuse())
    world.forge.form = "## Sign-off\n\n- [ ] a person"
    forge = {"type": "fake", "url": "http://forge.test", "secretRef": {"name": "s"}, "template": wanted}
    world.add_pool(forge=forge, board=True)
    world.board.add("card-1")
    with clocked(world.clock):
        await live(world)
    (body,) = world.forge.bodies.values()
    assert ("## Sign-off" in body) is wanted
