"""How often anybody may try to sign in: by address, and all together. Pure, but for the clock it is given."""

from __future__ import annotations

import ipaddress
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Rate:
    """So many at once, and one more every `seconds`."""

    burst: int
    seconds: float


BY_ADDRESS = Rate(burst=10, seconds=6.0)
TOGETHER = Rate(burst=60, seconds=0.5)
_ADDRESSES = 10_000
"""So many addresses are kept in mind, those that came last."""


class Attempts:
    """Attempts to sign in: each address has a bucket that refills, and there is one for all."""

    def __init__(
        self, by_address: Rate = BY_ADDRESS, together: Rate = TOGETHER, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._clock, self._rate = clock, by_address
        self._by_address: OrderedDict[str, _Bucket] = OrderedDict()
        self._together = _Bucket(together, clock())

    def wait(self, address: str) -> float:
        """0: this attempt may be made, and counts. Else in how many seconds the next one may.

        Who is refused by the address's own bucket takes nothing from the one for all.
        """
        now, key = self._clock(), _network(address)
        bucket = self._by_address.setdefault(key, _Bucket(self._rate, now))
        self._by_address.move_to_end(key)
        if len(self._by_address) > _ADDRESSES:
            self._by_address.popitem(last=False)
        return bucket.wait(now) or self._together.take(now) or bucket.take(now)


class _Bucket:
    """A token bucket (https://en.wikipedia.org/wiki/Token_bucket)."""

    def __init__(self, rate: Rate, now: float) -> None:
        self._rate, self._left, self._at = rate, float(rate.burst), now

    def wait(self, now: float) -> float:
        self._left = min(self._rate.burst, self._left + (now - self._at) / self._rate.seconds)
        self._at = now
        return 0.0 if self._left >= 1 else (1 - self._left) * self._rate.seconds

    def take(self, now: float) -> float:
        if waits := self.wait(now):
            return waits
        self._left -= 1
        return 0.0


def _network(address: str) -> str:
    """Of an IPv6 address its /64: one household has that many addresses."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return "unknown"
    if isinstance(parsed, ipaddress.IPv6Address):
        return str(parsed.ipv4_mapped or ipaddress.ip_network((parsed, 64), strict=False))
    return str(parsed)
