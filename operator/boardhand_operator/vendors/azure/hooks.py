"""Azure DevOps' service hooks: how a call is proved, and how one is asked for.

Azure signs nothing: it sends a user and a password that were given to it, over https alone.

Sources: https://learn.microsoft.com/en-us/azure/devops/service-hooks/services/webhooks ,
https://learn.microsoft.com/en-us/rest/api/azure/devops/hooks/subscriptions
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

from boardhand_operator.errors import Misconfigured, Rejected
from boardhand_operator.http.signing import same
from boardhand_operator.vendors.azure.client import AzureClient

HEADER = "authorization"
USER = "boardhand"
_PATH = "/_apis/hooks/subscriptions"


def proof(secret: str) -> str:
    """The header that a call bears."""
    return "Basic " + base64.b64encode(f"{USER}:{secret}".encode()).decode()


def signed(secret: str, given: str) -> bool:
    """Whether the header given is the proof; compared in constant time."""
    return same(proof(secret), given)


async def subscribe(
    http: AzureClient, event: str, about: Mapping[str, str], callback: str, secret: str, field: str, before: str = ""
) -> None:
    """See that there is an enabled subscription of this event to this address: one request where there is.

    about: the publisher's inputs, such as projectId. field: where the pool gives the address, such as
    spec.board.webhook. before: see `Board.subscribe`. Raises Misconfigured where Azure does not take it, and what
    `AzureClient` raises.
    """
    operation = f"call {callback}"
    params = {"publisherId": "tfs", "eventType": event, "consumerId": "webHooks"}
    found = (await http.get(operation, _PATH, params))["value"]
    ours = [hook for url in (callback, before) for hook in found if url and _is_ours(hook, event, about, url)]
    if not before and any(hook["status"] == "enabled" for hook in ours):
        return
    wanted = _subscription(event, about, callback, secret)
    try:
        if ours:
            revived = wanted | {"id": ours[0]["id"], "status": "enabled"}
            await http.send("PUT", operation, f"{_PATH}/{ours[0]['id']}", revived)
        else:
            await http.send("POST", operation, _PATH, wanted)
    except Rejected as refused:
        raise Misconfigured(
            "WebhookRefused",
            f"{refused}. Azure DevOps must take {field}.callbackUrl as a webhook's address; it begins with https://.",
        ) from refused


def _is_ours(hook: Mapping[str, Any], event: str, about: Mapping[str, str], callback: str) -> bool:
    inputs, target = hook.get("publisherInputs") or {}, hook.get("consumerInputs") or {}
    fits = all(inputs.get(name) == value for name, value in about.items())
    return bool(hook["eventType"] == event and fits and target.get("url") == callback)


def _subscription(event: str, about: Mapping[str, str], callback: str, secret: str) -> dict[str, Any]:
    return {
        "publisherId": "tfs",
        "eventType": event,
        "resourceVersion": "1.0",
        "consumerId": "webHooks",
        "consumerActionId": "httpRequest",
        "publisherInputs": dict(about),
        "consumerInputs": {
            "url": callback,
            "basicAuthUsername": USER,
            "basicAuthPassword": secret,
            "resourceDetailsToSend": "minimal",
            "messagesToSend": "none",
            "detailedMessagesToSend": "none",
        },
    }
