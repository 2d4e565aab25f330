"""Linear's webhooks: how a call is proved, and how one is asked for.

Source: https://linear.app/developers/webhooks
"""

from __future__ import annotations

import json

from boardhand_operator.boards.linear import queries
from boardhand_operator.boards.linear.client import Json, LinearClient, next_cursor
from boardhand_operator.errors import Misconfigured, Rejected
from boardhand_operator.http.signing import SECRET as SECRET
from boardhand_operator.http.signing import digest, same

HEADER = "linear-signature"
RESOURCES = ["Issue", "Comment", "IssueLabel"]
MINUTE = 60.0
"""A call whose time is further away than this is somebody's repetition."""


def signed(secret: str, body: bytes, given: str, now: float) -> bool:
    """Whether the header given is the signature of this body, and the body a minute old at most.

    Compared in constant time. now: seconds since 1970 by Linear's clock.
    """
    return same(digest(secret, body), given) and _is_fresh(body, now)


def _is_fresh(body: bytes, now: float) -> bool:
    try:
        told = json.loads(body)["webhookTimestamp"]
    except (ValueError, TypeError, KeyError):
        return False
    return isinstance(told, int | float) and abs(now - told / 1000) <= MINUTE


async def subscribe(http: LinearClient, team_id: str, callback: str, secret: str, before: str = "") -> None:
    """See that the team has an enabled webhook to this address: one request where it has.

    before: see `Board.subscribe`. Raises Misconfigured where Linear does not take the address, and what `LinearClient`
    raises.
    """
    operation = f"call {callback}"
    there = await _hooks(http, operation, team_id)
    ours = there.get(callback) or there.get(before)
    if ours and ours["enabled"] and not before:
        return
    try:
        if ours:
            wanted = {"url": callback, "enabled": True, "secret": secret, "resourceTypes": RESOURCES}
            await http.change(operation, queries.WEBHOOK_UPDATE, {"id": ours["id"], "input": wanted})
        else:
            wanted = {"url": callback, "teamId": team_id, "resourceTypes": RESOURCES, "secret": secret}
            labelled = wanted | {"label": "Boardhand", "enabled": True}
            await http.change(operation, queries.WEBHOOK_CREATE, {"input": labelled})
    except Rejected as refused:
        raise Misconfigured(
            "WebhookRefused", f"{refused}. Linear must reach spec.board.webhook.callbackUrl over https."
        ) from refused


async def _hooks(http: LinearClient, operation: str, team_id: str) -> dict[str, Json]:
    """The team's webhooks by their addresses."""
    found: dict[str, Json] = {}
    after: str | None = None
    while True:
        page = (await http.query(operation, queries.WEBHOOKS, {"after": after}))["webhooks"]
        for hook in page["nodes"]:
            if (hook["team"] or {}).get("id") == team_id:
                found.setdefault(hook["url"], hook)
        after = next_cursor(page)
        if after is None:
            return found
