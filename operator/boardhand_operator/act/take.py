"""Taking a ticket: the claim marker, and the move to the in-progress column."""

from __future__ import annotations

from datetime import UTC, datetime

from boardhand_api.failures import FailureClass
from boardhand_api.run import Failure, Phase
from boardhand_operator.act.doing import Doing
from boardhand_operator.boards import Board
from boardhand_operator.boards.claims import Claimant, Lost
from boardhand_operator.boards.claims import claim as claim_ticket
from boardhand_operator.boards.markers import find_claims
from boardhand_operator.conditions import stamp
from boardhand_operator.errors import Misconfigured, NotFound


async def claim(doing: Doing) -> bool:
    """Mark the ticket and move it; whether it is ours. A claim of an earlier life of this run is found again."""
    run, pool = doing.run, doing.its_pool
    board, columns = await doing.services.board(pool), pool.spec.board.columns if pool.spec.board else None
    ticket, event = run.spec.ticket, run.spec.ticket.event
    if board is None or columns is None or event is None:
        raise Misconfigured("BoardMissing", f"run {run.name} came from a board, and pool {pool.name} has none")
    card = doing.store.fresh_card(run.uid) or await board.read(ticket.id)
    ready = card is not None and card.column == columns.ready
    if not ready and not await _taken_already(board, ticket.id, run.uid):
        return await _leave(doing, "TicketMoved", "the ticket left the ready column before it was taken")
    who = Claimant(run.name, run.uid, event, pool.name, pool.uid)
    outcome = await claim_ticket(board, ticket.id, who, card.comments if card and card.event == event else None)
    if isinstance(outcome, Lost):
        return await _leave(doing, "ClaimedElsewhere", f"run {outcome.run} ({outcome.uid}) has the ticket")
    if ready:
        await board.move(ticket.id, columns.in_progress, columns.ready)
    doing.note({"claim": outcome.comment_id, "column": columns.in_progress, "phase": Phase.CLAIMED.value})
    return True


async def _taken_already(board: Board, ticket: str, uid: str) -> bool:
    """Whether this very run claimed the ticket: then it was moved, and where it is now is not ours to change."""
    try:
        return any(mark.uid == uid for mark in find_claims(await board.comments(ticket)))
    except NotFound:
        return False


async def _leave(doing: Doing, reason: str, message: str) -> bool:
    failure = Failure(failure_class=FailureClass.CANCELLED, reason=reason, message=message)
    await doing.record({"failure": failure.wire(), "finishedAt": stamp(datetime.now(UTC))}, message)
    return False
