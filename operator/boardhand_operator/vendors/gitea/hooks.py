"""Gitea's webhooks: how a call is proved, and how one is asked for.

Source: https://docs.gitea.com/usage/webhooks ; Forgejo signs with the same header.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from boardhand_api import pool
from boardhand_operator.errors import Misconfigured, Rejected
from boardhand_operator.http.signing import SECRET, digest, header, required, same
from boardhand_operator.http.transport import Client
from boardhand_operator.vendors.gitea.pages import Pages

HEADER = "x-gitea-signature"


def signed(secret: str, headers: Mapping[str, str], body: bytes) -> bool:
    """Whether the headers, by their names in any case, hold this body's signature; compared in constant time."""
    return same(digest(secret, body), header(headers, HEADER))


def secret_of(credentials: Mapping[str, str]) -> str:
    """What calls are signed with; empty where the Secret does not have it."""
    return credentials.get(SECRET, "").strip()


async def subscribe(
    http: Client,
    pages: Pages,
    hook: pool.Webhook,
    field: str,
    secret: tuple[str, str],
    events: Collection[str],
    before: str = "",
) -> None:
    """See that the repository has an active webhook with these events: one request where it has.

    field: which part of the pool has the webhook, such as spec.board. secret: the Secret's name, and what calls are
    signed with. before: see `Board.subscribe`. Raises Misconfigured where that is empty or Gitea does not take the
    address, and what `Client` raises.
    """
    name, proof = secret
    required(proof, name, f"{field}.webhook", "with which Gitea is to sign its calls")
    callback = hook.callback_url
    operation, path = f"call {callback}", f"{pages.root}/hooks"
    there = [one for one in await pages.all(operation, "/hooks") if one["config"].get("url") in (callback, before)]
    ours = next(iter(there), None) if not before else None
    if ours and ours["active"] and set(events) <= set(ours["events"]):
        return
    try:
        if ours:
            # Board and forge of one pool may share it.
            wanted = {"active": True, "events": sorted({*ours["events"], *events})}
            await http.send("PATCH", operation, f"{path}/{ours['id']}", wanted)
        else:
            for old in there:
                # Gitea's own change of a webhook leaves its secret as it is.
                await http.send("DELETE", operation, f"{path}/{old['id']}", None)
            config = {"url": callback, "content_type": "json", "secret": proof}
            made = {"type": "gitea", "active": True, "config": config, "events": sorted(events)}
            await http.send("POST", operation, path, made)
    except Rejected as refused:
        raise Misconfigured(
            "WebhookRefused", f"{refused}. Gitea must take {field}.webhook.callbackUrl as a webhook's address."
        ) from refused
