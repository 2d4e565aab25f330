"""The stand-in's web application: Bitbucket's API under /2.0, the testbed's switches under /_testbed/."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote, urlencode

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from testbed.answering import Api, authorization, json_of, name_and_password, raw_path
from testbed.bitbucket import routes
from testbed.bitbucket.call import Call, Listed, Moved
from testbed.bitbucket.state import BitbucketState, Refused, Token

_API = "/2.0"
_IMPLIED = {"pullrequest:write": {"pullrequest", "repository"}, "pullrequest": {"repository"}}
_TEXTS = {401: "Token is invalid, expired, or not supported for this endpoint.", 404: "Resource not found"}


def create_app(state: BitbucketState) -> Starlette:
    """The application around this state."""
    return _Bitbucket(state).application(f"{_API}/{{path:path}}", state.repositories.clear)


class _Bitbucket(Api):
    def __init__(self, state: BitbucketState) -> None:
        super().__init__()
        self._state = state

    async def work(self, request: Request) -> Response:
        try:
            token = self._token(request)
            endpoint, named = routes.find(request.method, raw_path(request).removeprefix(_API))
            _check_scope(token, endpoint.scope)
            body: dict[str, Any] = await json_of(request) or {}
            whole = {name: unquote(value) for name, value in named.items()}
            found = endpoint.handler(Call(self._state, token.account, whole, dict(request.query_params), body))
        except Refused as refused:
            return self.refusal(refused.status, {}, refused)
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
            shown["next"] = f"{self._state.site}{raw_path(request)}?{urlencode({**params, 'page': page + 1})}"
        return shown

    def _token(self, request: Request) -> Token:
        scheme, given = authorization(request)
        email = ""
        if scheme == "basic":
            try:
                email, given = name_and_password(given)
            except ValueError as wrong:
                raise Refused(401, _TEXTS[401]) from wrong
        found = self._state.tokens.get(given)
        if found is None or found.email != email:
            raise Refused(401, _TEXTS[401])
        return found

    def refusal(self, status: int, headers: Mapping[str, str], refused: Refused | None = None) -> Response:
        if status == 429:
            return PlainTextResponse("Rate limit for this resource has been exceeded", status, dict(headers))
        message = refused.message if refused else _TEXTS.get(status, "Something went wrong")
        error = {"message": message, **(refused.more if refused else {})}
        return JSONResponse({"type": "error", "error": error}, status, dict(headers))


def _check_scope(token: Token, wanted: str) -> None:
    has = set(token.scopes).union(*(_IMPLIED.get(scope, set()) for scope in token.scopes))
    if wanted and wanted not in has:
        detail = {"required": [wanted], "granted": sorted(token.scopes)}
        raise Refused(403, "Your credentials lack one or more required privilege scopes.", detail=detail)
