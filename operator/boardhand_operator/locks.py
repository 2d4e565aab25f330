"""A lock for each key that somebody holds or waits for: of many who want the same read, one reads."""

from __future__ import annotations

import asyncio
from collections.abc import Hashable
from weakref import WeakValueDictionary


class Locks:
    """Locks by key; one that nobody uses any more is gone."""

    def __init__(self) -> None:
        self._used: WeakValueDictionary[Hashable, asyncio.Lock] = WeakValueDictionary()

    def of(self, key: Hashable) -> asyncio.Lock:
        """The key's own."""
        lock = self._used.get(key)
        if lock is None:
            lock = self._used[key] = asyncio.Lock()
        return lock
