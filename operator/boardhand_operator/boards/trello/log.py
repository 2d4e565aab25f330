"""Pure: what Trello's action log says.

Sources: https://developer.atlassian.com/cloud/trello/guides/rest-api/action-types/ and
https://developer.atlassian.com/cloud/trello/guides/rest-api/object-definitions/#action-object
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from boardhand_operator.boards import Comment

Json = dict[str, Any]

ENTERING = (
    "createCard",
    "copyCard",
    "emailCard",
    "convertToCardFromCheckItem",
    "moveCardToBoard",
    "updateCard:idList",
    "updateCard:closed",
)
"""Action types that put a card into a list; the last one also takes it out, see `entered`."""
_MAKING = ("createCard", "copyCard", "convertToCardFromCheckItem", "emailCard")
_KINDS = frozenset(kind.partition(":")[0] for kind in ENTERING)


@dataclass(frozen=True)
class Entry:
    """The event that put a card into a list."""

    event: str
    at: datetime
    by: str = field(default="", compare=False)
    """Id of the member whose doing it was; empty where that is not told."""
    by_name: str = field(default="", compare=False)


def moment(text: str) -> datetime:
    """A date of Trello (ISO 8601 with a Z)."""
    return datetime.fromisoformat(text)


def created_at(id_: str) -> datetime:
    """When the thing with this id was made: its first eight hexadecimal digits are Unix seconds."""
    return datetime.fromtimestamp(int(id_[:8], 16), UTC)


def birth(card_id: str) -> Entry:
    """The event of a card of which the log no longer knows how it came."""
    return Entry(f"created:{card_id}", created_at(card_id))


def entered(action: Json) -> tuple[str, str] | None:
    """The card and the list into which this action put it, or None where it did not."""
    data = action["data"]
    old = data.get("old", {})
    card = data.get("card", {})
    kind = action["type"]
    # Every action on a card names a list, such as a comment the one where the card is.
    if kind not in _KINDS or (kind == "updateCard" and "idList" not in old and not old.get("closed")):
        return None
    place = data.get("listAfter") or data.get("list")
    return (card["id"], place["id"]) if place and "id" in card else None


def entries(actions: Iterable[Json], list_id: str) -> dict[str, Entry]:
    """For each card the latest event that put it into this list. Actions come newest first, but for an answer that a
    proxy or two pages mixed up; those of one moment are left as they came."""
    found: dict[str, Entry] = {}
    for action in sorted(actions, key=lambda action: str(action["date"]), reverse=True):
        into = entered(action)
        if into and into[1] == list_id:
            found.setdefault(into[0], Entry(action["id"], moment(action["date"]), *_who(action)))
    return found


def author(actions: Iterable[Json]) -> tuple[str, str]:
    """Id and name of who made a card; nothing where these of its actions do not tell."""
    made = [_who(action) for action in actions if action["type"] in _MAKING]
    return made[-1] if made else ("", "")


def _who(action: Json) -> tuple[str, str]:
    """Anybody can write to a board's mail address, and Trello shows the card as its owner's."""
    if action["type"] == "emailCard":
        return "", ""
    creator = action.get("memberCreator") or {}
    id_ = action.get("idMemberCreator") or creator.get("id") or ""
    return id_, creator.get("fullName") or creator.get("username") or ""


def comments(actions: Iterable[Json], our_id: str) -> list[Comment]:
    """The comments among these actions (newest first), oldest first."""
    said = [comment(action, our_id) for action in actions if action["type"] == "commentCard"]
    return said[::-1]


def comment(action: Json, our_id: str) -> Comment:
    """The comment of a commentCard action."""
    creator = action.get("memberCreator") or {}
    author_id = action.get("idMemberCreator") or creator.get("id") or ""
    return Comment(
        id=action["id"],
        author=creator.get("fullName") or creator.get("username") or "somebody who left",
        author_id=author_id,
        text=action["data"].get("text", ""),
        created_at=moment(action["date"]),
        by_us=author_id == our_id,
    )
