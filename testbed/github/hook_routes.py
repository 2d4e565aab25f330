"""The endpoints of webhooks: of a repository, and of an organisation.

Sources: https://docs.github.com/en/rest/repos/webhooks and https://docs.github.com/en/rest/orgs/webhooks
"""

from __future__ import annotations

from testbed.github import issue_shapes
from testbed.github.call import Call, Endpoint, Json, Page
from testbed.github.models import Hook
from testbed.github.state import Refused, invalid, not_found


def list_hooks(call: Call) -> Page:
    hooks, place = _hooks(call)
    return call.page([issue_shapes.hook(hook, place) for hook in hooks.values()])


def make_hook(call: Call) -> Json:
    hooks, place = _hooks(call)
    config = call.body.get("config") or {}
    url, events = str(config.get("url", "")), list(call.body.get("events") or ["push"])
    if not url.startswith(("http://", "https://")):
        raise invalid("Hook", "custom", "url", "url is not a valid URL")
    if any(hook.url == url and hook.events == events for hook in hooks.values()):
        raise invalid("Hook", "custom", "base", "Hook already exists on this repository")
    active = call.body.get("active", True) is True
    made = Hook(call.state.next_id(), url, str(config.get("secret", "")), active, events, call.state.now())
    hooks[made.id] = made
    return issue_shapes.hook(made, place)


def edit_hook(call: Call) -> Json:
    hooks, place = _hooks(call)
    hook = hooks.get(int(call.path["hook_id"]))
    if hook is None:
        raise not_found()
    if "config" in call.body:
        # What is left out of a new configuration is gone.
        hook.url = str(call.body["config"].get("url", hook.url))
        hook.secret = str(call.body["config"].get("secret", ""))
    hook.active = bool(call.body.get("active", hook.active))
    hook.events = list(call.body.get("events") or hook.events)
    return issue_shapes.hook(hook, place)


def _hooks(call: Call) -> tuple[dict[int, Hook], str]:
    """The webhooks that the path means, and where their list is. Raises Refused (404) for who may not see them."""
    if "org" in call.path:
        owner = call.state.users.get(call.path["org"])
        if owner is None or owner.kind != "Organization":
            raise not_found()
        return call.state.organisation_hooks(owner), f"{call.state.api}/orgs/{owner.login}/hooks"
    found = call.repository
    if not call.may(found, "admin"):
        raise Refused(404, "Not Found")
    return found.hooks, f"{call.state.api}/repos/{found.full_name}/hooks"


_OF_REPOSITORY, _OF_ORGANISATION = "/repos/{owner}/{repo}/hooks", "/orgs/{org}/hooks"
TABLE = (
    Endpoint("GET", _OF_REPOSITORY, list_hooks, "repository_hooks:read"),
    Endpoint("POST", _OF_REPOSITORY, make_hook, "repository_hooks:write", 201),
    Endpoint("PATCH", _OF_REPOSITORY + "/{hook_id}", edit_hook, "repository_hooks:write"),
    Endpoint("GET", _OF_ORGANISATION, list_hooks, "organization_hooks:read"),
    Endpoint("POST", _OF_ORGANISATION, make_hook, "organization_hooks:write", 201),
    Endpoint("PATCH", _OF_ORGANISATION + "/{hook_id}", edit_hook, "organization_hooks:write"),
)
