"""What was said on all issues of one GitLab project since a moment."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from boardhand_operator.boards import Said
from boardhand_operator.boards.gitlab.log import comment, is_said, moment
from boardhand_operator.vendors.gitlab.client import Json, Project

_EARLIER = timedelta(days=2)
"""Events are asked for by the day, of the server's own time zone, and after that day."""


async def said_since(project: Project, since: datetime, our_id: int) -> tuple[Said, ...]:
    """The comments since then, oldest first: one request for a hundred. Raises what `Client.get` raises.

    The newest come first, so a page that is as it was is followed by what followed it then.
    Source: https://docs.gitlab.com/api/events/#list-all-visible-events-for-a-project
    """
    params = {
        "action": "commented",
        "target_type": "note",
        "after": (since.astimezone(UTC) - _EARLIER).date().isoformat(),
        "sort": "desc",
    }
    found: dict[int, Said] = {}
    operation = f"read what was said on {project.path}"
    async for page in project.pages(operation, "/events", params, remember=True):
        for event in page:
            note = event.get("note") or {}
            if _counts(note, since):
                found[note["id"]] = Said(str(note["noteable_iid"]), comment(note, our_id))
        if any(moment(event["created_at"]) < since for event in page):
            break
    return tuple(sorted(found.values(), key=lambda one: (one.comment.created_at, int(one.comment.id))))


def _counts(note: Json, since: datetime) -> bool:
    on_issue = note.get("noteable_type") == "Issue"
    return on_issue and is_said(note) and moment(note["created_at"]) >= since
