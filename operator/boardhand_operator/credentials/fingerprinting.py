"""The fingerprints of a pool's secrets, for its runs' orders: publish looks for those of other stages, too."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable, Mapping

from boardhand_api.fingerprints import Fingerprints, fingerprints
from boardhand_operator.credentials import NOTIFICATIONS, PUBLIC_KEYS, Source, sources
from boardhand_operator.locks import Locks
from boardhand_operator.views import Pool, SpecKey

KEPT_SECONDS = 60.0
"""A pool's Secrets are read again after so long."""
_SALT_BYTES = 16

Read = Callable[[Pool, Source], Awaitable[Mapping[str, str]]]
"""The credentials of a place. Raises Misconfigured."""


class Fingerprinting:
    """Keeps no secret, only fingerprints, each pool's for a while."""

    def __init__(self, read: Read, clock: Callable[[], float]) -> None:
        self._read, self._clock = read, clock
        self._locks = Locks()
        self._known: dict[SpecKey, tuple[float, Fingerprints]] = {}

    async def of(self, pool: Pool) -> Fingerprints:
        """Of all its secrets that it works with, the operator's own for board and forge too. Raises Misconfigured where
        one is missing."""
        key, now = pool.spec_key, self._clock()
        self._known = {one: known for one, known in self._known.items() if now - known[0] < KEPT_SECONDS}
        async with self._locks.of(key):
            if key not in self._known:
                self._known[key] = (now, await self._made(pool))
            return self._known[key][1]

    async def _made(self, pool: Pool) -> Fingerprints:
        places = [source for place, source in sources(pool.spec).items() if not place.startswith(NOTIFICATIONS)]
        given = [await self._read(pool, source) for source in places]
        values = [value for one in given for name, value in one.items() if name not in PUBLIC_KEYS]
        return fingerprints(secrets.token_hex(_SALT_BYTES), values)
