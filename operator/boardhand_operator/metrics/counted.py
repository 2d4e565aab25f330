"""Counters and histograms: what happened since this process began."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from time import perf_counter

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from boardhand_api.failures import FailureClass
from boardhand_api.result import Usage
from boardhand_api.run_status import Phase
from boardhand_operator.decide.observe import parse_time
from boardhand_operator.decide.timing import stage_times
from boardhand_operator.http.calls import Call
from boardhand_operator.kube import Resource
from boardhand_operator.memory.store import Key, Store
from boardhand_operator.metrics.by_model import by_model
from boardhand_operator.metrics.names import MODELS, OTHER, POOLS, VENDORS, Names
from boardhand_operator.observing import Observer, Written
from boardhand_operator.observing.afterwards import Over
from boardhand_operator.observing.changes import SECRET_FOUND, TESTS, Change, change_of, tests_of

_POOL = ("namespace", "pool")
_WAITS = (1, 5, 15, 60, 300, 900, 3600, 4 * 3600, 24 * 3600)
_STAGES = (1, 5, 15, 60, 180, 600, 1800, 3600)
_RUNS = (15, 60, 180, 600, 1200, 2400, 3600, 7200, 4 * 3600)
_CALLS = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)
_LOOKS = (0.005, 0.025, 0.1, 0.25, 0.5, 1, 2.5, 10, 30)


class Counted(Observer):
    """Told by the operator as it works."""

    def __init__(self, registry: CollectorRegistry, store: Store) -> None:
        self._store = store
        self._pools, self._models, self._vendors = Names(POOLS), Names(MODELS), Names(VENDORS)
        self._expected: set[tuple[str, ...]] = set()
        self._define_runs(registry)
        self._define_calls(registry)

    def _define_runs(self, registry: CollectorRegistry) -> None:
        def counter(name: str, text: str, *labels: str) -> Counter:
            return Counter(f"boardhand_{name}", text, (*_POOL, *labels), registry=registry)

        def histogram(name: str, text: str, buckets: tuple[float, ...], *labels: str) -> Histogram:
            return Histogram(f"boardhand_{name}", text, (*_POOL, *labels), buckets=buckets, registry=registry)

        self.finished = counter("runs_finished", "Runs whose outcome was recorded.", "phase", "class")
        self.tries = counter("tries_ended", "Tries whose Job ended; a retried one has its class.", "class")
        self.claims = counter("claims", "Tickets that were to be claimed, by what came of it.", "result")
        self.verdicts = counter("verdicts", "What the proof said, and whether it rests on tests.", "verdict", "tests")
        self.leaks = counter("secrets_refused", "Changes that were not pushed, since they held a secret.")
        self.tokens = counter("model_tokens", "Tokens that models used.", "model", "kind")
        self.money = counter("model_cost_dollars", "US dollars that models cost, where the price is known.", "model")
        self.queued = histogram("run_queue_duration_seconds", "From a run's creation to its first Job.", _WAITS)
        self.took = histogram("run_duration_seconds", "From a run's first Job to its outcome.", _RUNS, "phase")
        self.stages = histogram(
            "stage_duration_seconds", "How long a stage ran, as the kubelet says.", _STAGES, "stage"
        )

    def _define_calls(self, registry: CollectorRegistry) -> None:
        where = (*_POOL, "service", "vendor")
        self.calls = Counter(
            "boardhand_service_requests",
            "Requests to boards and forges.",
            (*where, "result"),
            registry=registry,
        )
        self.call_took = Histogram(
            "boardhand_service_request_duration_seconds",
            "How long boards and forges take to answer.",
            ("service", "vendor"),
            buckets=_CALLS,
            registry=registry,
        )
        self.left = Gauge(
            "boardhand_service_rate_limit_remaining_ratio",
            "What was left of the vendor's rate limit with its last answer, of 1.",
            where,
            registry=registry,
        )
        self.webhooks = Counter(
            "boardhand_webhook_calls",
            "Calls of webhooks, by whether they were let in.",
            (*_POOL, "result"),
            registry=registry,
        )
        self.looks = Histogram(
            "boardhand_reconcile_duration_seconds", "How long a look at a run takes.", buckets=_LOOKS, registry=registry
        )
        self.bugs = Counter(
            "boardhand_reconcile_errors",
            "Looks at a run that ended in an error nobody expected.",
            registry=registry,
        )

    def expect(self, namespace: str, name: str) -> None:
        """Have what is rare in this pool told as 0: of a series that begins at 1 Prometheus sees no increase."""
        pool = self._pools.of(namespace, name)
        if pool in self._expected:
            return
        self._expected.add(pool)
        self.leaks.labels(*pool)
        self.webhooks.labels(*pool, "refused")
        for tests in TESTS:
            self.verdicts.labels(*pool, "passed", tests)
        for phase in (Phase.SUCCEEDED, Phase.FAILED):
            self.finished.labels(*pool, phase.value, "None" if phase is Phase.SUCCEEDED else FailureClass.RED.value)
        self.tries.labels(*pool, FailureClass.INFRASTRUCTURE.value)

    def run_written(self, written: Written) -> None:
        change, pool = change_of(written), self._pool_of(written)
        if (waited := change.began) is not None:
            self.queued.labels(*pool).observe(waited)
        if change.claim:
            self.claims.labels(*pool, change.claim).inc()
        if change.try_ended:
            self._try_ended(written, change, pool)
        if change.ended:
            self._ended(change, pool)

    def _try_ended(self, written: Written, change: Change, pool: tuple[str, ...]) -> None:
        self.tries.labels(*pool, _class(change)).inc()
        for stage in stage_times(None, written.pod):
            if stage.started_at and stage.finished_at:
                seconds = (parse_time(stage.finished_at) - parse_time(stage.started_at)).total_seconds()
                self.stages.labels(*pool, stage.name).observe(max(0.0, seconds))

    def _ended(self, change: Change, pool: tuple[str, ...]) -> None:
        self.finished.labels(*pool, change.phase.value, _class(change)).inc()
        if (seconds := change.seconds) is not None:
            self.took.labels(*pool, change.phase.value).observe(seconds)
        if verdict := change.verdict:
            self.verdicts.labels(*pool, "passed" if verdict.passed else "failed", tests_of(verdict)).inc()
        if change.after.failure and change.after.failure.reason == SECRET_FOUND:
            self.leaks.labels(*pool).inc()

    async def over(self, over: Over) -> None:
        """Tokens and money by model, which the agent's log alone tells; without it, of an unknown one."""
        pool = self._pool_of(over.written)
        for model, usage in by_model(over, self._models).items():
            self._used(pool, model, usage)

    def _used(self, pool: tuple[str, ...], model: str, usage: Usage) -> None:
        kinds = {
            "prompt": usage.prompt_tokens - usage.cached_tokens,
            "cached": usage.cached_tokens,
            "completion": usage.completion_tokens,
        }
        for kind, tokens in kinds.items():
            self.tokens.labels(*pool, model, kind).inc(max(0, tokens))
        self.money.labels(*pool, model).inc(float(usage.money or 0))

    def called(self, pool: Key, service: str, call: Call) -> None:
        (vendor,) = self._vendors.of(call.vendor)
        where = (*self._pools.of(*pool), service, vendor)
        self.calls.labels(*where, call.result).inc()
        self.call_took.labels(service, vendor).observe(call.seconds)
        if call.left is not None:
            self.left.labels(*where).set(call.left)

    def webhook(self, pool: Key, *, admitted: bool) -> None:
        known = self._store.get(Resource.POOLS, pool) is not None
        where = self._pools.of(*pool) if known else (OTHER, OTHER)
        self.webhooks.labels(*where, "admitted" if admitted else "refused").inc()

    def timed(self, work: Callable[[Key], Awaitable[float | None]]) -> Callable[[Key], Awaitable[float | None]]:
        """The queue's work, measured."""

        async def timed_work(key: Key) -> float | None:
            began, done = perf_counter(), False
            try:
                again = await work(key)
                done = True
                return again
            finally:
                self.looks.observe(perf_counter() - began)
                if not done:
                    self.bugs.inc()

        return timed_work

    def _pool_of(self, written: Written) -> tuple[str, ...]:
        """A run may name a pool that is not there: whoever writes runs could make series so."""
        return self._pools.of(written.pool.namespace, written.pool.name) if written.pool else (OTHER, OTHER)


def _class(change: Change) -> str:
    return change.failure_class.value if change.failure_class else "None"
