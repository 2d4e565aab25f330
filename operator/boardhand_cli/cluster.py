"""The cluster as a person reaches it: the Secret with the keys, and the texts of all pools and of runs under way."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from boardhand_api.pod import LABEL_SETTLED
from boardhand_cli.problems import Exit, Problem
from boardhand_cli.texts import Text, texts_of
from boardhand_cli.visiting import problems
from boardhand_client.errors import Changed
from boardhand_client.session import Session
from boardhand_operator.cluster.snapshots import Snapshots
from boardhand_operator.errors import Misconfigured
from boardhand_operator.kube import Conflict, Kube, Resource
from boardhand_operator.sealed.keyring import KEYS_FILE, KEYS_TYPE, Key, Keyring, Unusable
from boardhand_operator.views import Pool, readable_runs

Json = dict[str, Any]


@dataclass(frozen=True)
class Where:
    """Which cluster, and which Secret of it."""

    kubeconfig: str | None
    context: str | None
    namespace: str
    """The operator's."""
    secret: str


@asynccontextmanager
async def connected(where: Where) -> AsyncIterator[Cluster]:
    """A session. Raises Problem for whatever the cluster refuses meanwhile."""
    with problems():
        async with await Session.kubeconfig(where.kubeconfig, where.context) as person:
            yield Cluster(person, where)


class Cluster:
    """One session with it."""

    def __init__(self, kube: Kube, where: Where) -> None:
        self._kube, self._where = kube, where

    async def ring(self) -> Keyring:
        """The keys. Raises Problem where there are none."""
        found = await self._secret()
        if found is None:
            raise Problem(Exit.CLUSTER, f"there is no Secret {self._name}: see --secret and --operator-namespace")
        return self._parsed(found)

    async def rotate(self) -> Keyring:
        """Add a new first key; the Secret is made where there is none. Raises Problem where it changed meanwhile."""
        found = await self._secret()
        known = self._parsed(found).keys if found else ()
        ring = Keyring([Key.generate(), *known])
        await self._write(ring, found)
        return ring

    async def drop(self, key: str) -> Keyring:
        """Remove an old key. Raises Problem where it is none, or the Secret changed meanwhile."""
        found = await self._secret()
        ring = await self.ring()
        left = [one for one in ring.keys if one.id != key]
        if key == ring.ids[0]:
            raise Problem(Exit.REFUSED, "it is the newest key, which seals: boardhand keys rotate first")
        if len(left) == len(ring.keys):
            raise Problem(Exit.INPUT, f"there is no key of that id in Secret {self._name}: see boardhand keys list")
        await self._write(Keyring(left), found)
        return Keyring(left)

    async def texts(self, namespaces: Sequence[str]) -> list[Text]:
        """What is sealed in the pools of these namespaces (none: of all), and in what their runs under way began with.

        Raises Problem for a pool that cannot be read: what it needs is not known.
        """
        found: dict[Text, None] = {}
        snapshots = Snapshots(self._kube)
        for namespace in namespaces or (None,):
            pools = {(pool.namespace, pool.name): pool async for pool in self._pools(namespace)}
            for pool in pools.values():
                found |= dict.fromkeys(_texts(pool))
            runs = [body async for body in self._kube.list(Resource.RUNS, namespace, f"!{LABEL_SETTLED}")]
            for run in readable_runs(runs):
                its = pools.get((run.namespace, run.spec.pool))
                if its and run.status.generation is not None:
                    found |= dict.fromkeys(_texts(await snapshots.at(its, run.status.generation)))
        return list(found)

    async def _pools(self, namespace: str | None) -> AsyncIterator[Pool]:
        async for body in self._kube.list(Resource.POOLS, namespace, ""):
            try:
                pool = Pool.of(body)
            except Misconfigured as wrong:
                name = "{namespace}/{name}".format(**body["metadata"])
                raise Problem(Exit.CLUSTER, f"pool {name} cannot be read by this version: {wrong.message}") from None
            yield pool

    @property
    def _name(self) -> str:
        return f"{self._where.namespace}/{self._where.secret}"

    async def _secret(self) -> Json | None:
        return await self._kube.get(Resource.SECRETS, self._where.namespace, self._where.secret)

    def _parsed(self, body: Json) -> Keyring:
        try:
            return Keyring.parse(base64.b64decode((body.get("data") or {}).get(KEYS_FILE, "")).decode())
        except (Unusable, ValueError) as wrong:
            said = str(wrong) if isinstance(wrong, Unusable) else type(wrong).__name__
            raise Problem(Exit.CLUSTER, f"Secret {self._name} holds no usable keys: {said}") from None

    async def _write(self, ring: Keyring, found: Json | None) -> None:
        data = {KEYS_FILE: base64.b64encode(ring.text().encode()).decode()}
        changed = Problem(Exit.CLUSTER, f"Secret {self._name} changed meanwhile: try again")
        if found is None:
            meta = {"name": self._where.secret, "namespace": self._where.namespace}
            body = {"apiVersion": "v1", "kind": "Secret", "type": KEYS_TYPE, "metadata": meta, "data": data}
            try:
                await self._kube.create(Resource.SECRETS, self._where.namespace, body)
            except Conflict:
                raise changed from None
            return
        guard = {"resourceVersion": found["metadata"]["resourceVersion"]}
        try:
            body = {"metadata": guard, "data": data}
            await self._kube.patch(Resource.SECRETS, self._where.namespace, self._where.secret, body)
        except Changed:
            raise changed from None


def _texts(pool: Pool) -> list[Text]:
    return list(texts_of(pool.namespace, pool.name, pool.spec))
