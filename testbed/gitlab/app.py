"""The stand-in's web application: GitLab's API under /api, the testbed's switches under /_testbed/."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import unquote, urlencode

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from testbed.answering import Api, conditional, json_of, raw_path
from testbed.gitlab import routes
from testbed.gitlab.call import Call, Listed, Text
from testbed.gitlab.models import Token
from testbed.gitlab.state import GitLabState, Refused

_WORDS: dict[int, dict[str, Any]] = {
    401: {"message": "401 Unauthorized"},
    403: {"message": "403 Forbidden"},
    404: {"message": "404 Not Found"},
    500: {"message": "500 Internal Server Error"},
}


def create_app(state: GitLabState, replant: Callable[[], None] | None = None) -> Starlette:
    """The application around this state. `replant` is called by a reset, after the state was cleared."""
    return _GitLab(state).application("/api/{path:path}", state.clear, replant)


class _GitLab(Api):
    def __init__(self, state: GitLabState) -> None:
        super().__init__()
        self._state = state

    async def counted(self, request: Request) -> Mapping[str, Any]:
        try:
            return {"route": _found(request)[0].path}
        except Refused:
            return {"route": "unknown"}

    def refusal(self, status: int, headers: Mapping[str, str]) -> Response:
        if status == 429:
            return PlainTextResponse("Retry later\n", status, dict(headers))
        return JSONResponse(_WORDS.get(status, {"message": f"{status} error"}), status, dict(headers))

    async def work(self, request: Request) -> Response:
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
    return tuple(unquote(part) for part in raw_path(request).strip("/").split("/")[1:])


def _found(request: Request) -> tuple[routes.Endpoint, Mapping[str, str]]:
    segments = _segments(request)
    if segments == ("graphql",) and request.method == "POST":
        return routes.GRAPHQL, {}
    if segments[:1] != ("v4",):
        raise Refused(404, {"error": "404 Not Found"})
    return routes.find(request.method, segments[1:])


def _page(request: Request, linked: str, entries: list[Any]) -> Response:
    """A page of a list, and where the others are."""
    given = request.query_params
    size = min(int(given.get("per_page", "20")), 100)
    page = int(given.get("page", "1"))

    def link(number: int, kind: str) -> str:
        query = urlencode({**given, "page": number, "per_page": size})
        return f'<{linked}{raw_path(request)}?{query}>; rel="{kind}"'

    more = [link(page + 1, "next")] if page * size < len(entries) else []
    headers = {"link": ", ".join([*more, link(1, "first")]), "x-total": str(len(entries)), "x-page": str(page)}
    return conditional(request, JSONResponse(entries[(page - 1) * size : page * size], headers=headers))


async def _body(request: Request) -> dict[str, Any]:
    try:
        found = await json_of(request)
    except ValueError as wrong:
        raise Refused(400, {"error": "There was a problem in the JSON you submitted"}) from wrong
    return found if isinstance(found, dict) else {}
