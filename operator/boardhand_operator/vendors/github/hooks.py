"""GitHub's webhooks, of a repository or an organisation: how a call is proved, and how one is asked for.

Source: https://docs.github.com/webhooks/using-webhooks/validating-webhook-deliveries
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from boardhand_operator.errors import Misconfigured, NotFound, PermissionMissing, Rejected
from boardhand_operator.http.signing import SECRET as SECRET
from boardhand_operator.http.signing import digest, header, same
from boardhand_operator.http.signing import required as _required
from boardhand_operator.http.transport import Client

HEADER = "x-hub-signature-256"
_PAGE = {"per_page": "100"}


def signed(secret: str, body: bytes, headers: Mapping[str, str]) -> bool:
    """Whether GitHub, which was given this secret, sent this body; compared in constant time. Pure."""
    return bool(secret) and same("sha256=" + digest(secret, body), header(headers, HEADER))


async def subscribe(
    http: Client,
    path: str,
    callback: str,
    secret: str,
    events: Sequence[str],
    field: str,
    permission_hint: str,
    before: str = "",
) -> None:
    """See that there is an active webhook to this address, for these events beside those that it has.

    path: where the list of webhooks is. field: where the pool gives the address, such as spec.board.webhook. before:
    see `Board.subscribe`. Raises Misconfigured where GitHub does not take the address, PermissionMissing, and what
    `Client` raises.
    """
    operation = f"call {callback}"
    try:
        hooks = [hook async for page in http.pages(operation, path, _PAGE) for hook in page]
        there = {str(hook["config"].get("url")): hook for hook in reversed(hooks)}
        ours = there.get(callback) or there.get(before)
        if ours and not before and ours["active"] and set(events) <= set(ours["events"]):
            return
        config = {"url": callback, "content_type": "json", "secret": secret, "insecure_ssl": "0"}
        if ours:
            # Events are set whole: an organisation's webhook cannot be given single ones.
            wanted = {"active": True, "events": sorted({*ours["events"], *events}), "config": config}
            await http.send("PATCH", operation, f"{path}/{ours['id']}", wanted)
        else:
            wanted = {"name": "web", "active": True, "events": list(events), "config": config}
            await http.send("POST", operation, path, wanted)
    except NotFound as hidden:
        # So GitHub answers whoever may not see webhooks.
        sentence = f"{hidden.message}. {permission_hint}"
        raise PermissionMissing("GitHub", operation, sentence, hidden.request_id) from hidden
    except Rejected as refused:
        raise Misconfigured(
            "WebhookRefused", f"{refused}. GitHub must take {field}.callbackUrl as a webhook's address."
        ) from refused


def required(secret: str, secret_name: str, field: str) -> str:
    """What the webhook is signed with. Raises Misconfigured where the Secret of that name lacks it."""
    return _required(secret, secret_name, field, "with which GitHub is to sign its calls")
