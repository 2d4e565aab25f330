"""Of which type the board of a run's pool is: the run itself does not say."""

from __future__ import annotations

import time
from collections.abc import Callable

from boardhand_client.errors import Refused
from boardhand_history.cluster import Cluster
from boardhand_operator.kube import Resource

_FRESH_SECONDS = 600.0
_POOLS = 1_000


class Boards:
    """Types of boards by pool, each asked for once in a while."""

    def __init__(self, cluster: Cluster, clock: Callable[[], float] = time.monotonic) -> None:
        self._cluster, self._clock = cluster, clock
        self._known: dict[tuple[str, str], tuple[float, str]] = {}

    async def of(self, namespace: str, pool: str) -> str:
        """Such as `trello`; empty where the pool has no board, is gone, or may not be read. Raises SessionError."""
        at, board = self._known.get((namespace, pool), (float("-inf"), ""))
        if self._clock() - at < _FRESH_SECONDS:
            return board
        if len(self._known) >= _POOLS:
            self._known.clear()
        board = await self._asked(namespace, pool)
        self._known[namespace, pool] = (self._clock(), board)
        return board

    async def _asked(self, namespace: str, pool: str) -> str:
        try:
            body = await self._cluster.get(Resource.POOLS, namespace, pool)
        except Refused:
            return ""
        return str(((body or {}).get("spec") or {}).get("board", {}).get("type") or "")
