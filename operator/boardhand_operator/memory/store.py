"""What the watches have shown: pools, and what is not settled of runs, Jobs and pods. Memory, never the truth."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from typing import Any

from boardhand_api.pod import LABEL_SETTLED, LABEL_TICKET
from boardhand_operator import views
from boardhand_operator.errors import Misconfigured
from boardhand_operator.kube import Resource
from boardhand_operator.memory.cards import FreshCards
from boardhand_operator.memory.turns import Turns
from boardhand_operator.names import job_name

Json = Mapping[str, Any]
Key = views.Key

_JOB_LABEL = "batch.kubernetes.io/job-name"
_LATE = 120.0
"""Seconds after which no answer to a request comes any more."""


def key_of(body: Json) -> Key:
    return str(body["metadata"]["namespace"]), str(body["metadata"]["name"])


class Store:
    """The last state seen of each object."""

    def __init__(self, clock: Callable[[], float] = time.monotonic, concurrency: int | None = None) -> None:
        """concurrency: so many runs may be at work over all pools; None: as many as the pools allow."""
        self._clock = clock
        self._awaited: dict[tuple[Resource, Key], tuple[int, float]] = {}
        """The oldest write of ours to an object that no watch has shown: its version, and when it was made."""
        self._objects: dict[Resource, dict[Key, Json]] = {resource: {} for resource in Resource}
        self.turns = Turns(concurrency)
        """Whose turn it is among the runs that are known."""
        self._gone: dict[str, tuple[int, float]] = {}
        """What went of late, by its UID: the version that is told to be gone, and since when; the newest last."""
        self.cards = FreshCards(lambda: self._clock())
        self._tickets: dict[Key, dict[Key, Json]] = {}
        """Runs by namespace and label of their ticket."""
        self._of_pool: dict[Key, dict[Key, Json]] = {}
        """Runs by their pool."""
        self._pods: dict[Key, dict[Key, Json]] = {}
        """Pods by the Job they are of."""
        self._born = clock()
        self._podless: dict[Key, float] = {}
        """Since when a Job that had pods, or was not let have one, is to have one."""
        self.moved: dict[str, str] = {}
        """By the run's UID, where its ticket was seen after it left the column of its claim; empty: nowhere."""
        self._contested: dict[str, float] = {}
        """By the run's UID, since when another claim stands beside its own."""

    def put(self, resource: Resource, body: Json) -> None:
        """Keep this state, unless a later one under its name is known, or that it went. What no watch shows any more is
        let go."""
        if LABEL_SETTLED in (body["metadata"].get("labels") or {}) or _succeeded(resource, body):
            self.gone(resource, body)
            return
        known = self._objects[resource].get(key_of(body))
        if (known and _version(known) > _version(body)) or self._went(body):
            return
        if known:
            self._take_out(resource, known)
        if known and resource is Resource.JOBS and _held(known) and not _held(body):
            self._podless[key_of(body)] = self._clock()
        body = self._objects[resource][key_of(body)] = _lean(resource, body)
        if resource is Resource.PODS:
            self._pods.setdefault(_job_of(body), {})[key_of(body)] = body
        elif resource is Resource.RUNS:
            self._tickets.setdefault(_ticket_of(body), {})[key_of(body)] = body
            self._of_pool.setdefault(_pool_of(body), {})[key_of(body)] = body
            self.turns.run_seen(body)
        elif resource is Resource.POOLS:
            self.turns.pool_seen(key_of(body), body)
        elif resource is Resource.JOBS:
            self._job_seen(body, there=True)

    def wrote(self, resource: Resource, body: Json) -> None:
        """Keep what a write of ours was answered with. A watch is to show it as well: see `lag`. What one has shown
        before, since it was quicker than the answer or nothing changed, it does not show again."""
        known = self.get(resource, key_of(body))
        shown = known is not None and _version(known) >= _version(body)
        self.put(resource, body)
        if not shown and self.get(resource, key_of(body)) is not None:
            self._awaited.setdefault((resource, key_of(body)), (_version(body), self._clock()))

    def heard(self, resource: Resource, body: Json) -> None:
        """Keep what a watch showed."""
        version, _ = self._awaited.get((resource, key_of(body)), (0, 0.0))
        if _version(body) >= version:
            self._awaited.pop((resource, key_of(body)), None)
        self.put(resource, body)

    @property
    def lag(self) -> float:
        """For how many seconds the oldest write of ours has not been shown by a watch; 0: all were."""
        now = self._clock()
        return max((now - since for _, since in self._awaited.values()), default=0.0)

    def drop(self, resource: Resource, key: Key) -> None:
        """Forget the object."""
        self._awaited.pop((resource, key), None)
        body = self._objects[resource].pop(key, None)
        if body:
            self._take_out(resource, body)
        if body and resource is Resource.RUNS:
            self.moved.pop(str(body["metadata"]["uid"]), None)
            self._contested.pop(str(body["metadata"]["uid"]), None)
            self.cards.forget(str(body["metadata"]["uid"]))
            self.turns.run_gone(key)
        elif resource is Resource.JOBS:
            self._podless.pop(key, None)
            if body:
                self._job_seen(body, there=False)
        elif body and resource is Resource.PODS:
            self._pod_gone(_job_of(body))
        elif body and resource is Resource.POOLS:
            self.turns.pool_seen(key, None)

    def _pod_gone(self, job: Key) -> None:
        if job not in self._pods and job in self._objects[Resource.JOBS]:
            self._podless[job] = self._clock()

    def gone(self, resource: Resource, body: Json) -> None:
        """Forget this very object: another one may have its name by now. An answer that was on its way meanwhile does
        not bring it back: no watch would take it away again."""
        now, uid = self._clock(), str(body["metadata"].get("uid"))
        self._gone[uid] = (max(_version(body), self._gone.pop(uid, (0, now))[0]), now)
        while self._gone and now - next(iter(self._gone.values()))[1] > _LATE:
            del self._gone[next(iter(self._gone))]
        known = self.get(resource, key_of(body))
        if known is None or known["metadata"]["uid"] == body["metadata"]["uid"]:
            self.drop(resource, key_of(body))

    def _job_seen(self, body: Json, *, there: bool) -> None:
        namespace, name = key_of(body)
        for owner in body["metadata"].get("ownerReferences") or []:
            if owner.get("kind") == "TicketRun" and name == job_name(str(owner["name"]), 1):
                self.turns.job_seen((namespace, str(owner["name"])), str(owner["uid"]), there=there)

    def _went(self, body: Json) -> bool:
        return self._gone.get(str(body["metadata"].get("uid")), (-1, 0.0))[0] >= _version(body)

    def _take_out(self, resource: Resource, body: Json) -> None:
        """Out of what it is found by: its labels may be others by now."""
        if resource is Resource.PODS:
            _take_out(self._pods, _job_of(body), key_of(body))
        elif resource is Resource.RUNS:
            _take_out(self._tickets, _ticket_of(body), key_of(body))
            _take_out(self._of_pool, _pool_of(body), key_of(body))

    def get(self, resource: Resource, key: Key) -> Json | None:
        """The last state seen, or None."""
        return self._objects[resource].get(key)

    def count(self, resource: Resource) -> int:
        """How many objects are known."""
        return len(self._objects[resource])

    def bodies(self, resource: Resource) -> Iterable[Json]:
        """All that are known, to be gone through at once."""
        return self._objects[resource].values()

    def pools(self) -> list[views.Pool]:
        """All pools that can be read."""
        found = []
        for body in self._objects[Resource.POOLS].values():
            with suppress(Misconfigured):
                found.append(views.Pool.of(body))
        return found

    def runs_of(self, namespace: str, pool: str) -> Iterable[Json]:
        """The pool's runs that are not settled."""
        return self._of_pool.get((namespace, pool), {}).values()

    def at_work(self, namespace: str, pool: str) -> list[Json]:
        """Those of them that hold a place, from their claim or first Job to their outcome."""
        runs = self._objects[Resource.RUNS]
        return [runs[key] for key in self.turns.at_work((namespace, pool)) if key in runs]

    def runs_of_ticket(self, namespace: str, label: str) -> Iterable[Json]:
        """The runs of the ticket with this label that are not settled."""
        return self._tickets.get((namespace, label), {}).values()

    def pod_of(self, namespace: str, job: str, uid: str | None = None) -> Json | None:
        """The newest pod of a Job. uid: the Job's, where it is known: a pod that only bears its labels is not its."""
        pods = [pod for pod in self._pods.get((namespace, job), {}).values() if uid is None or owned_by(pod, uid)]
        return max(pods, key=lambda body: str(body["metadata"]["creationTimestamp"]), default=None)

    def contested_for(self, uid: str) -> float:
        """For how many seconds the run's claim has been known to be contested, from the first time this is asked."""
        return self._clock() - self._contested.setdefault(uid, self._clock())

    def podless(self, namespace: str, job: str) -> float:
        """For how many seconds nothing has been known of a pod that the Job should have: at most the memory's age."""
        return self._clock() - self._podless.get((namespace, job), self._born)


def owned_by(body: Json, uid: str) -> bool:
    """Whether the object belongs to the one with this UID. Names and labels anybody may write; the API server's garbage
    collector removes what names an owner that is not there."""
    return any(owner.get("uid") == uid for owner in body["metadata"].get("ownerReferences") or [])


def _succeeded(resource: Resource, body: Json) -> bool:
    return resource is Resource.JOBS and bool((body.get("status") or {}).get("succeeded"))


def _lean(resource: Resource, body: Json) -> Json:
    """The object without what nobody here reads, which is most of a Job and its pod: their template and the order."""
    dropped = {"managedFields", "annotations"} if resource in (Resource.JOBS, Resource.PODS) else {"managedFields"}
    lean = {**body, "metadata": {key: value for key, value in body["metadata"].items() if key not in dropped}}
    if resource is Resource.PODS:
        lean.pop("spec", None)
    elif resource is Resource.JOBS and "spec" in body:
        lean["spec"] = {"suspend": body["spec"].get("suspend")}
    return lean


def _held(job: Json) -> bool:
    return (job.get("spec") or {}).get("suspend") is True


def _take_out(index: dict[Key, dict[Key, Json]], at: Key, key: Key) -> None:
    del index[at][key]
    if not index[at]:
        del index[at]


def _pool_of(run: Json) -> Key:
    return str(run["metadata"]["namespace"]), str(run["spec"].get("pool"))


def _ticket_of(run: Json) -> Key:
    return str(run["metadata"]["namespace"]), str((run["metadata"].get("labels") or {}).get(LABEL_TICKET))


def _job_of(pod: Json) -> Key:
    return str(pod["metadata"]["namespace"]), str((pod["metadata"].get("labels") or {}).get(_JOB_LABEL))


def _version(body: Json) -> int:
    """Resource versions of one resource are ordered numbers (Kubernetes 1.35 says so; etcd always made them so)."""
    text = str(body["metadata"].get("resourceVersion") or "0")
    return int(text) if text.isdigit() else 0
