"""What was said on a whole Trello board since a moment, and who its members are.

Sources: https://developer.atlassian.com/cloud/trello/rest/api-group-boards/#api-boards-boardid-actions-get and
https://developer.atlassian.com/cloud/trello/rest/api-group-boards/#api-boards-id-memberships-get
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import UTC, datetime
from urllib.parse import urlencode

from boardhand_operator.boards import Said
from boardhand_operator.boards.trello.log import Json, comment
from boardhand_operator.http.transport import Client, segment

PAGE, PAGES = 1000, 5
"""Size of the pages of comments, and how many one poll reads at most: further ones where there were so many."""
_WORKING = ("admin", "normal")
"""Kinds of members that may change the board; an observer may at most comment."""
_log = logging.getLogger(__name__)


def route(board_id: str, since: datetime, before: str | None = None) -> str:
    """Where the newest page of the comments since then is read; before: of those older than this one."""
    moment = since.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    values = {"filter": "commentCard", "memberCreator_fields": "fullName,username", "limit": str(PAGE), "since": moment}
    return f"/boards/{segment(board_id)}/actions?{urlencode(values | ({'before': before} if before else {}))}"


async def said_since(
    http: Client, board_id: str, since: datetime, newest: Sequence[Json], our_id: str
) -> tuple[Said, ...]:
    """The comments since then, oldest first. newest: what `route` was answered with; more is asked for where that is
    full. Raises what `Client.get` raises."""
    found, page = list(newest), newest
    for _ in range(PAGES - 1):
        if len(page) < PAGE:
            break
        oldest = min(str(action["id"]) for action in page)
        page = await http.get(f"read what was said on board {board_id}", route(board_id, since, oldest))
        found += page
    else:
        _log.warning("board %s: of its comments only the newest %d are read", board_id, len(found))
    actions = {action["id"]: action for action in found if "card" in action["data"]}
    return tuple(Said(action["data"]["card"]["id"], comment(action, our_id)) for action in reversed(actions.values()))


async def people(http: Client, board_id: str) -> dict[str, str]:
    """User names by id of the board's members who may work on it."""
    path = f"/boards/{segment(board_id)}/memberships"
    memberships: list[Json] = await http.get(f"read who is on board {board_id}", path, {"member": "true"})
    return {
        entry["idMember"]: (entry.get("member") or {}).get("username") or ""
        for entry in memberships
        if entry["memberType"] in _WORKING and not entry.get("deactivated") and not entry.get("unconfirmed")
    }
