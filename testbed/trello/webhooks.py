"""The endpoints of webhooks: made with the vendor's checks, listed by token, changed, deleted.

Sources: https://developer.atlassian.com/cloud/trello/rest/api-group-webhooks/ and
https://developer.atlassian.com/cloud/trello/guides/rest-api/webhooks/
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from testbed.trello.call import Call, Refused, invalid, not_found
from testbed.trello.shapes import Json

CREATE = ("POST", "/webhooks/")
_EXISTS = "A webhook with that callback, model, and token already exists"
_SET = ("description", "callbackURL", "idModel", "active")


def add_webhook(call: Call) -> Json:
    """A new webhook; that its address answers was seen before (see `testbed.trello.deliveries`)."""
    callback, model = call.required("callbackURL"), _model(call)
    if any((hook["callbackURL"], hook["idModel"]) == (callback, model) for hook in call.state.webhooks_of(call.by)):
        raise Refused(400, _EXISTS)
    active = call.flag("active") is not False
    return call.state.add_webhook(call.by, callback, model, call.text("description") or "", active=active)


def token_webhooks(call: Call) -> list[Json]:
    if call.state.tokens.get(call.path["token"]) != call.by["id"]:
        raise not_found()
    return call.state.webhooks_of(call.by)


def get_webhook(call: Call) -> Json:
    for hook in call.state.webhooks_of(call.by):
        if hook["id"] == call.path["id"]:
            return hook
    raise not_found()


def update_webhook(call: Call) -> Json:
    hook = get_webhook(call)
    changes = {"active": call.flag("active"), "description": call.text("description")}
    changes |= {"callbackURL": call.get("callbackURL"), "idModel": call.get("idModel")}
    hook.update({name: value for name, value in changes.items() if value is not None})
    if changes["active"]:
        hook.update(consecutiveFailures=0, firstConsecutiveFailDate=None)
    return hook


def delete_webhook(call: Call) -> Json:
    call.state.delete_webhook(get_webhook(call))
    return {"_value": None}


def _model(call: Call) -> str:
    model, state = call.required("idModel"), call.state
    if not any(model in among for among in (state.boards, state.cards, state.lists, state.members)):
        raise invalid("idModel")
    return model


TABLE: tuple[tuple[str, str, Callable[[Call], Any], tuple[str, ...]], ...] = (
    (*CREATE, add_webhook, _SET),
    ("GET", "/webhooks/{id}", get_webhook, ()),
    ("PUT", "/webhooks/{id}", update_webhook, _SET),
    ("DELETE", "/webhooks/{id}", delete_webhook, ()),
    ("GET", "/tokens/{token}/webhooks", token_webhooks, ()),
)
