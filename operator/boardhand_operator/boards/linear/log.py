"""Pure: what a Linear issue, its history and its comments say.

Types and fields: https://studio.apollographql.com/public/Linear-API/variant/current/schema/reference , as in npm's
@linear/sdk.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from boardhand_operator.boards import Attachment, Card, Checklist, Comment, Edit, Item, Link

Json = dict[str, Any]
CHECKLIST = "Sub-issues"
FILES = "uploads.linear.app"
"""Where Linear keeps uploaded files; an attachment with another address is a link."""


@dataclass(frozen=True, order=True)
class Entry:
    """What put an issue into the state where it is."""

    at: datetime
    event: str
    by: Json | None = field(default=None, compare=False)
    """The user whose doing it was; None: an integration's, or not told."""


def moment(text: str) -> datetime:
    """A date of Linear (ISO 8601, UTC)."""
    return datetime.fromisoformat(text)


def is_there(issue: Json) -> bool:
    """Neither archived nor in the bin."""
    return not issue.get("trashed") and not issue.get("archivedAt")


def placed(issue: Json, history: Iterable[Json]) -> Entry:
    """By which event an issue is in its state: the newest entry that brought it there or back onto the board, else its
    creation."""
    birth = Entry(moment(issue["createdAt"]), f"created:{issue['id']}", issue.get("creator"))
    entries = (
        Entry(moment(entry["createdAt"]), entry["id"], entry.get("actor"))
        for entry in history
        if _brings(entry, issue["state"]["id"])
    )
    return max(entries, default=birth)


def _brings(entry: Json, state: str) -> bool:
    came = entry["toStateId"] == state and entry["fromStateId"] != state
    # False: taken out of the archive, or the bin; null: the entry is not about that.
    return came or entry["archived"] is False or entry["trashed"] is False


def comment(found: Json) -> Comment:
    """A comment. What an integration brought has no user of the workspace."""
    user = found["user"] or {}
    other = found["botActor"] or found["externalUser"] or {}
    return Comment(
        id=found["id"],
        author=user.get("displayName") or other.get("name") or "somebody who left",
        author_id=user.get("id") or "",
        text=found["body"],
        created_at=moment(found["createdAt"]),
        by_us=bool(user.get("isMe")),
    )


def edits(history: Iterable[Json]) -> tuple[Edit, ...]:
    """The changes of title and description, oldest first."""
    changed = (one for one in history if one.get("fromTitle") is not None or one.get("updatedDescription"))
    found = [((one.get("actor") or {}), moment(one["createdAt"])) for one in changed]
    return tuple(
        Edit(str(actor.get("id") or ""), str(actor.get("displayName") or ""), at)
        for actor, at in sorted(found, key=lambda pair: pair[1])
        if not actor.get("isMe")
    )


def in_order(comments: Iterable[Json]) -> tuple[Comment, ...]:
    """Comments, each once, oldest first."""
    found = {entry["id"]: comment(entry) for entry in comments}
    return tuple(sorted(found.values(), key=lambda one: (one.created_at, one.id)))


def card(issue: Json, labels: Sequence[str], entry: Entry) -> Card:
    """The issue as a ticket."""
    author, mover = issue.get("creator") or {}, entry.by or {}
    return Card(
        id=issue["id"],
        key=issue["identifier"],
        url=issue["url"],
        title=issue["title"],
        body=issue["description"] or "",
        labels=tuple(labels),
        event=entry.event,
        entered_at=entry.at,
        column=issue["state"]["name"],
        priority=issue["priorityLabel"] if issue["priority"] else "",
        author=author.get("displayName") or "",
        author_id=author.get("id") or "",
        mover=mover.get("displayName") or "",
        moved_by=mover.get("id") or "",
        moved_by_us=bool(mover.get("isMe")),
    )


def checklists(issue: Json) -> tuple[Checklist, ...]:
    """The sub-issues as a checklist; those that were canceled are nothing to do."""
    items = tuple(
        Item(child["title"], child["state"]["type"] == "completed")
        for child in sorted(issue["children"]["nodes"], key=lambda child: moment(child["createdAt"]))
        if child["state"]["type"] != "canceled" and not child["trashed"]
    )
    return (Checklist(CHECKLIST, items),) if items else ()


def attachments(issue: Json) -> tuple[Attachment, ...]:
    """The uploaded files among what is attached."""
    found = issue["attachments"]["nodes"]
    return tuple(Attachment(entry["title"], entry["url"]) for entry in found if _is_file(entry))


def links(issue: Json) -> tuple[Link, ...]:
    """The other attachments, and the issues that are related."""
    pages = [Link(entry["title"], entry["url"]) for entry in issue["attachments"]["nodes"] if not _is_file(entry)]
    ahead = [relation["relatedIssue"] for relation in issue["relations"]["nodes"]]
    behind = [relation["issue"] for relation in issue["inverseRelations"]["nodes"]]
    return (*pages, *(Link(f"{other['identifier']} {other['title']}", other["url"]) for other in [*ahead, *behind]))


def _is_file(attachment: Json) -> bool:
    return urlsplit(attachment["url"]).hostname == FILES
