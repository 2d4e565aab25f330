"""Who signs as an App, and what tokens its installations get. No HTTP in here.

Source: https://docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from testbed.github.models import Repository
from testbed.github.state import GitHubState, Refused, Token, not_found
from testbed.github.token_models import App, Installation

SIGNED = "app"
"""The permission of who signs as an App."""
LIFE = 3600
_LONGEST = 600
_RANK = {"read": 1, "write": 2, "admin": 3}


def add_app(state: GitHubState, slug: str, key: RSAPublicKey) -> App:
    made = App(state.next_id(), slug, key)
    state.apps[str(made.id)] = made
    return made


def install(
    state: GitHubState,
    app: App,
    account: str,
    permissions: Mapping[str, str],
    repositories: Sequence[str] | None = None,
) -> Installation:
    chosen = None if repositories is None else set(repositories)
    made = Installation(state.next_id(), account, {"metadata": "read", **permissions}, chosen)
    app.installations[made.id] = made
    return made


def app_of(state: GitHubState, signature: str) -> App:
    """Whose signature it is. Raises Refused (401) as GitHub words it."""
    try:
        claims = jwt.decode(signature, options={"verify_signature": False})
        app = state.apps[str(claims["iss"])]
        jwt.decode(signature, app.key, ["RS256"], options={"verify_exp": False, "verify_iat": False})
    except (jwt.InvalidTokenError, KeyError) as wrong:
        raise Refused(401, "A JSON web token could not be decoded") from wrong
    now = state.now()
    if claims["iat"] > now:
        text = "'Issued at' claim ('iat') must be an Integer representing the time that the assertion was issued"
        raise Refused(401, text)
    if claims["exp"] > now + _LONGEST:
        raise Refused(401, "'Expiration time' claim ('exp') is too far in the future")
    if claims["exp"] <= now:
        text = "'Expiration time' claim ('exp') must be a numeric value representing the future time at which the "
        raise Refused(401, text + "assertion expires")
    return app


def signed(state: GitHubState, signature: str) -> Token:
    """What an App may by its signature alone."""
    return Token(app_of(state, signature).login, {SIGNED: "write"}, of_app=True)


def of_account(app: App, login: str) -> Installation:
    """Raises Refused (404)."""
    for found in app.installations.values():
        if found.account.lower() == login.lower():
            return found
    raise not_found()


def of_repository(app: App, owner: Repository) -> Installation:
    """Raises Refused (404)."""
    found = of_account(app, owner.owner.login)
    if not _has(found, owner):
        raise not_found()
    return found


def mint(
    state: GitHubState, app: App, of: Installation, names: Sequence[str] | None, permissions: Mapping[str, str] | None
) -> tuple[str, Token]:
    """A token for these repositories (names without owner; None: all) and permissions (None: all). Raises Refused."""
    if of.suspended:
        raise Refused(403, "This installation has been suspended")
    given = of.permissions if permissions is None else {"metadata": "read", **permissions}
    if any(_RANK.get(of.permissions.get(name, ""), 0) < _RANK[level] for name, level in given.items()):
        raise Refused(422, "The permissions requested are not granted to this installation.")
    whole = {one.full_name for one in state.repositories.values() if _has(of, one)}
    chosen = whole if names is None else {f"{of.account}/{name}" for name in names}
    if not chosen <= whole:
        text = "There is at least one repository that does not exist or is not accessible to the parent installation."
        raise Refused(422, text)
    text = f"ghs_{state.next_id():036x}"
    made = Token(app.login, dict(given), state.now() + LIFE, of_app=True, repositories=frozenset(chosen))
    state.tokens[text] = made
    app.minted.append({"repositories": sorted(chosen), "permissions": dict(given)})
    return text, made


def _has(found: Installation, owner: Repository) -> bool:
    ours = found.account.lower() == owner.owner.login.lower()
    return ours and (found.repositories is None or owner.full_name in found.repositories)
