"""What the pools have booked and reserved (`status.spending`): every change is made on the state that it is meant for.

Two operators, or a crash between any two requests, can neither book a try twice nor give the same money to two.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Container
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Any

from boardhand_api.pool_status import Spending
from boardhand_operator.kube import ApiException, Json, Kube, Resource
from boardhand_operator.locks import Locks
from boardhand_operator.memory.store import Store
from boardhand_operator.money.budget import Purse, runs_of, without
from boardhand_operator.views import Key, Pool

Step = Callable[[Pool, Purse], Spending | None]
"""From a pool, and its purse today, to its spending as it should be; None: it may not be changed."""
_TIMES = 5
"""So often a change is tried on a pool that somebody else writes as well."""
_GONE_AFTER = timedelta(seconds=30)
"""A run that this memory has not known for so long is settled or deleted, and not only new."""


class Ledgers:
    """Writes them, one change of a pool at a time."""

    def __init__(self, kube: Kube) -> None:
        self._kube = kube
        self._locks = Locks()
        self._missed: dict[Key, dict[str, datetime]] = {}
        """UIDs of runs that a pool's status names and the memory does not know, with since when."""

    async def change(
        self,
        store: Store,
        key: Key,
        step: Step,
        still: Callable[[], Awaitable[bool]] | None = None,
    ) -> bool:
        """Bring the pool's spending from what it is to what `step` makes of it; whether that is so now.

        still: asked after the pool was read and before it is written, whether the change is wanted. Raises
        ApiException, with 409 where others keep writing the pool.
        """
        async with self._locks.of(key):
            body: Any = store.get(Resource.POOLS, key) or await self._kube.get(Resource.POOLS, *key)
            left = _TIMES
            while body is not None:
                pool = Pool.of(body)
                wanted = step(pool, Purse.of(pool, datetime.now(UTC)))
                if wanted is None or wanted == pool.status.spending:
                    return wanted is not None
                if still and not await still():
                    return False
                try:
                    await self._write(store, key, pool, wanted)
                    return True
                except ApiException as refused:
                    left -= 1
                    if refused.status != HTTPStatus.CONFLICT or not left:
                        raise
                body = await self._kube.get(Resource.POOLS, *key)
        return True

    async def sweep(self, store: Store, pool: Pool) -> None:
        """Begin a new day or month; book what runs reserved that are gone, and forget those that are settled.

        Costs no request where there is nothing to do. Raises ApiException.
        """
        if pool.spec.budget is None and pool.status.spending is None:
            return
        key = (pool.namespace, pool.name)
        known = {str(body["metadata"]["uid"]) for body in store.runs_of(*key)}
        now = datetime.now(UTC)
        missed = self._missed.get(key, {})
        named = runs_of(pool.status.spending or Spending())
        self._missed[key] = missed = {uid: missed.get(uid, now) for uid in named - known}
        gone = {uid for uid, since in missed.items() if now - since >= _GONE_AFTER}
        await self.change(store, key, lambda _, purse: without(purse.spending, gone))

    def keep_only(self, pools: Container[Key]) -> None:
        """Let go of what is remembered of all other pools."""
        self._missed = {key: missed for key, missed in self._missed.items() if key in pools}

    async def _write(self, store: Store, key: Key, pool: Pool, wanted: Spending) -> None:
        before = pool.status.spending or Spending()
        spending: Json = wanted.wire()
        spending["reserved"] |= dict.fromkeys(before.reserved.keys() - wanted.reserved.keys())
        patch = {
            "metadata": {"resourceVersion": pool.body["metadata"]["resourceVersion"]},
            "status": {"spending": spending},
        }
        body = await self._kube.patch(Resource.POOLS, *key, patch, "status")
        if body is not None:
            store.wrote(Resource.POOLS, body)
            store.turns.room_seen(key, Purse.of(Pool.of(body), datetime.now(UTC)).room())
