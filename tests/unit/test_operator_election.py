"""Which of several operators works, on an API server in memory. Times are compared, never waited for exactly."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from unittest import mock

import pytest

from boardhand_operator import app
from boardhand_operator.app import App
from boardhand_operator.election import Election, Lost, Terms
from boardhand_operator.kube import ApiException, Json, Kube, Resource
from boardhand_operator.memory.store import Key
from boardhand_operator.settings import Seat, Settings
from boardhand_operator.vitals import Role
from tests.support.fake_kube import FakeKube
from tests.support.fuse import Fuse, When
from tests.support.objects import run_body

TERMS = Terms(duration=0.6, every=0.02, give_up=0.2)
WHERE = ("boardhand-system", "boardhand")
_MOST = 20
"""Seconds after which a wait has failed."""


def _election(kube: FakeKube, identity: str, terms: Terms = TERMS) -> Election:
    return Election(kube, Seat(*WHERE, identity), terms)


def _lease(kube: FakeKube) -> Json:
    return kube.objects[Resource.LEASES][WHERE]


async def _held(election: Election) -> None:
    await asyncio.wait_for(election.acquire(), _MOST)


@asynccontextmanager
async def _keeping(election: Election) -> AsyncIterator[asyncio.Task[None]]:
    task = asyncio.create_task(election.keep())
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.wait({task})


async def test_the_first_makes_the_lease_as_the_api_wants_it() -> None:
    kube = FakeKube()
    await _held(_election(kube, "a"))
    spec = _lease(kube)["spec"]
    assert (spec["holderIdentity"], spec["leaseDurationSeconds"], spec["leaseTransitions"]) == ("a", 1, 0)
    assert len(spec["renewTime"].split(".")[1]) == len("000000Z")


async def test_who_comes_second_stands_by_as_long_as_the_first_renews() -> None:
    kube = FakeKube()
    first, second = _election(kube, "a"), _election(kube, "b")
    await _held(first)
    async with _keeping(first) as renewing:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(second.acquire(), 2 * TERMS.duration)
        assert not renewing.done()
    assert _lease(kube)["spec"]["holderIdentity"] == "a"


async def test_a_lease_that_nobody_renews_is_taken_after_its_duration_and_not_before() -> None:
    kube = FakeKube()
    await _held(_election(kube, "a"))
    begin = time.monotonic()
    await _held(_election(kube, "b"))
    assert time.monotonic() - begin >= TERMS.duration
    assert _lease(kube)["spec"]["holderIdentity"] == "b"
    assert _lease(kube)["spec"]["leaseTransitions"] == 1


async def test_a_released_lease_is_taken_at_once_and_a_container_started_anew_needs_no_wait() -> None:
    kube = FakeKube()
    long = Terms(duration=3600, every=0.02, give_up=0.3)
    first = _election(kube, "a", long)
    await _held(first)
    await _held(_election(kube, "a", long))
    await _held(first)
    await first.release()
    await _held(_election(kube, "b", long))
    assert _lease(kube)["spec"]["holderIdentity"] == "b"


async def test_a_holder_whose_lease_was_stolen_is_told() -> None:
    kube = FakeKube()
    election = _election(kube, "a")
    await _held(election)
    async with _keeping(election) as renewing:
        await kube.patch(Resource.LEASES, *WHERE, {"spec": {"holderIdentity": "thief"}})
        with pytest.raises(Lost, match="thief holds it"):
            await asyncio.wait_for(renewing, _MOST)
    assert not election.sure
    await election.release()
    assert _lease(kube)["spec"]["holderIdentity"] == "thief"


async def test_who_gave_the_lease_up_is_not_sure_any_more() -> None:
    election = _election(FakeKube(), "a", Terms())
    await _held(election)
    assert election.sure
    await election.release()
    assert not election.sure


async def test_who_is_given_anothers_lease_waits_until_that_one_has_noticed() -> None:
    kube = FakeKube()
    patient = Terms(duration=3600, every=0.02, give_up=0.3, pause=0.5)
    first, second = _election(kube, "a", patient), _election(kube, "b", patient)
    await _held(first)
    taken: list[float] = []

    async def take() -> None:
        await second.acquire()
        taken.append(time.monotonic())

    async with _keeping(first) as renewing:
        waiting = asyncio.create_task(take())
        await kube.patch(Resource.LEASES, *WHERE, {"spec": {"holderIdentity": "b"}})
        with pytest.raises(Lost, match="b holds it"):
            await asyncio.wait_for(renewing, _MOST)
        lost = time.monotonic()
    await asyncio.wait_for(waiting, _MOST)
    assert taken[0] >= lost
    assert second.sure


GIVEN = Terms(duration=3600, every=0.02, give_up=0.1, pause=0.2)


async def _by_force(second: Election, begin: float) -> None:
    await asyncio.wait_for(second.acquire(), _MOST)
    assert time.monotonic() - begin >= GIVEN.pause
    assert second.sure


async def test_a_lease_whose_holder_somebody_took_out_is_worked_only_once_that_one_must_know() -> None:
    kube = FakeKube()
    await _held(_election(kube, "a", GIVEN))
    begin = time.monotonic()
    await kube.patch(Resource.LEASES, *WHERE, {"spec": {"holderIdentity": ""}})
    await _by_force(_election(kube, "b", GIVEN), begin)


async def test_who_takes_by_force_waits_also_where_the_answer_to_that_is_lost() -> None:
    kube = FakeKube()
    await _held(_election(kube, "a", GIVEN))
    begin = time.monotonic()
    await kube.patch(Resource.LEASES, *WHERE, {"spec": {"holderIdentity": "b"}})
    # 1: read; 2: written, and the answer lost.
    kube.fuse = Fuse({2: When.AFTER}, lambda name: ApiException(status=503, reason=name))
    await _by_force(_election(kube, "b", GIVEN), begin)


def test_who_is_given_a_lease_waits_until_its_former_holder_is_not_sure_however_slow_its_renewals_are() -> None:
    assert Terms.give_up < Terms.pause < Terms.duration


async def test_who_ends_right_after_it_took_by_force_does_not_hand_over_at_once() -> None:
    kube = FakeKube()
    await _held(_election(kube, "a", GIVEN))
    second = _election(kube, "b", GIVEN)
    await kube.patch(Resource.LEASES, *WHERE, {"spec": {"holderIdentity": "b"}})
    taking = asyncio.create_task(second.acquire())
    async with asyncio.timeout(_MOST):
        while second._held is None:
            await asyncio.sleep(0)
    taking.cancel()
    await asyncio.wait({taking})
    await second.release()
    assert _lease(kube)["spec"]["holderIdentity"] == "b"


@pytest.mark.parametrize("stolen", [False, True])
async def test_a_lease_whose_last_renewal_was_cut_off_is_released_all_the_same(stolen: bool) -> None:
    kube = FakeKube()
    election = _election(kube, "a")
    await _held(election)
    kube.fuse = Fuse({1: When.AFTER}, lambda name: ApiException(status=503, reason=name))
    with pytest.raises(ApiException):
        await election._renew()
    if stolen:
        await kube.patch(Resource.LEASES, *WHERE, {"spec": {"holderIdentity": "b"}})
    await election.release()
    assert _lease(kube)["spec"]["holderIdentity"] == ("b" if stolen else "")


async def test_an_answer_that_is_no_json_is_a_refusal_like_others() -> None:
    kube = FakeKube()
    election = _election(kube, "a")
    await _held(election)
    fuse = kube.fuse = Fuse({1: When.BEFORE, 4: When.AFTER}, lambda name: json.JSONDecodeError(name, "<html>", 0))
    async with _keeping(election) as renewing:
        async with asyncio.timeout(_MOST):
            while len(fuse.calls) < 8:
                await asyncio.sleep(0.01)
        assert not renewing.done()


async def test_who_wakes_up_with_its_machine_is_not_sure(monkeypatch: pytest.MonkeyPatch) -> None:
    """Linux' monotonic clock stands while the machine sleeps; the one that counts that, too, does not."""
    slept = [0.0]
    real = time.clock_gettime

    def told(which: int) -> float:
        return real(which) + (slept[0] if which == time.CLOCK_BOOTTIME else 0.0)

    monkeypatch.setattr(time, "clock_gettime", told)
    election = _election(FakeKube(), "a", Terms())
    await _held(election)
    assert election.sure
    slept[0] = 60.0
    assert not election.sure


async def test_who_was_stopped_for_a_while_is_not_sure() -> None:
    now = [100.0]
    election = Election(FakeKube(), Seat(*WHERE, "a"), TERMS, lambda: now[0])
    assert not election.sure
    await _held(election)
    later = []
    for seconds in (TERMS.give_up * 0.9, TERMS.give_up * 0.2):
        now[0] += seconds
        later.append(election.sure)
    assert later == [True, False]


async def test_a_holder_that_cannot_renew_stops_before_anybody_may_take_over() -> None:
    kube = FakeKube()
    election = _election(kube, "a")
    begin = time.monotonic()
    await _held(election)
    kube.fuse = Fuse(dict.fromkeys(range(1, 10_000), When.BEFORE), lambda name: ApiException(status=500, reason=name))
    async with _keeping(election) as renewing:
        with pytest.raises(Lost, match="not renewed for"):
            await asyncio.wait_for(renewing, _MOST)
    assert time.monotonic() - begin >= TERMS.give_up


async def test_one_refusal_or_a_lost_answer_costs_nothing() -> None:
    kube = FakeKube()
    election = _election(kube, "a")
    await _held(election)
    # 1: refused; 2: written, and the answer lost, so that 3 names a version that is gone.
    plan = {1: When.BEFORE, 2: When.AFTER}
    fuse = kube.fuse = Fuse(plan, lambda name: ApiException(status=503, reason=name))
    async with _keeping(election) as renewing:
        async with asyncio.timeout(_MOST):
            while len(fuse.calls) < 8:
                await asyncio.sleep(0.01)
        assert not renewing.done()


@pytest.mark.parametrize("back", [True, False])
async def test_an_api_server_that_goes_away_after_a_lost_answer_costs_the_lease_only_in_the_end(back: bool) -> None:
    kube = FakeKube()
    election = _election(kube, "a")
    await _held(election)
    # 1: written, and the answer lost, so that 2 names a version that is gone; from 3 on nothing is answered.
    plan = {1: When.AFTER} | dict.fromkeys(range(3, 5 if back else 10_000), When.BEFORE)
    fuse = kube.fuse = Fuse(plan, lambda name: ApiException(status=503, reason=name))
    async with _keeping(election) as renewing:
        if not back:
            with pytest.raises(Lost, match="not renewed for"):
                await asyncio.wait_for(renewing, _MOST)
            return
        async with asyncio.timeout(_MOST):
            while len(fuse.calls) < 10 and not renewing.done():
                await asyncio.sleep(0.01)
        assert not renewing.done()
        assert election.sure


async def test_of_many_at_once_exactly_one_holds_it() -> None:
    kube = FakeKube()
    elections = [_election(kube, f"operator-{number}") for number in range(8)]
    tasks = [asyncio.create_task(election.acquire()) for election in elections]
    done, waiting = await asyncio.wait(tasks, timeout=TERMS.duration / 2)
    for task in waiting:
        task.cancel()
    await asyncio.wait(tasks)
    assert len(done) == 1


async def _until(event: asyncio.Event) -> None:
    await asyncio.wait_for(event.wait(), _MOST)


async def test_an_operator_works_only_while_it_holds_the_lease() -> None:
    kube = FakeKube()
    quick = mock.patch.object(app, "Election", partial(Election, terms=TERMS))
    with quick, mock.patch.object(Kube, "connect", mock.AsyncMock(return_value=kube)):
        works, stands_by = (App(Settings("runner:1", seat=Seat(*WHERE, name))) for name in ("a", "b"))
        await works.start()
        await _until(works.working)
        await stands_by.start()
    try:
        assert stands_by.vitals().role is Role.STANDING_BY
        assert stands_by.vitals().ready
        await works.stop()
        await _until(stands_by.working)
        assert _lease(kube)["spec"]["holderIdentity"] == "b"
        await kube.patch(Resource.LEASES, *WHERE, {"spec": {"holderIdentity": "thief"}})
        await _until(stands_by.deposed)
    finally:
        await stands_by.stop()
    assert stands_by.vitals().role is Role.ENDED
    assert _lease(kube)["spec"]["holderIdentity"] == "thief"


async def test_an_operator_without_a_seat_works_at_once() -> None:
    alone = App(Settings("runner:1"))
    assert alone.vitals().role is Role.STARTING
    with mock.patch.object(Kube, "connect", mock.AsyncMock(return_value=FakeKube())):
        await alone.start()
    await _until(alone.working)
    assert alone.vitals().role is Role.WORKING
    await alone.stop()
    assert alone.vitals().role is Role.ENDED


async def test_who_stands_by_keeps_no_list_of_all_runs_that_ever_were_and_looks_at_those_that_are() -> None:
    kube, looked = FakeKube(), list[Key]()
    first = _election(kube, "a", Terms(duration=3600))
    await _held(first)
    quick = mock.patch.object(app, "Election", partial(Election, terms=TERMS))

    async def look(key: Key) -> None:
        looked.append(key)

    with quick, mock.patch.object(Kube, "connect", mock.AsyncMock(return_value=kube)):
        stands_by = App(Settings("runner:1", seat=Seat(*WHERE, "b")))
        stands_by.timed = lambda _: look
        await stands_by.start()
    try:
        for name in ("gone-1", "gone-2", "there"):
            stands_by.seen(Resource.RUNS, run_body(name), gone=False)
            stands_by.wake(("team", name))
        for name in ("gone-1", "gone-2"):
            stands_by.seen(Resource.RUNS, run_body(name), gone=True)
            stands_by.wake(("team", name))
        assert stands_by.vitals().waiting == 0
        await first.release()
        async with asyncio.timeout(_MOST):
            while not looked:
                await asyncio.sleep(0.01)
        stands_by.wake(("team", "gone-1"))
        async with asyncio.timeout(_MOST):
            while len(looked) < 2:
                await asyncio.sleep(0.01)
    finally:
        await stands_by.stop()
    assert looked == [("team", "there"), ("team", "gone-1")]
