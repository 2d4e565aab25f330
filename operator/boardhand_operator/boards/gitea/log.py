"""Pure: what a Gitea issue and its timeline say.

Sources: https://docs.gitea.com/api/ (issueGetCommentsAndTimeline), and services/convert/issue_comment.go of Gitea 1.26.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from boardhand_operator.boards import Attachment, Card, Edit, labels
from boardhand_operator.boards.labels import Entry, Place
from boardhand_operator.vendors.gitea.comments import moment
from boardhand_operator.vendors.gitea.pages import Json

PUT_ON = "1"
"""The body of a timeline entry by which a label was put on; that of one by which it was taken off is empty."""


def named(issue: Json, columns: Collection[str]) -> dict[str, int]:
    """Those of these column labels that the issue bears, with their ids; an archived label is no column any more."""
    return {
        label["name"]: int(label["id"])
        for label in issue["labels"] or ()
        if label["name"] in columns and not label.get("is_archived")
    }


def placed(issue: Json, timeline: Iterable[Json], columns: Collection[str]) -> Place | None:
    """In which column an issue is, and by which event; None where it is closed or bears none of these labels."""
    if issue["state"] != "open":
        return None
    birth = Entry(moment(issue["created_at"]), 0, f"created:{issue['id']}", *_author(issue))
    return labels.placed(named(issue, columns), birth, _happened(timeline))


def _happened(timeline: Iterable[Json]) -> Iterator[tuple[int | None, Entry]]:
    for happened in timeline:
        number, by = int(happened["id"]), _who(happened.get("user"))
        entry = Entry(moment(happened["created_at"]), number, str(number), *by)
        if happened["type"] == "label" and happened["body"] == PUT_ON:
            yield int((happened.get("label") or {}).get("id", 0)), entry
        elif happened["type"] == "reopen":
            yield None, entry


def _who(user: Json | None) -> tuple[str, str]:
    """Id and name of an account."""
    return (str(user.get("id") or ""), str(user.get("login") or "")) if user else ("", "")


def _author(issue: Json) -> tuple[str, str]:
    """What was brought from another server is shown as by the account that brought it: then nobody here wrote it."""
    elsewhere = str(issue.get("original_author") or "")
    return ("", elsewhere) if elsewhere else _who(issue.get("user"))


def edits(timeline: Iterable[Json], our_id: int) -> tuple[Edit, ...]:
    """The changes of the title; Gitea does not tell those of the description."""
    changed = [happened for happened in timeline if happened["type"] == "change_title"]
    found = (Edit(*_who(happened.get("user")), moment(happened["created_at"])) for happened in changed)
    return tuple(edit for edit in found if edit.by != str(our_id))


def card(issue: Json, column: str, entry: Entry, columns: Collection[str]) -> Card:
    """The issue as a ticket; the labels that are columns are none of its labels."""
    author_id, author = _author(issue)
    return Card(
        id=str(issue["number"]),
        key=f"#{issue['number']}",
        url=issue["html_url"],
        title=issue["title"],
        body=issue["body"],
        labels=tuple(label["name"] for label in issue["labels"] or () if label["name"] not in columns),
        event=entry.event,
        entered_at=entry.at,
        column=column,
        attachments=tuple(Attachment(file["name"], file["browser_download_url"]) for file in issue.get("assets") or ()),
        author=author,
        author_id=author_id,
        mover=entry.by_name,
        moved_by=entry.by,
    )
