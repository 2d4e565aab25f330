"""Gathering what `decide` needs to know: from the watches' memory, and from the API server where that has nothing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial

from boardhand_operator import refusals
from boardhand_operator.decide import observe
from boardhand_operator.decide.facts import Facts
from boardhand_operator.decide.observe import Json
from boardhand_operator.kube import Kube, Resource
from boardhand_operator.logs import Logs
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
    body = store.get(Resource.POOLS, (run.namespace, run.spec.pool))
    pool = Pool.of(body) if body else None
    now = datetime.now(UTC)
    purse = Purse.of(pool, now) if pool else Purse()
    store.turns.room_seen((run.namespace, run.spec.pool), purse.room())
    turn = store.turns.turn(run, reserved=purse.reserves(run.uid, run.status.tries + 1))
    if pool is not None and run.status.generation is not None:
        pool = await services.snapshots.at(pool, run.status.generation)
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
        moved_to=store.moved.get(run.uid),
    )


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
    """Absence is believed of the API server only, as is a pod at work whose Job has ended: the memory may be young, or
    old, where the Job is late.

    A Job that is not the run's, and a pod that is not the Job's, are somebody else's, whatever they are called.
    """
    job: Json | None = store.get(Resource.JOBS, (run.namespace, name))
    if job is None or late(job):
        job = await kube.get(Resource.JOBS, run.namespace, name)
    if job is not None and not owned_by(job, run.uid):
        return None, None
    uid = None if job is None else str(job["metadata"]["uid"])
    pod: Json | None = store.pod_of(run.namespace, name, uid)
    if job is not None and pod is not None and observe.disruption(pod) and not observe.ended(job, None):
        # Before a try is told for lost: the Job may be complete since, and have left its watch.
        job = await kube.get(Resource.JOBS, run.namespace, name)
        if job is not None and not owned_by(job, run.uid):
            return None, None
    over = job is None or observe.ended(job, None) or late(job)
    complete = observe.condition(job, "Complete") is not None
    if over and (not observe.ended(None, pod) or (complete and not observe.succeeded(pod))):
        pod = None
        async for found in kube.list(Resource.PODS, run.namespace, f"batch.kubernetes.io/job-name={name}"):
            theirs = uid is not None and not owned_by(found, uid)
            # What a complete Job is made of is the pod that succeeded, not one that was lost before.
            pod = pod if theirs or (complete and not observe.succeeded(found)) else found
    return job, pod
