"""Whether a webhook is what it says: sent by the board or the forge of the pool in its address."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping

import aiohttp

from boardhand_operator.boards import Board
from boardhand_operator.errors import Misconfigured
from boardhand_operator.forges import Forge
from boardhand_operator.kube import ApiException, Resource
from boardhand_operator.memory.store import Key, Store
from boardhand_operator.services import Services
from boardhand_operator.views import Pool
from boardhand_operator.webhooks.hooks import wanted

SHUT_SECONDS = 5.0
"""A pool whose board or forge cannot be opened is not tried again for so long: strangers make no work."""
_WARN_SECONDS = 60.0
_log = logging.getLogger(__name__)


class Door:
    """Checks calls, with the Secrets that the pools name."""

    def __init__(self, store: Store, services: Services, clock: Callable[[], float] = time.monotonic) -> None:
        self._store, self._services, self._clock = store, services, clock
        self._shut: dict[Key, float] = {}
        self._warned: dict[Key, float] = {}
        self.board_called: Callable[[Key], None] = lambda _: None
        self.forge_called: Callable[[Key], None] = lambda _: None
        """Called for each call that is the board's own, and the forge's: of both, where they share a webhook."""

    async def admits(self, key: Key, headers: Mapping[str, str], body: bytes) -> bool:
        """Whether the pool's own board or forge sent this. False for every pool that is not there or has no webhook."""
        known = self._store.get(Resource.POOLS, key)
        if known is None or self._clock() < self._shut.get(key, 0.0):
            return False
        try:
            pool = Pool.of(known)
            callers = await self._callers(pool)
        except (Misconfigured, ApiException, aiohttp.ClientError, OSError) as wrong:
            _log.warning("a webhook of pool %s/%s cannot be checked: %s", *key, wrong)
            self._shut = {one: until for one, until in self._shut.items() if until > self._clock()}
            self._shut[key] = self._clock() + SHUT_SECONDS
            return False
        signed = {name for name, caller in callers.items() if caller.signed(headers, body)}
        if "board" in signed:
            self.board_called(key)
        if "forge" in signed:
            self.forge_called(key)
        if callers and not signed:
            self._warn(key)
        return bool(signed)

    async def _callers(self, pool: Pool) -> dict[str, Board | Forge]:
        """Those of its board and its forge that are to call, by that word. Raises what opening them raises."""
        asked = wanted(pool)
        board = await self._services.board(pool) if "board" in asked else None
        forge = await self._services.forge(pool) if "forge" in asked else None
        there: dict[str, Board | Forge | None] = {"board": board, "forge": forge}
        return {name: caller for name, caller in there.items() if caller is not None}

    def _warn(self, key: Key) -> None:
        """Say now and then that calls are refused: a wrong secret is seen nowhere else."""
        if self._clock() >= self._warned.get(key, 0.0):
            self._warned = {one: until for one, until in self._warned.items() if until > self._clock()}
            self._warned[key] = self._clock() + _WARN_SECONDS
            _log.warning("pool %s/%s: a webhook without the right signature; is the secret in its Secret right?", *key)
