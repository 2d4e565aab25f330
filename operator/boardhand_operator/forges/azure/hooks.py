"""Azure's service hooks: how a call is proved, and how one is asked for.

Source: https://learn.microsoft.com/en-us/azure/devops/service-hooks/services/webhooks : a call carries the name and the
password that its subscription holds, and nothing of its body is signed.
"""

from __future__ import annotations

import base64
import hmac

from boardhand_operator.errors import Misconfigured, Rejected
from boardhand_operator.forges.azure.at import At, Json
from boardhand_operator.forges.azure.check import data

SECRET = "webhookSecret"  # noqa: S105 (the key's name)
"""The key of the Secret with the password of Azure's calls: any text of your own."""
USER = "boardhand"
EVENTS = ("git.pullrequest.updated", "ms.vss-code.git-pullrequest-comment-event")
"""Each has a subscription of its own."""


def signed(secret: str, given: str) -> bool:
    """Whether the header given has our name and password; compared in constant time."""
    made = "Basic " + base64.b64encode(f"{USER}:{secret}".encode()).decode()
    return hmac.compare_digest(made.encode(), given.encode("utf-8", "surrogateescape"))


async def subscribe(at: At, callback: str, secret: str) -> None:
    """See that there is one enabled subscription to this address for each of our events in this repository.

    Raises Misconfigured where Azure does not take the address, and what `Client` raises.
    """
    operation, path = f"call {callback}", "/_apis/hooks/subscriptions"
    repository = await data(at)
    about = {"projectId": repository["project"]["id"], "repository": repository["id"]}
    there = await at.values(operation, path, {"publisherId": "tfs"})
    for event in EVENTS:
        ours = [one for one in there if one["eventType"] == event and _is_ours(one, callback, about)]
        if any(one["status"] == "enabled" for one in ours):
            continue
        wanted = _wanted(event, callback, secret, about)
        try:
            if ours:
                whole = wanted | {"id": ours[0]["id"], "status": "enabled"}
                await at.http.send("PUT", operation, f"{path}/{ours[0]['id']}", whole)
            else:
                await at.http.send("POST", operation, path, wanted)
        except Rejected as refused:
            raise Misconfigured(
                "WebhookRefused",
                f"{refused}. Azure must take spec.forge.webhook.callbackUrl as a webhook's address; it begins with "
                "https://.",
            ) from refused


def _is_ours(found: Json, callback: str, about: Json) -> bool:
    inputs = found["publisherInputs"]
    return found["consumerInputs"].get("url") == callback and all(inputs.get(name) == about[name] for name in about)


def _wanted(event: str, callback: str, secret: str, about: Json) -> Json:
    return {
        "publisherId": "tfs",
        "eventType": event,
        "resourceVersion": "1.0",
        "consumerId": "webHooks",
        "consumerActionId": "httpRequest",
        "publisherInputs": about,
        "consumerInputs": {"url": callback, "basicAuthUsername": USER, "basicAuthPassword": secret},
    }
