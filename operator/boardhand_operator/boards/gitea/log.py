"""Pure: what a Gitea issue and its timeline say.

Sources: https://docs.gitea.com/api/ (issueGetCommentsAndTimeline), and services/convert/issue_comment.go of Gitea 1.26.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from boardhand_operator.boards import Card, Comment

Json = dict[str, Any]

PUT_ON = "1"
"""The body of a timeline entry by which a label was put on; that of one by which it was taken off is empty."""


@dataclass(frozen=True, order=True)
class Entry:
    """The timeline entry that put an issue into a column."""

    at: datetime
    number: int
    """Its id on the server; 0 where the issue's creation is meant."""
    event: str


def moment(text: str) -> datetime:
    """A date of Gitea (ISO 8601 with an offset)."""
    return datetime.fromisoformat(text)


def named(issue: Json, columns: Collection[str]) -> dict[str, int]:
    """Those of these column labels that the issue bears, with their ids."""
    return {label["name"]: int(label["id"]) for label in issue["labels"] or () if label["name"] in columns}


def placed(issue: Json, timeline: Iterable[Json], columns: Collection[str]) -> tuple[str, Entry] | None:
    """In which column an issue is, and by which event; None where it is closed or bears none of these labels.

    Of several column labels the one that was put on last counts. Reopening puts an issue into its column anew.
    """
    here = named(issue, columns)
    if issue["state"] != "open" or not here:
        return None
    birth = Entry(moment(issue["created_at"]), 0, f"created:{issue['id']}")
    put: dict[int, Entry] = {}
    reopened = birth
    for happened in timeline:
        entry = Entry(moment(happened["created_at"]), int(happened["id"]), str(happened["id"]))
        label = int((happened.get("label") or {}).get("id", 0))
        if happened["type"] == "label" and happened["body"] == PUT_ON:
            put[label] = max(entry, put.get(label, birth))
        elif happened["type"] == "reopen":
            reopened = max(entry, reopened)
    column = max(here, key=lambda name: (put.get(here[name], birth), here[name]))
    return column, max(put.get(here[column], birth), reopened)


def comment(found: Json, our_id: int) -> Comment:
    """A comment, of the lists of comments and of the timeline alike."""
    author = found.get("user") or {}
    # What was brought from another server is shown as by the account that brought it.
    elsewhere = found.get("original_author") or ""
    return Comment(
        id=str(found["id"]),
        author=elsewhere or author.get("login") or "somebody who left",
        author_id="" if elsewhere else str(author.get("id") or ""),
        text=found["body"],
        created_at=moment(found["created_at"]),
        by_us=not elsewhere and author.get("id") == our_id,
    )


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
    )
