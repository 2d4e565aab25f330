"""Claim and close: the two writes to a ticket that must happen once, on any board.

Each looks before it writes, so after an answer that was lost the next call finds what was written.
"""

from __future__ import annotations

from dataclasses import dataclass

from boardhand_operator.boards import Board
from boardhand_operator.boards.markers import (
    Claim,
    claim_text,
    closing_text,
    find_claims,
    find_closing,
    lost_text,
)
from boardhand_operator.errors import RemoteUnavailable


@dataclass(frozen=True)
class Won:
    """The ticket is this run's."""

    comment_id: str


@dataclass(frozen=True)
class Lost:
    """Another run claimed the same event first."""

    run: str
    uid: str


ClaimOutcome = Won | Lost


async def claim(board: Board, card_id: str, run: str, uid: str, event: str, pool: str, pool_uid: str) -> ClaimOutcome:
    """Claim the ticket's event for the run with this name and UID; the earliest marker for the event wins.

    Safe to repeat. A claim that lost is changed into a sentence that says so. Raises what `Board.comments`,
    `comment` and `edit_comment` raise, and RemoteUnavailable where the board does not yet show what it took.
    """
    claims = await _claims(board, card_id, event)
    if not claims:
        await board.comment(card_id, claim_text(run, uid, event, pool, pool_uid))
        claims = await _claims(board, card_id, event)
    if not claims:
        raise RemoteUnavailable("The board", f"claim ticket {card_id}", "the claim is not to be read back yet")
    first = claims[0]
    if first.uid == uid:
        return Won(first.comment_id)
    for mine in (late for late in claims if late.uid == uid):
        await board.edit_comment(card_id, mine.comment_id, lost_text(run, first.run))
    return Lost(first.run, first.uid)


async def close(board: Board, ticket_id: str, uid: str, body: str) -> str:
    """Write the run's closing comment, where it is not there yet; its id. Safe to repeat."""
    written = find_closing(await board.comments(ticket_id), uid)
    if written:
        return written
    return await board.comment(ticket_id, closing_text(body, uid, board.comment_limit))


async def _claims(board: Board, card_id: str, event: str) -> list[Claim]:
    return [found for found in find_claims(await board.comments(card_id)) if found.event == event]
