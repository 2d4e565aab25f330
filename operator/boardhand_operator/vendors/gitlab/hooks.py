"""A GitLab project's webhooks: how a call is proved, and how one is asked for.

A secret `whsec_…` (32 bytes in base64) is GitLab's signing token: it signs id, time and body of a call, as Standard
Webhooks has it. Any other secret is sent along with each call as it is, which every GitLab does.

Sources: https://docs.gitlab.com/api/project_webhooks/ , https://docs.gitlab.com/user/project/integrations/webhooks/ and
https://www.standardwebhooks.com/
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping, Sequence

from boardhand_operator.errors import Misconfigured, Rejected
from boardhand_operator.http.signing import SECRET as SECRET
from boardhand_operator.http.signing import header, required, same
from boardhand_operator.vendors.gitlab.client import Json, Project

TOKEN_HEADER = "x-gitlab-token"  # noqa: S105 (a header's name)
_SIGNED = "whsec_"
_KEY_BYTES = 32


def signed(secret: str, headers: Mapping[str, str], body: bytes) -> bool:
    """Whether a call with these headers (named in any case) proves that its sender knows the secret; compared in
    constant time. Pure.

    How old a call is does not matter: one that comes again only has the pool look again.
    """
    if not secret:
        return False
    key = _key(secret)
    if key is None:
        return not secret.startswith(_SIGNED) and same(secret, header(headers, TOKEN_HEADER))
    stamp = f"{header(headers, 'webhook-id')}.{header(headers, 'webhook-timestamp')}."
    digest = hmac.new(key, stamp.encode("utf-8", "surrogateescape") + body, hashlib.sha256).digest()
    made = "v1," + base64.b64encode(digest).decode()
    # While a token is changed, a call bears a signature of each.
    return any(same(made, given) for given in header(headers, "webhook-signature").split(" "))


async def subscribe(
    project: Project, callback: str, secret: str, events: Sequence[str], field: str, secret_name: str, before: str = ""
) -> None:
    """See that the project has a working webhook to this address with these events: one request where it has.

    field: where the pool names it, such as spec.board.webhook. before: see `Board.subscribe`. Raises Misconfigured
    where the secret is missing or GitLab does not take it or the address, and what `Client` raises.
    """
    _check_secret(secret, field, secret_name)
    operation = f"call {callback}"
    wanted = dict.fromkeys(events, True)
    there = [hook for hook in await project.all(operation, "/hooks") if hook["url"] in (callback, before)]
    # One to which another secret was given is made anew, so that who shares it finds out.
    ours = next((hook for hook in there if not before and hook.get("alert_status") != "disabled"), None)
    if ours and all(ours.get(event) for event in events):
        return
    try:
        if ours:
            await project.send("PUT", operation, f"/hooks/{ours['id']}", {"url": callback, **wanted})
            return
        for dead in there:
            # GitLab calls one that failed for long no more, and has no request that mends it.
            await project.send("DELETE", operation, f"/hooks/{dead['id']}", None)
        proof = {"signing_token" if _key(secret) else "token": secret}
        body = {"url": callback, "push_events": False, "enable_ssl_verification": True, **wanted, **proof}
        made: Json = await project.send("POST", operation, "/hooks", body)
    except Rejected as refused:
        raise Misconfigured(
            "WebhookRefused", f"{refused}. GitLab must take {field}.callbackUrl as a webhook's address."
        ) from refused
    if _key(secret) and not made.get("signing_token_present"):
        await project.send("DELETE", operation, f"/hooks/{made['id']}", None)
        raise Misconfigured(
            "WebhookUnsigned",
            f"This GitLab does not sign its calls: put a long random text that does not begin with {_SIGNED!r} under "
            f"the key {SECRET!r} of Secret {secret_name}.",
        )


def _check_secret(secret: str, field: str, secret_name: str) -> None:
    required(secret, secret_name, field, "by which GitLab is to prove its calls")
    if secret.startswith(_SIGNED) and _key(secret) is None:
        raise Misconfigured(
            "SecretMalformed",
            f"{field}: the key {SECRET!r} of Secret {secret_name} begins with {_SIGNED!r}, so the rest must be "
            f"{_KEY_BYTES} bytes in base64.",
        )


def _key(secret: str) -> bytes | None:
    """The key of a signing token, or None where the secret is none."""
    if not secret.startswith(_SIGNED):
        return None
    try:
        key = base64.b64decode(secret.removeprefix(_SIGNED), validate=True)
    except binascii.Error:
        return None
    return key if len(key) == _KEY_BYTES else None
