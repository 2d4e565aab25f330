"""The tickets of a pool's in-progress column: which left it while their run works, and which have lost their run.

Costs a column more in the poll's request while runs are at work, and nothing else but after a start or a deleted run.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from boardhand_operator.boards import Board
from boardhand_operator.boards.claims import close
from boardhand_operator.boards.markers import Claim, find_claims, find_closing
from boardhand_operator.errors import NotFound, Rejected
from boardhand_operator.kube import Kube, Resource
from boardhand_operator.memory.store import Key, Store, key_of
from boardhand_operator.queue import WorkQueue
from boardhand_operator.texts import words
from boardhand_operator.views import Pool

LOOKUPS = 20
"""So many unknown tickets are read a poll; the others wait for the next one."""
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class _UnderWay:
    """A run at work."""

    key: Key
    uid: str
    ticket: str
    """Its id."""
    column: str | None
    """Where its ticket was put."""


class Cards:
    """What one pool's worker knows of its tickets in progress."""

    def __init__(self, kube: Kube, store: Store, queue: WorkQueue[Key]) -> None:
        self._kube, self._store, self._queue = kube, store, queue
        self._asked, self._swept = 1, 0
        """How often a sweep was asked for, and which of these is done with: a run may be deleted during a sweep."""
        self._fine: set[str] = set()
        """Tickets in progress that are nobody's orphans: looked at once a sweep."""

    def sweep(self) -> None:
        """With the next `follow`, look for tickets whose run was deleted."""
        self._asked += 1
        self._fine = set()

    @property
    def _sweeps(self) -> bool:
        return self._swept < self._asked

    def columns(self, pool: Pool) -> set[str]:
        """Which columns the next poll has to read for `follow`; none where nothing is at work."""
        if pool.spec.board is None:
            return set()
        doing = pool.spec.board.columns.in_progress
        under_way = {run.column or doing for run in self._under_way(pool)}
        return under_way | {doing} if under_way or self._sweeps else set()

    async def follow(self, pool: Pool, board: Board, inside: Mapping[str, Collection[str]]) -> None:
        """Look once. inside: who is in the `columns`. Raises what board and API server raise; the next poll goes on."""
        if pool.spec.board is None:
            return
        doing = pool.spec.board.columns.in_progress
        for run in self._under_way(pool):
            column = run.column or doing
            if column in inside and run.ticket not in inside[column]:
                await self._left(run, board, column)
        if self._sweeps and doing in inside:
            runs, asked = self._store.runs_of(pool.namespace, pool.name), self._asked
            known = {str((body["spec"].get("ticket") or {}).get("id")) for body in runs}
            if await self._find_orphans(pool, board, set(inside[doing]), known):
                self._swept = asked

    def _under_way(self, pool: Pool) -> list[_UnderWay]:
        """The pool's runs at work that have claimed their ticket. Of hundreds a poll, so nothing else is read."""
        found = []
        for body in self._store.at_work(pool.namespace, pool.name):
            status, ticket = body.get("status") or {}, body["spec"].get("ticket") or {}
            if status.get("claim"):
                uid = str(body["metadata"]["uid"])
                found.append(_UnderWay(key_of(body), uid, str(ticket.get("id")), status.get("column")))
        return found

    async def _left(self, run: _UnderWay, board: Board, column: str) -> None:
        """Asked for once more by itself: a list that was read while the ticket came in does not end a run."""
        now = await board.column_of(run.ticket)
        body = self._store.get(Resource.RUNS, run.key)
        if now == column or body is None or body["metadata"]["uid"] != run.uid:
            # Where it is settled meanwhile, it was we who moved it.
            return
        self._store.moved[run.uid] = now or ""
        self._queue.add(run.key)

    async def _find_orphans(self, pool: Pool, board: Board, inside: set[str], known: Collection[str]) -> bool:
        """Whether all were looked at; some may be left for the next poll."""
        self._fine &= inside
        fine, left = self._fine, 0
        unknown = sorted(inside - fine - set(known))
        for ticket in unknown[:LOOKUPS]:
            try:
                orphaned = await self._orphaned(pool, board, ticket)
                if orphaned and self._queue.working((pool.namespace, orphaned.run)):
                    # Deleted in the midst of something, such as the ticket's last word.
                    left += 1
                    continue
                if orphaned:
                    await self._end(pool, board, ticket, orphaned)
            except (NotFound, Rejected) as refused:
                _log.warning("ticket %s is not told that its run was deleted: %s", ticket, refused)
            fine.add(ticket)
        return not left and len(unknown) <= LOOKUPS

    async def _orphaned(self, pool: Pool, board: Board, ticket: str) -> Claim | None:
        """The last claim of this very pool on the ticket, where its run is gone and left it as it was claimed.

        Told already, the ticket may still be where it was: then the move was cut off. Whoever moves it in later is
        a person, or the run as it was deleted.
        """
        card = await board.read(ticket)
        claims = [claim for claim in find_claims(card.comments) if claim.pool == pool.uid] if card else []
        if card is None or not claims:
            return None
        told = find_closing(card.comments, claims[-1].uid)
        before = any(comment.id == told and comment.created_at < card.entered_at for comment in card.comments)
        if before and not card.moved_by_us:
            return None
        body = await self._kube.get(Resource.RUNS, pool.namespace, claims[-1].run)
        return None if body and body["metadata"]["uid"] == claims[-1].uid else claims[-1]

    async def _end(self, pool: Pool, board: Board, ticket: str, claim: Claim) -> None:
        """Tell the ticket, and move it as if the run had been cancelled; its Job went with it."""
        assert pool.spec.board is not None
        await close(board, ticket, claim.uid, words.deleted_comment(claim.run))
        column = pool.spec.board.columns.failed
        if column is not None:
            await board.move(ticket, column)
        _log.info("%s/%s: ticket %s is told that run %s was deleted", pool.namespace, pool.name, ticket, claim.run)
