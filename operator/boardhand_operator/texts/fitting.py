"""A ticket made smaller, where it does not fit. Pure."""

from __future__ import annotations

from boardhand_api.ticket import Ticket


def smaller(ticket: Ticket) -> Ticket | None:
    """The ticket without what can be missed most: its oldest comment, then a link, an attachment, a checklist, then
    the last quarter of the description. None where only title and labels are left."""
    if ticket.comments:
        return ticket.model_copy(update={"comments": ticket.comments[1:]})
    for field in ("links", "attachments", "checklists"):
        if there := getattr(ticket, field):
            return ticket.model_copy(update={field: there[:-1]})
    if ticket.body:
        return ticket.model_copy(update={"body": ticket.body[: len(ticket.body) * 3 // 4]})
    return None


def fitted(ticket: Ticket, most: int) -> Ticket:
    """The ticket with at most so many bytes of JSON, as far as leaving out brings it there."""
    while len(ticket.model_dump_json(by_alias=True).encode()) > most and (less := smaller(ticket)):
        ticket = less
    return ticket
