"""Jira's webhooks: how a call is proved, and how one is asked for.

Sources: https://developer.atlassian.com/cloud/jira/platform/webhooks/ (secure admin webhooks) and
https://developer.atlassian.com/server/jira/platform/webhooks/ .
"""

from __future__ import annotations

from collections.abc import Mapping

from boardhand_api import pool
from boardhand_operator.boards.jira.dialect import Dialect, Hooks
from boardhand_operator.boards.jira.log import Json
from boardhand_operator.errors import Misconfigured, NotFound, PermissionMissing, Rejected
from boardhand_operator.http.signing import SECRET as SECRET
from boardhand_operator.http.signing import digest, header, same
from boardhand_operator.http.transport import Client

HEADER = "x-hub-signature"


def signed(secret: str, body: bytes, headers: Mapping[str, str]) -> bool:
    """Whether the headers hold the signature of this body; compared in constant time."""
    return same("sha256=" + digest(secret, body), header(headers, HEADER))


async def subscribe(
    http: Client, dialect: Dialect, spec: pool.Board, project: str, secret: str, before: str = ""
) -> None:
    """See that Jira has a webhook to the pool's address that is on: one request where it has.

    project: a query for its issues. before: see `Board.subscribe`. Raises Misconfigured where the account may not, or
    Jira cannot sign, with what an administrator does; and what `Client` raises.
    """
    assert spec.webhook is not None
    callback, hooks = spec.webhook.callback_url, dialect.hooks
    operation = f"call {callback}"
    wanted = dialect.webhook(f"Boardhand: {spec.board}", callback, project, secret)
    try:
        found: list[Json] = await http.get(operation, hooks.path)
        there = {str(hook.get("url")): hook for hook in reversed(found)}
        ours = there.get(callback) or there.get(before)
        if ours is None:
            await http.send("POST", operation, hooks.path, wanted)
        elif before or not ours.get(hooks.enabled, True):
            await http.send("PUT", operation, f"{hooks.path}/{_id(ours)}", wanted | {hooks.enabled: True})
    except PermissionMissing as lacking:
        raise _by_hand(dialect, spec, project) from lacking
    except NotFound as old:
        # Where tokens with scopes are taken webhooks are not.
        raise (_unsigned(hooks, old) if hooks.signed_since else _by_hand(dialect, spec, project)) from old
    except Rejected as refused:
        raise Misconfigured(
            "WebhookRefused", f"{refused}. Jira must take spec.board.webhook.callbackUrl as a webhook's address."
        ) from refused


def _unsigned(hooks: Hooks, old: NotFound) -> Misconfigured:
    return Misconfigured(
        "WebhookUnsigned",
        f"This Jira has no {hooks.path} ({old.message}): before Jira {hooks.signed_since} calls cannot be signed. "
        "Leave spec.board.webhook out.",
    )


def _by_hand(dialect: Dialect, spec: pool.Board, project: str) -> Misconfigured:
    assert spec.webhook is not None
    secret = spec.secret_name
    return Misconfigured(
        "WebhookByHand",
        f"The account of the token in Secret {secret} does not administer Jira, and need not: an administrator makes "
        f"the webhook once, in {dialect.hooks.by_hand}: URL {spec.webhook.callback_url}, secret the value under "
        f"{SECRET!r} in Secret {secret}, issues {project}, events issue created, updated, deleted and comment created. "
        "Its calls are heeded whatever stands here",
    )


def _id(hook: Json) -> str:
    return str(hook["id"]) if "id" in hook else str(hook["self"]).rpartition("/")[2]
