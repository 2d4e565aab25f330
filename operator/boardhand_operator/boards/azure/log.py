"""Pure: what a work item, its updates and its comments say.

Source: https://learn.microsoft.com/en-us/rest/api/azure/devops/wit/ (7.1)
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from boardhand_operator.boards import Attachment, Card, Comment, Edit, Link
from boardhand_operator.boards.azure.texts import TEXTS, body_of, read

Json = dict[str, Any]
TITLE, STATE, TYPE, TAGS = "System.Title", "System.State", "System.WorkItemType", "System.Tags"
PROJECT, AREA, CHANGED = "System.TeamProject", "System.AreaPath", "System.ChangedDate"
PRIORITY, COMMENTS, DELETED = "Microsoft.VSTS.Common.Priority", "System.CommentCount", "System.IsDeleted"


@dataclass(frozen=True, order=True)
class Entry:
    """The update that put a work item into its column."""

    at: datetime
    number: int
    """Its id, which counts within the work item."""
    by: str = field(default="", compare=False)
    """Id of whose doing it was."""
    by_name: str = field(default="", compare=False)

    @property
    def event(self) -> str:
        return str(self.number)


def moment(text: str) -> datetime:
    """A date of the API (ISO 8601, UTC), whose fraction may have any number of digits."""
    return datetime.fromisoformat(text)


def placed(updates: Iterable[Json], field: str) -> Entry | None:
    """The newest update that changed the column's field, or took the work item out of the recycle bin; None where
    there is none yet."""
    entries = (
        Entry(moment(update["fields"][CHANGED]["newValue"]), int(update["id"]), *_who(update))
        for update in updates
        if _brings(update.get("fields") or {}, field)
    )
    return max(entries, key=lambda entry: entry.number, default=None)


def _who(update: Json) -> tuple[str, str]:
    by = update.get("revisedBy") or {}
    return str(by.get("id") or ""), str(by.get("displayName") or "")


def author(updates: Iterable[Json]) -> tuple[str, str]:
    """Id and name of who made a work item: its first update."""
    return next((_who(update) for update in updates if int(update["id"]) == 1), ("", ""))


def edits(updates: Iterable[Json], our_id: str) -> tuple[Edit, ...]:
    """The changes of the title and of the fields that are the description."""
    changed = ((update, update.get("fields") or {}) for update in updates if int(update["id"]) > 1)
    found = (
        Edit(*_who(update), moment(fields[CHANGED]["newValue"]))
        for update, fields in changed
        if CHANGED in fields and not fields.keys().isdisjoint((TITLE, *TEXTS))
    )
    return tuple(edit for edit in found if edit.by != our_id)


def _brings(fields: Mapping[str, Json], field: str) -> bool:
    if CHANGED not in fields:
        return False
    moved = fields.get(field, {})
    came = moved.get("newValue") is not None and moved.get("newValue") != moved.get("oldValue")
    back = fields.get(DELETED)
    return came or (back is not None and not back.get("newValue"))


def comment(found: Json, our_id: str) -> Comment:
    """A comment, as Markdown."""
    author = found["createdBy"]
    return Comment(
        id=str(found["id"]),
        author=author["displayName"],
        author_id=author["id"],
        text=read(found["text"], found.get("format", "html")),
        created_at=moment(found["createdDate"]),
        by_us=author["id"] == our_id,
    )


def tags(fields: Mapping[str, Any]) -> tuple[str, ...]:
    """The tags of a work item: one text, parted by semicolons."""
    return tuple(tag for part in str(fields.get(TAGS) or "").split(";") if (tag := part.strip()))


def card(item: Json, column: str, entry: Entry, page: str) -> Card:
    """The work item as a ticket. page: the address of the project's pages."""
    fields = item["fields"]
    return Card(
        id=str(item["id"]),
        key=f"#{item['id']}",
        url=f"{page}/_workitems/edit/{item['id']}",
        title=fields[TITLE],
        body=body_of(item),
        labels=tags(fields),
        event=entry.event,
        entered_at=entry.at,
        column=column,
        priority=str(fields.get(PRIORITY) or ""),
    )


def attachments(item: Json) -> tuple[Attachment, ...]:
    """The files of a work item."""
    found = _related(item, "AttachedFile")
    return tuple(Attachment(_told(entry, "name") or "file", entry["url"]) for entry in found)


def hyperlinks(item: Json) -> tuple[Link, ...]:
    """The pages a work item links to, by what was said of them."""
    return tuple(Link(_told(entry, "comment") or entry["url"], entry["url"]) for entry in _related(item, "Hyperlink"))


def related_ids(item: Json) -> list[int]:
    """The work items that this one is related to."""
    ends = (entry["url"].rpartition("/") for entry in _related(item, "System.LinkTypes."))
    return [int(number) for place, _, number in ends if number.isdecimal() and place.lower().endswith("/workitems")]


def _related(item: Json, kind: str) -> list[Json]:
    return [entry for entry in item.get("relations") or () if str(entry["rel"]).startswith(kind)]


def _told(relation: Json, name: str) -> str:
    return str((relation.get("attributes") or {}).get(name) or "")
