"""Pure: a board's card as the ticket of a TicketRun."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from boardhand_api.counts import printable
from boardhand_api.ticket import Checklist, ChecklistItem, Linked, Newer, Ticket, TicketComment
from boardhand_operator.boards import Card
from boardhand_operator.boards import Checklist as CardChecklist
from boardhand_operator.boards.markers import without_marker
from boardhand_operator.boards.text import shorten
from boardhand_operator.texts.fitting import fitted

TITLE, BODY, COMMENT, COMMENTS = 1024, 131072, 16384, 50
NAME, ITEM, ADDRESS, PRIORITY, AUTHOR, KEY, LABEL = 256, 1024, 2048, 64, 256, 64, 256
CHECKLISTS, ITEMS, LINKED, LABELS = 20, 100, 50, 100
"""What a TicketRun holds of a ticket (boardhand_api.ticket)."""
BYTES = 640 * 1024
"""An object in Kubernetes may have 1.5 MiB, and a run holds more than its ticket."""
NEWER_BYTES = 128 * 1024
"""Of what was said since: the longest comment there is fits, whatever letters it is of."""


def ticket_of(card: Card, left_out: int = 0) -> Ticket:
    """The ticket as a TicketRun holds it: the newest comments, our own without their markers, all cut to fit.

    left_out: so many comments are not on the card any more, since strangers wrote them.
    """
    comments = [
        TicketComment(author=shorten(comment.author, AUTHOR, "…"), text=shorten(text, COMMENT))
        for comment in card.comments
        if (text := without_marker(comment) if comment.by_us else comment.text).strip()
    ]
    ticket = Ticket(
        id=card.id,
        key=shorten(card.key, KEY, "…"),
        url=card.url if len(card.url) <= ADDRESS else "",
        event=card.event,
        title=shorten(" ".join(printable(card.title).split()) or card.key or card.id, TITLE, "…"),
        body=shorten(card.body, BODY),
        labels=[shorten(label, LABEL, "…") for label in card.labels[:LABELS]],
        priority=shorten(card.priority, PRIORITY, "…"),
        checklists=[_checklist(one) for one in card.checklists[:CHECKLISTS]],
        attachments=_linked((file.name, file.url) for file in card.attachments),
        links=_linked((link.title, link.url) for link in card.links),
        comments=comments[-COMMENTS:],
        left_out=left_out,
    )
    return fitted(ticket, BYTES)


def newer_than(ticket: Ticket, now: Ticket) -> Newer:
    """What is said on the ticket as it is now that an earlier reading of it has not: what was edited is new, too."""
    left = Counter(comment.text for comment in ticket.comments)
    new: list[bool] = []
    for comment in now.comments:
        left[comment.text] -= 1
        new.append(left[comment.text] < 0)
    # A reading has the newest comments only: what stands before all that it has is older still.
    begin = new.index(False) if False in new else 0
    comments = [comment for comment, is_new in list(zip(now.comments, new, strict=True))[begin:] if is_new]
    bare = Ticket(id=now.id, title=now.title, comments=comments)
    return Newer(comments=fitted(bare, NEWER_BYTES).comments, left_out=now.left_out)


def _checklist(found: CardChecklist) -> Checklist:
    items = [ChecklistItem(text=shorten(item.text, ITEM, "…"), done=item.done) for item in found.items[:ITEMS]]
    return Checklist(name=shorten(found.name, NAME, "…"), items=items)


def _linked(pairs: Iterable[tuple[str, str]]) -> list[Linked]:
    """An address that is too long would lead elsewhere once it is cut: only its name stays."""
    return [Linked(name=shorten(name, NAME, "…"), url=url if len(url) <= ADDRESS else "") for name, url in pairs][
        :LINKED
    ]
