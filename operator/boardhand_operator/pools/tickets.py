"""From the cards of the ready column to TicketRuns: what of it asks the board and the API server. See `intake`."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from datetime import datetime

from boardhand_api.pod import LABEL_TICKET
from boardhand_operator import words
from boardhand_operator.boards import Board, Card
from boardhand_operator.boards.claims import Claimant, claim, close
from boardhand_operator.boards.markers import Claim, find_claims
from boardhand_operator.boards.ticket import ticket_of
from boardhand_operator.errors import NotFound
from boardhand_operator.kube import Conflict, Kube, Resource
from boardhand_operator.pools import intake
from boardhand_operator.pools.commands import granted
from boardhand_operator.queue import WorkQueue
from boardhand_operator.store import Key, Store
from boardhand_operator.views import Pool, Run, readable_runs

_AT_ONCE = 8
"""Tickets that are taken side by side."""
_log = logging.getLogger(__name__)


class Tickets:
    """What one pool's worker knows of its tickets that are ready."""

    def __init__(self, kube: Kube, store: Store, queue: WorkQueue[Key]) -> None:
        self._kube, self._store, self._queue = kube, store, queue
        self._deleted: list[Run] = []
        self.known: set[str] = set()
        """Names of runs that the tickets in the ready column have, or are not to have again."""

    def let_be(self, run: Run) -> None:
        """The run was deleted before it claimed its ticket: it is not made again for the same event."""
        if run.on_board:
            self._deleted.append(run)

    async def take(self, pool: Pool, board: Board, cards: Sequence[Card], now: datetime) -> None:
        """Make the runs that the cards have not. Raises what board and API server raise; the next poll goes on."""
        self.known &= {intake.name_for(pool, card) for card in cards}
        while self._deleted:
            await self._mark(pool, board, self._deleted[0])
            self._deleted.pop(0)
        new = [card for card in cards if intake.name_for(pool, card) not in self.known]
        for first in range(0, len(new), _AT_ONCE):
            taken = (self._take(pool, board, card, now) for card in new[first : first + _AT_ONCE])
            for problem in await asyncio.gather(*taken, return_exceptions=True):
                if problem is not None:
                    raise problem

    async def _mark(self, pool: Pool, board: Board, run: Run) -> None:
        """A claim on the ticket outlives the run, and the operator's memory of it."""
        ticket = run.spec.ticket
        assert ticket.event is not None
        try:
            await claim(board, ticket.id, Claimant(run.name, run.uid, ticket.event, pool.name, pool.uid))
            await close(board, ticket.id, run.uid, words.deleted_comment(run.name))
        except NotFound:
            _log.info("ticket %s is gone from the board", ticket.id)

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
        earlier = await self._earlier(pool, full, label)
        until = intake.wait_until(pool, earlier)
        if any(run.name == name or not run.status.phase.finished for run in earlier) or (until and now < until):
            return
        if orphan := _claimed(pool, full, name):
            await close(board, card.id, orphan.uid, words.deleted_comment(name))
            self.known.add(name)
            return
        body = intake.build_run(pool, full, ticket_of(full), earlier, granted(full.comments, earlier, pool))
        try:
            made = await self._kube.create(Resource.RUNS, pool.namespace, body)
            self._store.wrote(Resource.RUNS, made)
            self._store.card_read(made["metadata"]["uid"], full)
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


def _claimed(pool: Pool, card: Card, name: str) -> Claim | None:
    """The claim of this very event by a run of this pool, which is gone: it was deleted, and is not made again."""
    marks = (mark for mark in find_claims(card.comments) if (mark.event, mark.pool) == (card.event, pool.uid))
    return next((mark for mark in marks if mark.run == name), None)
