"""Gauges, read from the operator's memory when they are asked for: nothing is kept for them."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from importlib.metadata import version
from typing import Any, Protocol

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from boardhand_api.pod import LABEL_TICKET
from boardhand_operator.decide.observe import parse_time
from boardhand_operator.kube import Resource
from boardhand_operator.memory.store import Key, Store
from boardhand_operator.metrics.names import OTHER, POOLS, Names
from boardhand_operator.vitals import Role, Vitals

Json = Mapping[str, Any]
_POOL = ("namespace", "pool")
_WAITING = ("Queued", "")
_OVER = ("Succeeded", "Failed", "Cancelled")


class Memory(Protocol):
    """What of the operator is looked at: `App` has it."""

    store: Store

    def vitals(self) -> Vitals: ...

    def polled(self, pool: Key) -> float | None:
        """Seconds since the pool's board was last read in full by this process; None: it was not."""
        ...


class Seen(Collector):
    """Pools, runs and the operator itself as they are now."""

    def __init__(self, memory: Memory, transcripts: Mapping[str, int]) -> None:
        """transcripts: how many agents' logs were read, unreadable or dropped."""
        self._memory, self._transcripts = memory, transcripts
        self._names = Names(POOLS)

    def collect(self) -> Iterator[Metric]:
        yield from self._operator()
        yield from self._pools(self._memory.store.bodies(Resource.POOLS))
        yield from self._runs(self._memory.store.bodies(Resource.RUNS))

    def _operator(self) -> Iterator[Metric]:
        vitals = self._memory.vitals()
        yield _gauge("leader", "Whether this replica is the one that works.", vitals.role is Role.WORKING)
        yield _gauge("work_queue_depth", "Runs that are due to be looked at.", vitals.waiting)
        text = "For how long the oldest write of the operator has not been shown by a watch."
        yield _gauge("watch_lag_seconds", text, vitals.watch_lag_seconds)
        if vitals.lease_age_seconds is not None:
            yield _gauge("lease_age_seconds", "Since the Lease was last read or written.", vitals.lease_age_seconds)
        built = GaugeMetricFamily("boardhand_build_info", "What runs here.", labels=("version",))
        built.add_metric((version("boardhand"),), 1)
        yield built
        read = CounterMetricFamily(
            "boardhand_transcripts", "Agents' logs, read once a try is over.", labels=("result",)
        )
        for result in ("read", "unreadable", "dropped"):
            read.add_metric((result,), self._transcripts.get(result, 0))
        yield read

    def _pools(self, bodies: Iterable[Json]) -> Iterator[Metric]:
        ready = _family("pool_ready", "Whether tickets are taken.")
        suspended = _family("pool_suspended", "Whether spec.suspend of the pool is set.")
        places = _family("pool_concurrency_limit", "Runs that may be at work at the same time.")
        polled = _family("pool_last_poll_timestamp_seconds", "When the board was last read in full.")
        money = _Money()
        for body in bodies:
            key = (str(body["metadata"]["namespace"]), str(body["metadata"]["name"]))
            where = self._names.of(*key)
            if OTHER in where:
                continue
            spec = body["spec"]
            ready.add_metric(where, _is_ready(body))
            suspended.add_metric(where, bool(spec.get("suspend")))
            places.add_metric(where, float((spec.get("limits") or {}).get("concurrency") or 1))
            if (at := self._polled_at(key, body)) is not None:
                polled.add_metric(where, at)
            money.add(where, body)
        yield from (ready, suspended, places, polled, *money.families)

    def _polled_at(self, key: Key, body: Json) -> float | None:
        """By this process, else as the status says, which is written once a minute. None: nothing is to be read."""
        if (age := self._memory.polled(key)) is not None:
            return time.time() - age
        told = (body.get("status") or {}).get("lastPollTime")
        if not told or not body["spec"].get("board") or body["spec"].get("suspend"):
            return None
        return parse_time(told).timestamp()

    def _runs(self, bodies: Iterable[Json]) -> Iterator[Metric]:
        phases: Counter[tuple[str, str, str]] = Counter()
        oldest: dict[tuple[str, str], str] = {}
        tickets: Counter[tuple[str, str]] = Counter()
        for body in bodies:
            phase = str((body.get("status") or {}).get("phase") or "Queued")
            where = self._pool_of(body)
            phases[where[0], where[1], phase] += 1
            if phase in _WAITING:
                # As texts: Kubernetes writes all times in one form, whose order is theirs.
                created = str(body["metadata"]["creationTimestamp"])
                oldest[where] = min(created, oldest.get(where, created))
            ticket = (body["metadata"].get("labels") or {}).get(LABEL_TICKET)
            if ticket and phase not in (*_WAITING, *_OVER):
                tickets[str(body["metadata"]["namespace"]), str(ticket)] += 1
        runs = _family("runs", "Runs that are not settled, by where they stand.", "phase")
        for (namespace, pool, phase), count in phases.items():
            runs.add_metric((namespace, pool, phase), count)
        waits = _family("pool_oldest_queued_timestamp_seconds", "When the run was made that waits longest.")
        for key, since in oldest.items():
            waits.add_metric(key, parse_time(since).timestamp())
        twice = sum(1 for count in tickets.values() if count > 1)
        yield from (runs, waits, _gauge("tickets_at_work_twice", "Tickets with more than one run at work.", twice))

    def _pool_of(self, body: Json) -> tuple[str, str]:
        key = (str(body["metadata"]["namespace"]), str(body["spec"].get("pool")))
        if self._memory.store.get(Resource.POOLS, key) is None:
            return OTHER, OTHER
        namespace, pool = self._names.of(*key)
        return namespace, pool


class _Money:
    """What pools with a budget may spend, have spent and hold in reserve, in US dollars."""

    def __init__(self) -> None:
        self._may = _family("pool_budget_dollars", "What all runs together may use.", "period")
        self._spent = _family("pool_spent_dollars", "What is booked.", "period")
        self._held = _family("pool_reserved_dollars", "What runs under way may use at most.")
        self.families = (self._may, self._spent, self._held)

    def add(self, where: tuple[str, ...], body: Json) -> None:
        budget, spending = body["spec"].get("budget"), (body.get("status") or {}).get("spending") or {}
        if not budget:
            return
        day = datetime.now(UTC).date().isoformat()
        for period, present in (("day", day), ("month", day[:7])):
            if budget.get(period) is not None:
                booked = spending.get(f"{period}Money") if spending.get(period) == present else 0
                self._may.add_metric((*where, period), float(budget[period]))
                self._spent.add_metric((*where, period), float(booked or 0))
        held = sum((Decimal(str(amount)) for amount in (spending.get("reserved") or {}).values()), Decimal(0))
        self._held.add_metric(where, float(held))


def _is_ready(body: Json) -> bool:
    conditions = (body.get("status") or {}).get("conditions") or []
    return any((one["type"], one["status"]) == ("Ready", "True") for one in conditions)


def _gauge(name: str, text: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"boardhand_{name}", text, value=float(value))


def _family(name: str, text: str, *labels: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"boardhand_{name}", text, labels=(*_POOL, *labels))
