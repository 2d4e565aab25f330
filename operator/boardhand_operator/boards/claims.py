"""Claim and close: the two writes to a ticket that must happen once, on any board.

Each looks before it writes, so after an answer that was lost the next call finds what was written.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta

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

MOMENT = timedelta(seconds=10)
"""Of claims that are no further apart, one may not have been shown yet to who wrote the other."""
PATIENCE = (0.25, 0.5, 1.0, 2.0, 4.0)
"""Seconds to wait, look after look, for the others of that moment to give up."""


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


class Contested(RemoteUnavailable):
    """Another run claimed the event in the same moment, later, and has not given it up: it may be slow, or at work."""

    def __init__(self, card_id: str, rival: Claim) -> None:
        """rival: the other's claim."""
        said = f"run {rival.run} claimed it in the same moment, and has neither given it up nor begun"
        super().__init__("The board", f"claim ticket {card_id}", said)
        self.rival = rival


@dataclass(frozen=True)
class Claimant:
    """Who claims what: a run of a pool the event by which a ticket came into the ready column."""

    run: str
    uid: str
    event: str
    pool: str
    pool_uid: str


async def claim(board: Board, card_id: str, who: Claimant, seen: Iterable[Comment] | None = None) -> ClaimOutcome:
    """Claim the ticket's event for the run; the earliest marker for the event wins, by the order of `find_claims`.

    Boards may give random ids, and show a comment later than its time says. So of several of one moment the first has
    won only where the others gave up: who does not may have seen none but its own, and be at work. Two never win.
    seen: what was said on the ticket since that event, where it was read a moment ago. Safe to repeat. A claim that
    lost is changed into a sentence that says so. Raises what `Board.comments`, `comment` and `edit_comment` raise,
    Contested where a later one of that moment stays, and RemoteUnavailable where the board does not yet show what it
    took.
    """
    claims = _claims(await board.comments(card_id) if seen is None else seen, who.event)
    if not claims:
        await board.comment(card_id, claim_text(who.run, who.uid, who.event, who.pool, who.pool_uid))
        claims = _claims(await board.comments(card_id), who.event)
    for wait in PATIENCE:
        if _rival(claims, who.uid) is None:
            break
        await asyncio.sleep(wait)
        claims = _claims(await board.comments(card_id), who.event)
    if not claims:
        raise RemoteUnavailable("The board", f"claim ticket {card_id}", "the claim is not to be read back yet")
    if rival := _rival(claims, who.uid):
        raise Contested(card_id, rival)
    if claims[0].uid == who.uid:
        return Won(claims[0].comment_id)
    return await _give_up(board, card_id, who, claims, claims[0])


async def give_up(board: Board, card_id: str, who: Claimant, to: Claim) -> Lost:
    """Leave the ticket to the other claim. Safe to repeat. Raises what `Board.comments` and `edit_comment` raise."""
    return await _give_up(board, card_id, who, _claims(await board.comments(card_id), who.event), to)


async def _give_up(board: Board, card_id: str, who: Claimant, claims: Iterable[Claim], to: Claim) -> Lost:
    for mine in (claim for claim in claims if claim.uid == who.uid):
        await board.edit_comment(card_id, mine.comment_id, lost_text(who.run, to.run))
    return Lost(to.run, to.uid)


async def close(board: Board, ticket_id: str, uid: str, body: str) -> str:
    """Write the run's closing comment, where it is not there yet; its id. Safe to repeat."""
    written = find_closing(await board.comments(ticket_id), uid)
    if written:
        return written
    return await board.comment(ticket_id, closing_text(body, uid, board.comment_limit))


def _rival(claims: Sequence[Claim], uid: str) -> Claim | None:
    """The next claim of somebody else, of the moment of this run's, which is the first; None where there is none."""
    if not claims or claims[0].uid != uid:
        return None
    others = (one for one in claims if one.uid != uid)
    return next((one for one in others if one.created_at - claims[0].created_at <= MOMENT), None)


def _claims(comments: Iterable[Comment], event: str) -> list[Claim]:
    return [found for found in find_claims(comments) if found.event == event]
