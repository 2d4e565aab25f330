"""The stand-in's web application: Bitbucket's API under /2.0, the testbed's switches under /_testbed/."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from functools import partial
from typing import Any
from urllib.parse import unquote

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from testbed.bitbucket import routes
from testbed.bitbucket.routes import Call, Listed, Moved
from testbed.bitbucket.state import BitbucketState, Refused, Token
from testbed.faults import Calls, Switches, switch_routes
from testbed.strikes import answered

_API = "/2.0"
_IMPLIED = {"pullrequest:write": {"pullrequest", "repository"}, "pullrequest": {"repository"}}
_TEXTS = {401: "Token is invalid, expired, or not supported for this endpoint.", 404: "Resource not found"}


def create_app(state: BitbucketState) -> Starlette:
    """The application around this state."""
    switches, calls = Switches(), Calls()
    api = _Api(state, switches, calls)
    return Starlette(
        routes=[
            Route(f"{_API}/{{path:path}}", api.serve, methods=["GET", "POST", "PUT", "DELETE"]),
            *switch_routes(switches, calls, state.repositories.clear),
        ]
    )


class _Api:
    def __init__(self, state: BitbucketState, switches: Switches, calls: Calls) -> None:
        self._state = state
        self._switches = switches
        self._calls = calls

    async def serve(self, request: Request) -> Response:
        """Answer one call, with the fault that strikes it if there is one, and record it."""
        fault = self._switches.take(f"{request.method} {request.url.path}")
        answer, done = await answered(fault, partial(self._work, request), _refusal)
        call = {"method": request.method, "path": request.url.path, "status": answer.status_code}
        self._calls.note(call, {"method": request.method}, done=done)
        return answer

    async def _work(self, request: Request) -> Response:
        try:
            token = self._token(request)
            path = request.scope["raw_path"].decode().removeprefix(_API)
            endpoint, named = routes.find(request.method, path)
            _check_scope(token, endpoint.scope)
            body: dict[str, Any] = json.loads(await request.body() or b"{}")
            whole = {name: unquote(value) for name, value in named.items()}
            found = endpoint.handler(Call(self._state, token.account, whole, dict(request.query_params), body))
        except Refused as refused:
            return _refusal(refused.status, {}, refused.message, refused.more)
        if isinstance(found, Moved):
            return Response(status_code=302, headers={"location": f"{self._state.site}{_API}{found.path}"})
        if isinstance(found, Listed):
            found = self._page(request, found.entries)
        return JSONResponse(found, endpoint.status)

    def _page(self, request: Request, entries: list[Any]) -> dict[str, Any]:
        params = request.query_params
        size = min(int(params.get("pagelen", "10")), self._state.page_max)
        page = int(params.get("page", "1"))
        shown = {"pagelen": size, "page": page, "size": len(entries), "values": entries[(page - 1) * size :][:size]}
        if page * size < len(entries):
            where = request.url.include_query_params(page=page + 1)
            shown["next"] = f"{self._state.site}{where.path}?{where.query}"
        return shown

    def _token(self, request: Request) -> Token:
        scheme, _, given = request.headers.get("authorization", "").partition(" ")
        email = ""
        if scheme == "Basic":
            try:
                email, _, given = base64.b64decode(given).decode().partition(":")
            except (binascii.Error, UnicodeDecodeError) as wrong:
                raise Refused(401, _TEXTS[401]) from wrong
        found = self._state.tokens.get(given)
        if found is None or found.email != email:
            raise Refused(401, _TEXTS[401])
        return found


def _check_scope(token: Token, wanted: str) -> None:
    has = set(token.scopes).union(*(_IMPLIED.get(scope, set()) for scope in token.scopes))
    if wanted and wanted not in has:
        detail = {"required": [wanted], "granted": sorted(token.scopes)}
        raise Refused(403, "Your credentials lack one or more required privilege scopes.", detail=detail)


def _refusal(
    status: int, headers: Mapping[str, str], message: str = "", more: Mapping[str, Any] | None = None
) -> Response:
    if status == 429:
        return PlainTextResponse("Rate limit for this resource has been exceeded", status, dict(headers))
    error = {"message": message or _TEXTS.get(status, "Something went wrong"), **(more or {})}
    return JSONResponse({"type": "error", "error": error}, status, dict(headers))
