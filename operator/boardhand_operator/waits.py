"""Runs whose board or forge does not do what it is asked: how long each waits, and what its status says meanwhile."""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable

from boardhand_operator.act.doing import Doing
from boardhand_operator.decide.actions import CloseTicket, OpenPullRequest
from boardhand_operator.decide.delivery import deliver
from boardhand_operator.errors import BoardhandError, Misconfigured, RateLimited, RemoteUnavailable
from boardhand_operator.memory.store import Key

DELIVERY_WAITS, BOARD_UNAVAILABLE, FORGE_UNAVAILABLE = "DeliveryWaits", "BoardUnavailable", "ForgeUnavailable"
FIRST_SECONDS, MOST_SECONDS = 5.0, 120.0
_TOLD_AT = 2
"""Refusals in a row before the status says so: most are over with the next try, and a write costs a request."""
_TOLD_AGAIN = 600.0
_log = logging.getLogger(__name__)


class Waits:
    """Who waits, and since how many refusals."""

    def __init__(self, wake: Callable[[Key], None], clock: Callable[[], float] = time.monotonic) -> None:
        self._wake = wake
        self._clock = clock
        self._row: dict[Key, int] = {}
        self._pools: dict[Key, Key] = {}
        self._told: dict[Key, float] = {}

    def over(self, run: Key) -> None:
        """The run was looked at without a refusal."""
        for known in (self._row, self._pools, self._told):
            known.pop(run, None)

    def opened(self, pool: Key) -> None:
        """The pool's board or forge answers again: all who wait go on."""
        for run in [run for run, its in self._pools.items() if its == pool]:
            self._wake(run)

    async def wait(self, doing: Doing, refused: BoardhandError) -> float:
        """Seconds until the run is to be looked at again: doubled each time, never sooner than the service asks.

        Raises what `Doing.record` raises.
        """
        run = (doing.run.namespace, doing.run.name)
        row = self._row[run] = self._row.get(run, 0) + 1
        self._pools[run] = (doing.run.namespace, doing.run.spec.pool)
        seconds = min(FIRST_SECONDS * 2.0 ** min(row - 1, 10), MOST_SECONDS)
        if isinstance(refused, RateLimited):
            seconds = refused.retry_after
        elif isinstance(refused, RemoteUnavailable):
            seconds = max(seconds, refused.retry_after or 0.0)
        seconds *= random.uniform(1, 1.2)  # noqa: S311 (jitter)
        _log.log(
            logging.DEBUG if row > _TOLD_AT else logging.WARNING, "%s/%s: %s; again in %.0f s", *run, refused, seconds
        )
        if row >= _TOLD_AT:
            await self._tell(doing, run, refused)
        return seconds

    async def _tell(self, doing: Doing, run: Key, refused: BoardhandError) -> None:
        reason, message = still_to_do(doing, refused)
        said = next((one for one in doing.run.status.conditions if one.type == "Reconciling"), None)
        if said and said.reason == reason:
            since = self._told.setdefault(run, self._clock())
            if self._clock() - since < _TOLD_AGAIN or said.message == message:
                return
        self._told[run] = self._clock()
        await doing.record({"phase": doing.run.status.phase.value}, message, reason)


def still_to_do(doing: Doing, refused: BoardhandError) -> tuple[str, str]:
    """Reason and sentence for a run that was refused."""
    again = f"asked again at the latest every {MOST_SECONDS:.0f} s"
    if isinstance(refused, Misconfigured) and not doing.run.status.finished_at:
        return refused.reason, str(refused)
    if not doing.run.status.finished_at and doing.run.status.job:
        text = "the pod is gone, and what was pushed to its branch is still to be looked for"
        return FORGE_UNAVAILABLE, f"{text}: {refused}; {again}"
    if not doing.run.status.finished_at and (doing.run.status.claim or not doing.run.on_board):
        return FORGE_UNAVAILABLE, f"the tokens of its stages are still to be made: {refused}; {again}"
    if not doing.run.status.finished_at:
        return BOARD_UNAVAILABLE, f"the ticket is still to be claimed: {refused}; {again}"
    left = [type(action) for action in deliver(doing.run, doing.its_pool)]
    parts = ["the pull request is to be opened"] * (OpenPullRequest in left)
    parts += ["the ticket is to be told"] * (CloseTicket in left)
    return DELIVERY_WAITS, f"still to be done: {' and '.join(parts)}: {refused}; {again}"
