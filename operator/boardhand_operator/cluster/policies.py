"""Keeping the pools' NetworkPolicies: there before a pool's first pod, and as they are to be for as long as it is."""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from boardhand_operator.errors import Misconfigured
from boardhand_operator.kube import ApiException, Conflict, Json, Kube, Resource
from boardhand_operator.locks import Locks
from boardhand_operator.specs.network import Network, build_policy
from boardhand_operator.views import Key, Pool

_BELIEVED_SECONDS = 60.0
"""So long a policy that was seen is not asked for again."""


@dataclass(frozen=True)
class _Seen:
    wanted: Json
    at: float


class Policies:
    """The NetworkPolicies of all pools."""

    def __init__(self, kube: Kube, clock: Callable[[], float]) -> None:
        self._kube = kube
        self._clock = clock
        self._locks = Locks()
        self._seen: dict[Key, _Seen] = {}

    async def ensure(self, pool: Pool, network: Network) -> None:
        """Make the pool's policy, or make it again what it is to be. Only then may a pod of the pool begin.

        Raises Misconfigured as `build_policy`, and ForeignNetworkPolicy where somebody else has one of this name; and
        ApiException, with 409 where it was deleted just now.
        """
        wanted, key = build_policy(pool, network), (pool.namespace, pool.name)
        # Of runs that begin at once, one looks.
        async with self._locks.of(key):
            seen = self._seen.get(key)
            if seen and seen.wanted == wanted and self._clock() - seen.at < _BELIEVED_SECONDS:
                return
            await self._ensure(pool, wanted)
            self._seen[key] = _Seen(wanted, self._clock())

    def keep_only(self, pools: Container[Key]) -> None:
        """Let go of what was seen of all other pools."""
        self._seen = {key: seen for key, seen in self._seen.items() if key in pools}

    async def _ensure(self, pool: Pool, wanted: Json) -> None:
        name = wanted["metadata"]["name"]
        found = await self._kube.get(Resource.POLICIES, pool.namespace, name)
        if found is None:
            try:
                await self._kube.create(Resource.POLICIES, pool.namespace, wanted)
            except Conflict:
                found = await self._kube.get(Resource.POLICIES, pool.namespace, name)
            else:
                return
        if found is None or pool.uid not in {one["uid"] for one in found["metadata"].get("ownerReferences") or []}:
            text = f"a NetworkPolicy {name} is there that this pool does not own; delete it"
            raise Misconfigured("ForeignNetworkPolicy", text)
        change = difference(found["spec"], wanted["spec"])
        if change and await self._kube.patch(Resource.POLICIES, pool.namespace, name, {"spec": change}) is None:
            raise ApiException(status=HTTPStatus.CONFLICT, reason=f"NetworkPolicy {name} was just deleted")


def difference(found: Mapping[str, Any], wanted: Mapping[str, Any]) -> Json:
    """The JSON merge patch (RFC 7386) that makes one object the other; empty where they are the same."""
    out: Json = {name: None for name in found if name not in wanted}
    for name, value in wanted.items():
        there = found.get(name)
        if isinstance(value, Mapping) and isinstance(there, Mapping):
            if change := difference(there, value):
                out[name] = change
        elif there != value:
            out[name] = value
    return out
