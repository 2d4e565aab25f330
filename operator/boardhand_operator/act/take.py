"""Taking a ticket: the claim marker, and the move to the in-progress column."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

from boardhand_api.failures import FailureClass
from boardhand_api.pod import LABEL_TICKET
from boardhand_api.policy import Comments
from boardhand_api.pool import Columns
from boardhand_api.run_status import Failure, Phase
from boardhand_api.ticket import Newer
from boardhand_operator.act.doing import Doing
from boardhand_operator.boards import Board, Card, Comment
from boardhand_operator.boards.claims import Claimant, ClaimOutcome, Contested, Lost, give_up
from boardhand_operator.boards.claims import claim as claim_ticket
from boardhand_operator.boards.markers import find_claims, find_closing, lost_text
from boardhand_operator.boards.ticket import newer_than, ticket_of
from boardhand_operator.decide.conditions import stamp
from boardhand_operator.errors import Misconfigured, NotFound
from boardhand_operator.names import asked_for, job_name
from boardhand_operator.pools import trust
from boardhand_operator.views import readable_runs

RIVAL_SECONDS = 300.0
"""For so long a rival that claimed a ticket in the same moment is waited for; then it is taken to have the ticket."""


async def claim(doing: Doing) -> bool:
    """Mark the ticket and move it; whether it is ours. A claim of an earlier life of this run is found again."""
    run, pool = doing.run, doing.its_pool
    board, columns = await doing.services.board(pool), pool.spec.board.columns if pool.spec.board else None
    ticket, event = run.spec.ticket, run.spec.ticket.event
    if board is None or columns is None or event is None:
        raise Misconfigured("BoardMissing", f"run {run.name} came from a board, and pool {pool.name} has none")
    if doing.elsewhere:
        return await _leave(doing, "TicketMoved", "the ticket is of another board than the pool has now")
    if asked_for(event):
        return await _claim_again(doing, board, columns)
    card = doing.store.cards.take(run.uid) or await board.read(ticket.id)
    ready = card is not None and card.column == columns.ready
    if not ready and not await _taken_already(board, ticket.id, run.uid):
        return await _leave(doing, "TicketMoved", "the ticket left the ready column before it was taken")
    who = Claimant(run.name, run.uid, event, pool.name, pool.uid)
    said = card.comments if card and card.event == event else None
    outcome = await _contend(doing, board, who, said, there=ready)
    if isinstance(outcome, Lost):
        return await _leave(doing, "ClaimedElsewhere", f"run {outcome.run} ({outcome.uid}) has the ticket")
    if ready:
        await board.move(ticket.id, columns.in_progress, columns.ready)
    doing.note({"claim": outcome.comment_id, "column": columns.in_progress, "phase": Phase.CLAIMED.value})
    return True


async def _claim_again(doing: Doing, board: Board, columns: Columns) -> bool:
    """As `claim`, for a run that somebody asked for: the ticket is where the run before left it, or was moved to, and
    nobody else may have it."""
    run, pool, ticket = doing.run, doing.its_pool, doing.run.spec.ticket
    card = await board.read(ticket.id)
    if card is None or ticket.event is None:
        return await _leave(doing, "TicketMoved", "the ticket is not on the board any more")
    said = await board.comments(ticket.id)
    if not _was_ours(said, pool.uid) and card.column not in (columns.ready, columns.failed):
        # Whoever may make runs is not to have any card of the board moved.
        return await _leave(doing, "TicketMoved", "the ticket never was this pool's, and is not ready")
    if other := _at_it(doing) or _has_it(said, run.uid):
        return await _leave(doing, "ClaimedElsewhere", f"run {other} has the ticket")
    who = Claimant(run.name, run.uid, ticket.event, pool.name, pool.uid)
    outcome = await _contend(doing, board, who, said, there=card.column != columns.in_progress)
    if isinstance(outcome, Lost):
        return await _leave(doing, "ClaimedElsewhere", f"run {outcome.run} ({outcome.uid}) has the ticket")
    if other := _at_it(doing):
        # The poll made it for the ready column meanwhile.
        await board.edit_comment(ticket.id, outcome.comment_id, lost_text(run.name, other))
        return await _leave(doing, "ClaimedElsewhere", f"run {other} has the ticket")
    newer = await _newer(doing, board, replace(card, comments=tuple(said)))
    await board.move(ticket.id, columns.in_progress, card.column)
    doing.note({"claim": outcome.comment_id, "column": columns.in_progress, "phase": Phase.CLAIMED.value})
    if newer.comments or newer.left_out != ticket.left_out:
        doing.note({"newer": newer.wire()})
    return True


async def _contend(
    doing: Doing, board: Board, who: Claimant, said: Sequence[Comment] | None, *, there: bool
) -> ClaimOutcome:
    """Claim the ticket. there: it is where nobody at work has it, so a rival is only slow to give it up, for a while at
    least. Raises Contested meanwhile: were both to give it up, nobody would ever have it."""
    ticket, uid = doing.run.spec.ticket.id, doing.run.uid
    try:
        return await claim_ticket(board, ticket, who, said)
    except Contested as contested:
        if there and doing.store.contested_for(uid) < RIVAL_SECONDS:
            raise
        return await give_up(board, ticket, who, contested.rival)


async def _newer(doing: Doing, board: Board, card: Card) -> Newer:
    """What is said on the ticket that the run was made without: who asked for it need not see the board. Whose words
    count is the pool's to say, as where the operator makes the run."""
    policy = doing.its_pool.spec.policy
    circle = trust.Circle(await board.people() if policy.comments is Comments.MEMBERS else {})
    return newer_than(doing.run.spec.ticket, ticket_of(*trust.shown(card, policy, circle)))


def _was_ours(said: Sequence[Comment], pool: str) -> bool:
    return any(mark.pool == pool for mark in find_claims(said))


def _at_it(doing: Doing) -> str | None:
    """Another run of the ticket in this namespace that has not ended."""
    run = doing.run
    label = (run.body["metadata"].get("labels") or {}).get(LABEL_TICKET, "")
    there = readable_runs(doing.store.runs_of_ticket(run.namespace, label)) if label else []
    return next((one.name for one in there if one.uid != run.uid and not one.status.phase.finished), None)


def _has_it(said: Sequence[Comment], uid: str) -> str | None:
    """The run of the last claim but this one's, where it has not told the ticket of its end."""
    others = [mark for mark in find_claims(said) if mark.uid != uid]
    return others[-1].run if others and not find_closing(said, others[-1].uid) else None


async def _taken_already(board: Board, ticket: str, uid: str) -> bool:
    """Whether this very run claimed the ticket: then it was moved, and where it is now is not ours to change."""
    try:
        return any(mark.uid == uid for mark in find_claims(await board.comments(ticket)))
    except NotFound:
        return False


async def _leave(doing: Doing, reason: str, message: str) -> bool:
    """End the run without its ticket, and the Job that an earlier life may have made of a claim it could not note."""
    await doing.remove_job(job_name(doing.run.name, doing.run.status.tries + 1))
    failure = Failure(failure_class=FailureClass.CANCELLED, reason=reason, message=message)
    await doing.record({"failure": failure.wire(), "finishedAt": stamp(datetime.now(UTC))}, message)
    return False
