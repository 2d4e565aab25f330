"""What went while no watch showed it leaves the memory, and nothing else does."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from typing import Any
from unittest import mock

import pytest

from boardhand_api.pod import LABEL_RUN, LABEL_SETTLED
from boardhand_operator.app import App
from boardhand_operator.kube import ApiException, Json, Kube, Resource
from boardhand_operator.relisting import Relisting
from boardhand_operator.services import Services
from boardhand_operator.settings import Settings
from boardhand_operator.views import Key, Pool
from tests.support.fake_kube import FakeKube
from tests.support.objects import pool_body, run_body

OWNER = {"apiVersion": "boardhand.dev/v1alpha1", "kind": "TicketRun", "name": "run-1", "uid": "uid-of-run-1"}


class Gap:
    """An operator at work, what the API server has, and nothing that brings the one to the other."""

    def __init__(self, kube: FakeKube | None = None, namespaces: Iterable[str] = ()) -> None:
        self.kube = kube or FakeKube()
        self.app = App(Settings("runner:1"))
        self.app.working.set()
        self.relisting = Relisting(self.kube, self.app.store, tuple(namespaces), self.app.heard)

    def seen(self, resource: Resource, body: Json) -> Json:
        """There, and shown by a watch."""
        made = self.kube.put(resource, body["metadata"].get("namespace", "team"), body)
        self.app.heard(resource, made, False)
        return made

    def run(self, name: str, **about: Any) -> Json:
        return self.seen(Resource.RUNS, run_body(name, **about))

    def names(self, resource: Resource) -> set[str]:
        return {str(body["metadata"]["name"]) for body in self.app.store.bodies(resource)}

    def woken(self) -> set[Key]:
        ready = self.app.queue._ready
        keys = {ready.get_nowait() for _ in range(ready.qsize())}
        self.app.queue._dirty.clear()
        return keys


@pytest.fixture
def deleted(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The runs that the pools' workers are told of as deleted."""
    names: list[str] = []
    monkeypatch.setattr("boardhand_operator.pools.crew.Crew.run_deleted", lambda _, run: names.append(name_of(run)))
    return names


def name_of(body: Json) -> str:
    return str(body["metadata"]["name"])


async def test_a_run_that_was_deleted_in_a_gap_is_forgotten_and_its_worker_is_told(deleted: list[str]) -> None:
    gap = Gap()
    gap.seen(Resource.POOLS, pool_body())
    for name in ("run-1", "run-2"):
        gap.run(name)
    gap.woken()
    gap.kube.remove(Resource.RUNS, ("team", "run-1"))
    await gap.relisting.compare()
    assert gap.names(Resource.RUNS) == {"run-2"}
    assert ("team", "run-1") in gap.woken()
    assert deleted == ["run-1"]
    assert gap.app.store.turns.counts(("team", "shop")) == (0, 1)


async def test_a_run_that_was_settled_in_a_gap_is_forgotten_and_not_told_of_as_deleted(deleted: list[str]) -> None:
    gap = Gap()
    gap.run("run-1")
    label = {"metadata": {"labels": {LABEL_SETTLED: "true"}}}
    await gap.kube.patch(Resource.RUNS, "team", "run-1", label)
    await gap.relisting.compare()
    assert (gap.names(Resource.RUNS), deleted) == (set(), [])


async def test_the_run_of_a_job_that_went_in_a_gap_is_looked_at() -> None:
    gap = Gap()
    about = {"name": "run-1-1", "namespace": "team", "labels": {LABEL_RUN: "run-1"}, "ownerReferences": [OWNER]}
    gap.seen(Resource.JOBS, {"metadata": about, "spec": {}})
    gap.seen(Resource.PODS, {"metadata": about | {"name": "pod-1", "ownerReferences": [OWNER]}, "status": {}})
    gap.woken()
    gap.kube.remove(Resource.JOBS, ("team", "run-1-1"))
    gap.kube.remove(Resource.PODS, ("team", "pod-1"))
    await gap.relisting.compare()
    assert (gap.names(Resource.JOBS), gap.names(Resource.PODS)) == (set(), set())
    assert gap.woken() == {("team", "run-1")}


class Meanwhile(FakeKube):
    """Something is made, and shown by a watch, once a list was read and before its answer is here."""

    gap: Gap

    async def metadata(self, resource: Resource, namespace: str | None, selector: str) -> AsyncIterator[Json]:
        async for about in super().metadata(resource, namespace, selector):
            yield about
        if resource is Resource.RUNS:
            self.gap.run("new")


async def test_what_came_while_it_was_listed_stays(deleted: list[str]) -> None:
    kube = Meanwhile()
    gap = kube.gap = Gap(kube)
    gap.run("run-1")
    await gap.relisting.compare()
    assert (gap.names(Resource.RUNS), deleted) == ({"run-1", "new"}, [])


class Broken(FakeKube):
    """Of a list the first page comes, and the next one is too late."""

    async def metadata(self, resource: Resource, namespace: str | None, selector: str) -> AsyncIterator[Json]:
        async for about in super().metadata(resource, namespace, selector):
            yield about
            raise ApiException(status=410, reason="the continue token is too old")


async def test_after_half_a_list_nothing_is_forgotten() -> None:
    gap = Gap(Broken())
    for name in ("run-1", "run-2"):
        gap.run(name)
    gap.kube.remove(Resource.RUNS, ("team", "run-2"))
    with pytest.raises(ApiException):
        await gap.relisting.compare()
    assert gap.names(Resource.RUNS) == {"run-1", "run-2"}


async def test_each_watched_namespace_is_listed_and_what_nothing_is_known_of_costs_no_request() -> None:
    gap = Gap(namespaces=("team", "other"))
    gap.run("run-1")
    gap.run("run-2", namespace="other")
    gap.kube.remove(Resource.RUNS, ("other", "run-2"))
    gap.kube.fuse.calls.clear()
    await gap.relisting.compare()
    assert gap.names(Resource.RUNS) == {"run-1"}
    assert gap.kube.fuse.calls == ["list RUNS", "list RUNS", "get RUNS"]


async def test_it_goes_on_after_a_refusal_and_says_when_all_was_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("boardhand_operator.relisting.EVERY_SECONDS", 0.0)
    gap, listed = Gap(), list[int]()
    gap.run("run-1")

    class Enough(Exception):
        """The test has seen what it wanted."""

    answers = iter([ApiException(status=503), ValueError("no JSON"), None, TimeoutError(), None])

    async def compare() -> None:
        if problem := next(answers):
            raise problem

    def then() -> None:
        listed.append(1)
        if len(listed) == 2:
            raise Enough

    monkeypatch.setattr(gap.relisting, "compare", compare)
    with pytest.raises(Enough):
        await gap.relisting.run(then)


async def test_of_pools_and_runs_that_are_gone_nothing_is_kept() -> None:
    gap = Gap()
    services = Services(gap.kube, None)
    bodies = [gap.seen(Resource.POOLS, pool_body(name)) for name in ("shop", "old", "left")]
    gap.run("run-1")
    gap.run("run-2", pool="left")
    for body in bodies:
        pool = Pool.of(body)
        services.gates.guarded((pool.namespace, pool.name, "board fake None"), object())
        await services.policies.ensure(pool, gap.app.settings.network)
        services.ledgers._missed[pool.namespace, pool.name] = {}
    for run in ("run-1", "run-2", "run-3"):
        services.opener.placed["team", run] = "digest"
        services.minter.due["team", run] = services.minter.now()
    for name in ("old", "left"):
        gap.kube.remove(Resource.POOLS, ("team", name))
    await gap.relisting.compare()
    services.keep_only(gap.app.store)
    pools = {("team", "shop"), ("team", "left")}
    assert {key[:2] for key in services.gates._gates} == pools
    assert services.policies._seen.keys() == services.ledgers._missed.keys() == pools
    assert services.opener.placed.keys() == services.minter.due.keys() == {("team", "run-1"), ("team", "run-2")}


async def test_an_operator_at_work_looks_for_what_went_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("boardhand_operator.relisting.EVERY_SECONDS", 0.01)
    kube = FakeKube()
    monkeypatch.setattr(Kube, "connect", mock.AsyncMock(return_value=kube))
    kube.put(Resource.RUNS, "team", run_body("run-1"))
    app = App(Settings("runner:1"))
    app.timed = lambda _: nothing
    await app.start()
    try:
        services = app._services
        assert services and app.store.count(Resource.RUNS) == 1
        services.opener.placed["team", "run-1"] = "digest"
        kube.remove(Resource.RUNS, ("team", "run-1"))
        async with asyncio.timeout(20):
            while app.store.count(Resource.RUNS) or services.opener.placed:
                await asyncio.sleep(0.01)
    finally:
        await app.stop()


async def nothing(_: Key) -> None:
    """Of a run there is nothing to do."""


async def test_an_operator_whose_work_ends_of_itself_ends(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Else it would hold its Lease's last seconds, poll boards, and tell nobody until a probe ends it."""
    monkeypatch.setattr(Kube, "connect", mock.AsyncMock(return_value=FakeKube()))
    app = App(Settings("runner:1"))
    monkeypatch.setattr(app.queue, "run", mock.AsyncMock(side_effect=RuntimeError("of a kind nobody foresaw")))
    await app.start()
    try:
        async with asyncio.timeout(20):
            await app.deposed.wait()
    finally:
        await app.stop()
    assert "nobody foresaw" in caplog.text and "Traceback" in caplog.text


async def test_a_bug_in_what_is_done_beside_the_work_is_told_and_does_not_end_it(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(Kube, "connect", mock.AsyncMock(return_value=FakeKube()))
    monkeypatch.setattr("boardhand_operator.relisting.Relisting.run", mock.AsyncMock(side_effect=KeyError("a bug")))
    app = App(Settings("runner:1"))
    await app.start()
    try:
        async with asyncio.timeout(20):
            while "a bug" not in caplog.text:
                await asyncio.sleep(0)
        assert not app.deposed.is_set()
        assert app.vitals().alive
    finally:
        await app.stop()
