"""How fast requests follow one another, so that what the vendor's limit leaves lasts until it is renewed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

from boardhand_operator.errors import RateLimited
from boardhand_operator.http.answers import Answer, Vendor
from boardhand_operator.http.limits import spacing

WAIT_SECONDS = 3.0
"""A longer wait is not made here: the caller is told how long, and sleeps where others can see it."""


class Pace:
    """Of one pool's requests to one service."""

    def __init__(self, vendor: Vendor, sleep: Callable[[float], Awaitable[None]], clock: Callable[[], float]) -> None:
        self._vendor = vendor
        self._sleep = sleep
        self._clock = clock
        self._spacing = 0.0
        self._free_at = 0.0
        """When the next request may be sent without using up what the vendor's limit leaves."""

    async def turn(self, operation: str) -> None:
        """Wait where the vendor's limit is nearly used up. Raises RateLimited, with nothing sent, for a long wait."""
        now = self._clock()
        wait = max(0.0, self._free_at - now)
        if wait > WAIT_SECONDS:
            sentence = "nearly all requests that its limit allows are used up"
            raise RateLimited(self._vendor.name, operation, sentence, retry_after=wait)
        self._free_at = now + wait + self._spacing
        if wait:
            await self._sleep(wait)

    def told(self, answer: Answer) -> None:
        """Keep what the answer says of the limit."""
        self._spacing = spacing(answer.headers, datetime.now(UTC))
        self._free_at = self._clock() + self._spacing
