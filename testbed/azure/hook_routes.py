"""Service hook subscriptions.

Source: https://learn.microsoft.com/en-us/rest/api/azure/devops/hooks/subscriptions
"""

from __future__ import annotations

from testbed.azure.call import Call, Endpoint
from testbed.azure.models import Hook, Json, new_id
from testbed.azure.project_routes import listed
from testbed.azure.state import Refused


def shape(hook: Hook) -> Json:
    """A Subscription; secrets are masked."""
    shown = {name: "********" if "assword" in name else value for name, value in hook.consumer.items()}
    return {
        "id": hook.id,
        "status": hook.status,
        "publisherId": "tfs",
        "eventType": hook.event,
        "resourceVersion": "1.0",
        "consumerId": "webHooks",
        "consumerActionId": "httpRequest",
        "publisherInputs": hook.publisher,
        "consumerInputs": shown,
    }


def _must(call: Call) -> None:
    if not call.by.may_subscribe:
        text = f"Access denied. {call.by.name} needs the Edit Subscriptions permission to perform this action."
        raise Refused(403, text, "AccessCheckException")


def _list(call: Call) -> Json:
    _must(call)
    found = [shape(hook) for hook in call.state.hooks.values()]
    return listed([one for one in found if call.params.get("eventType") in (None, one["eventType"])])


def _create(call: Call) -> Json:
    _must(call)
    body = call.body
    if not body["consumerInputs"]["url"].startswith("https://"):
        raise Refused(400, "VS403211: The url of a subscription with credentials must be https.", "ArgumentException")
    call.state.project(body["publisherInputs"]["projectId"])
    made = Hook(new_id(), body["eventType"], "enabled", body["publisherInputs"], body["consumerInputs"])
    call.state.hooks[made.id] = made
    return shape(made)


def _replace(call: Call) -> Json:
    _must(call)
    hook = call.state.hooks.get(call.path["id"])
    if hook is None:
        raise Refused(404, "The subscription does not exist.", "SubscriptionNotFoundException")
    hook.status, hook.consumer = call.body["status"], call.body["consumerInputs"]
    return shape(hook)


TABLE = (
    Endpoint("GET", "/_apis/hooks/subscriptions", _list, "vso.work"),
    Endpoint("POST", "/_apis/hooks/subscriptions", _create, "vso.work"),
    Endpoint("PUT", "/_apis/hooks/subscriptions/{id}", _replace, "vso.work"),
)
