"""Obeying what people say in comments: each command once, whatever dies.

A command is answered by one reply that carries a mark, looked for before anything is done. What is done can be done
twice, and the reply comes after it; so a crash between the two finds the command again.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta

from boardhand_api.pod import LABEL_TICKET
from boardhand_operator.boards import Board, Card, Comment, Said
from boardhand_operator.boards.markers import find_replies, reply_text
from boardhand_operator.errors import NotFound, Rejected
from boardhand_operator.kube import Kube, Resource
from boardhand_operator.memory.store import Key, Store
from boardhand_operator.pools.commands import Command, concerns, judge, may, parse
from boardhand_operator.pools.intake import label_for, name_for
from boardhand_operator.pools.people import People
from boardhand_operator.queue import WorkQueue
from boardhand_operator.views import Pool, Run, readable_runs

LOOK_BACK = timedelta(hours=1)
"""So far back comments are read after a start; replies in the same hour tell what is answered."""
OVERLAP = timedelta(seconds=60)
"""What a board shows late is older than what was read, but hardly by more, and hardly later."""
A_POLL = 10
"""So many commands are obeyed a poll; the others wait for the next one."""
_log = logging.getLogger(__name__)


class Commands:
    """What one pool's worker knows of the comments on its board."""

    def __init__(self, kube: Kube, store: Store, queue: WorkQueue[Key], people: People | None = None) -> None:
        self._kube, self._store, self._queue = kube, store, queue
        self._people = people or People()
        self._until: datetime | None = None
        """When the youngest comment was written that was looked at, by the board's clock."""
        self._seen: datetime | None = None
        """When that was looked at, by ours."""
        self._read: datetime | None = None
        """When all that was new was looked at for the last time, by ours."""
        self._open: datetime | None = None
        """When the oldest comment was written that is still to be looked at, by the board's clock."""
        self._done: dict[str, datetime] = {}
        """Comments that were looked at, as far back as they are read again."""
        self._others: dict[str, datetime] = {}
        """Those that were another pool's to answer, with since when (by our clock)."""

    def since(self, pool: Pool, now: datetime) -> datetime | None:
        """From when on the next poll reads comments; None: the pool heeds none."""
        if pool.spec.board is None or pool.spec.policy.commands.authors == []:
            return None
        if self._until is None or self._seen is None or self._read is None:
            self._until = self._seen = self._read = now - LOOK_BACK
        # Once nothing older can turn up any more, an idle board is asked for what comes after alone.
        idle = self._read - self._seen > OVERLAP
        since = self._until + timedelta(seconds=1) if idle else self._until - OVERLAP
        return since if self._open is None else min(since, self._open)

    async def follow(self, pool: Pool, board: Board, said: Sequence[Said], now: datetime) -> bool:
        """Obey what is new among these comments; whether a ticket came into the ready column.

        Raises what board and API server raise; what was not answered is found again with the next poll.
        """
        answered = {reply.to for reply in find_replies(one.comment for one in said)}
        moved, left, self._open = False, A_POLL, None
        self._others = {id_: since for id_, since in self._others.items() if now - since < 2 * OVERLAP}
        for one in sorted(said, key=lambda one: (one.comment.created_at, one.comment.id)):
            comment = one.comment
            command = None if comment.by_us or comment.id in self._done else parse(comment.text)
            before: datetime | None = self._open
            self._open = before or comment.created_at
            if command and comment.id not in answered and await self._may(pool, board, one, now):
                if not left:
                    break
                left -= 1
                obeyed = await self._obeyed(pool, board, one, command)
                if obeyed is None and self._may_become_ours(comment, now):
                    continue
                moved |= bool(obeyed)
            self._looked_at(comment, now)
            self._open = before
        self._read = now
        return moved

    def _may_become_ours(self, comment: Comment, now: datetime) -> bool:
        """Whether to look again: the pools of a board look at different moments, and a ticket that one of them takes
        between these would leave its commands to nobody."""
        return now - self._others.setdefault(comment.id, now) < OVERLAP

    def _looked_at(self, comment: Comment, now: datetime) -> None:
        if comment.id not in self._done and (self._until is None or comment.created_at > self._until):
            self._until, self._seen = comment.created_at, now
            oldest = self._until - OVERLAP
            self._done = {id_: at for id_, at in self._done.items() if at >= oldest}
        self._done[comment.id] = comment.created_at

    async def _may(self, pool: Pool, board: Board, one: Said, now: datetime) -> bool:
        """Whether the author may command. Others get no reply: whoever can comment could make us talk for ever."""
        people = (await self._people.circle(pool, board, now)).people
        allowed = may(one.comment.author_id, people, pool.spec.policy.commands.authors)
        if not allowed:
            _log.info(
                "%s/%s: a command of %s on ticket %s is not heeded: not among the authors that may",
                pool.namespace, pool.name, one.comment.author_id, one.ticket,
            )  # fmt: skip
        return allowed

    async def _obeyed(self, pool: Pool, board: Board, one: Said, command: Command) -> bool | None:
        """As `_obey`; a ticket that is gone, or takes no comment, is let be."""
        try:
            return await self._obey(pool, board, one, command)
        except (NotFound, Rejected) as refused:
            _log.warning("%s/%s: the command on ticket %s: %s", pool.namespace, pool.name, one.ticket, refused)
            return False

    async def _obey(self, pool: Pool, board: Board, one: Said, command: Command) -> bool | None:
        """Do it, then reply; whether the ticket came into the ready column. None: another pool is to answer."""
        card = await board.read(one.ticket)
        if card is None or one.comment.id in {reply.to for reply in find_replies(card.comments)}:
            return False
        selector = f"{LABEL_TICKET}={label_for(pool, card)}"
        runs = readable_runs([body async for body in self._kube.list(Resource.RUNS, pool.namespace, selector)])
        if not concerns(pool, card, runs, self._sharing(pool)):
            return None
        answer = judge(command, pool, card, runs, one.comment.created_at)
        for run in answer.cancel:
            await self._cancel(run)
        if answer.again:
            await _to_ready(pool, board, card, runs)
        await board.comment(card.id, reply_text(answer.text, one.comment.id, answer.money, answer.plan))
        _log.info("%s/%s: ticket %s: %s: %s", pool.namespace, pool.name, card.key, command.word, answer.text)
        return answer.again

    def _sharing(self, pool: Pool) -> list[Pool]:
        """The pools that are known of the same board."""
        assert pool.spec.board is not None
        about = (pool.spec.board.type, pool.spec.board.board)
        others = [one for one in self._store.pools() if one.uid != pool.uid and one.spec.board]
        return [
            pool,
            *(one for one in others if one.spec.board and (one.spec.board.type, one.spec.board.board) == about),
        ]

    async def _cancel(self, run: Run) -> None:
        body = await self._kube.patch(Resource.RUNS, run.namespace, run.name, {"spec": {"cancel": True}})
        if body is not None:
            self._store.wrote(Resource.RUNS, body)
            self._queue.add((run.namespace, run.name))


async def _to_ready(pool: Pool, board: Board, card: Card, runs: Sequence[Run]) -> None:
    """Into the ready column by an event that has no run yet."""
    assert pool.spec.board is not None
    columns = pool.spec.board.columns
    if card.column == columns.ready and name_for(pool, card) in {run.name for run in runs}:
        # It is where it should be, but only a move makes a new event.
        await board.move(card.id, columns.in_progress)
    await board.move(card.id, columns.ready)
