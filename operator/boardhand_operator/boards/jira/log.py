"""Pure: what a Jira issue and its changelog say.

Source: https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-issues/ ; Data Center differs little.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from boardhand_operator.boards import Attachment, Card, Checklist, Comment, Edit, Item, Link

Json = dict[str, Any]

ENTERING = ("status", "project")
"""Fields whose change puts an issue into a column: a transition, or a move from another project."""
CARD_FIELDS = ("summary", "description", "labels", "status", "priority", "project", "created", "updated")
TEXTS = ("summary", "description")
READ_FIELDS = (*CARD_FIELDS, "creator", "comment", "attachment", "issuelinks", "subtasks", "parent", "archiveddate")
PLACE_FIELDS = ("status", "project", "archiveddate")
_MILLISECONDS = 100_000_000_000
"""A larger number is an epoch in milliseconds, a smaller one in seconds."""


@dataclass(frozen=True, order=True)
class Entry:
    """What put an issue into its column."""

    at: datetime
    number: int
    """Id of the entry of the changelog; 0 where the issue's creation is meant."""
    event: str
    by: Json | None = field(default=None, compare=False)
    """The user whose doing it was; None: not told."""


def moment(told: str | int) -> datetime:
    """A date of Jira: ISO 8601 with an offset, or an epoch, as only changelogs that are read in bulk have it."""
    if isinstance(told, int):
        return datetime.fromtimestamp(told / 1000 if told > _MILLISECONDS else told, UTC)
    return datetime.fromisoformat(told)


def entered(issue: Json, histories: Iterable[Json], *, strict: bool = False) -> Entry | None:
    """By what an issue came into the status that it has.

    histories: entries of its changelog, in any order. strict: None where the newest change of status leads to another
    status than the issue has: one of the two was read before a change.
    """
    changes = [history for history in histories if any(_field(item) in ENTERING for item in history["items"])]
    if not changes:
        return Entry(moment(issue["fields"]["created"]), 0, f"created-{issue['id']}", issue["fields"].get("creator"))
    last = max(changes, key=lambda history: (moment(history["created"]), int(history["id"])))
    led_to = [str(item.get("to")) for item in last["items"] if _field(item) == "status"]
    if strict and led_to and led_to[-1] != str(issue["fields"]["status"]["id"]):
        return None
    return Entry(moment(last["created"]), int(last["id"]), str(last["id"]), last.get("author"))


def _field(item: Json) -> str:
    return str(item.get("fieldId") or item.get("field") or "").lower()


def comments(
    found: Iterable[Json], our_id: str, identity: Callable[[Json], str], markdown: Callable[[Any], str]
) -> list[Comment]:
    """The comments that everybody may read who may see the issue, and ours: what is said to a role, a group or the
    team of a service project alone is not for a pull request.

    identity: a user's id. markdown: what is stored as Markdown.
    """
    read = ((one, _comment(one, our_id, identity, markdown)) for one in found)
    return [comment for one, comment in read if comment.by_us or not _is_restricted(one)]


def _is_restricted(found: Json) -> bool:
    return bool(found.get("visibility")) or found.get("jsdPublic") is False


def _comment(found: Json, our_id: str, identity: Callable[[Json], str], markdown: Callable[[Any], str]) -> Comment:
    author = found.get("author") or {}
    id_ = identity(author)
    return Comment(
        id=str(found["id"]),
        author=author.get("displayName") or "somebody who left",
        author_id=id_,
        text=markdown(found.get("body")),
        created_at=moment(found["created"]),
        by_us=bool(id_) and id_ == our_id,
    )


def card(issue: Json, entry: Entry, site: str, markdown: Callable[[Any], str]) -> Card:
    """The issue as a ticket, without what only `Board.read` fills in."""
    fields = issue["fields"]
    return Card(
        id=str(issue["id"]),
        key=issue["key"],
        url=f"{site}/browse/{issue['key']}",
        title=fields.get("summary") or "",
        body=markdown(fields.get("description")),
        labels=tuple(fields.get("labels") or ()),
        event=entry.event,
        entered_at=entry.at,
        column=fields["status"]["name"],
        priority=(fields.get("priority") or {}).get("name") or "",
    )


def with_people(
    ticket: Card, issue: Json, entry: Entry, histories: Iterable[Json], our_id: str, identity: Callable[[Json], str]
) -> Card:
    """The ticket with who wrote, moved and changed it. histories: entries of its changelog."""
    author, mover = issue["fields"].get("creator") or {}, entry.by or {}
    changed = (one for one in histories if any(_field(item) in TEXTS for item in one["items"]))
    found = [(identity(one.get("author") or {}), one) for one in changed]
    return replace(
        ticket,
        author=author.get("displayName") or "",
        author_id=identity(author),
        mover=mover.get("displayName") or "",
        moved_by=identity(mover),
        moved_by_us=bool(our_id) and identity(mover) == our_id,
        edits=tuple(
            Edit(id_, (one.get("author") or {}).get("displayName") or "", moment(one["created"]))
            for id_, one in sorted(found, key=lambda pair: moment(pair[1]["created"]))
            if id_ != our_id
        ),
    )


def checklists(issue: Json) -> tuple[Checklist, ...]:
    """The issue's subtasks as a checklist; done are those whose status is of the category done."""
    items = tuple(
        Item(f"{sub['key']} {sub['fields'].get('summary') or ''}".strip(), _is_done(sub))
        for sub in issue["fields"].get("subtasks") or ()
    )
    return (Checklist("Subtasks", items),) if items else ()


def attachments(issue: Json) -> tuple[Attachment, ...]:
    """The issue's files."""
    return tuple(Attachment(file["filename"], file["content"]) for file in issue["fields"].get("attachment") or ())


def links(issue: Json, remote: Iterable[Json], site: str) -> tuple[Link, ...]:
    """The pages and issues that the issue is linked to. remote: its links to other places."""
    found = [Link(one["object"]["title"] or one["object"]["url"], one["object"]["url"]) for one in remote]
    if parent := issue["fields"].get("parent"):
        found.append(_link("parent", parent, site))
    for link in issue["fields"].get("issuelinks") or ():
        way = "outward" if "outwardIssue" in link else "inward"
        if other := link.get(f"{way}Issue"):
            found.append(_link(link["type"][way], other, site))
    return tuple(found)


def _link(how: str, other: Json, site: str) -> Link:
    summary = (other.get("fields") or {}).get("summary") or ""
    return Link(f"{how} {other['key']} {summary}".strip(), f"{site}/browse/{other['key']}")


def _is_done(issue: Json) -> bool:
    status = issue["fields"].get("status") or {}
    return bool((status.get("statusCategory") or {}).get("key") == "done")
