"""GitHub's webhooks: how a call is proved, and how one is asked for.

Source: https://docs.github.com/webhooks/using-webhooks/validating-webhook-deliveries
"""

from __future__ import annotations

import hashlib
import hmac

from boardhand_operator.errors import Misconfigured, Rejected
from boardhand_operator.forges.github.at import At

HEADER = "x-hub-signature-256"
SECRET = "webhookSecret"  # noqa: S105 (the key's name)
"""The key of the Secret with what GitHub signs its calls with: any text of your own."""
EVENTS = ["check_run", "issue_comment", "pull_request", "pull_request_review", "pull_request_review_comment", "status"]


def signed(secret: str, body: bytes, given: str) -> bool:
    """Whether the header given is the signature of this body; compared in constant time."""
    made = "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    return hmac.compare_digest(made.encode(), given.encode("utf-8", "surrogateescape"))


async def subscribe(at: At, callback: str, secret: str) -> None:
    """See that the repository has an active webhook to this address, for our events beside those that it has.

    Raises Misconfigured where GitHub does not take the address, and what `Client` raises.
    """
    operation = f"call {callback}"
    ours = [hook for hook in await at.all(operation, "/hooks") if hook["config"].get("url") == callback]
    if any(hook["active"] and set(EVENTS) <= set(hook["events"]) for hook in ours):
        return
    path = f"{at.root}/hooks"
    try:
        if ours:
            wanted = {"active": True, "events": sorted({*EVENTS, *ours[0]["events"]})}
            await at.http.send("PATCH", operation, f"{path}/{ours[0]['id']}", wanted)
        else:
            config = {"url": callback, "content_type": "json", "secret": secret, "insecure_ssl": "0"}
            await at.http.send(
                "POST", operation, path, {"name": "web", "active": True, "events": EVENTS, "config": config}
            )
    except Rejected as refused:
        raise Misconfigured(
            "WebhookRefused", f"{refused}. GitHub must take spec.forge.webhook.callbackUrl as a webhook's address."
        ) from refused
