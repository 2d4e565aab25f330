"""Who is on a pool's board, asked for as seldom as can be."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import cast

from boardhand_api.policy import Trigger
from boardhand_operator.boards import Board, Teams
from boardhand_operator.errors import Misconfigured
from boardhand_operator.pools.trust import Circle, asks
from boardhand_operator.views import Pool

KEPT = timedelta(seconds=60)


@dataclass
class People:
    """What one pool's worker knows of them."""

    _lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    _circle: Circle | None = None
    _asked: datetime | None = None
    _of: Trigger | None = None

    async def circle(self, pool: Pool, board: Board, now: datetime) -> Circle:
        """The members now, or as they were a minute ago at most. Raises what `Board.people` raises."""
        # Tickets are taken side by side, and one of them asks for all.
        async with self._lock:
            return await self._known(pool, board, now)

    async def _known(self, pool: Pool, board: Board, now: datetime) -> Circle:
        trigger = pool.spec.policy.trigger
        if self._circle is None or self._asked is None or now - self._asked >= KEPT or self._of != trigger:
            teams = [await team.team(name) for team in _knowing(board, trigger) for name in trigger.teams]
            self._circle = Circle(dict(await board.people()), frozenset().union(*teams))
            self._asked, self._of = now, trigger
        return self._circle


async def check(pool: Pool, board: Board, people: People, now: datetime) -> None:
    """See that it can be told who is trusted. Raises Misconfigured where it cannot, and what `Board.people` raises."""
    if asks(pool.spec.policy):
        await people.circle(pool, board, now)


def _knowing(board: Board, trigger: Trigger) -> list[Teams]:
    if not trigger.teams:
        return []
    # Asked for by name: a board may stand behind a gate.
    if not callable(getattr(board, "team", None)):
        raise Misconfigured(
            "TeamsUnknown",
            "spec.policy.trigger.teams: this board knows no teams, or does not tell who is in them: name people in "
            "spec.policy.trigger.authors.",
        )
    return [cast(Teams, board)]
