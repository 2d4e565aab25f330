"""Bitbucket's webhooks: how a call is proved, and how one is asked for.

Source: https://support.atlassian.com/bitbucket-cloud/docs/manage-webhooks/ (secure webhooks)
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from boardhand_operator.errors import Misconfigured, Rejected
from boardhand_operator.forges.bitbucket.at import At
from boardhand_operator.http.signing import digest, header, same

HEADER = "x-hub-signature"
EVENTS = [
    "pullrequest:updated",
    "pullrequest:fulfilled",
    "pullrequest:rejected",
    "pullrequest:approved",
    "pullrequest:unapproved",
    "pullrequest:changes_request_created",
    "pullrequest:changes_request_removed",
    "pullrequest:comment_created",
    "repo:commit_status_created",
    "repo:commit_status_updated",
]


def signed(secret: str, body: bytes, headers: Mapping[str, str]) -> bool:
    """Whether the headers, named in any case, hold the signature of this body; compared in constant time."""
    return same("sha256=" + digest(secret, body), header(headers, HEADER))


async def subscribe(at: At, callback: str, secret: str, before: str = "") -> None:
    """See that the repository has an active webhook to this address, for our events beside those that it has.

    before: see `Board.subscribe`. Raises Misconfigured where Bitbucket does not take the address, and what `Client`
    raises.
    """
    operation, path = f"call {callback}", f"{at.root}/hooks"
    there = await at.all(operation, path)
    ours = [hook for url in (callback, before) for hook in there if hook["url"] == url]
    if not before and any(hook["active"] and set(EVENTS) <= set(hook["events"]) for hook in ours):
        return
    events = sorted({*EVENTS, *(ours[0]["events"] if ours else ())})
    wanted: dict[str, Any] = {"description": "Boardhand", "url": callback, "active": True, "events": events}
    try:
        if ours:
            await at.http.send("PUT", operation, f"{path}/{ours[0]['uuid']}", wanted | {"secret": secret})
        else:
            await at.http.send("POST", operation, path, wanted | {"secret": secret})
    except Rejected as refused:
        raise Misconfigured(
            "WebhookRefused", f"{refused}. Bitbucket must take spec.forge.webhook.callbackUrl as a webhook's address."
        ) from refused
