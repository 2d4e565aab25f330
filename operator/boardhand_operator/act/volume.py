"""Making and removing the volume of a run that outlives its pods."""

from __future__ import annotations

from boardhand_operator.act.doing import Doing
from boardhand_operator.errors import Misconfigured
from boardhand_operator.kube import Conflict, Resource
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
    """Delete the claim that the run noted. A pod that still ends keeps it until then."""
    if doing.run.status.volume:
        await doing.kube.delete(Resource.CLAIMS, doing.run.namespace, doing.run.status.volume)
