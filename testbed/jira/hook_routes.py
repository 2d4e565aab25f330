"""Webhooks: endpoints, and how they are shown.

Source: as `testbed.jira.shapes`.
"""

from __future__ import annotations

from testbed.jira.call import Call, Endpoint
from testbed.jira.models import Hook
from testbed.jira.shapes import Json
from testbed.jira.state import Refused


def list_hooks(call: Call) -> list[Json]:
    _see_that_may_administer(call)
    return [_hook(call, hook) for hook in call.state.hooks]


def make_hook(call: Call) -> Json:
    _see_that_may_administer(call)
    url = str(call.body.get("url", ""))
    if not url.startswith("https://"):
        raise Refused(400, fields={"url": "The URL is not valid."})
    made = Hook(int(call.state.next_id()), url, dict(call.body))
    call.state.hooks.append(made)
    return _hook(call, made)


def edit_hook(call: Call) -> Json:
    _see_that_may_administer(call)
    for hook in call.state.hooks:
        if str(hook.id) == call.path["hook"]:
            hook.body, hook.url = dict(call.body), str(call.body["url"])
            hook.on = bool(call.body.get("enabled" if call.state.cloud else "active"))
            return _hook(call, hook)
    raise Refused(404, "There is no such webhook.")


def _hook(call: Call, hook: Hook) -> Json:
    """The secret is not shown again."""
    shown = {name: value for name, value in hook.body.items() if name not in ("secret", "configuration")}
    if call.state.cloud:
        return shown | {"enabled": hook.on, "self": f"{call.state.site}/rest/webhooks/1.0/webhook/{hook.id}"}
    return shown | {"active": hook.on, "id": hook.id}


def _see_that_may_administer(call: Call) -> None:
    if not call.account.administers:
        raise Refused(403, "You are not authorized to perform this action. Administrator privileges are required.")


def endpoints(path: str) -> list[Endpoint]:
    """Those of webhooks, which live at this path."""
    return [
        Endpoint("GET", path, list_hooks),
        Endpoint("POST", path, make_hook, 201),
        Endpoint("PUT", f"{path}/{{hook}}", edit_hook),
    ]
