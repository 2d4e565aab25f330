"""From the cards of the ready column to TicketRuns: what of it asks the board and the API server. See `intake`."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from boardhand_api.pod import LABEL_TICKET
from boardhand_operator.boards import Board, Card
from boardhand_operator.boards.claims import Claimant, claim, close
from boardhand_operator.boards.markers import Claim, find_claims
from boardhand_operator.boards.ticket import ticket_of
from boardhand_operator.errors import NotFound, Rejected
from boardhand_operator.kube import Conflict, Kube, Resource
from boardhand_operator.memory.store import Key, Store
from boardhand_operator.names import asked_for
from boardhand_operator.pools import intake, plans, trust
from boardhand_operator.pools.commands import granted
from boardhand_operator.pools.people import People
from boardhand_operator.queue import WorkQueue
from boardhand_operator.texts import words
from boardhand_operator.views import Pool, Run, readable_runs

_AT_ONCE = 8
"""Tickets that are taken side by side."""
_LEFT_ALONE = timedelta(minutes=10)
"""A ticket that is not allowed is read again after so long: somebody may have become a member."""
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class _LeftAlone:
    """A ticket that the pool's policy does not let be taken."""

    key: str
    why: str
    labels: tuple[str, ...]
    generation: int
    until: datetime


class Tickets:
    """What one pool's worker knows of its tickets that are ready."""

    def __init__(self, kube: Kube, store: Store, queue: WorkQueue[Key], people: People | None = None) -> None:
        self._kube, self._store, self._queue = kube, store, queue
        self._people = people or People()
        self._left_alone: dict[str, _LeftAlone] = {}
        """By the names of the runs that they do not get."""
        self._deleted: list[Run] = []
        self.known: set[str] = set()
        """Names of runs that the tickets in the ready column have, or are not to have again."""

    def let_be(self, run: Run) -> None:
        """The run was deleted before it claimed its ticket: it is not made again for the same event."""
        if run.on_board and not asked_for(run.spec.ticket.event):
            self._deleted.append(run)

    async def take(self, pool: Pool, board: Board, cards: Sequence[Card], now: datetime) -> None:
        """Make the runs that the cards have not. Raises what board and API server raise; the next poll goes on."""
        self.known &= {intake.name_for(pool, card) for card in cards}
        # Of one that was deleted in the midst of its claim, the claim comes first.
        for run in [run for run in self._deleted if not self._queue.working((run.namespace, run.name))]:
            await self._mark(pool, board, run)
            self._deleted.remove(run)
        there = {intake.name_for(pool, card): card for card in cards}
        self._left_alone = {
            name: one for name, one in self._left_alone.items() if name in there and _holds(one, pool, there[name], now)
        }
        new = [card for name, card in there.items() if name not in self.known and name not in self._left_alone]
        for first in range(0, len(new), _AT_ONCE):
            taken = (self._take_or_pass(pool, board, card, now) for card in new[first : first + _AT_ONCE])
            for problem in await asyncio.gather(*taken, return_exceptions=True):
                if problem is not None:
                    raise problem

    @property
    def left_alone(self) -> dict[str, str]:
        """Why tickets of the ready column are not taken, by their keys."""
        return {one.key: one.why for one in self._left_alone.values()}

    async def _mark(self, pool: Pool, board: Board, run: Run) -> None:
        """A claim on the ticket outlives the run, and the operator's memory of it."""
        ticket = run.spec.ticket
        assert ticket.event is not None
        try:
            await claim(board, ticket.id, Claimant(run.name, run.uid, ticket.event, pool.name, pool.uid))
            await close(board, ticket.id, run.uid, words.deleted_comment(run.name))
        except (NotFound, Rejected) as refused:
            _log.warning("ticket %s is not told of its deleted run: %s", ticket.id, refused)

    async def _take_or_pass(self, pool: Pool, board: Board, card: Card, now: datetime) -> None:
        """As `_take`; a ticket that is gone, or that the board refuses anything about, keeps no other waiting."""
        try:
            await self._take(pool, board, card, now)
        except (NotFound, Rejected) as refused:
            _log.warning("%s/%s: ticket %s is not taken: %s", pool.namespace, pool.name, card.key or card.id, refused)

    async def _take(self, pool: Pool, board: Board, card: Card, now: datetime) -> None:
        """Make the card's TicketRun, unless it has one, is being worked, or has to wait."""
        name, label = intake.name_for(pool, card), intake.label_for(pool, card)
        there = readable_runs(self._store.runs_of_ticket(pool.namespace, label))
        if any(run.name == name for run in there):
            self.known.add(name)
            return
        if any(not run.status.phase.finished for run in there):
            return
        full = await board.read(card.id)
        if full is None or full.event != card.event:
            return
        circle = await self._people.circle(pool, board, now) if trust.asks(pool.spec.policy) else trust.Circle({})
        if why := trust.refusal(pool, full, circle):
            key = full.key or full.id
            self._left_alone[name] = _LeftAlone(key, why, card.labels, pool.generation, now + _LEFT_ALONE)
            _log.info("%s/%s: ticket %s is left alone: %s", pool.namespace, pool.name, key, why)
            return
        earlier = await self._earlier(pool, full, label)
        until = intake.wait_until(pool, earlier)
        if any(run.name == name or not run.status.phase.finished for run in earlier) or (until and now < until):
            return
        if orphan := _claimed(pool, full, name):
            await close(board, card.id, orphan.uid, words.deleted_comment(name))
            self.known.add(name)
            return
        ticket = ticket_of(*trust.shown(full, pool.spec.policy, circle))
        money, plan = granted(full.comments, earlier, pool), plans.approved(pool, full, earlier)
        body = intake.build_run(pool, full, ticket, earlier, money, plan)
        try:
            made = await self._kube.create(Resource.RUNS, pool.namespace, body)
            self._store.wrote(Resource.RUNS, made)
            self._store.cards.keep(made["metadata"]["uid"], full)
        except Conflict:
            _log.info("%s/%s: the run is there already", pool.namespace, name)
        self.known.add(name)
        self._queue.add((pool.namespace, name))

    async def _earlier(self, pool: Pool, card: Card, label: str) -> list[Run]:
        """All runs of the ticket. None is asked for where its comments show that none of this pool ever claimed it:
        what ended without a claim spent no attempt."""
        if card.all_comments and not any(mark.pool == pool.uid for mark in find_claims(card.comments)):
            return []
        selector = f"{LABEL_TICKET}={label}"
        return readable_runs([body async for body in self._kube.list(Resource.RUNS, pool.namespace, selector)])


def _holds(left: _LeftAlone, pool: Pool, card: Card, now: datetime) -> bool:
    """Whether it is still known to be none that is taken."""
    return now < left.until and (left.labels, left.generation) == (card.labels, pool.generation)


def _claimed(pool: Pool, card: Card, name: str) -> Claim | None:
    """The claim of this very event by a run of this pool, which is gone: it was deleted, and is not made again."""
    marks = (mark for mark in find_claims(card.comments) if (mark.event, mark.pool) == (card.event, pool.uid))
    return next((mark for mark in marks if mark.run == name), None)
