"""Pure: what a GitHub issue and its timeline say.

Sources: https://docs.github.com/en/rest/issues/issues and https://docs.github.com/en/rest/issues/timeline
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from datetime import datetime
from typing import Any

from boardhand_operator.boards import Card, Comment, Edit, Link, labels
from boardhand_operator.boards.labels import Entry, Place

Json = dict[str, Any]
_GHOST: Json = {"login": "somebody who left", "id": ""}


def moment(text: str) -> datetime:
    """A date of GitHub (ISO 8601, UTC)."""
    return datetime.fromisoformat(text)


def named(issue: Json, columns: Collection[str]) -> dict[str, str]:
    """Those of these column labels that the issue bears."""
    names = (label if isinstance(label, str) else label["name"] for label in issue["labels"])
    return {name: name for name in names if name in columns}


def number(issue: Json) -> int:
    """By which the issue is a ticket."""
    return int(issue["number"])


def placed(issue: Json, timeline: Iterable[Json], columns: Collection[str]) -> Place | None:
    """In which column an issue is, and by which event; None where it is closed or bears none of these labels."""
    if issue["state"] != "open":
        return None
    birth = Entry(moment(issue["created_at"]), 0, f"created:{issue['id']}", *who(issue.get("user")))
    return labels.placed(named(issue, columns), birth, _happened(timeline))


def _happened(timeline: Iterable[Json]) -> Iterator[tuple[str | None, Entry]]:
    for happened in timeline:
        if happened["event"] not in ("labeled", "reopened"):
            continue
        number, by = int(happened["id"]), who(happened.get("actor"))
        entry = Entry(moment(happened["created_at"]), number, str(number), *by)
        yield (happened["label"]["name"] if happened["event"] == "labeled" else None), entry


def who(user: Json | None) -> tuple[str, str]:
    """Id and name of an account; nothing of one that is gone."""
    return (str(user["id"]), str(user["login"])) if user else ("", "")


def renamed(timeline: Iterable[Json], us: str) -> tuple[Edit, ...]:
    """The changes of the title. us: the name of our account."""
    changed = [happened for happened in timeline if happened["event"] == "renamed"]
    found = (Edit(*who(happened.get("actor")), moment(happened["created_at"])) for happened in changed)
    return tuple(edit for edit in found if edit.name.casefold() != us.casefold())


def comment(found: Json, us: str) -> Comment:
    """A comment, of the lists of comments and of the timeline alike. us: the name of our account."""
    author = found.get("user") or _GHOST
    return Comment(
        id=str(found["id"]),
        author=author["login"],
        author_id=str(author["id"]),
        text=found.get("body") or "",
        created_at=moment(found["created_at"]),
        by_us=author["login"].casefold() == us.casefold(),
    )


def links(timeline: Iterable[Json]) -> tuple[Link, ...]:
    """The other issues that mention this one, each once; pull requests are none."""
    sources = (happened["source"].get("issue") for happened in timeline if happened["event"] == "cross-referenced")
    found = {
        source["html_url"]: (source["title"], who(source.get("user"))[0])
        for source in sources
        if source and "pull_request" not in source
    }
    return tuple(Link(title, url, by) for url, (title, by) in found.items())


def card(issue: Json, column: str, entry: Entry, columns: Collection[str]) -> Card:
    """The issue as a ticket; the labels that are columns are none of its labels."""
    names = (label if isinstance(label, str) else label["name"] for label in issue["labels"])
    return Card(
        id=str(issue["number"]),
        key=f"#{issue['number']}",
        url=issue["html_url"],
        title=issue["title"],
        body=issue.get("body") or "",
        labels=tuple(name for name in names if name not in columns),
        event=entry.event,
        entered_at=entry.at,
        column=column,
        author=who(issue.get("user"))[1],
        author_id=who(issue.get("user"))[0],
        mover=entry.by_name,
        moved_by=entry.by,
    )
