"""Azure DevOps' service hooks: how a call is proved, and how one is asked for.

Azure signs nothing: it sends a user and a password that were given to it, over https alone.

Sources: https://learn.microsoft.com/en-us/azure/devops/service-hooks/services/webhooks ,
https://learn.microsoft.com/en-us/rest/api/azure/devops/hooks/subscriptions
"""

from __future__ import annotations

import base64
import hmac
from typing import Any

from boardhand_operator.azure_devops import AzureClient
from boardhand_operator.errors import Misconfigured, Rejected

HEADER = "authorization"
SECRET = "webhookSecret"  # noqa: S105 (the key's name)
"""The key of the Secret with the password that Azure is to send: a long random text of your own."""
USER = "boardhand"
EVENT = "workitem.updated"
"""One is enough: whatever changes a work item, a comment too, updates it; what is made anew the next poll sees."""
_PATH = "/_apis/hooks/subscriptions"


def proof(secret: str) -> str:
    """The header that a call bears."""
    return "Basic " + base64.b64encode(f"{USER}:{secret}".encode()).decode()


def signed(secret: str, given: str) -> bool:
    """Whether the header given is the proof; compared in constant time."""
    return hmac.compare_digest(proof(secret).encode(), given.encode("utf-8", "surrogateescape"))


async def subscribe(http: AzureClient, project_id: str, callback: str, secret: str) -> None:
    """See that the project has an enabled subscription to this address: one request where it has.

    Raises Misconfigured where Azure does not take the address, and what `AzureClient` raises.
    """
    operation = f"call {callback}"
    params = {"publisherId": "tfs", "eventType": EVENT, "consumerId": "webHooks"}
    found = await http.get(operation, _PATH, params)
    ours = next((hook for hook in found["value"] if _is_ours(hook, project_id, callback)), None)
    if ours and ours["status"] == "enabled":
        return
    wanted = _subscription(project_id, callback, secret)
    try:
        if ours:
            revived = wanted | {"id": ours["id"], "status": "enabled"}
            await http.send("PUT", operation, f"{_PATH}/{ours['id']}", revived)
        else:
            await http.send("POST", operation, _PATH, wanted)
    except Rejected as refused:
        raise Misconfigured(
            "WebhookRefused", f"{refused}. Azure DevOps must reach spec.board.webhook.callbackUrl over https."
        ) from refused


def _is_ours(hook: dict[str, Any], project_id: str, callback: str) -> bool:
    inputs = hook.get("publisherInputs") or {}
    mine = hook["eventType"] == EVENT and inputs.get("projectId") == project_id
    return mine and (hook.get("consumerInputs") or {}).get("url") == callback


def _subscription(project_id: str, callback: str, secret: str) -> dict[str, Any]:
    return {
        "publisherId": "tfs",
        "eventType": EVENT,
        "resourceVersion": "1.0",
        "consumerId": "webHooks",
        "consumerActionId": "httpRequest",
        "publisherInputs": {"projectId": project_id},
        "consumerInputs": {
            "url": callback,
            "basicAuthUsername": USER,
            "basicAuthPassword": secret,
            "resourceDetailsToSend": "minimal",
            "messagesToSend": "none",
            "detailedMessagesToSend": "none",
        },
    }
