"""Requests to Linear: GraphQL, whose errors come with any HTTP status.

Sources: https://linear.app/developers/graphql , https://linear.app/developers/rate-limiting ; the words of errors are
those of LinearErrorType in npm's @linear/sdk.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from boardhand_operator.errors import Remote, RemoteUnavailable
from boardhand_operator.http.answers import QUOTED, Answer, Vendor
from boardhand_operator.http.graphql import Graph
from boardhand_operator.http.limits import date_of
from boardhand_operator.http.transport import PAGES, Client, Connection

SERVER = "https://api.linear.app"
_PATH = "/graphql"
_API_KEY = "lin_api_"
_STATUS = {
    "authentication error": 401,
    "forbidden": 403,
    "feature not accessible": 403,
    "ratelimited": 429,
    "internal error": 503,
    "lock timeout": 503,
    "network error": 503,
    "bootstrap error": 503,
}
"""An error's type as the HTTP status that means the same."""
_CODES = {
    "AUTHENTICATION_ERROR": 401,
    "FORBIDDEN": 403,
    "RATELIMITED": 429,
    "INTERNAL_SERVER_ERROR": 503,
}
_GONE = ("Entity not found: Issue", "Entity not found: Comment", "Could not find referenced Issue")
Json = dict[str, Any]


class LinearClient(Client):
    """GraphQL requests with one pool's key."""

    def __init__(self, vendor: Vendor, base_url: str, token: str, connection: Connection, secret: str) -> None:
        """token: an API key, or an OAuth token. secret: that of webhooks, which no message may hold."""
        header = token if token.startswith(_API_KEY) else f"Bearer {token}"
        super().__init__(vendor, base_url.rstrip("/"), {"authorization": header}, [token, secret], connection)
        # Its errors are read by `failure`: Linear gives them with statuses of 400 and more, too.
        self._graph = Graph(self, vendor.name, _PATH, lambda _: None)
        self.ahead = 0.0
        """Seconds that Linear's clock was before ours with its last answer."""

    async def query(self, operation: str, document: str, variables: Mapping[str, Any]) -> Json:
        """The data that a query finds. Raises what `Client.ask` raises."""
        return await self._graph.query(operation, document, variables)

    async def change(self, operation: str, document: str, variables: Mapping[str, Any]) -> Json:
        """The data that a mutation gives back; it is sent once. Raises what `Client.send` raises."""
        return await self._graph.mutate(operation, document, variables)

    def failure(self, operation: str, answer: Answer) -> Remote | None:
        """As `Client.failure`; the first of an answer's errors decides, whatever the status."""
        self._note_clock(answer.headers)
        first = _first_error(answer.body)
        if first is None:
            return super().failure(operation, answer)
        body = json.dumps({"message": sentence(first)}).encode()
        return super().failure(operation, Answer(status_of(first, answer.status), answer.headers, body))

    def _note_clock(self, headers: Mapping[str, str]) -> None:
        if told := date_of(headers.get("date", "")):
            self.ahead = told.timestamp() - datetime.now(UTC).timestamp()


def status_of(error: Json, status: int) -> int:
    """The HTTP status that says what this error says. status: that of the answer. Pure."""
    extensions = error.get("extensions") or {}
    if str(error.get("message", "")).startswith(_GONE):
        return 404
    told = _STATUS.get(str(extensions.get("type", "")).lower()) or _CODES.get(str(extensions.get("code", "")))
    if told:
        return told
    return status if status >= 400 else 400


def sentence(error: Json) -> str:
    """What the error says to people, in at most QUOTED characters. Pure."""
    shown = (error.get("extensions") or {}).get("userPresentableMessage")
    message = str(error.get("message") or "no reason given")
    return (f"{message}: {shown}" if shown and shown != message else message)[:QUOTED]


def _first_error(body: bytes) -> Json | None:
    if b'"errors"' not in body:
        return None
    try:
        parsed = json.loads(body)
    except (ValueError, RecursionError):
        return None
    errors = parsed.get("errors") if isinstance(parsed, dict) else None
    return errors[0] if errors and isinstance(errors, list) and isinstance(errors[0], dict) else None


async def whole(operation: str, first: Json, ask: Callable[[str], Awaitable[Json]]) -> list[Json]:
    """The entries of a connection whose first page is there. ask: the page after a cursor.

    Raises what `ask` raises, and RemoteUnavailable where there are more than PAGES.
    """
    entries, after = list(first["nodes"]), next_cursor(first)
    for _ in range(PAGES):
        if after is None:
            return entries
        page = await ask(after)
        entries, after = [*entries, *page["nodes"]], next_cursor(page)
    raise RemoteUnavailable("Linear", operation, f"the list has more than {PAGES} pages")


def next_cursor(found: Json) -> str | None:
    """Where the next page of a connection begins, or None where there is none."""
    page = found["pageInfo"]
    return page["endCursor"] if page["hasNextPage"] else None
