"""The operator's metrics: which there are, what counts, and that nobody can make series without end."""

from __future__ import annotations

import asyncio
import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as openmetrics
from prometheus_client.parser import text_string_to_metric_families

from boardhand_api.events import FellBack, Step
from boardhand_api.failures import FailureClass
from boardhand_api.pod import LABEL_TICKET
from boardhand_api.result import TestCounts, Usage
from boardhand_api.run_status import Failure, Verdict
from boardhand_operator.errors import Remote
from boardhand_operator.http.answers import Vendor
from boardhand_operator.http.calls import Call
from boardhand_operator.http.transport import Client, Connection
from boardhand_operator.kube import Resource
from boardhand_operator.memory.store import Key, Store
from boardhand_operator.metrics import served
from boardhand_operator.metrics.names import POOLS
from boardhand_operator.observing import Observers, Written
from boardhand_operator.observing.afterwards import WAITING, AfterTries
from boardhand_operator.observing.changes import SECRET_FOUND
from boardhand_operator.views import Pool
from boardhand_operator.vitals import Role, Vitals
from tests.support.fake_nodes import FakeNodes, Fate
from tests.support.fuse import Fuse
from tests.support.objects import NOON, pool_body, run_body
from tests.support.world import Replica, World, clocked

DOCS = Path(__file__).parents[2] / "docs" / "metrics.md"
_ROW = re.compile(r"^\| `(boardhand_\w+)` \| (\w+) \| ([^|]*) \|", re.MULTILINE)
Labels = dict[str, str]


class Memory:
    """Of an operator that works."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def vitals(self) -> Vitals:
        return Vitals(Role.WORKING, watch_lag_seconds=0.5, lease_age_seconds=1.0, oldest_poll_seconds=2.0, waiting=3)

    def polled(self, pool: Key) -> float | None:
        return 5.0 if pool[1] == "shop" else None


def metrics_of(store: Store) -> served.Metrics:
    return served.Metrics(Memory(store), {"read": 1})


def samples(metrics: served.Metrics, name: str) -> list[tuple[Labels, float]]:
    text = metrics.text("")[0].decode()
    found = [sample for family in text_string_to_metric_families(text) for sample in family.samples]
    return [(dict(sample.labels), sample.value) for sample in found if sample.name == name]


def value(metrics: served.Metrics, name: str, **labels: str) -> float:
    return sum(number for given, number in samples(metrics, name) if labels.items() <= given.items())


def step(role: str, tokens: int, money: str = "0.1") -> str:
    usage = Usage(prompt_tokens=tokens, cached_tokens=tokens // 2, completion_tokens=1, money=Decimal(money))
    return Step(at=NOON, number=1, role=role, usage=usage).model_dump_json(by_alias=True)


FELL_BACK = FellBack(at=NOON, model="large-model", fallback="spare", reason="ModelUnavailable")
LOG = "\n".join((step("route", 10), "no event", step("coder", 40), FELL_BACK.model_dump_json(), step("coder", 20)))
"""What the agent's log says: 70 of the 100 prompt tokens that its result tells of."""
MODELS_OF_POOL = {size: {"name": f"{size}-model", "secretRef": {"name": "model"}} for size in ("large", "small")}


class Life:
    """An operator among fakes, with metrics; every run is looked at twice."""

    def __init__(self, world: World) -> None:
        self.world, self.replica = world, Replica(world)
        self.metrics = metrics_of(self.replica.store)
        self.after = AfterTries(lambda: world.kube, [self.metrics.counted.over])
        self.replica.services.observer = observers = Observers()
        for observer in (self.metrics.counted, self.after):
            observers.add(observer)

    async def go_on(self, passes: int) -> None:
        working = asyncio.create_task(self.after.run())
        for _ in range(passes):
            self.replica.watch()
            await self.replica.poll()
            for key in self.world.kube.objects[Resource.PODS]:
                self.world.kube.logs[*key, "agent"] = LOG
            for _ in range(2):
                self.replica.watch()
                await self.replica.work()
            await self.after.leave()
            self.world.pass_time(20)
        working.cancel()


async def lived(passes: int = 14, **fates: tuple[Fate, ...]) -> Life:
    """A card for each, taken and worked to its end: how each of its tries ends."""
    world = World(Fuse())

    def fate(run: str, number: int) -> Fate:
        body = world.kube.objects[Resource.RUNS]["team", run]
        return fates[body["spec"]["ticket"]["id"]][number - 1]

    world.nodes = FakeNodes(world.kube, world.forge, fate)
    world.add_pool(limits={"concurrency": 5, "tries": 2, "money": 1}, models=MODELS_OF_POOL, budget={"day": 20})
    for card in fates:
        world.board.add(card)
    life = Life(world)
    with clocked(world.clock):
        await life.go_on(passes)
    return life


async def test_each_outcome_is_counted_once_however_often_it_is_looked_at() -> None:
    life = await lived(
        one=(Fate.GREEN,), two=(Fate.RED,), three=(Fate.NEEDS_INFO,), four=(Fate.MODEL_DOWN, Fate.GREEN), passes=18
    )
    metrics = life.metrics
    assert sorted(run.status.phase.value for run in life.world.runs()) == ["Failed"] * 2 + ["Succeeded"] * 2
    assert value(metrics, "boardhand_runs_finished_total", phase="Succeeded", **{"class": "None"}) == 2
    assert value(metrics, "boardhand_runs_finished_total", phase="Failed", **{"class": "Red"}) == 1
    assert value(metrics, "boardhand_runs_finished_total") == 4
    assert value(metrics, "boardhand_tries_ended_total") == 5
    assert value(metrics, "boardhand_tries_ended_total", **{"class": "Infrastructure"}) == 1
    assert value(metrics, "boardhand_claims_total", result="won") == 4
    assert value(metrics, "boardhand_run_queue_duration_seconds_count") == 4
    assert value(metrics, "boardhand_run_duration_seconds_count") == 4
    assert value(metrics, "boardhand_verdicts_total", verdict="passed", tests="uncounted") == 2
    assert value(metrics, "boardhand_verdicts_total", verdict="failed") == 1


async def test_tokens_and_money_are_the_models_that_used_them() -> None:
    metrics = (await lived(one=(Fate.GREEN,))).metrics
    used = {
        name: value(metrics, "boardhand_model_tokens_total", model=name, kind="prompt")
        for name in ("small-model", "large-model", "spare", "unknown")
    }
    assert used == {"small-model": 5, "large-model": 20, "spare": 10, "unknown": 30}
    assert value(metrics, "boardhand_model_tokens_total") == 100 + 10
    assert value(metrics, "boardhand_model_cost_dollars_total") == pytest.approx(0.3)


def written(before: dict[str, Any], after: dict[str, Any], pool: Pool | None = None) -> Written:
    return Written(run_body(**before), run_body(**after), pool, None)


LEAK = Failure(failure_class=FailureClass.REFUSED, reason=SECRET_FOUND, message="of a token").wire()
PROOF = Verdict(passed=True, exit_code=0, tests=TestCounts(ran=0)).wire()


def timed_pod() -> dict[str, Any]:
    """Whose agent worked for 40 seconds, and whose checkout is not timed."""
    agent = {"exitCode": 0, "startedAt": "2026-01-01T12:00:10Z", "finishedAt": "2026-01-01T12:00:50Z"}
    rows = [
        {"name": "checkout", "state": {"terminated": {"exitCode": 0}}},
        {"name": "agent", "state": {"terminated": agent}},
    ]
    return {"metadata": {"namespace": "team", "name": "p"}, "status": {"initContainerStatuses": rows}}


def test_stages_are_timed_by_the_kubelets_word() -> None:
    metrics = metrics_of(Store())
    metrics.counted.run_written(Written(run_body(job="j"), run_body(job=None, retryAt=NOON), None, timed_pod()))
    assert value(metrics, "boardhand_stage_duration_seconds_sum", stage="agent") == 40
    assert value(metrics, "boardhand_stage_duration_seconds_count") == 1
    assert value(metrics, "boardhand_runs_finished_total") == 0


def test_a_change_that_holds_a_secret_and_a_proof_without_tests_are_told_of() -> None:
    metrics, pool = metrics_of(Store()), Pool.of(pool_body())
    metrics.counted.run_written(written({}, {"failure": LEAK, "finishedAt": NOON}, pool))
    metrics.counted.run_written(written({}, {"verdict": PROOF, "finishedAt": NOON}, pool))
    assert value(metrics, "boardhand_secrets_refused_total", namespace="team", pool="shop") == 1
    assert value(metrics, "boardhand_verdicts_total", verdict="passed", tests="none") == 1


def test_gauges_are_what_the_memory_holds_when_asked() -> None:
    store = Store()
    spending = {"day": "2001-01-01", "dayMoney": "3", "month": "2001-01", "monthMoney": "5", "reserved": {"u/1": "2.5"}}
    shop = pool_body(budget={"day": 20}, limits={"money": 1})
    store.put(Resource.POOLS, {**shop, "status": {**shop["status"], "spending": spending}})
    store.put(Resource.POOLS, pool_body("idle", ready=False, suspend=True))
    for name, phase in (("a", "Queued"), ("b", "Working"), ("c", "Verifying"), ("d", "Working")):
        body = run_body(name, phase=phase, pool="shop" if name != "d" else "nobody's")
        body["metadata"]["labels"][LABEL_TICKET] = "t1"
        store.put(Resource.RUNS, body)
    metrics = metrics_of(store)
    assert value(metrics, "boardhand_runs", pool="shop", phase="Working") == 1
    assert value(metrics, "boardhand_runs", pool="other", phase="Working") == 1
    assert value(metrics, "boardhand_tickets_at_work_twice") == 1
    assert value(metrics, "boardhand_pool_ready", pool="shop") == 1
    assert value(metrics, "boardhand_pool_ready", pool="idle") == 0
    assert value(metrics, "boardhand_pool_suspended", pool="idle") == 1
    assert value(metrics, "boardhand_pool_budget_dollars", pool="shop", period="day") == 20
    assert value(metrics, "boardhand_pool_spent_dollars", pool="shop") == 0
    assert value(metrics, "boardhand_pool_reserved_dollars", pool="shop") == 2.5
    assert len(samples(metrics, "boardhand_pool_last_poll_timestamp_seconds")) == 1
    assert value(metrics, "boardhand_pool_oldest_queued_timestamp_seconds", pool="shop") == 1767268800
    assert value(metrics, "boardhand_leader") == 1
    assert value(metrics, "boardhand_work_queue_depth") == 3


def test_names_that_strangers_choose_make_no_series_without_end() -> None:
    metrics = metrics_of(Store())
    done = {"finishedAt": NOON}
    for number in range(POOLS + 20):
        metrics.counted.run_written(written({}, done, Pool.of(pool_body(f"p{number}"))))
        metrics.counted.run_written(written({"pool": f"q{number}"}, {"pool": f"q{number}", **done}))
        metrics.counted.webhook(("team", f"none-{number}"), admitted=False)
        metrics.counted.called(("team", "p1"), "board", Call(f"Vendor {number}", "ok", 0.1, 0.5))
    assert len(samples(metrics, "boardhand_runs_finished_total")) == POOLS + 1
    assert value(metrics, "boardhand_runs_finished_total", pool="other") == POOLS + 40
    assert value(metrics, "boardhand_webhook_calls_total", pool="other", result="refused") == POOLS + 20
    assert len(samples(metrics, "boardhand_webhook_calls_total")) == 1
    assert len(samples(metrics, "boardhand_service_requests_total")) == 21


VENDOR = Vendor("Trello", "", "")


@pytest.mark.parametrize(
    ("status", "headers", "result", "left"),
    [
        (200, {"x-rate-limit-api-token-max": "100", "x-rate-limit-api-token-remaining": "40"}, "ok", 0.4),
        (304, {}, "unchanged", None),
        (404, {"x-ratelimit-limit": "50", "x-ratelimit-remaining": "50"}, "refused", 1.0),
        (403, {"x-ratelimit-limit": "50", "x-ratelimit-remaining": "0"}, "limited", 0.0),
        (429, {"retry-after": "100"}, "limited", None),
        (503, {"retry-after": "100"}, "failed", None),
        (0, {}, "unreachable", None),
    ],
)
async def test_requests_are_told_by_what_came_of_them(
    status: int, headers: Labels, result: str, left: float | None
) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        if not status:
            raise httpx.ConnectError("nobody is there")
        return httpx.Response(status, headers=headers, json={})

    heard: list[Call] = []
    connection = Connection(transport=httpx.MockTransport(answer), hear=heard.append)
    client = Client(VENDOR, "http://board.test", {}, [], connection)
    try:
        await client.send("PUT", "write", "/card")
    except Remote:
        assert result != "ok"
    assert [(call.vendor, call.result, call.left) for call in heard] == [("Trello", result, left)]


async def test_tries_beyond_those_that_may_wait_are_dropped_and_counted() -> None:
    after = AfterTries(lambda: pytest.fail("nothing is read"), [])
    for _ in range(WAITING + 3):
        after.run_written(written({}, {"finishedAt": NOON}))
        after.run_written(written({}, {"phase": "Working"}))
    assert after.results == {"dropped": 3}


def shown(metrics: served.Metrics) -> set[tuple[str, str, str]]:
    """Every metric with its type and labels."""
    text = metrics.text("application/openmetrics-text")[0].decode()
    found = set()
    for family in openmetrics(text):  # type: ignore[no-untyped-call]
        if family.name.startswith("boardhand_") and family.samples:
            labels = sorted({label for sample in family.samples for label in sample.labels} - {"le"})
            name = f"{family.name}_total" if family.type == "counter" else family.name
            found.add((name, family.type, ", ".join(labels)))
    return found


async def test_the_list_in_the_docs_is_all_there_is() -> None:
    life = await lived(one=(Fate.GREEN,), two=(Fate.NEEDS_INFO,), passes=3)
    counted = life.metrics.counted
    counted.called(("team", "shop"), "board", Call("Trello", "ok", 0.1, 0.5))
    counted.webhook(("team", "shop"), admitted=True)
    counted.run_written(written({}, {"failure": LEAK, "finishedAt": NOON, "verdict": PROOF}, Pool.of(pool_body())))
    counted.run_written(Written(run_body(job="j"), run_body(job="j", finishedAt=NOON), None, timed_pod()))
    life.replica.store.put(Resource.RUNS, run_body("waits", phase="Queued"))
    await counted.timed(life.replica.reconciler.work)(("team", "none"))
    whole = shown(life.metrics)
    with clocked(life.world.clock):
        await life.go_on(11)
    whole |= shown(life.metrics)
    rows = {(name, kind, labels.strip()) for name, kind, labels in _ROW.findall(DOCS.read_text())}
    assert whole == rows
