"""What becomes of pull requests is written to the runs that made them, whenever the operator's process ends."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from boardhand_api.pod import LABEL_PULL_REQUEST, LABEL_SETTLED
from boardhand_api.run_status import PullRequest, PullRequestState
from boardhand_operator.after import pulls
from boardhand_operator.after.labels import settling
from boardhand_operator.after.pulls import EACH, LOOKS, PullRequests
from boardhand_operator.errors import RateLimited, RemoteUnavailable
from boardhand_operator.kube import Resource
from boardhand_operator.memory.store import Store
from boardhand_operator.views import Pool, Run
from tests.support.fake_forge import FakeForge
from tests.support.fake_nodes import Fate
from tests.support.fuse import Crash, Fuse, When
from tests.support.objects import a_pool, a_run, run_body
from tests.support.virtual_time import LoopClock, virtually
from tests.support.world import FakeServices, World, clocked, live

OPEN, MERGED, CLOSED = PullRequestState
KEY = ("team", "shop")
NOON = "2026-01-01T12:00:00Z"
AT = "2026-01-01T13:00:00Z"
URL = "http://forge.test/pulls"


@pytest.fixture
def world() -> Iterator[World]:
    made = World(Fuse(armed=False))
    made.add_pool()
    with clocked(made.clock):
        yield made


def settled(world: World, number: int, name: str = "", pool: str = "shop", **status: Any) -> str:
    """A settled run with an open pull request."""
    name = name or f"run-{number}"
    body = run_body(name, pool=pool, settled=True)
    body["metadata"]["labels"][LABEL_PULL_REQUEST] = "open"
    pull = PullRequest(url=f"{URL}/{number}", number=number)
    world.kube.put(Resource.RUNS, "team", body)
    known = {"phase": "Succeeded", "commit": "c" * 40, "finishedAt": NOON, "pullRequest": pull.wire()}
    world.kube.set_status(Resource.RUNS, ("team", name), known | status)
    world.forge.fates[number] = pull.model_copy(update={"head": "c" * 40})
    return name


def became(world: World, number: int, **changes: Any) -> None:
    world.forge.fates[number] = world.forge.fates[number].model_copy(update=changes)


def the_pool(world: World) -> Pool:
    return Pool.of(world.kube.objects[Resource.POOLS][KEY])


def looker(world: World) -> PullRequests:
    store = Store()
    store.put(Resource.POOLS, world.kube.objects[Resource.POOLS][KEY])
    services = FakeServices(world.kube, world.board, world.forge, lambda: world.clock.time.timestamp())
    return PullRequests(KEY, world.kube, store, services)


async def look(world: World, looker_: PullRequests | None = None) -> list[str]:
    """One look; what was asked of whom."""
    world.fuse.armed = True
    before = len(world.fuse.calls)
    try:
        await (looker_ or looker(world)).look(the_pool(world), world.forge, world.clock.time)
    finally:
        world.fuse.armed = False
    return world.fuse.calls[before:]


def run_of(world: World, name: str) -> Run:
    return Run.of(world.kube.objects[Resource.RUNS]["team", name])


def label(world: World, name: str) -> str | None:
    value: str | None = run_of(world, name).body["metadata"]["labels"].get(LABEL_PULL_REQUEST)
    return value


def followed(world: World, name: str) -> bool:
    return label(world, name) is not None


def test_only_a_run_with_a_pull_request_is_followed() -> None:
    pull = {"url": f"{URL}/7", "number": 7}
    made = {"phase": "Succeeded", "claim": "c1", "finishedAt": NOON}
    closed = settling(a_run(**made, pullRequest=pull | {"state": "Closed"}), a_pool())
    assert closed == {LABEL_SETTLED: "true", LABEL_PULL_REQUEST: "closed"}
    assert settling(a_run(**made, pullRequest=pull), a_pool()) == {LABEL_SETTLED: "true", LABEL_PULL_REQUEST: "open"}
    for run, pool in (
        (a_run(**made), a_pool()),
        (a_run(**made, pullRequest=pull), None),
        (a_run(**made, pullRequest=pull), a_pool(board=False, forge=False)),
        (a_run(**made, pullRequest=pull | {"state": "Merged"}), a_pool()),
    ):
        assert settling(run, pool) == {LABEL_SETTLED: "true"}


async def test_a_run_is_marked_with_the_write_that_settles_it() -> None:
    """So a crash leaves no run that is settled and forgotten, and no request is added."""
    world = World(Fuse(armed=False), lambda *_: Fate.GREEN)
    world.add_pool()
    world.board.add("card-1")
    with clocked(world.clock):
        world.fuse.armed = True
        await live(world)
    (run,) = world.runs()
    assert run.status.pull_request and run.status.pull_request.state is OPEN
    assert followed(world, run.name)
    assert [call for call in world.fuse.calls if call == "patch RUNS"] == ["patch RUNS"]


async def test_a_merge_is_written_and_the_run_let_go(world: World) -> None:
    name = settled(world, 7)
    became(world, 7, state=MERGED, merged_at=AT, head="d" * 40)
    calls = await look(world)
    assert calls == ["list RUNS", "read a pull request", "patch RUNS/status", "patch RUNS"]
    found = run_of(world, name)
    assert found.status.pull_request == PullRequest(url=f"{URL}/7", number=7, state=MERGED, merged_at=AT, head="d" * 40)
    assert found.status.commit == "c" * 40
    assert found.settled
    assert not followed(world, name)
    assert await look(world) == ["list RUNS"]


async def test_a_closed_one_is_marked_as_that_and_no_more_asked_for(world: World) -> None:
    name = settled(world, 7)
    became(world, 7, state=CLOSED)
    assert (await look(world))[-2:] == ["patch RUNS/status", "patch RUNS"]
    pull = run_of(world, name).status.pull_request
    assert pull and (pull.state, pull.merged_at) == (CLOSED, None)
    assert label(world, name) == "closed"
    assert await look(world) == ["list RUNS"]


async def test_one_that_is_opened_again_is_looked_after_again(world: World) -> None:
    name = settled(world, 7)
    became(world, 7, state=CLOSED)
    looks = looker(world)
    await look(world, looks)
    became(world, 7, state=OPEN)
    looks._closed_at = 0.0
    calls = await look(world, looks)
    assert calls == ["list RUNS", "list RUNS", "read a pull request", "patch RUNS/status", "patch RUNS"]
    pull = run_of(world, name).status.pull_request
    assert pull and pull.state is OPEN
    assert label(world, name) == "open"
    became(world, 7, state=MERGED, merged_at=AT)
    await look(world, looks)
    pull = run_of(world, name).status.pull_request
    assert pull and (pull.state, pull.merged_at) == (MERGED, AT)
    assert not followed(world, name)


async def test_one_that_stays_closed_costs_a_request_now_and_then(world: World) -> None:
    name = settled(world, 7)
    became(world, 7, state=CLOSED)
    looks = looker(world)
    await look(world, looks)
    looks._closed_at = 0.0
    assert await look(world, looks) == ["list RUNS", "list RUNS", "read a pull request"]
    assert await look(world, looks) == ["list RUNS"]
    assert looks._closed_at - time.monotonic() == pytest.approx(pulls.CLOSED_EVERY, abs=5)
    world.clock.time += timedelta(days=90)
    looks._closed_at = 0.0
    assert await look(world, looks) == ["list RUNS", "list RUNS", "patch RUNS"]
    assert not followed(world, name)


async def test_a_forge_that_calls_has_the_closed_ones_looked_at_but_not_with_every_call(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = settled(world, 7)
    became(world, 7, state=CLOSED)
    looks = looker(world)
    await look(world, looks)
    looks.called()
    assert (await look(world, looks)).count("read a pull request") == 1
    became(world, 7, state=OPEN)
    looks.called()
    assert await look(world, looks) == ["list RUNS"]
    monkeypatch.setattr(pulls, "EVERY", 0.0)
    assert "patch RUNS/status" in await look(world, looks)
    assert label(world, name) == "open"
    assert (await look(world, looks)).count("list RUNS") == 1


async def test_a_call_during_a_look_at_the_closed_ones_is_not_lost(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pulls, "EVERY", 0.0)
    settled(world, 7)
    became(world, 7, state=CLOSED)
    looks = looker(world)
    await look(world, looks)
    asked = world.forge.followed

    async def calling(number: int) -> PullRequest:
        looks.called()
        return await asked(number)

    world.forge.followed = calling  # type: ignore[method-assign]
    looks.called()
    assert (await look(world, looks)).count("read a pull request") == 1
    world.forge.followed = asked  # type: ignore[method-assign]
    assert (await look(world, looks)).count("read a pull request") == 1
    assert (await look(world, looks)).count("read a pull request") == 0


async def test_of_very_many_closed_ones_each_has_its_turn(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pulls, "CLOSED_LOOKS", 2)
    looks = looker(world)
    for number in range(1, 6):
        settled(world, number)
        became(world, number, state=CLOSED)
    await look(world, looks)
    for number in range(1, 6):
        became(world, number, state=OPEN)
    for some in (2, 4, 5):
        looks._closed_at = 0.0
        await look(world, looks)
        assert sum(label(world, f"run-{number}") == "open" for number in range(1, 6)) == some


async def test_a_closed_look_that_fails_is_made_again(world: World) -> None:
    name = settled(world, 7)
    became(world, 7, state=CLOSED)
    looks = looker(world)
    await look(world, looks)
    looks._closed_at = 0.0
    asked = world.forge.followed

    async def refusing(number: int) -> PullRequest:
        raise RemoteUnavailable("Forge", f"read {number}", "gone")

    world.forge.followed = refusing  # type: ignore[method-assign]
    with pytest.raises(RemoteUnavailable):
        await look(world, looks)
    world.forge.followed = asked  # type: ignore[method-assign]
    became(world, 7, state=OPEN)
    await look(world, looks)
    assert label(world, name) == "open"


async def test_an_open_one_is_written_where_it_changed_only(world: World) -> None:
    name = settled(world, 7)
    assert (await look(world))[-1] == "patch RUNS/status"
    assert (await look(world)) == ["list RUNS", "read a pull request"]
    became(world, 7, head="e" * 40, draft=True)
    assert (await look(world))[-1] == "patch RUNS/status"
    pull = run_of(world, name).status.pull_request
    assert pull and (pull.head, pull.draft, pull.state) == ("e" * 40, True, OPEN)
    assert followed(world, name)


async def test_a_commit_that_is_told_short_is_the_one_that_was_proved(world: World) -> None:
    name = settled(world, 7)
    became(world, 7, head="c" * 12)
    await look(world)
    pull = run_of(world, name).status.pull_request
    assert pull and pull.head == "c" * 40


@pytest.mark.parametrize("call", range(1, 6))
@pytest.mark.parametrize("when", When)
async def test_a_crash_loses_none_that_was_opened_again(world: World, call: int, when: When) -> None:
    name = settled(world, 7)
    became(world, 7, state=CLOSED)
    await look(world)
    became(world, 7, state=OPEN)
    world.fuse.plan = {len(world.fuse.calls) + call: when}
    closed = looker(world)
    closed._closed_at = 0.0
    with pytest.raises(Crash):
        await look(world, closed)
    world.fuse.plan = {}
    again = looker(world)
    again._closed_at = 0.0
    await look(world, again)
    pull = run_of(world, name).status.pull_request
    assert pull and pull.state is OPEN
    assert label(world, name) == "open"


@pytest.mark.parametrize("call", range(1, 5))
@pytest.mark.parametrize("when", When)
async def test_a_crash_between_any_two_steps_loses_nothing(world: World, call: int, when: When) -> None:
    name = settled(world, 7)
    became(world, 7, state=MERGED, merged_at=AT)
    world.fuse.plan = {call: when}
    with pytest.raises(Crash):
        await look(world)
    world.fuse.plan = {}
    await look(world)
    pull = run_of(world, name).status.pull_request
    assert pull and (pull.state, pull.merged_at) == (MERGED, AT)
    assert not followed(world, name)


async def test_after_ninety_days_nobody_looks_any_more(world: World) -> None:
    name = settled(world, 7)
    world.clock.time += timedelta(days=90) - timedelta(seconds=1)
    assert "read a pull request" in await look(world)
    world.clock.time += timedelta(seconds=1)
    assert await look(world) == ["list RUNS", "patch RUNS"]
    assert not followed(world, name)
    pull = run_of(world, name).status.pull_request
    assert pull and pull.state is OPEN


async def test_no_more_than_a_bound_are_asked_for_and_each_has_its_turn(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pulls, "LOOKS", 2)
    for number in range(1, 6):
        settled(world, number)
    looks = looker(world)
    for _ in range(3):
        assert (await look(world, looks)).count("read a pull request") == 2
    heads = [run.status.pull_request.head for run in world.runs() if run.status.pull_request]
    assert heads == ["c" * 40] * 5


async def test_another_pools_runs_and_another_repositorys_numbers_are_left_alone(world: World) -> None:
    other = settled(world, 8, pool="shelf")
    moved = settled(world, 7)
    world.forge.fates[7] = PullRequest(url="http://forge.test/elsewhere/pulls/7", number=7, state=MERGED)
    before = [dict(run_of(world, name).body) for name in (other, moved)]
    assert (await look(world)) == ["list RUNS", "read a pull request"]
    assert [run_of(world, name).body for name in (other, moved)] == before


@pytest.mark.parametrize("head", ["c" * 40, "c" * 12, "d" * 40])
async def test_one_whose_repository_was_renamed_is_looked_after_as_before(world: World, head: str) -> None:
    """The forge leads on to its new name; it is known by its commit: the one that was proved, or that was seen last."""
    pull = PullRequest(url=f"{URL}/7", number=7, head="d" * 40)
    name = settled(world, 7, pullRequest=pull.wire())
    became(world, 7, url="http://forge.test/renamed/pulls/7", state=MERGED, head=head)
    await look(world)
    found = run_of(world, name).status.pull_request
    assert found
    assert (found.url, found.state) == ("http://forge.test/renamed/pulls/7", MERGED)


@pytest.mark.parametrize(
    ("url", "head"),
    [("http://forge.test/x/pulls/7", "e" * 40), ("http://forge.test/x/pulls/7", None), ("javascript:x", "c" * 40)],
)
async def test_the_same_number_elsewhere_is_another_pull_request(world: World, url: str, head: str | None) -> None:
    name = settled(world, 7)
    became(world, 7, url=url, state=MERGED, head=head)
    await look(world)
    assert run_of(world, name).status.pull_request == PullRequest(url=f"{URL}/7", number=7)


async def test_one_that_is_not_there_stays_looked_after(world: World) -> None:
    name = settled(world, 7)
    del world.forge.fates[7]
    await look(world)
    assert followed(world, name)


async def test_a_run_that_somebody_wrote_meanwhile_is_written_the_next_time(world: World) -> None:
    name = settled(world, 7)
    became(world, 7, state=MERGED, merged_at=AT)
    followed_at = FakeForge.followed

    async def meanwhile(self: FakeForge, number: int) -> PullRequest:
        world.kube.objects[Resource.RUNS]["team", name]["metadata"]["resourceVersion"] = "4711"
        return await followed_at(self, number)

    world.forge.followed = lambda number: meanwhile(world.forge, number)  # type: ignore[method-assign]
    await look(world)
    assert followed(world, name)
    del world.forge.followed
    await look(world)
    assert not followed(world, name)


async def test_a_run_that_was_deleted_meanwhile_is_no_matter(world: World) -> None:
    name = settled(world, 7)
    became(world, 7, state=MERGED)
    gone = world.forge.followed

    async def deleting(number: int) -> PullRequest:
        world.kube.remove(Resource.RUNS, ("team", name))
        return await gone(number)

    world.forge.followed = deleting  # type: ignore[method-assign]
    await look(world)
    assert world.runs() == []


@pytest.mark.parametrize(
    ("failed", "pause"),
    [
        (RateLimited("Forge", "read", "slow down", retry_after=900.0), 900.0),
        (RemoteUnavailable("Forge", "read", "gone"), EACH),
    ],
)
async def test_a_forge_that_refuses_is_left_alone_for_so_long(world: World, failed: Exception, pause: float) -> None:
    for number in (1, 2, 3):
        settled(world, number)
    asked = []

    async def refusing(number: int) -> PullRequest:
        asked.append(number)
        raise failed

    world.forge.followed = refusing  # type: ignore[method-assign]
    assert await looker(world)._round() == pytest.approx(pause, rel=0.3)
    assert len(asked) == 1


@pytest.mark.parametrize(
    ("number", "pause"), [(0, 0.0), (2, 2 * EACH), (LOOKS, LOOKS * EACH), (LOOKS + 9, LOOKS * EACH)]
)
async def test_however_often_a_forge_calls_its_limit_is_left_to_others(world: World, number: int, pause: float) -> None:
    """With every check that ends it calls: fifty pull requests every ten seconds would be 18,000 requests an hour."""
    for one in range(number):
        settled(world, one + 1)
    assert await looker(world)._round() == pytest.approx(pause)
    assert 3600 / EACH < 2000


def test_a_forge_that_calls_is_asked_at_once_and_not_too_often(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pulls, "SOONEST", 30)
    monkeypatch.setattr(pulls, "EACH", 0.0)
    monkeypatch.setattr("random.random", lambda: 1.0)
    name = settled(world, 7)

    async def told(clock: LoopClock) -> None:
        looks = looker(world)
        task = asyncio.create_task(looks.run())
        await asyncio.sleep(2)
        assert run_of(world, name).status.pull_request == PullRequest(url=f"{URL}/7", number=7)
        became(world, 7, state=MERGED, merged_at=AT)
        for _ in range(50):
            looks.called()
            await asyncio.sleep(0.2)
        assert not followed(world, name)
        again = settled(world, 8)
        became(world, 8, state=MERGED)
        looks.called()
        await asyncio.sleep(5)
        assert followed(world, again)
        await asyncio.sleep(30)
        assert not followed(world, again)
        task.cancel()

    virtually(told)


async def test_a_plain_remote_and_a_pool_that_is_gone_are_asked_nothing(world: World) -> None:
    settled(world, 7)
    world.fuse.armed = True
    looks = looker(world)
    looks._store.drop(Resource.POOLS, KEY)
    await looks._round()
    world.kube.objects[Resource.POOLS][KEY]["spec"].pop("board")
    world.kube.objects[Resource.POOLS][KEY]["spec"].pop("forge")
    await looker(world)._round()
    assert world.fuse.calls == []


async def test_an_answer_of_another_shape_holds_nobody_up(world: World, caplog: pytest.LogCaptureFixture) -> None:
    settled(world, 1)
    name = settled(world, 2)
    became(world, 2, state=MERGED)
    asked = world.forge.followed

    async def odd(number: int) -> PullRequest:
        if number == 1:
            raise KeyError("state")
        return await asked(number)

    world.forge.followed = odd  # type: ignore[method-assign]
    await look(world)
    assert not followed(world, name)
    assert "of another shape" in caplog.text
