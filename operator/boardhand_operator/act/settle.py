"""Letting go of a run that is told of: what was its own, and its place in the watches."""

from __future__ import annotations

from boardhand_api.pod import LABEL_RUN, LABEL_SETTLED
from boardhand_operator.act.doing import Doing, Gone
from boardhand_operator.act.volume import remove
from boardhand_operator.after.labels import settling
from boardhand_operator.decide import observe
from boardhand_operator.kube import Resource
from boardhand_operator.minted import keep
from boardhand_operator.names import job_name
from boardhand_operator.sealed import keep as sealed

_SETTLED = {"metadata": {"labels": {LABEL_SETTLED: "true"}}}


async def settle(doing: Doing) -> None:
    """Give the run's volume and its tokens back, and take the run, its Jobs and their pods out of the watches.

    A Job whose pod succeeded leaves them by itself, in the second that its controller takes to count.
    """
    run = doing.run
    await remove(doing)
    await keep.remove(doing)
    await sealed.remove(doing)
    for number in range(1, run.status.tries + 1):
        await _let_go(doing, job_name(run.name, number))
    labels = settling(run, doing.pool)
    body = await doing.kube.patch(Resource.RUNS, run.namespace, run.name, {"metadata": {"labels": labels}})
    if body is None:
        raise Gone(run.name)
    doing.store.wrote(Resource.RUNS, body)
    doing.services.settled(body)


async def _let_go(doing: Doing, name: str) -> None:
    """Of a try. What the memory does not know is asked for: it may be young, or a watch late, and what is not labelled
    would be watched for as long as it is there."""
    kube, store, namespace, patch = doing.kube, doing.store, doing.run.namespace, _SETTLED
    known = store.pod_of(namespace, name)
    of_try = f"batch.kubernetes.io/job-name={name},{LABEL_RUN},!{LABEL_SETTLED}"
    pods = [known] if known else [pod async for pod in kube.list(Resource.PODS, namespace, of_try)]
    for pod in pods:
        await kube.patch(Resource.PODS, namespace, pod["metadata"]["name"], patch)
        store.gone(Resource.PODS, pod)
    job = store.get(Resource.JOBS, (namespace, name))
    if not any(observe.succeeded(pod) for pod in pods):
        job = job or await kube.get(Resource.JOBS, namespace, name)
        if doing.owns(job):
            await kube.patch(Resource.JOBS, namespace, name, patch)
    if job is not None:
        # A watch that broke off does not tell that it has gone.
        store.gone(Resource.JOBS, job)
