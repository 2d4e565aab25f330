"""The stand-in's web application: Gitea's API under /api/v1, the testbed's switches under /_testbed/."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from testbed.answering import Api, authorization, json_of
from testbed.gitea import routes
from testbed.gitea.call import Call, Listed, Text
from testbed.gitea.git_refs import git_routes
from testbed.gitea.levers import lever_routes
from testbed.gitea.state import GiteaState, Refused, Token

_API = "/api/v1"
_TEXTS = {429: "Too Many Requests", 500: "Internal Server Error", 502: "Bad Gateway", 503: "Service Unavailable"}


def create_app(state: GiteaState, replant: Callable[[], None] | None = None) -> Starlette:
    """The application around this state. `replant` is called by a reset, after the state was cleared."""
    return _Gitea(state).application(
        f"{_API}/{{path:path}}", state.clear, replant, *lever_routes(state), *git_routes(state)
    )


class _Gitea(Api):
    def __init__(self, state: GiteaState) -> None:
        super().__init__()
        self._state = state

    async def counted(self, request: Request) -> Mapping[str, Any]:
        """The route, and which repository and branch or number it is about."""
        try:
            endpoint, named = routes.find(request.method, request.scope["path"].removeprefix(_API))
            body = await _body(request)
        except Refused:
            return {"route": "unknown", "repository": None, "about": None}
        about = named.get("head") or named.get("index") or body.get("head")
        repository = f"{named['owner']}/{named['repo']}" if "repo" in named else None
        return {"route": _API + endpoint.path, "repository": repository, "about": about}

    async def work(self, request: Request) -> Response:
        try:
            token = self._token(request)
            endpoint, named = routes.find(request.method, request.scope["path"].removeprefix(_API))
            _check_scope(token, endpoint)
            body = await _body(request)
            call = Call(self._state, token.login, named, dict(request.query_params), body)
            found = await endpoint.handler(call)
        except Refused as refused:
            return self.refusal(refused.status, {}, refused.message)
        if isinstance(found, Text):
            return PlainTextResponse(found.text)
        if isinstance(found, Listed):
            return JSONResponse(found.entries, headers={"x-total-count": str(found.total)})
        return Response(status_code=204) if endpoint.status == 204 else JSONResponse(found, endpoint.status)

    def _token(self, request: Request) -> Token:
        scheme, given = authorization(request)
        if scheme not in ("token", "bearer"):
            raise Refused(401, "token is required")
        if given not in self._state.tokens:
            raise Refused(401, "invalid username, password or token")
        return self._state.tokens[given]

    def refusal(self, status: int, headers: Mapping[str, str], message: str = "") -> Response:
        said: dict[str, Any] = {"message": message or _TEXTS.get(status, "error")}
        said["url"] = f"{self._state.site}/api/swagger"
        return JSONResponse(said | ({"errors": None} if status == 404 else {}), status, dict(headers))


def _check_scope(token: Token, endpoint: routes.Endpoint) -> None:
    wanted = _needed(endpoint)
    if wanted is None or wanted in token.scopes or wanted.replace("read:", "write:") in token.scopes:
        return
    text = f"token does not have at least one of required scope(s), required=[{wanted}]"
    raise Refused(403, f"{text}, token scope={','.join(token.scopes)}")


def _needed(endpoint: routes.Endpoint) -> str | None:
    """The scope that the call needs, or None."""
    if endpoint.path.startswith("/settings"):
        return None
    kind = "repository"
    if endpoint.path == "/user":
        kind = "user"
    elif re.match(r"/repos/[^/]+/[^/]+/(issues|labels)", endpoint.path):
        kind = "issue"
    return ("read:" if endpoint.method == "GET" else "write:") + kind


async def _body(request: Request) -> dict[str, Any]:
    try:
        found = await json_of(request)
    except ValueError as wrong:
        raise Refused(422, f"json: {wrong}") from wrong
    if not isinstance(found, dict | None):
        raise Refused(422, "json: an object is wanted")
    return found or {}
