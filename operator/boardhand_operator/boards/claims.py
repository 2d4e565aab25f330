"""Claim and close: the two writes to a ticket that must happen once, on any board.

Each looks before it writes, so after an answer that was lost the next call finds what was written.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from boardhand_operator.boards import Board, Comment
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


@dataclass(frozen=True)
class Claimant:
    """Who claims what: a run of a pool the event by which a ticket came into the ready column."""

    run: str
    uid: str
    event: str
    pool: str
    pool_uid: str


async def claim(board: Board, card_id: str, who: Claimant, seen: Iterable[Comment] | None = None) -> ClaimOutcome:
    """Claim the ticket's event for the run; the earliest marker for the event wins.

    seen: what was said on the ticket since that event, where it was read a moment ago. Safe to repeat. A claim that
    lost is changed into a sentence that says so. Raises what `Board.comments`, `comment` and `edit_comment` raise,
    and RemoteUnavailable where the board does not yet show what it took.
    """
    claims = _claims(await board.comments(card_id) if seen is None else seen, who.event)
    if not claims:
        await board.comment(card_id, claim_text(who.run, who.uid, who.event, who.pool, who.pool_uid))
        claims = _claims(await board.comments(card_id), who.event)
    if not claims:
        raise RemoteUnavailable("The board", f"claim ticket {card_id}", "the claim is not to be read back yet")
    first = claims[0]
    if first.uid == who.uid:
        return Won(first.comment_id)
    for mine in (late for late in claims if late.uid == who.uid):
        await board.edit_comment(card_id, mine.comment_id, lost_text(who.run, first.run))
    return Lost(first.run, first.uid)


async def close(board: Board, ticket_id: str, uid: str, body: str) -> str:
    """Write the run's closing comment, where it is not there yet; its id. Safe to repeat."""
    written = find_closing(await board.comments(ticket_id), uid)
    if written:
        return written
    return await board.comment(ticket_id, closing_text(body, uid, board.comment_limit))


def _claims(comments: Iterable[Comment], event: str) -> list[Claim]:
    return [found for found in find_claims(comments) if found.event == event]
