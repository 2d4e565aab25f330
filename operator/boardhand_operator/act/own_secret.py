"""A Secret of the run: made, brought up to date, and removed; never somebody else's."""

from __future__ import annotations

from typing import Any

from boardhand_operator.act.doing import Doing
from boardhand_operator.errors import Misconfigured
from boardhand_operator.kube import Conflict, Resource

Json = dict[str, Any]


async def place(doing: Doing, wanted: Json) -> None:
    """Make the run's Secret, or bring its data and annotations up to date.

    Raises Misconfigured (ForeignSecret) where somebody else has one of this name.
    """
    meta, namespace = wanted["metadata"], doing.run.namespace
    try:
        await doing.kube.create(Resource.SECRETS, namespace, wanted)
    except Conflict:
        if not doing.owns(await doing.kube.get(Resource.SECRETS, namespace, meta["name"])):
            text = f"a Secret {meta['name']} is there that this run does not own; delete it"
            raise Misconfigured("ForeignSecret", text) from None
        renewal = {"metadata": {"annotations": meta.get("annotations") or {}}, "data": wanted["data"]}
        await doing.kube.patch(Resource.SECRETS, namespace, meta["name"], renewal)


async def remove(doing: Doing, name: str) -> None:
    """Delete the Secret, where it is this run's."""
    namespace = doing.run.namespace
    if doing.owns(await doing.kube.get(Resource.SECRETS, namespace, name)):
        await doing.kube.delete(Resource.SECRETS, namespace, name)
