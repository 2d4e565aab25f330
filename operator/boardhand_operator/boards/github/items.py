"""Pure: what GraphQL says of a project's items and their issues.

Source: https://docs.github.com/en/graphql/reference/objects#projectv2item
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from boardhand_operator.boards import Card, Comment, Edit, Link
from boardhand_operator.boards.github.log import moment
from boardhand_operator.boards.labels import Entry

Json = dict[str, Any]
REOPENED = "ReopenedEvent"


def nodes(found: Json | None) -> list[Json]:
    """The entries of a connection; GitHub gives a null for what the credentials may not see."""
    return [node for node in (found or {}).get("nodes") or () if node]


def next_cursor(found: Json) -> str | None:
    """Where the next page of a connection begins, or None after the last."""
    page = found["pageInfo"]
    return page["endCursor"] if page["hasNextPage"] else None


def option(item: Json, name: str = "status") -> str:
    """The name of what is chosen in a single-select field, or nothing."""
    return str((item.get(name) or {}).get("name") or "")


def is_ticket(item: Json) -> bool:
    """Whether an item of the list is an open issue; drafts and pull requests are no tickets."""
    content = item.get("content") or {}
    return content.get("__typename") == "Issue" and content["state"] == "OPEN" and not item["isArchived"]


def item_in(issue: Json, owner: str, number: int) -> Json | None:
    """The issue's item in this project; None where it has none, or an archived one."""
    for item in nodes(issue["projectItems"]):
        project = item["project"]
        here = project["number"] == number and (project["owner"].get("login") or "").casefold() == owner.casefold()
        if here and not item["isArchived"]:
            return item
    return None


def entered(item: Json, issue: Json, project: str, events: bool) -> tuple[Entry, bool]:
    """By which event the issue came to its status, and whether that is certain: timelines may lag behind.

    Reopening puts an issue into its column anew. project: its node id. events: whether timelines hold the changes of a
    status; where they do not, or not the last one, the moment of the change stands for the event.
    """
    happened = nodes(issue["entered"])
    changes = [one for one in happened if one["__typename"] != REOPENED and (one["project"] or {}).get("id") == project]
    reopened = [_entry(one) for one in happened if one["__typename"] == REOPENED]
    certain = not events or bool(changes and changes[-1]["status"] == option(item))
    if events and certain:
        entry = _entry(changes[-1])
    else:
        at = item["status"]["updatedAt"]
        entry = Entry(moment(at), 0, f"{item['id']}@{at}")
    return max(entry, *reopened, key=lambda one: one.at) if reopened else entry, certain


def _entry(happened: Json) -> Entry:
    return Entry(moment(happened["createdAt"]), 0, happened["id"], *who(happened.get("actor")))


def who(found: Json | None) -> tuple[str, str]:
    """Id and name of an account; nothing of one that is gone."""
    if not found:
        return "", ""
    # GraphQL leaves out what REST writes behind the name of an app.
    bot = found["__typename"] == "Bot" and not found["login"].endswith("[bot]")
    return str(found.get("databaseId") or ""), found["login"] + ("[bot]" if bot else "")


def edit_of(issue: Json) -> tuple[Edit, ...]:
    """The last change of its description."""
    at = issue.get("lastEditedAt")
    return (Edit(*who(issue.get("editor")), moment(at)),) if at else ()


def edits(issue: Json, us: str) -> tuple[Edit, ...]:
    """The last change of its description, and those of its title. us: the name of our account."""
    titles = (Edit(*who(one.get("actor")), moment(one["createdAt"])) for one in nodes(issue["renamed"]))
    return tuple(one for one in (*edit_of(issue), *titles) if one.name.casefold() != us.casefold())


def card(item: Json, issue: Json, entry: Entry) -> Card:
    """The issue as a ticket."""
    return Card(
        id=issue["id"],
        key=f"{issue['repository']['nameWithOwner']}#{issue['number']}",
        url=issue["url"],
        title=issue["title"],
        body=issue["body"],
        labels=tuple(label["name"] for label in nodes(issue["labels"])),
        event=entry.event,
        entered_at=entry.at,
        column=option(item),
        priority=option(item, "priority"),
        author=who(issue["author"])[1],
        author_id=who(issue["author"])[0],
        mover=entry.by_name,
        moved_by=entry.by,
    )


def links(issue: Json) -> tuple[Link, ...]:
    """The other issues that mention this one, each once; pull requests are none."""
    sources = [one["source"] for one in nodes(issue["mentioned"]) if one.get("source")]
    found = {source["url"]: (source["title"], who(source.get("author"))[0]) for source in sources}
    return tuple(Link(title, url, by) for url, (title, by) in found.items())


def comments(found: Sequence[Json]) -> list[Comment]:
    """As they come."""
    return [_comment(one) for one in found]


def _comment(found: Json) -> Comment:
    author_id, author = who(found["author"])
    return Comment(
        id=found["id"],
        author=author or "somebody who left",
        author_id=author_id,
        text=found["body"],
        created_at=moment(found["createdAt"]),
        by_us=found["viewerDidAuthor"],
    )


def since(found: Sequence[Comment], start: datetime) -> list[Comment]:
    """Those that were written from then on."""
    return [comment for comment in found if comment.created_at >= start]
