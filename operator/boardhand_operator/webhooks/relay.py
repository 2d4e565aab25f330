"""A replica that stands by passes webhooks on to the one that works, by an annotation of the pool."""

from __future__ import annotations

import asyncio
import logging
from datetime import UTC, datetime

import aiohttp

from boardhand_operator.kube import ApiException, Kube, Resource
from boardhand_operator.memory.store import Key

POKE = "boardhand.dev/poke"
"""When the pool's board or forge last called a replica that stood by."""
EVERY_SECONDS = 1.0
"""A pool's annotation is written so often at most; calls in between are one."""
_FORGE, _ONLY_FORGE = " forge", " only forge"
"""Ends of what is written where the forge called; nothing: the board did."""
_log = logging.getLogger(__name__)


def of_forge(poke: str) -> bool:
    """Whether what is written says that the forge called."""
    return poke.endswith(_FORGE)


def of_board(poke: str) -> bool:
    """Whether what is written says that the board called."""
    return not poke.endswith(_ONLY_FORGE)


class Relay:
    """Passes on, one write a second a pool. What could not be written is seen with the next poll."""

    def __init__(self, kube: Kube) -> None:
        self._kube = kube
        self._wanted: dict[Key, set[bool]] = {}
        """Who called: True for the forge, False for the board."""
        self._tasks: dict[Key, asyncio.Task[None]] = {}

    def pass_on(self, key: Key, *, forge: bool = False) -> None:
        """Have the working replica poll this pool's board; forge: look at its pull requests instead."""
        self._wanted.setdefault(key, set()).add(forge)
        if key not in self._tasks:
            self._tasks[key] = asyncio.create_task(self._write(key))

    async def aclose(self) -> None:
        """Write no more."""
        for task in list(self._tasks.values()):
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)

    async def _write(self, key: Key) -> None:
        try:
            while key in self._wanted:
                poke = datetime.now(UTC).isoformat(timespec="microseconds")
                who = self._wanted.pop(key)
                poke += "" if True not in who else _FORGE if False in who else _ONLY_FORGE
                try:
                    await self._kube.patch(Resource.POOLS, *key, {"metadata": {"annotations": {POKE: poke}}})
                except (ApiException, aiohttp.ClientError, OSError) as refused:
                    _log.warning("a webhook of pool %s/%s is not passed on: %s", *key, refused)
                await asyncio.sleep(EVERY_SECONDS)
        finally:
            self._tasks.pop(key, None)
