"""A keyed work queue with back-off: a key is never worked twice at once, and again if it changed meanwhile."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Hashable
from contextvars import copy_context
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
Work = Callable[[K], Awaitable[float | None]]
"""Works one key; answers in how many seconds to look at it again, or None."""

_FIRST, _MOST = 0.5, 120.0
_log = logging.getLogger(__name__)


class WorkQueue(Generic[K]):
    """Keys to work, each at most once in the queue."""

    def __init__(self) -> None:
        self._ready: asyncio.Queue[K] = asyncio.Queue()
        self._dirty: set[K] = set()
        self._working: set[K] = set()
        self._timers: dict[K, asyncio.TimerHandle] = {}
        self._failures: dict[K, int] = {}

    def __len__(self) -> int:
        """Keys that are due."""
        return len(self._dirty)

    def working(self, key: K) -> bool:
        """Whether the key is being worked."""
        return key in self._working

    def add(self, key: K) -> None:
        """Work the key soon."""
        if key in self._dirty:
            return
        self._dirty.add(key)
        if key not in self._working:
            self._ready.put_nowait(key)

    def add_after(self, key: K, seconds: float) -> None:
        """Work the key in so many seconds; of several such calls the earliest counts."""
        loop = asyncio.get_running_loop()
        known = self._timers.get(key)
        if known and not known.cancelled() and known.when() <= loop.time() + seconds:
            return
        if known:
            known.cancel()
        self._timers[key] = loop.call_later(seconds, self._due, key)

    def _due(self, key: K) -> None:
        self._timers.pop(key, None)
        self.add(key)

    async def run(self, work: Work[K], workers: int) -> None:
        """Work keys with so many workers until cancelled."""
        async with asyncio.TaskGroup() as group:
            for _ in range(workers):
                group.create_task(self._worker(work))

    async def _worker(self, work: Work[K]) -> None:
        while True:
            key = await self._ready.get()
            self._dirty.discard(key)
            self._working.add(key)
            try:
                await self._one(work, key)
            finally:
                self._working.discard(key)
                if key in self._dirty:
                    self._ready.put_nowait(key)

    async def _one(self, work: Work[K], key: K) -> None:
        """Work a key in a task of its own: a bug met by one key is logged and does not end the others."""
        context = copy_context()
        task = asyncio.create_task(_worked(work, key), context=context)
        try:
            await asyncio.wait({task})
        finally:
            task.cancel()
        # One that was cancelled from within, as by a connection that was closed, would end this worker, too.
        problem = asyncio.CancelledError("cancelled from within") if task.cancelled() else task.exception()
        if problem is None:
            self._failures.pop(key, None)
            if (again := task.result()) is not None:
                self.add_after(key, again)
            return
        self._failures[key] = self._failures.get(key, 0) + 1
        wait = min(_FIRST * 2 ** (self._failures[key] - 1), _MOST)
        # In the task's context: the line says what it is about.
        context.run(_log.error, "%s: unexpected; again in %.1f s", key, wait, exc_info=problem)
        self.add_after(key, wait)


async def _worked(work: Work[K], key: K) -> float | None:
    return await work(key)
