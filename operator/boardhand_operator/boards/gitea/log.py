"""Pure: what a Gitea issue and its timeline say.

Sources: https://docs.gitea.com/api/ (issueGetCommentsAndTimeline), and services/convert/issue_comment.go of Gitea 1.26.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from boardhand_operator.boards import Attachment, Card, labels
from boardhand_operator.boards.labels import Entry, Place
from boardhand_operator.gitea.comments import moment
from boardhand_operator.gitea.pages import Json

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
    birth = Entry(moment(issue["created_at"]), 0, f"created:{issue['id']}")
    return labels.placed(named(issue, columns), birth, _happened(timeline))


def _happened(timeline: Iterable[Json]) -> Iterator[tuple[int | None, Entry]]:
    for happened in timeline:
        entry = Entry(moment(happened["created_at"]), int(happened["id"]), str(happened["id"]))
        if happened["type"] == "label" and happened["body"] == PUT_ON:
            yield int((happened.get("label") or {}).get("id", 0)), entry
        elif happened["type"] == "reopen":
            yield None, entry


def card(issue: Json, column: str, entry: Entry, columns: Collection[str]) -> Card:
    """The issue as a ticket; the labels that are columns are none of its labels."""
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
    )
