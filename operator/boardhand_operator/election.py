"""Which of several operators works: the one that holds a Lease (coordination.k8s.io/v1).

The holder renews it. Who sees no renewal for the Lease's whole duration, by its own clock, takes it; no clock is
compared with another's. Names, not the Lease, guarantee that nothing is done twice: it keeps two operators from
working side by side, which boards and forges without conditional writes would show.
"""

from __future__ import annotations

import asyncio
import logging
import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import aiohttp

from boardhand_operator.kube import ApiException, Conflict, Json, Kube, Resource
from boardhand_operator.settings import Seat

_log = logging.getLogger(__name__)

_REFUSED = (ApiException, Conflict, aiohttp.ClientError, TimeoutError, OSError)
"""What a Lease that cannot be read or written now raises."""


@dataclass(frozen=True)
class Terms:
    """Seconds of an election."""

    duration: float = 10
    """A Lease that was not renewed for so long is free."""
    every: float = 2
    """How often it is renewed, or looked at."""
    give_up: float = 6
    """A holder that could not renew for so long stops: well before anybody else may take the Lease."""


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
        self._held: Json | None = None

    async def acquire(self) -> None:
        """Return once the Lease is held."""
        waited = ""
        while True:
            try:
                async with asyncio.timeout(self._terms.give_up):
                    if await self._try():
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
        renewed = self._clock()
        while True:
            await asyncio.sleep(self._terms.every)
            left = renewed + self._terms.give_up - self._clock()
            try:
                async with asyncio.timeout(max(0.0, left)):
                    await self._renew()
                renewed = self._clock()
            except _REFUSED as refused:
                await self._still_ours(refused)
                if self._clock() >= renewed + self._terms.give_up:
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
    def age(self) -> float:
        """Seconds since the Lease was last read or written."""
        return self._clock() - self._reached

    async def _try(self) -> bool:
        """Take the Lease if it is free; whether it is held now."""
        known = await self._kube.get(Resource.LEASES, self._seat.namespace, self._seat.name)
        self._reached = self._clock()
        if known is None:
            self._held = await self._kube.create(Resource.LEASES, self._seat.namespace, self._new())
            return True
        version = str(known["metadata"]["resourceVersion"])
        if version != self._seen[0]:
            self._seen = version, self._clock()
        spec = known.get("spec") or {}
        self._holder = str(spec.get("holderIdentity") or "")
        over = self._clock() - self._seen[1] >= self._terms.duration
        if self._holder not in ("", self._seat.identity) and not over:
            return False
        changes = int(spec.get("leaseTransitions") or 0) + (self._holder != self._seat.identity)
        self._held = await self._write(known, self._claim() | {"acquireTime": _now(), "leaseTransitions": changes})
        return True

    async def _renew(self) -> None:
        assert self._held is not None
        self._held = await self._write(self._held, self._claim())
        self._reached = self._clock()

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
        patch = {"metadata": {"resourceVersion": known["metadata"]["resourceVersion"]}, "spec": spec}
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
            "metadata": {"name": self._seat.name, "namespace": self._seat.namespace},
            "spec": self._claim() | {"acquireTime": _now(), "leaseTransitions": 0},
        }


def _now() -> str:
    """A MicroTime of the Kubernetes API: six digits, always."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
