"""The endpoints that an App uses as itself.

Source: https://docs.github.com/en/rest/apps/apps
"""

from __future__ import annotations

from testbed.github import shapes, token_desk
from testbed.github.call import Call, Endpoint, Json
from testbed.github.state import not_found
from testbed.github.token_desk import SIGNED
from testbed.github.token_models import App, Installation


def get_app(call: Call) -> Json:
    app = _app(call)
    return {
        "id": app.id,
        "slug": app.slug,
        "node_id": shapes.node_id("A", app.id),
        "owner": shapes.user(call.state.user("maker"), call.state),
        "name": app.slug,
        "description": None,
        "external_url": f"{call.state.site}/apps/{app.slug}",
        "html_url": f"{call.state.site}/apps/{app.slug}",
        "created_at": shapes.iso(0),
        "updated_at": shapes.iso(0),
        "permissions": {"metadata": "read"},
        "events": [],
    }


def find_by_repository(call: Call) -> Json:
    found = call.state.repository(f"{call.path['owner']}/{call.path['repo']}")
    return _installation(call, token_desk.of_repository(_app(call), found))


def find_by_account(call: Call) -> Json:
    return _installation(call, token_desk.of_account(_app(call), call.path["account"]))


def get_installation(call: Call) -> Json:
    return _installation(call, _named(call))


def make_token(call: Call) -> Json:
    names, permissions = call.body.get("repositories"), call.body.get("permissions")
    text, made = token_desk.mint(call.state, _app(call), _named(call), names, permissions)
    return {"token": text, "expires_at": shapes.iso(made.expires or 0), "permissions": dict(made.permissions)} | {
        "repository_selection": "selected" if names else "all"
    }


def _app(call: Call) -> App:
    return next(app for app in call.state.apps.values() if app.login == call.token.login)


def _named(call: Call) -> Installation:
    found = _app(call).installations.get(int(call.path["installation_id"]))
    if found is None:
        raise not_found()
    return found


def _installation(call: Call, found: Installation) -> Json:
    app, api = _app(call), f"{call.state.api}/app/installations/{found.id}"
    account = call.state.user(found.account)
    return {
        "id": found.id,
        "account": shapes.user(account, call.state),
        "repository_selection": "all" if found.repositories is None else "selected",
        "access_tokens_url": f"{api}/access_tokens",
        "repositories_url": f"{call.state.api}/installation/repositories",
        "html_url": f"{call.state.site}/settings/installations/{found.id}",
        "app_id": app.id,
        "app_slug": app.slug,
        "target_id": account.id,
        "target_type": account.kind,
        "permissions": found.permissions,
        "events": [],
        "created_at": shapes.iso(0),
        "updated_at": shapes.iso(0),
        "single_file_name": None,
        "suspended_by": None,
        "suspended_at": None,
    }


_NEEDED = f"{SIGNED}:read"
_INSTALLATION = "/app/installations/{installation_id}"
TABLE = (
    Endpoint("GET", "/app", get_app, _NEEDED),
    Endpoint("GET", "/repos/{owner}/{repo}/installation", find_by_repository, _NEEDED),
    Endpoint("GET", "/orgs/{account}/installation", find_by_account, _NEEDED),
    Endpoint("GET", "/users/{account}/installation", find_by_account, _NEEDED),
    Endpoint("GET", _INSTALLATION, get_installation, _NEEDED),
    Endpoint("POST", f"{_INSTALLATION}/access_tokens", make_token, _NEEDED, 201),
)
