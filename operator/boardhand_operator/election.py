"""Which of several operators works: the one that holds a Lease (coordination.k8s.io/v1).

The holder renews it. Who sees no renewal for the Lease's whole duration, by its own clock, takes it; no clock is
compared with another's. Names, not the Lease, guarantee that nothing is done twice: it keeps two operators from
working side by side, which boards and forges without conditional writes would show. So each write to one of those
asks `sure` first: a process that was stopped for a while does not write with a Lease that has ended meanwhile.
"""

from __future__ import annotations

import asyncio
import logging
import math
import time
import uuid
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from typing import Any

import aiohttp

from boardhand_operator.kube import ApiException, Conflict, Json, Kube, Resource
from boardhand_operator.settings import Seat

LIFE = "boardhand.dev/holder"
"""Annotation of the Lease: which process wrote it last, by its identity and a number of its own."""
_log = logging.getLogger(__name__)

_REFUSED = (ApiException, Conflict, aiohttp.ClientError, TimeoutError, OSError)
"""What a Lease that cannot be read or written now raises."""


@dataclass(frozen=True)
class Terms:
    """Seconds of an election."""

    duration: float = 13
    """A Lease that was not renewed for so long is free."""
    every: float = 2
    """How often it is renewed, or looked at."""
    give_up: float = 9
    """A holder that could not renew for so long stops: well before anybody else may take the Lease."""
    pause: float = 3
    """So long nothing is done with a Lease that came without its former holder's word, longer than `every`: by then
    that one has noticed, and what it was sending has arrived."""


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

    def __init__(
        self, kube: Kube, seat: Seat, terms: Terms | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._kube, self._seat = kube, seat
        self._terms = terms or Terms()
        self._clock = clock
        self._seen: tuple[str, float] = ("", 0.0)
        """The Lease's version last seen, and when it was first seen."""
        self._holder = ""
        self._reached = clock()
        self._renewed = -math.inf
        self._life = f"{seat.identity}/{uuid.uuid4()}"
        self._held: Json | None = None

    async def acquire(self) -> None:
        """Return once the Lease is held."""
        waited = ""
        while True:
            try:
                async with asyncio.timeout(self._terms.give_up):
                    taken = await self._try()
                if taken is _Taken.BY_FORCE:
                    await asyncio.sleep(self._terms.pause)
                    async with asyncio.timeout(self._terms.give_up):
                        await self._renew()
                if taken:
                    _log.info("this operator works: %s holds the Lease %s", self._seat.identity, self._seat.name)
                    return
            except _REFUSED as refused:
                _log.warning("the Lease %s cannot be had now: %s", self._seat.name, refused)
            if (holder := self._holder) and holder != waited:
                waited = holder
                _log.info("this operator stands by: %s holds the Lease %s", holder, self._seat.name)
            await asyncio.sleep(self._terms.every)

    async def keep(self) -> None:
        """Renew until cancelled. Raises Lost where another holds the Lease, or it could not be renewed in time."""
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
        """Give the Lease up, so that nobody has to wait for its end. One that cannot be released just ends."""
        if self._held is None:
            return
        held, self._held = self._held, None
        try:
            async with asyncio.timeout(self._terms.every):
                await self._write(held, {"holderIdentity": "", "leaseDurationSeconds": 1, "renewTime": _now()})
        except _REFUSED as refused:
            _log.warning("the Lease %s is not released: %s", self._seat.name, refused)

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
            self._held = await self._kube.create(Resource.LEASES, self._seat.namespace, self._new())
            self._renewed = begin
            return _Taken.BY_FORCE if self._seen[0] else _Taken.FREE
        version = str(known["metadata"]["resourceVersion"])
        if version != self._seen[0]:
            self._seen = version, self._clock()
        spec = known.get("spec") or {}
        self._holder = str(spec.get("holderIdentity") or "")
        over = self._clock() - self._seen[1] >= self._terms.duration
        if self._holder not in ("", self._seat.identity) and not over:
            return None
        changes = int(spec.get("leaseTransitions") or 0) + (self._holder != self._seat.identity)
        self._held = await self._write(known, self._claim() | {"acquireTime": _now(), "leaseTransitions": changes})
        self._renewed = begin
        given = self._holder == self._seat.identity and not self._was_ours(known)
        return _Taken.BY_FORCE if given and not over else _Taken.FREE

    def _was_ours(self, known: Json) -> bool:
        """Whether an earlier life of this operator wrote it, rather than somebody who gave it our name."""
        life = str((known["metadata"].get("annotations") or {}).get(LIFE) or "")
        return life.rpartition("/")[0] == self._seat.identity

    async def _renew(self) -> None:
        assert self._held is not None
        begin = self._clock()
        self._held = await self._write(self._held, self._claim())
        self._reached, self._renewed = self._clock(), begin

    async def _still_ours(self, refused: BaseException) -> None:
        """After a conflict: go on from the Lease as it is now, if it still names us."""
        if not (isinstance(refused, ApiException) and refused.status == 409):
            return
        known = await self._kube.get(Resource.LEASES, self._seat.namespace, self._seat.name)
        holder = ((known or {}).get("spec") or {}).get("holderIdentity")
        if known is None or holder != self._seat.identity:
            raise Lost(f"{holder or 'nobody'} holds it") from refused
        self._held = known

    async def _write(self, known: Json, spec: dict[str, Any]) -> Json:
        """Change the Lease only as it was read. Raises ApiException (409) where it is another by now."""
        about = {"resourceVersion": known["metadata"]["resourceVersion"], "annotations": {LIFE: self._life}}
        patch = {"metadata": about, "spec": spec}
        written = await self._kube.patch(Resource.LEASES, self._seat.namespace, self._seat.name, patch)
        if written is None:
            raise ApiException(status=409, reason="the Lease was deleted")
        return written

    def _claim(self) -> dict[str, Any]:
        return {
            "holderIdentity": self._seat.identity,
            "leaseDurationSeconds": math.ceil(self._terms.duration),
            "renewTime": _now(),
        }

    def _new(self) -> Json:
        return {
            "apiVersion": "coordination.k8s.io/v1",
            "kind": "Lease",
            "metadata": {
                "name": self._seat.name,
                "namespace": self._seat.namespace,
                "annotations": {LIFE: self._life},
            },
            "spec": self._claim() | {"acquireTime": _now(), "leaseTransitions": 0},
        }


def _now() -> str:
    """A MicroTime of the Kubernetes API: six digits, always."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
