"""The ticket as a run is given it: data, whatever it says."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from boardhand_api.base import Short, Tolerant


class TicketComment(Tolerant):
    """What somebody said on the ticket."""

    author: Annotated[str, Field(max_length=256)] = ""
    """Name as the board shows it."""
    text: Annotated[str, Field(max_length=16384)] = ""
    """As written."""


class ChecklistItem(Tolerant):
    """One line of a checklist."""

    text: Annotated[str, Field(max_length=1024)]
    """As written."""
    done: bool = False
    """Whether it is ticked."""


class Checklist(Tolerant):
    """A list of things to do that the board keeps beside the description."""

    name: Annotated[str, Field(max_length=256)] = ""
    """Its title."""
    items: Annotated[list[ChecklistItem], Field(max_length=100)] = []
    """In the board's order."""


class Linked(Tolerant):
    """A file of the ticket, or a page or ticket it is related to. Nothing of it is fetched."""

    name: Annotated[str, Field(max_length=256)] = ""
    """As the board shows it."""
    url: Annotated[str, Field(max_length=2048)] = ""
    """Where it is."""


class Ticket(Tolerant):
    """The ticket as it was when it was taken: data, whatever it says."""

    id: Short
    """The board's id of it; for a run written by hand any name."""
    key: Annotated[str, Field(max_length=64)] = ""
    """The short form people use, such as #12 or SHOP-7."""
    url: Annotated[str, Field(max_length=2048)] = ""
    """Where a person reads it."""
    event: Short | None = None
    """The board event that put it into the ready column; absent for a run written by hand."""
    title: Annotated[str, Field(min_length=1, max_length=1024)]
    """One line."""
    body: Annotated[str, Field(max_length=131072)] = ""
    """The description, Markdown."""
    labels: Annotated[list[Annotated[str, Field(max_length=256)]], Field(max_length=100)] = []
    """As on the board."""
    priority: Annotated[str, Field(max_length=64)] = ""
    """The board's own word for it."""
    checklists: Annotated[list[Checklist], Field(max_length=20)] = []
    """What the board keeps of them beside the description."""
    attachments: Annotated[list[Linked], Field(max_length=50)] = []
    """Its files."""
    links: Annotated[list[Linked], Field(max_length=50)] = []
    """Pages and tickets that it is related to."""
    comments: Annotated[list[TicketComment], Field(max_length=50)] = []
    """Oldest first."""
    left_out: Annotated[int, Field(ge=0)] = 0
    """So many comments of people who are not the board's members are not among them (spec.policy.comments)."""


class Newer(Tolerant):
    """What a ticket had more when its run was claimed than its spec says: of a run that somebody asked for with rights
    that do not reach the board."""

    comments: Annotated[list[TicketComment], Field(max_length=50)] = []
    """Those that the spec has not, oldest first: the newest 128 KiB of them at most."""
    left_out: Annotated[int, Field(ge=0)] = 0
    """As `spec.ticket.leftOut`, as it was then."""
