"""What the watches missed: kopf lists again after a gap (410), and shows what is there, but not what went meanwhile."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection, Mapping
from typing import Any

import aiohttp

from boardhand_operator.kube import ApiException, Kube, Resource
from boardhand_operator.memory.kept import KEPT
from boardhand_operator.memory.store import Store, key_of

Json = Mapping[str, Any]
Seen = Callable[[Resource, Json, bool], None]
"""Told of an object as a watch would: what it is, its last state, and whether it is gone."""

EVERY_SECONDS = 300.0
"""For so long at most something is taken to be there that is not."""
_log = logging.getLogger(__name__)


class Relisting:
    """Compares the memory with what the API server has."""

    def __init__(self, kube: Kube, store: Store, namespaces: Collection[str], seen: Seen) -> None:
        """namespaces: those that are watched; empty: all."""
        self._kube, self._store, self._seen = kube, store, seen
        self._namespaces = tuple(namespaces) or (None,)

    async def run(self, then: Callable[[], None] = lambda: None) -> None:
        """Compare now and then, for ever. then: called after each time that all was listed."""
        while True:
            await asyncio.sleep(EVERY_SECONDS)
            try:
                await self.compare()
            except (ApiException, aiohttp.ClientError, TimeoutError, OSError, ValueError) as refused:
                _log.warning("what went without a word is not looked for now: %s", refused)
            else:
                then()

    async def compare(self) -> None:
        """Forget what is not there any more. Costs a list of metadata for each kind of which something is known.

        Whatever was known before a list was asked for is in it, if it is there: pages of one list are of one moment,
        and a page that is too late for that (410) is an error, after which nothing is forgotten. Raises ApiException.
        """
        for resource, selector in KEPT.items():
            known = {str(body["metadata"]["uid"]): body for body in self._store.bodies(resource)}
            if known:
                there = await self._listed(resource, selector)
                for uid in known.keys() - there:
                    await self._missing(resource, known[uid])

    async def _listed(self, resource: Resource, selector: str) -> set[str]:
        found = set[str]()
        for namespace in self._namespaces:
            async for about in self._kube.metadata(resource, namespace, selector):
                found.add(str(about["metadata"]["uid"]))
        return found

    async def _missing(self, resource: Resource, body: Json) -> None:
        """Asked for once more by itself: a run that was settled is there, and was not deleted."""
        key, uid = key_of(body), body["metadata"]["uid"]
        found = await self._kube.get(resource, *key)
        known = self._store.get(resource, key)
        if known is None or known["metadata"]["uid"] != uid:
            return
        if found is not None and found["metadata"]["uid"] == uid:
            self._seen(resource, found, False)
            return
        _log.info("%s %s/%s is gone, and no watch said so", resource.value[1], *key)
        self._seen(resource, known, True)
