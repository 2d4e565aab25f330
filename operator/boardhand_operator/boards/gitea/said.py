"""What was said on all issues of one Gitea repository since a moment."""

from __future__ import annotations

from datetime import UTC, datetime

from boardhand_operator.boards import Said
from boardhand_operator.vendors.gitea.comments import comment, moment
from boardhand_operator.vendors.gitea.pages import Pages


async def said_since(pages: Pages, board: str, since: datetime, our_id: int) -> tuple[Said, ...]:
    """The comments since then, oldest first: one request for fifty. Raises what `Client.get` raises."""
    start = since.astimezone(UTC).replace(microsecond=0)
    params = {"since": start.strftime("%Y-%m-%dT%H:%M:%SZ")}
    found = await pages.all(f"read what was said on {board}", "/issues/comments", params)
    # Those of pull requests have no issue's address, and what was only edited since is older.
    said = [
        Said(entry["issue_url"].rpartition("/")[2], comment(entry, our_id))
        for entry in found
        if entry["issue_url"] and moment(entry["created_at"]) >= start
    ]
    return tuple(sorted(said, key=lambda one: (one.comment.created_at, int(one.comment.id))))
