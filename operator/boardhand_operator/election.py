"""Which of several operators works: the one that holds a Lease (coordination.k8s.io/v1).

The holder renews it. Who sees no renewal for the Lease's whole duration, by its own clock, takes it; no clock is
compared with another's. Names, not the Lease, guarantee that nothing is done twice: it keeps two operators from
working side by side, which boards and forges without conditional writes would show. So each write to one of those
asks `sure` first: a process that was stopped for a while does not write with a Lease that has ended meanwhile.
"""

from __future__ import annotations

import asyncio
import json
import logging
import math
import time
import uuid
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum
from http import HTTPStatus
from typing import Any

import aiohttp

from boardhand_operator.kube import ApiException, Conflict, Json, Kube, Resource
from boardhand_operator.lease import Writer, holder, released
from boardhand_operator.settings import Seat

_log = logging.getLogger(__name__)

_REFUSED = (ApiException, Conflict, aiohttp.ClientError, TimeoutError, OSError, json.JSONDecodeError)
"""What a Lease that cannot be read or written now raises; the last one where a proxy answers in words of its own."""


def passed() -> float:
    """Seconds that also pass while the machine sleeps: who wakes up is not sure of what has long been another's."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


@dataclass(frozen=True)
class Terms:
    """Seconds of an election."""

    duration: float = 13
    """A Lease that was not renewed for so long is free."""
    every: float = 2
    """How often it is renewed, or looked at."""
    give_up: float = 9
    """A holder that could not renew for so long stops: well before anybody else may take the Lease."""
    pause: float = 10
    """So long nothing is done with a Lease that came without its former holder's word, longer than `give_up`: by then
    that one has noticed, or could not renew for so long that it is not sure any more."""


class _Taken(Enum):
    """How the Lease was come by."""

    FREE = 1
    """New, released, ended, or this very operator's in an earlier life."""
    BY_FORCE = 2
    """Somebody else may still believe that it holds it."""


class Lost(Exception):
    """The Lease is no longer held: this operator must stop at once."""


class Election:
    """One operator's part in it."""

    def __init__(self, kube: Kube, seat: Seat, terms: Terms | None = None, clock: Callable[[], float] = passed) -> None:
        self._kube, self._seat = kube, seat
        self._terms = terms or Terms()
        self._clock = clock
        self._seen: tuple[str, float] = ("", 0.0)
        """The Lease's version last seen, and when it was first seen."""
        self._holder = ""
        self._reached = clock()
        self._renewed = -math.inf
        self._writer = Writer(seat, self._terms.duration, f"{seat.identity}/{uuid.uuid4()}")
        self._held: Json | None = None
        self._forced = False
        """Whether it was, or is just being, taken by force: the answer to that may be lost."""
        self._works = False

    async def acquire(self) -> None:
        """Return once the Lease is held."""
        waited = ""
        while True:
            try:
                async with asyncio.timeout(self._terms.give_up):
                    taken = await self._try()
                if taken is _Taken.BY_FORCE:
                    await asyncio.sleep(self._terms.pause)
                    self._forced = False
                    async with asyncio.timeout(self._terms.give_up):
                        await self._renew()
                if taken:
                    self._works = True
                    _log.info("this operator works: %s holds the Lease %s", self._seat.identity, self._seat.name)
                    return
            except _REFUSED as refused:
                _log.warning("the Lease %s cannot be had now: %s", self._seat.name, refused)
            if self._holder and self._holder != waited:
                waited = self._holder
                _log.info("this operator stands by: %s holds the Lease %s", waited, self._seat.name)
            await asyncio.sleep(self._terms.every)

    async def keep(self) -> None:
        """Renew until cancelled. Raises Lost where another holds the Lease, or it could not be renewed in time."""
        try:
            await self._keep()
        except Lost:
            self._renewed = -math.inf
            raise

    async def _keep(self) -> None:
        while True:
            await asyncio.sleep(self._terms.every)
            try:
                async with asyncio.timeout(self._left):
                    await self._renew()
            except _REFUSED as refused:
                # Where the Lease cannot be read either, it is asked for again with the next refusal.
                with suppress(*_REFUSED):
                    async with asyncio.timeout(self._left):
                        await self._still_ours(refused)
                if not self.sure:
                    raise Lost(f"not renewed for {self._terms.give_up:g} s: {refused}") from refused
                _log.warning("the Lease %s is not renewed: %s", self._seat.name, refused)

    async def release(self) -> None:
        """Give the Lease up, so that nobody has to wait for its end. One that cannot be released just ends, as does one
        that was taken by force a moment ago: who held it before may not know yet."""
        # Whatever of this process has not ended by now writes nothing any more.
        self._renewed = -math.inf
        if self._held is None or not self._works:
            return
        held, self._held = self._held, None
        try:
            async with asyncio.timeout(self._terms.every):
                await self._give_up(held)
        except _REFUSED as refused:
            _log.warning("the Lease %s is not released: %s", self._seat.name, refused)

    async def _give_up(self, held: Json) -> None:
        """A renewal whose answer nobody waited for may have made it another version."""
        try:
            await self._write(held, released())
        except ApiException as refused:
            if refused.status != HTTPStatus.CONFLICT:
                raise
            known = await self._kube.get(Resource.LEASES, self._seat.namespace, self._seat.name)
            if known is None or not self._writer.still_has(known):
                raise
            await self._write(known, released())

    @property
    def sure(self) -> bool:
        """Whether nobody else can hold the Lease now, unless it was taken by force."""
        return self._clock() < self._renewed + self._terms.give_up

    @property
    def _left(self) -> float:
        """Seconds for which the holder is sure."""
        return max(0.0, self._renewed + self._terms.give_up - self._clock())

    @property
    def age(self) -> float:
        """Seconds since the Lease was last read or written."""
        return self._clock() - self._reached

    async def _try(self) -> _Taken | None:
        """Take the Lease if it is free, or ours by its word."""
        begin = self._clock()
        known = await self._kube.get(Resource.LEASES, self._seat.namespace, self._seat.name)
        self._reached = self._clock()
        if known is None:
            self._forced |= bool(self._seen[0])
            self._held = await self._kube.create(Resource.LEASES, self._seat.namespace, self._writer.new())
            self._renewed = begin
            return self._taken
        version = str(known["metadata"]["resourceVersion"])
        if version != self._seen[0]:
            self._seen = version, self._clock()
        self._holder = holder(known)
        over = self._clock() - self._seen[1] >= self._terms.duration
        if self._holder not in ("", self._seat.identity) and not over:
            self._forced = False
            return None
        self._forced = not over and (self._forced or self._writer.was_given(known))
        self._held = await self._write(known, self._writer.taking(known))
        self._renewed = begin
        return self._taken

    @property
    def _taken(self) -> _Taken:
        return _Taken.BY_FORCE if self._forced else _Taken.FREE

    async def _renew(self) -> None:
        assert self._held is not None
        begin = self._clock()
        self._held = await self._write(self._held, self._writer.claim())
        self._reached, self._renewed = self._clock(), begin

    async def _still_ours(self, refused: BaseException) -> None:
        """After a conflict: go on from the Lease as it is now, if it still names us."""
        if not (isinstance(refused, ApiException) and refused.status == HTTPStatus.CONFLICT):
            return
        known = await self._kube.get(Resource.LEASES, self._seat.namespace, self._seat.name)
        by = holder(known) if known else ""
        if known is None or by != self._seat.identity:
            raise Lost(f"{by or 'nobody'} holds it") from refused
        self._held = known

    async def _write(self, known: Json, spec: dict[str, Any]) -> Json:
        """Change the Lease only as it was read. Raises ApiException (409) where it is another by now."""
        patch = self._writer.patch(known, spec)
        written = await self._kube.patch(Resource.LEASES, self._seat.namespace, self._seat.name, patch)
        if written is None:
            raise ApiException(status=HTTPStatus.CONFLICT, reason="the Lease was deleted")
        return written
