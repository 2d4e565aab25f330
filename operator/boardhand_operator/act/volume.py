"""Making and removing the volume of a run that outlives its pods."""

from __future__ import annotations

from boardhand_api.failures import FailureClass
from boardhand_operator.act.doing import Doing
from boardhand_operator.errors import Misconfigured
from boardhand_operator.kube import Conflict, Resource
from boardhand_operator.names import job_name
from boardhand_operator.specs.kept import build_claim


async def ensure(doing: Doing) -> str | None:
    """Make the run's claim, or find it; its name. None where the pool wants none.

    Raises Misconfigured (ForeignVolume) where somebody else has one of this name: the run waits until it is gone.
    """
    run, wanted = doing.run, doing.its_pool.spec.persistence
    if wanted is None:
        return None
    try:
        await doing.kube.create(Resource.CLAIMS, run.namespace, build_claim(dict(run.body), wanted))
    except Conflict:
        found = await doing.kube.get(Resource.CLAIMS, run.namespace, run.name)
        if not doing.owns(found):
            text = f"a PersistentVolumeClaim {run.name} is there that this run does not own; delete it"
            await _say_once(doing, text)
            raise Misconfigured("ForeignVolume", text) from None
    return run.name


async def _say_once(doing: Doing, text: str) -> None:
    if text not in {condition.message for condition in doing.run.status.conditions}:
        await doing.record({"phase": doing.run.status.phase.value}, text)
        await doing.tell("ForeignVolume", text, warning=True)


async def remove(doing: Doing) -> None:
    """Delete the run's claim, noted or not, and the Jobs whose pods would hold it: one that has ended does, too.

    The pods of a run that failed stay for the rest of their time, since their log says why; the claim goes with them.
    """
    run = doing.run
    if not run.status.volume and (doing.pool is None or doing.pool.spec.persistence is None):
        return
    # Of its own name and its own: a status may have been written by others.
    if doing.owns(await doing.kube.get(Resource.CLAIMS, run.namespace, run.name)):
        await doing.kube.delete(Resource.CLAIMS, run.namespace, run.name)
    failure = run.status.failure
    if failure is None or failure.failure_class is FailureClass.CANCELLED:
        for number in range(1, run.status.tries + 1):
            await doing.remove_job(job_name(run.name, number))
