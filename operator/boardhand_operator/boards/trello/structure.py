"""Pure: a Trello card as a ticket, with what hangs on it beside its description.

Source: https://developer.atlassian.com/cloud/trello/guides/rest-api/nested-resources/
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from boardhand_operator.boards import Attachment, Card, Checklist, Item, Link
from boardhand_operator.boards.trello.log import Entry, Json

STRUCTURE = {"checklists": "all", "attachments": "true"}
"""What to ask for with a card."""


def labels(card: Json) -> tuple[str, ...]:
    """The names of a card's labels; of one without a name its colour."""
    return tuple(label.get("name") or label.get("color") or "" for label in card["labels"])


def ticket(card: Json, column: str, entry: Entry) -> Card:
    """The card as a ticket, without what hangs on it."""
    return Card(
        id=card["id"],
        key=f"#{card['idShort']}",
        url=card["shortUrl"],
        title=card["name"],
        body=card["desc"],
        labels=labels(card),
        event=entry.event,
        entered_at=entry.at,
        column=column,
    )


def with_structure(found: Card, card: Json) -> Card:
    """The ticket with the card's checklists, files and links, each in the board's order."""
    hanging = _by_place(card.get("attachments") or ())
    return replace(
        found,
        checklists=tuple(_checklist(one) for one in _by_place(card.get("checklists") or ())),
        attachments=tuple(Attachment(one["name"], one["url"]) for one in hanging if one["isUpload"]),
        links=tuple(Link(one["name"] or one["url"], one["url"]) for one in hanging if not one["isUpload"]),
    )


def _checklist(found: Json) -> Checklist:
    items = _by_place(found.get("checkItems") or ())
    return Checklist(found["name"], tuple(Item(item["name"], item["state"] == "complete") for item in items))


def _by_place(entries: Iterable[Json]) -> list[Json]:
    return sorted(entries, key=lambda entry: float(entry["pos"]))
