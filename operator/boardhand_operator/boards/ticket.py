"""Pure: a board's card as the ticket of a TicketRun."""

from __future__ import annotations

from boardhand_api.run import Ticket, TicketComment
from boardhand_operator.boards import Card
from boardhand_operator.boards.markers import without_marker
from boardhand_operator.boards.text import shorten

TITLE, BODY, COMMENT, COMMENTS = 1024, 131072, 16384, 50
"""What a TicketRun holds of a ticket (boardhand_api.run)."""


def ticket_of(card: Card) -> Ticket:
    """The ticket as a TicketRun holds it: the newest comments, our own without their markers, all cut to fit."""
    comments = [
        TicketComment(author=comment.author, text=shorten(text, COMMENT))
        for comment in card.comments
        if (text := without_marker(comment) if comment.by_us else comment.text).strip()
    ]
    return Ticket(
        id=card.id,
        key=card.key,
        url=card.url,
        event=card.event,
        title=shorten(" ".join(card.title.split()) or card.key or card.id, TITLE, "…"),
        body=shorten(card.body, BODY),
        labels=list(card.labels),
        comments=comments[-COMMENTS:],
    )
