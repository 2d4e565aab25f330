"""A pool's spec as a run began with it: a ControllerRevision for each generation that a run began under.

One write a generation, none a run; the revisions go with the pool.
"""

from __future__ import annotations

import logging

from pydantic import ValidationError

from boardhand_api import API_VERSION
from boardhand_api.pool import CodingAgentSpec
from boardhand_operator.errors import Misconfigured
from boardhand_operator.kube import Conflict, Json, Kube, Resource
from boardhand_operator.locks import Locks
from boardhand_operator.memory.store import owned_by
from boardhand_operator.names import label_value
from boardhand_operator.sealed.carrying import carried
from boardhand_operator.views import Pool

_KEPT = 200
_log = logging.getLogger(__name__)


def revision_name(pool: Pool, generation: int) -> str:
    """The revision's name: a pool that was deleted and made anew counts its generations anew."""
    return f"{pool.name[:200]}-{pool.uid[:8]}-{generation}"


def build_revision(pool: Pool) -> Json:
    """The pool's present spec as an object of its own."""
    return {
        "apiVersion": "apps/v1",
        "kind": "ControllerRevision",
        "metadata": {
            "name": revision_name(pool, pool.generation),
            "namespace": pool.namespace,
            "labels": {"boardhand.dev/pool": label_value(pool.name)},
            "ownerReferences": [{"apiVersion": API_VERSION, "kind": "CodingAgent", "name": pool.name, "uid": pool.uid}],
        },
        "revision": pool.generation,
        "data": {"spec": pool.body["spec"]},
    }


def is_ours(found: Json, pool: Pool) -> bool:
    """Whether the revision says what the pool does: anybody may write an owner's name into an object."""
    try:
        spec = CodingAgentSpec.model_validate(found["data"]["spec"])
    except (ValidationError, KeyError, TypeError):
        return False
    return owned_by(found, pool.uid) and spec == pool.spec


class Snapshots:
    """Keeps and finds them."""

    def __init__(self, kube: Kube) -> None:
        self._kube = kube
        self._locks = Locks()
        self._known: dict[tuple[str, str], Json] = {}
        """Specs by namespace and revision, the newest last."""

    async def keep(self, pool: Pool) -> None:
        """Make the present generation's revision, unless it is there.

        Raises Misconfigured (ForeignRevision) where somebody else made one of its name: runs would go on with that.
        """
        key = (pool.namespace, revision_name(pool, pool.generation))
        # Of runs that begin at once, one makes it.
        async with self._locks.of(key):
            if key not in self._known:
                await self._make(pool, key)

    async def _make(self, pool: Pool, key: tuple[str, str]) -> None:
        try:
            await self._kube.create(Resource.REVISIONS, pool.namespace, build_revision(pool))
        except Conflict:
            found = await self._kube.get(Resource.REVISIONS, *key)
            if found is not None and not is_ours(found, pool):
                text = f"a ControllerRevision {key[1]} is there that is not of this pool's spec; delete it"
                raise Misconfigured("ForeignRevision", text) from None
        self._remember(key, dict(pool.body["spec"]))

    async def at(self, pool: Pool, generation: int) -> Pool:
        """The pool with the spec of that generation; with the present one where its revision is gone. What is sealed in
        both is the present one's.

        Raises Misconfigured for a spec that another version of the definitions let through.
        """
        if generation == pool.generation:
            return pool
        key = (pool.namespace, revision_name(pool, generation))
        if key not in self._known:
            body = await self._kube.get(Resource.REVISIONS, *key)
            if body is None or not owned_by(body, pool.uid):
                _log.warning("%s/%s is gone: its runs finish with the pool's present spec", *key)
                return pool
            self._remember(key, body["data"]["spec"])
        return pool.at(carried(self._known[key], pool.body["spec"]), generation)

    def _remember(self, key: tuple[str, str], spec: Json) -> None:
        self._known[key] = spec
        for old in list(self._known)[:-_KEPT]:
            del self._known[old]
