"""A worker's rest between two rounds: how long it is, and what ends it sooner."""

from __future__ import annotations

import asyncio
import random
import time

from boardhand_operator.pools.pace import Pause

SOONEST = 1.0
"""Seconds from one poll's begin to the next: however often it is woken, a pool polls no oftener."""


class Rest:
    """Of one worker. Calls to end it that come in a round are kept for the rest after it."""

    def __init__(self) -> None:
        self._over = asyncio.Event()
        self._for_good = False
        """Whether it was ended by something that a back-off is not to outwait."""

    def end(self) -> None:
        """Work now, whatever the rest is for."""
        self._for_good = True
        self._over.set()

    def end_patiently(self) -> None:
        """Work now, unless the board fails: then its back-off goes on."""
        self._over.set()

    def round_begins(self) -> float:
        """The moment (monotonic seconds); what ended the last rest is answered by the round that begins."""
        self._for_good = False
        return time.monotonic()

    async def before_the_first(self, seconds: float) -> None:
        """Wait for so long, or until it is ended."""
        await self.until_next(Pause(seconds), time.monotonic() - SOONEST)

    async def until_next(self, pause: Pause, began: float) -> None:
        """Wait until the next round is due, or is asked for. began: when the last one did."""
        resting = time.monotonic()
        ends = resting + pause.jittered(random.random())  # noqa: S311 (jitter)
        while (left := ends - time.monotonic()) > 0:
            try:
                async with asyncio.timeout(left):
                    await self._over.wait()
            except TimeoutError:
                break
            self._over.clear()
            if self._for_good or not pause.patient:
                break
        earliest = max(began + SOONEST, resting + pause.least)
        await asyncio.sleep(max(0.0, earliest - time.monotonic()))
        # What came meanwhile is answered by the round that begins now.
        self._over.clear()
