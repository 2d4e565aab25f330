"""Gathering what `decide` needs to know: from the watches' memory, and from the API server where that has nothing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial

from boardhand_operator.cluster import refusals
from boardhand_operator.cluster.logs import Logs
from boardhand_operator.decide import observe
from boardhand_operator.decide.facts import Facts
from boardhand_operator.decide.observe import Json
from boardhand_operator.errors import Misconfigured
from boardhand_operator.kube import Kube, Resource
from boardhand_operator.memory.store import Store, owned_by
from boardhand_operator.money.budget import Purse
from boardhand_operator.names import branch_name, job_name
from boardhand_operator.services import Services
from boardhand_operator.settings import Settings
from boardhand_operator.views import Pool, Run


async def gather(kube: Kube, store: Store, settings: Settings, services: Services, logs: Logs, run: Run) -> Facts:
    """The facts of a run now, with the pool as the run began with it.

    The agent's log is read only once its pod has ended, and only where its message was cut. A run that has not begun is
    gathered without a pause, so nobody else can be let begin between counting the places and deciding.
    """
    pool = _known_pool(store, run)
    now = datetime.now(UTC)
    purse = Purse.of(pool, now) if pool else Purse()
    store.turns.room_seen((run.namespace, run.spec.pool), purse.room())
    turn = store.turns.turn(run, reserved=purse.reserves(run.uid, run.status.tries + 1))
    if pool is not None and run.status.generation is not None:
        pool = await _as_it_was(services, pool, run, run.status.generation)
    job, pod, logged, pushed = _made_before(store, run), None, None, None
    refused: list[str] = []
    if run.status.job and not run.status.finished_at:
        job, pod = await _job_and_pod(kube, store, run, run.status.job, partial(_late, pool, now))
        over = observe.ended(job, pod) and not observe.suspended(job)
        if over and pod is not None and observe.disruption(pod) is None:
            logged = await logs.result(run.namespace, pod)
        if over and job is not None and pool is not None and settings.network.proxy and pool.spec.egress.hosts:
            since = observe.parse_time(job["metadata"]["creationTimestamp"])
            refused = await refusals.refused(kube, settings.network.proxy, run.namespace, run.name, since)
        # Of a run that is called off, or pushes nothing, nobody asks.
        asks = not (run.spec.cancel or run.uid in store.moved or run.spec.task.reads_only)
        if asks and pool is not None and pod is None and observe.condition(job, "Complete"):
            forge = await services.forge(pool)
            pushed = await forge.head(branch_name(run.spec.ticket, run.spec.attempt)) if forge else None
    return Facts(
        run=run,
        pool=pool,
        job=job,
        pod=pod,
        logged=logged,
        pushed=pushed,
        refused=tuple(refused),
        turn=turn,
        now=now,
        purse=purse,
        image_grace_seconds=settings.image_grace_seconds,
        podless_seconds=store.podless(run.namespace, run.status.job) if run.status.job else 0,
        moved_to=store.moved.get(run.uid),
    )


def _known_pool(store: Store, run: Run) -> Pool | None:
    """None where it is gone. Raises Misconfigured where another version of the definitions let it through: a run that
    is called off ends all the same, as without one."""
    body = store.get(Resource.POOLS, (run.namespace, run.spec.pool))
    try:
        return Pool.of(body) if body else None
    except Misconfigured:
        if run.spec.cancel:
            return None
        raise


async def _as_it_was(services: Services, pool: Pool, run: Run, generation: int) -> Pool | None:
    """As `_known_pool`, with the spec that the run began with."""
    try:
        return await services.snapshots.at(pool, generation)
    except Misconfigured:
        if run.spec.cancel:
            return None
        raise


def _made_before(store: Store, run: Run) -> Json | None:
    """The Job of a run's next try, where it is there already: whoever made it could not note that any more."""
    job = (
        None if run.status.job else store.get(Resource.JOBS, (run.namespace, job_name(run.name, run.status.tries + 1)))
    )
    return job if job is not None and owned_by(job, run.uid) else None


def _late(pool: Pool | None, now: datetime, job: Json) -> bool:
    """Whether a Job that is not known to have ended should have."""
    if pool is None or observe.suspended(job) or observe.ended(job, None):
        return False
    return now >= observe.over_by(job, pool.spec.limits.deadline_seconds)


async def _job_and_pod(
    kube: Kube, store: Store, run: Run, name: str, late: Callable[[Json], bool]
) -> tuple[Json | None, Json | None]:
    """The try's Job, and of its pods the one that tells how it went; neither, where that Job is not the run's."""
    job = await _job(kube, store, run, name, late)
    if job is not None and not owned_by(job, run.uid):
        return None, None
    if job is not None and not observe.ended(job, None) and not late(job):
        return job, _known_pod(store, run, job)
    return job, await _pod_of_the_end(kube, store, run, name, job)


async def _job(kube: Kube, store: Store, run: Run, name: str, late: Callable[[Json], bool]) -> Json | None:
    """Absence is believed of the API server only, since the memory may be young. It may also be old: so a Job that is
    late, or whose pod was lost, is asked for before its try is told for lost. One that is complete leaves its watch.
    """
    job: Json | None = store.get(Resource.JOBS, (run.namespace, name))
    if job is None or late(job):
        return await kube.get(Resource.JOBS, run.namespace, name)
    pod = _known_pod(store, run, job)
    lost = pod is not None and observe.disruption(pod) and not observe.ended(job, None)
    return await kube.get(Resource.JOBS, run.namespace, name) if lost else job


def _known_pod(store: Store, run: Run, job: Json) -> Json | None:
    """A pod that is not the Job's is somebody else's, whatever it is called."""
    return store.pod_of(run.namespace, job["metadata"]["name"], str(job["metadata"]["uid"]))


async def _pod_of_the_end(kube: Kube, store: Store, run: Run, name: str, job: Json | None) -> Json | None:
    """What a complete Job is made of is the pod that succeeded, not one that was lost before.

    A pod at work whose Job has ended is not believed of the memory.
    """
    uid = None if job is None else str(job["metadata"]["uid"])
    complete = observe.condition(job, "Complete") is not None
    pod: Json | None = store.pod_of(run.namespace, name, uid)
    if observe.ended(None, pod) and (observe.succeeded(pod) or not complete):
        return pod
    pod = None
    async for found in kube.list(Resource.PODS, run.namespace, f"batch.kubernetes.io/job-name={name}"):
        if (uid is None or owned_by(found, uid)) and (observe.succeeded(found) or not complete):
            pod = found
    return pod
