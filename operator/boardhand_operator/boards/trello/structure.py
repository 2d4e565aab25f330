"""Pure: what hangs on a Trello card beside its description.

Source: https://developer.atlassian.com/cloud/trello/guides/rest-api/nested-resources/
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from boardhand_operator.boards import Attachment, Card, Checklist, Item, Link
from boardhand_operator.boards.trello.log import Json

STRUCTURE = {"checklists": "all", "attachments": "true"}
"""What to ask for with a card."""


def with_structure(ticket: Card, card: Json) -> Card:
    """The ticket with the card's checklists, files and links, each in the board's order."""
    hanging = _by_place(card.get("attachments") or ())
    return replace(
        ticket,
        checklists=tuple(_checklist(found) for found in _by_place(card.get("checklists") or ())),
        attachments=tuple(Attachment(found["name"], found["url"]) for found in hanging if found["isUpload"]),
        links=tuple(Link(found["name"] or found["url"], found["url"]) for found in hanging if not found["isUpload"]),
    )


def _checklist(found: Json) -> Checklist:
    items = _by_place(found.get("checkItems") or ())
    return Checklist(found["name"], tuple(Item(item["name"], item["state"] == "complete") for item in items))


def _by_place(entries: Iterable[Json]) -> list[Json]:
    return sorted(entries, key=lambda entry: float(entry["pos"]))
