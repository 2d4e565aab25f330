"""Several reads of Trello in one request.

Source: https://developer.atlassian.com/cloud/trello/rest/api-group-batch/
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from boardhand_operator.errors import RemoteUnavailable
from boardhand_operator.http.answers import Answer
from boardhand_operator.http.transport import Client

LARGEST = 10
"""Reads that one batch takes."""


async def together(http: Client, operation: str, routes: Sequence[str]) -> list[Any]:
    """The JSON answers to these GETs, in their order: one request for ten. A single one is asked for by itself.

    routes: paths with their queries, such as "/lists/x/cards?fields=closed". Raises what `Client.get` raises, of the
    first read that failed.
    """
    if len(routes) == 1:
        return [await http.get(operation, routes[0])]
    answers: list[Any] = []
    for first in range(0, len(routes), LARGEST):
        some = routes[first : first + LARGEST]
        # Trello splits the list at its commas before it decodes the routes.
        urls = ",".join(route.replace(",", "%2C") for route in some)
        found = await http.get(operation, "/batch", {"urls": urls})
        if not isinstance(found, list) or len(found) != len(some):
            raise RemoteUnavailable("Trello", operation, "a batch was answered with something else")
        answers += [_answer(http, operation, one) for one in found]
    return answers


def _answer(http: Client, operation: str, one: Any) -> Any:
    """What one read of a batch was answered with: under its status 200, or an error's name, message and status."""
    if isinstance(one, dict) and "200" in one:
        return one["200"]
    status = one.get("statusCode") if isinstance(one, dict) else None
    message = str(one.get("message") or "") if isinstance(one, dict) else ""
    answer = Answer(status if isinstance(status, int) and status >= 400 else 500, {}, message.encode())
    failed = http.failure(operation, answer)
    assert failed is not None
    raise failed
