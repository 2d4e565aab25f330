"""The endpoints of webhooks, which are the owner's alone.

Source: as `testbed.gitea.routes`.
"""

from __future__ import annotations

from testbed.gitea import issue_shapes
from testbed.gitea.call import Call, Listed, paged
from testbed.gitea.issue_state import add_hook
from testbed.gitea.shapes import Json
from testbed.gitea.state import Refused, not_found


async def list_hooks(call: Call) -> Listed:
    _see_that_may_administer(call)
    return paged(call, [issue_shapes.hook(hook) for hook in call.repository.tracker.hooks.values()])


async def make_hook(call: Call) -> Json:
    _see_that_may_administer(call)
    config, kind = call.body.get("config") or {}, call.required("type")
    if kind != "gitea" or config.get("content_type") != "json":
        raise Refused(422, "Invalid hook type or content type")
    if not str(config.get("url", "")).startswith(("http://", "https://")):
        raise Refused(422, "Invalid url")
    active, events = call.body.get("active") is True, list(call.body.get("events") or ["push"])
    hook = add_hook(call.state, call.repository, config["url"], config.get("secret", ""), active, events)
    return issue_shapes.hook(hook)


async def edit_hook(call: Call) -> Json:
    _see_that_may_administer(call)
    hook = call.repository.tracker.hooks.get(int(call.path["id"]))
    if hook is None:
        raise not_found()
    hook.active = bool(call.body.get("active", hook.active))
    hook.events = list(call.body.get("events") or ["push"])
    return issue_shapes.hook(hook)


async def delete_hook(call: Call) -> None:
    _see_that_may_administer(call)
    if call.repository.tracker.hooks.pop(int(call.path["id"]), None) is None:
        raise not_found()


def _see_that_may_administer(call: Call) -> None:
    writers = call.repository.tracker.writers
    if writers is not None and call.by != call.repository.owner:
        raise Refused(403, "user should be an owner or a collaborator with admin write of a repository")
