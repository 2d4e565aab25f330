"""Pure: what a comment of Gitea says, on issues and on pull requests."""

from __future__ import annotations

from datetime import datetime

from boardhand_operator.comment import Comment
from boardhand_operator.vendors.gitea.pages import Json


def moment(text: str) -> datetime:
    """A date of Gitea (ISO 8601 with an offset)."""
    return datetime.fromisoformat(text)


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
