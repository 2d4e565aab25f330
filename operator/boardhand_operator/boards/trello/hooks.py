"""Trello's webhooks: how a call is proved, and how one is asked for.

Sources: https://developer.atlassian.com/cloud/trello/guides/rest-api/webhooks/ and
https://developer.atlassian.com/cloud/trello/rest/api-group-webhooks/
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping

from boardhand_operator.boards.trello.log import Json
from boardhand_operator.errors import Misconfigured, Rejected
from boardhand_operator.http.signing import SECRET as SECRET
from boardhand_operator.http.signing import header, same
from boardhand_operator.http.transport import Client, segment

HEADER = "x-trello-webhook"
_EXISTS = "already exists"


def signature(secret: str, callback: str, body: bytes) -> str:
    """What Trello sends in HEADER with this body to this address."""
    return base64.b64encode(hmac.digest(secret.encode(), body + callback.encode(), hashlib.sha1)).decode()


def signed(secret: str, callback: str, headers: Mapping[str, str], body: bytes) -> bool:
    """Whether the headers, by their names in any case, hold the signature; compared in constant time."""
    return same(signature(secret, callback, body), header(headers, HEADER))


async def subscribe(http: Client, token: str, board_id: str, callback: str, before: str = "") -> None:
    """See that the token has an active webhook of the board at this address: one request where it has.

    board_id: the long one. before: see `Board.subscribe`; the secret is the application's. Raises Misconfigured where
    Trello cannot reach the address, and what `Client` raises.
    """
    operation = f"call {callback}"
    hooks: list[Json] = await http.get(operation, f"/tokens/{segment(token)}/webhooks")
    there = {str(hook["callbackURL"]): hook for hook in hooks if hook["idModel"] == board_id}
    ours = there.get(callback) or there.get(before)
    if ours and ours["active"] and ours["callbackURL"] == callback:
        return
    try:
        if ours:
            # Trello switches one off whose address failed for long.
            wanted = {"active": True} | ({} if callback in there else {"callbackURL": callback})
            await http.send("PUT", operation, f"/webhooks/{segment(ours['id'])}", wanted)
        else:
            wanted = {"callbackURL": callback, "idModel": board_id, "description": "Boardhand"}
            await http.send("POST", operation, "/webhooks/", wanted)
    except Rejected as refused:
        if _EXISTS not in refused.message:
            raise Misconfigured(
                "WebhookRefused",
                f"{refused}. Trello must reach spec.board.webhook.callbackUrl and be answered by this operator: "
                "its path is /webhooks/NAMESPACE/POOL.",
            ) from refused
