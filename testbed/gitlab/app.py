"""The stand-in's web application: GitLab's API under /api, the testbed's switches under /_testbed/."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any
from urllib.parse import unquote, urlencode

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from testbed.faults import Calls, Switches, switch_routes
from testbed.gitlab import routes
from testbed.gitlab.call import Call, Listed, Text
from testbed.gitlab.models import Token
from testbed.gitlab.state import GitLabState, Refused
from testbed.strikes import answered

_METHODS = ["GET", "POST", "PUT", "DELETE"]
_WORDS: dict[int, dict[str, Any]] = {
    401: {"message": "401 Unauthorized"},
    403: {"message": "403 Forbidden"},
    404: {"message": "404 Not Found"},
    500: {"message": "500 Internal Server Error"},
}


def create_app(state: GitLabState, replant: Callable[[], None] | None = None) -> Starlette:
    """The application around this state. `replant` is called by a reset, after the state was cleared."""
    switches, calls = Switches(), Calls()

    def reset() -> None:
        state.clear()
        if replant is not None:
            replant()

    api = _Api(state, switches, calls)
    served = [Route("/api/{path:path}", api.serve, methods=_METHODS)]
    return Starlette(routes=[*served, *switch_routes(switches, calls, reset)])


class _Api:
    def __init__(self, state: GitLabState, switches: Switches, calls: Calls) -> None:
        self._state = state
        self._switches = switches
        self._calls = calls

    async def serve(self, request: Request) -> Response:
        """Answer one call, with the fault that strikes it if there is one, and record it."""
        fault = self._switches.take(f"{request.method} {request.url.path}")
        answer, done = await answered(fault, partial(self._work, request), _refusal)
        call = {"method": request.method, "path": request.url.path, "status": answer.status_code}
        self._calls.note(call, {"method": request.method, "route": _route(request)}, done=done)
        return answer

    async def _work(self, request: Request) -> Response:
        try:
            token = self._token(request)
            endpoint, named = _found(request)
            _check_scope(token, request.method)
            call = Call(self._state, token, named, dict(request.query_params), await _body(request))
            return self._shown(request, endpoint, await endpoint.handler(call))
        except Refused as refused:
            return JSONResponse(refused.body, refused.status)

    def _shown(self, request: Request, endpoint: routes.Endpoint, found: Any) -> Response:
        if isinstance(found, Text):
            return PlainTextResponse(found.text)
        if isinstance(found, Listed):
            return _page(request, self._state.linked, found.entries)
        return Response(status_code=204) if endpoint.status == 204 else JSONResponse(found, endpoint.status)

    def _token(self, request: Request) -> Token:
        given = request.headers.get("private-token", "")
        if given not in self._state.tokens:
            raise Refused(401, _WORDS[401])
        return self._state.tokens[given]


_INSUFFICIENT = {
    "error": "insufficient_scope",
    "error_description": "The request requires higher privileges than provided by the access token.",
    "scope": "api",
}


def _check_scope(token: Token, method: str) -> None:
    if method != "GET" and "api" not in token.scopes:
        raise Refused(403, _INSUFFICIENT)


def _segments(request: Request) -> tuple[str, ...]:
    """Those of the path below /api, as they were sent: a project's path is one segment."""
    raw = request.scope["raw_path"].decode().partition("?")[0]
    return tuple(unquote(part) for part in raw.strip("/").split("/")[1:])


def _found(request: Request) -> tuple[routes.Endpoint, Mapping[str, str]]:
    segments = _segments(request)
    if segments == ("graphql",) and request.method == "POST":
        return routes.GRAPHQL, {}
    if segments[:1] != ("v4",):
        raise Refused(404, {"error": "404 Not Found"})
    return routes.find(request.method, segments[1:])


def _route(request: Request) -> str:
    """By what calls are counted."""
    try:
        return _found(request)[0].path
    except Refused:
        return "unknown"


def _page(request: Request, linked: str, entries: list[Any]) -> Response:
    """A page of a list, and where the others are."""
    given = request.query_params
    size = min(int(given.get("per_page", "20")), 100)
    page = int(given.get("page", "1"))
    raw = request.scope["raw_path"].decode().partition("?")[0]

    def link(number: int, kind: str) -> str:
        query = urlencode({**given, "page": number, "per_page": size})
        return f'<{linked}{raw}?{query}>; rel="{kind}"'

    more = [link(page + 1, "next")] if page * size < len(entries) else []
    headers = {"link": ", ".join([*more, link(1, "first")]), "x-total": str(len(entries)), "x-page": str(page)}
    answer = JSONResponse(entries[(page - 1) * size : page * size], headers=headers)
    answer.headers["etag"] = f'W/"{hashlib.sha256(bytes(answer.body)).hexdigest()[:32]}"'
    if request.headers.get("if-none-match") == answer.headers["etag"]:
        return Response(status_code=304, headers={"etag": answer.headers["etag"]})
    return answer


def _refusal(status: int, headers: Mapping[str, str]) -> Response:
    if status == 429:
        return PlainTextResponse("Retry later\n", status, dict(headers))
    return JSONResponse(_WORDS.get(status, {"message": f"{status} error"}), status, dict(headers))


async def _body(request: Request) -> dict[str, Any]:
    text = await request.body()
    if not text:
        return {}
    try:
        found = json.loads(text)
    except ValueError as wrong:
        raise Refused(400, {"error": "There was a problem in the JSON you submitted"}) from wrong
    return found if isinstance(found, dict) else {}
