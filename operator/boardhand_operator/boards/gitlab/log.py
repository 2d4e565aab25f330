"""Pure: what a GitLab issue, its events and its notes say.

Sources: https://docs.gitlab.com/api/issues/ , https://docs.gitlab.com/api/resource_label_events/ ,
https://docs.gitlab.com/api/resource_state_events/ and https://docs.gitlab.com/api/notes/
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from datetime import datetime

from boardhand_operator.boards import Attachment, Card, Comment, Edit, Link, labels
from boardhand_operator.boards.labels import Entry, Place
from boardhand_operator.vendors.gitlab.client import Json

_UPLOAD = re.compile(r"\[(?P<name>[^\[\]\n]+)\]\((?P<path>(?:/-/project/\d+)?/uploads/[0-9a-f]{32}/[^)\s]+)\)")

_CHANGED = ("changed the description", "changed title")


def moment(text: str) -> datetime:
    """A date of GitLab (ISO 8601 with an offset)."""
    return datetime.fromisoformat(text)


def named(issue: Json, columns: Collection[str]) -> dict[str, str]:
    """Those of these column labels that the issue bears; a label is known by its name."""
    return {name: name for name in issue["labels"] if name in columns}


def placed(
    issue: Json, label_events: Iterable[Json], state_events: Iterable[Json], columns: Collection[str]
) -> Place | None:
    """In which column an issue is, and by which event; None where it is closed or bears none of these labels."""
    if issue["state"] != "opened":
        return None
    birth = Entry(moment(issue["created_at"]), 0, f"created:{issue['id']}", *who(issue.get("author")))
    happened = [
        *_happened(((event.get("label") or {}).get("name"), event) for event in label_events if _adds(event)),
        *_happened((None, event) for event in state_events if event["state"] == "reopened"),
    ]
    return labels.placed(named(issue, columns), birth, happened)


def _adds(event: Json) -> bool:
    """One whose label was deleted since names none."""
    return event["action"] == "add" and bool(event.get("label"))


def _happened(events: Iterable[tuple[str | None, Json]]) -> Iterator[tuple[str | None, Entry]]:
    for what, event in events:
        kind = "reopened" if what is None else "label"
        yield (
            what,
            Entry(moment(event["created_at"]), int(event["id"]), f"{kind}:{event['id']}", *who(event.get("user"))),
        )


def who(user: Json | None) -> tuple[str, str]:
    """Id and name of an account; nothing of one that is gone."""
    return (str(user["id"]), str(user["username"])) if user else ("", "")


def edits(notes: Iterable[Json], our_id: int) -> tuple[Edit, ...]:
    """The changes of title and description, of which GitLab makes notes of its own."""
    changed = (note for note in notes if note["system"] and (note["body"] or "").startswith(_CHANGED))
    found = (Edit(*who(note.get("author")), moment(note["created_at"])) for note in changed)
    return tuple(edit for edit in found if edit.by != str(our_id))


def is_said(note: Json) -> bool:
    """Whether a note is a comment for everybody who sees the issue: no system note, and no internal one."""
    return not (note["system"] or note.get("internal") or note.get("confidential"))


def comment(note: Json, our_id: int) -> Comment:
    """A note, of an issue's list and of the project's events alike."""
    author = note.get("author") or {}
    return Comment(
        id=str(note["id"]),
        author=author.get("username") or "somebody who left",
        author_id=str(author.get("id") or ""),
        text=note["body"] or "",
        created_at=moment(note["created_at"]),
        by_us=author.get("id") == our_id,
    )


def card(issue: Json, column: str, entry: Entry, columns: Collection[str]) -> Card:
    """The issue as a ticket; the labels that are columns are none of its labels."""
    return Card(
        id=str(issue["iid"]),
        key=f"#{issue['iid']}",
        url=issue["web_url"],
        title=issue["title"],
        body=issue["description"] or "",
        labels=tuple(name for name in issue["labels"] if name not in columns),
        event=entry.event,
        entered_at=entry.at,
        column=column,
        author=who(issue.get("author"))[1],
        author_id=who(issue.get("author"))[0],
        mover=entry.by_name,
        moved_by=entry.by,
    )


def attachments(issue: Json) -> tuple[Attachment, ...]:
    """The files that the description links to: GitLab has no other list of an issue's files."""
    project = issue["web_url"].partition("/-/")[0]
    site = project.partition("://")[0] + "://" + project.partition("://")[2].partition("/")[0]
    found = _UPLOAD.finditer(issue["description"] or "")
    return tuple(
        Attachment(match["name"], (site if match["path"].startswith("/-/") else project) + match["path"])
        for match in found
    )


def links(linked: Iterable[Json]) -> tuple[Link, ...]:
    """The issues that an issue is linked to."""
    return tuple(Link(issue["title"], issue["web_url"]) for issue in linked)
