"""The stand-in's web application: Trello's API under /1, a page at /, the testbed's switches under /_testbed/."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qsl

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from testbed.answering import Api
from testbed.trello import page, routes
from testbed.trello.bulk import bulk_route
from testbed.trello.call import Refused
from testbed.trello.deliveries import Deliveries, delivery_routes
from testbed.trello.faults import failure, limit_route, rate_limited
from testbed.trello.limits import RateLimits
from testbed.trello.shapes import Json
from testbed.trello.state import TrelloState
from testbed.trello.webhooks import CREATE

_OAUTH = re.compile(r'oauth_(consumer_key|token)="([^"]*)"')


SECRET = "standin-secret"
"""The application's, unless another one is given: webhooks are signed with it."""


def create_app(
    state: TrelloState,
    replant: Callable[[], None] | None = None,
    secret: str = SECRET,
    outward: httpx.AsyncBaseTransport | None = None,
) -> Starlette:
    """The application around this state. `replant` is called by a reset, after the state was cleared.

    outward: carries webhooks' deliveries in place of the network.
    """
    limits, deliveries = RateLimits(), Deliveries(state, secret, outward)

    def clear() -> None:
        limits.enabled = False
        state.clear()

    return _Trello(state, limits, deliveries).application(
        "/1/{path:path}",
        clear,
        replant,
        *page.routes(state),
        limit_route(limits),
        bulk_route(state),
        *delivery_routes(state, deliveries, secret),
    )


class _Trello(Api):
    def __init__(self, state: TrelloState, limits: RateLimits, deliveries: Deliveries) -> None:
        super().__init__()
        self._state, self._limits, self._deliveries = state, limits, deliveries

    async def counted(self, request: Request) -> Mapping[str, Any]:
        route, card = self._about(request)
        return {"route": route, "card": card}

    def refusal(self, status: int, headers: Mapping[str, str]) -> Response:
        return failure(status, dict(headers))

    def _about(self, request: Request) -> tuple[str, str | None]:
        """The route's template, and the id of the card it is about (before the work, which may delete it)."""
        try:
            endpoint, named = routes.find(request.method, request.scope["path"].removeprefix("/1"))
        except Refused:
            return "unknown", None
        if not endpoint.path.startswith("/cards/{id}"):
            return f"/1{endpoint.path}", None
        if named["id"] in self._state.cards:
            return f"/1{endpoint.path}", named["id"]
        links = {card["shortLink"]: card["id"] for card in self._state.cards.values()}
        return f"/1{endpoint.path}", links.get(named["id"], named["id"])

    async def work(self, request: Request) -> Response:
        headers: dict[str, str] = {}
        try:
            params = await _params(request)
            key, token = _credentials(request, params)
            by = self._authorise(key, token)
            headers, exceeded = self._limits.count(key, token)
            if exceeded is not None:
                return rate_limited(exceeded, headers)
            path = request.scope["path"].removeprefix("/1")
            if (request.method, path) == CREATE:
                await self._deliveries.greet(params.get("callbackURL", ""))
            return JSONResponse(routes.dispatch(self._state, request.method, path, params, by), headers=headers)
        except Refused as refused:
            return PlainTextResponse(refused.text, status_code=refused.status, headers=headers)

    def _authorise(self, key: str, token: str) -> Json:
        if key != self._state.key:
            raise Refused(401, "invalid key")
        if not token:
            raise Refused(401, "unauthorized permission requested")
        if token not in self._state.tokens:
            raise Refused(401, "invalid token")
        return self._state.members[self._state.tokens[token]]


def _credentials(request: Request, params: dict[str, str]) -> tuple[str, str]:
    header = request.headers.get("authorization", "")
    given = dict(_OAUTH.findall(header)) if header.startswith("OAuth ") else {}
    key = params.get("key") or given.get("consumer_key", "")
    return key, params.get("token") or given.get("token", "")


async def _params(request: Request) -> dict[str, str]:
    """The call's parameters: the query's, then a form's or a JSON object's from the body."""
    params = dict(request.query_params)
    body = await request.body()
    kind = request.headers.get("content-type", "").partition(";")[0].strip()
    if body and kind == "application/json":
        params |= _json_params(body)
    elif body and kind == "application/x-www-form-urlencoded":
        params |= dict(parse_qsl(body.decode(), keep_blank_values=True))
    return params


def _json_params(body: bytes) -> dict[str, str]:
    try:
        given = json.loads(body)
    except ValueError as wrong:
        raise Refused(400, "Error parsing body: invalid json") from wrong
    if not isinstance(given, dict):
        raise Refused(400, "Error parsing body: not an object")
    return {name: _text(value) for name, value in given.items()}


def _text(value: Any) -> str:
    if isinstance(value, list):
        return ",".join(_text(entry) for entry in value)
    return value if isinstance(value, str) else json.dumps(value)
