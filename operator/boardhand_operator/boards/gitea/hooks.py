"""Gitea's webhooks: how a call is proved, and how one is asked for.

Source: https://docs.gitea.com/usage/webhooks ; Forgejo signs with the same header.
"""

from __future__ import annotations

import hashlib
import hmac

from boardhand_operator.boards.gitea.pages import Pages
from boardhand_operator.errors import Misconfigured, Rejected
from boardhand_operator.transport import Client

HEADER = "x-gitea-signature"
SECRET = "webhookSecret"  # noqa: S105 (the key's name)
"""The key of the Secret with what Gitea signs its calls with: any text of your own."""
EVENTS = ["issues", "issue_label", "issue_comment"]


def signed(secret: str, body: bytes, given: str) -> bool:
    """Whether the header given is the signature of this body; compared in constant time."""
    made = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    return hmac.compare_digest(made.encode(), given.encode("utf-8", "surrogateescape"))


async def subscribe(http: Client, pages: Pages, callback: str, secret: str) -> None:
    """See that the repository has an active webhook to this address: one request where it has.

    Raises Misconfigured where Gitea does not take the address, and what `Client` raises.
    """
    operation = f"call {callback}"
    hooks = await pages.all(operation, "/hooks")
    ours = next((hook for hook in hooks if hook["config"].get("url") == callback), None)
    if ours and ours["active"]:
        return
    path = f"{pages.root}/hooks"
    try:
        if ours:
            await http.send("PATCH", operation, f"{path}/{ours['id']}", {"active": True, "events": EVENTS})
        else:
            config = {"url": callback, "content_type": "json", "secret": secret}
            wanted = {"type": "gitea", "active": True, "config": config, "events": EVENTS}
            await http.send("POST", operation, path, wanted)
    except Rejected as refused:
        raise Misconfigured(
            "WebhookRefused", f"{refused}. Gitea must take spec.board.webhook.callbackUrl as a webhook's address."
        ) from refused
