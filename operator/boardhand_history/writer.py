"""Writes runs that are handed to it, a few at a time, and keeps at it while the database or the cluster is down."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from contextlib import suppress

from sqlalchemy.exc import DBAPIError

from boardhand_api.failures import FailureClass
from boardhand_client.errors import SessionError
from boardhand_history.cluster import Cluster, texts_of, unread
from boardhand_history.entries import Entry
from boardhand_history.errors import Unreachable
from boardhand_history.records import Records
from boardhand_history.texts import Text
from boardhand_operator.queue import WorkQueue

PATIENCE_SECONDS = 120.0
"""A log that cannot be read for so long is done without: its node may be gone."""
AT_HAND = 500
"""So many runs wait in memory at most: those that follow are left to the API server."""
_WORKERS = 4
_FORESEEN = 50
_FORESEE_SECONDS = 5.0
_log = logging.getLogger(__name__)


class Writer:
    """pause: seconds before the database or the cluster is asked again."""

    def __init__(
        self, cluster: Cluster, records: Records, pause: float = 5.0, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._cluster, self._records, self._pause, self._clock = cluster, records, pause, clock
        self._pending: dict[str, Entry] = {}
        self._queue: WorkQueue[str] = WorkQueue()
        self._room = asyncio.Event()
        self._room.set()
        self._unread: dict[str, float] = {}
        """By uid, since when its texts could not be read."""
        self._foreseen: dict[str, tuple[Text, Text]] = {}
        """By uid, texts of runs whose pods were about to go."""
        self._failed: set[str] = set()
        """By uid, runs that could not be written when that was last tried."""
        self.problem = ""
        """Why there are such runs; empty where there is none."""
        self.written = 0

    @property
    def waiting(self) -> int:
        """Runs that are to be written."""
        return len(self._pending)

    async def take(self, entry: Entry) -> None:
        """Have a run written; of several states of one run the last. Waits while there is no room for more."""
        await self._room.wait()
        self._pending[entry.uid] = entry
        self._queue.add(entry.uid)
        if len(self._pending) >= AT_HAND:
            self._room.clear()

    async def foresee(self, entry: Entry) -> None:
        """Read now what the log of a run that was called off has so far: its pod goes before all is delivered."""
        if entry.run["failure_class"] != FailureClass.CANCELLED or entry.uid in self._foreseen:
            return
        with suppress(SessionError, TimeoutError):
            async with asyncio.timeout(_FORESEE_SECONDS):
                self._foreseen[entry.uid] = await texts_of(self._cluster, entry)
        for old in list(self._foreseen)[:-_FORESEEN]:
            del self._foreseen[old]

    async def run(self) -> None:
        """Write until cancelled."""
        await self._queue.run(self._work, _WORKERS)

    async def _work(self, uid: str) -> float | None:
        entry = self._pending.get(uid)
        if entry is None:
            return None
        try:
            await self._write(entry)
        except Unreachable as down:
            if not self._failed:
                _log.warning("%s; tried again until it is written", down)
            self._failed.add(uid)
            self.problem = str(down)
            return self._pause
        except SessionError as down:
            self._answered(uid)
            _log.warning("%s/%s waits for its log: %s", *entry.where, down)
            return self._pause
        except DBAPIError as refused:
            _log.error("%s/%s cannot be recorded: %s", *entry.where, " ".join(str(refused.orig).split())[:300])
        self._done(entry)
        return None

    async def _write(self, entry: Entry) -> None:
        known = (await self._records.known([entry.uid])).get(entry.uid)
        if known is None:
            await self._records.put(entry, await self._texts(entry))
        elif known != entry.run["version"]:
            await self._records.put(entry)
        self.written += known != entry.run["version"]

    async def _texts(self, entry: Entry) -> tuple[Text, Text]:
        """Raises SessionError where they cannot be read now, for PATIENCE_SECONDS."""
        try:
            return self._with_foreseen(entry, await texts_of(self._cluster, entry))
        except SessionError as failed:
            since = self._unread.setdefault(entry.uid, self._clock())
            if self._clock() - since < PATIENCE_SECONDS:
                raise
            _log.warning("%s/%s is recorded without its transcript: %s", *entry.where, failed)
            return self._with_foreseen(entry, unread(entry))

    def _with_foreseen(self, entry: Entry, found: tuple[Text, Text]) -> tuple[Text, Text]:
        """What there is now, and for what is gone what there was."""
        before = self._foreseen.get(entry.uid, found)
        transcript, diff = (old if new.data is None else new for new, old in zip(found, before, strict=True))
        return transcript, diff

    def _answered(self, uid: str) -> None:
        self._failed.discard(uid)
        if not self._failed:
            self.problem = ""

    def _done(self, entry: Entry) -> None:
        self._answered(entry.uid)
        self._unread.pop(entry.uid, None)
        self._foreseen.pop(entry.uid, None)
        # Another state of it may have come meanwhile: the queue works that one next.
        if self._pending.get(entry.uid) is entry:
            del self._pending[entry.uid]
        if len(self._pending) < AT_HAND:
            self._room.set()
