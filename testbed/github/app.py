"""The stand-in's web application: REST below /api/v3 (at api.github.com: at the root), GraphQL at /api/graphql, the
testbed's switches under /_testbed/.

Sources: https://docs.github.com/en/rest/using-the-rest-api (errors, pages, conditional requests, rate limits).
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any
from urllib.parse import unquote, urlencode

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from testbed.faults import Calls, Switches, switch_routes
from testbed.github import (
    graph_routes,
    hook_routes,
    issue_routes,
    pull_code_routes,
    pull_routes,
    repository_routes,
    token_desk,
    token_routes,
)
from testbed.github.call import Call, Endpoint, Json, Moved, Page
from testbed.github.state import GitHubState, Refused, Token, not_found
from testbed.strikes import answered

TABLES: tuple[Iterable[Endpoint], ...] = (
    repository_routes.TABLE,
    issue_routes.TABLE,
    hook_routes.TABLE,
    pull_routes.TABLE,
    pull_code_routes.TABLE,
    graph_routes.TABLE,
    token_routes.TABLE,
)
"""Every endpoint there is; the first that fits a path is taken."""
_METHODS = ["GET", "POST", "PATCH", "PUT", "DELETE"]
_REDIRECT = {"GET": 301}
_TEXTS = {401: "Bad credentials", 429: "You have exceeded a secondary rate limit.", 502: "Server Error"}
_DOCS = "https://docs.github.com/rest"


def create_app(state: GitHubState, replant: Callable[[], None] | None = None) -> Starlette:
    """The application around this state. `replant` is called by a reset, after the state was cleared."""
    switches, calls = Switches(), Calls()

    def reset() -> None:
        state.clear()
        if replant is not None:
            replant()

    api = Api(state, switches, calls)
    return Starlette(
        routes=[*switch_routes(switches, calls, reset), Route("/{path:path}", api.serve, methods=_METHODS)]
    )


class Api:
    """Answers calls, and records them."""

    def __init__(self, state: GitHubState, switches: Switches, calls: Calls) -> None:
        self._state, self._switches, self._calls = state, switches, calls

    async def serve(self, request: Request) -> Response:
        """Answer one call, with the fault that strikes it if there is one, and record it."""
        fault = self._switches.take(f"{request.method} {request.url.path}{await _what_for(request)}")
        answer, done = await answered(fault, partial(self._work, request), self._refusal)
        call = {"method": request.method, "path": request.url.path, "status": answer.status_code}
        self._calls.note(call, {"method": request.method, "path": request.url.path}, done=done)
        for name, value in self._limits().items():
            answer.headers.setdefault(name, value)
        return answer

    async def _work(self, request: Request) -> Response:
        try:
            path = request.scope["raw_path"].decode().partition("?")[0].removeprefix("/api/v3")
            endpoint, named = _find(request.method, _by_name(self._state, path))
            token = self.token(request)
            _check_permission(token, endpoint)
            headers = {name.lower(): value for name, value in request.headers.items()}
            body = await body_of(request)
            call = Call(self._state, token, named, dict(request.query_params), body, headers)
            return self._shown(request, endpoint, endpoint.handler(call))
        except Refused as refused:
            return self._refusal(refused.status, refused.headers, refused)

    def token(self, request: Request) -> Token:
        """Whose call it is. Raises Refused (401)."""
        scheme, _, given = request.headers.get("authorization", "").partition(" ")
        if given.count(".") == 2:
            return token_desk.signed(self._state, given.strip())
        found = self._state.tokens.get(given.strip())
        if scheme.lower() not in ("token", "bearer") or found is None:
            raise Refused(401, "Bad credentials" if given else "Requires authentication")
        if found.expires is not None and found.expires <= self._state.now():
            raise Refused(401, "Bad credentials")
        return found

    def _shown(self, request: Request, endpoint: Endpoint, found: Any) -> Response:
        if isinstance(found, Response):
            return found
        if isinstance(found, Moved):
            status, said = _REDIRECT.get(request.method, 307), "Moved Permanently"
            return JSONResponse({"message": said, "url": found.to}, status, {"location": found.to})
        if endpoint.status == 204:
            return Response(status_code=204)
        headers = self._links(request, found) if isinstance(found, Page) else {}
        answer = JSONResponse(found.entries if isinstance(found, Page) else found, endpoint.status, headers)
        return _conditional(request, answer) if request.method == "GET" else answer

    def _links(self, request: Request, page: Page) -> dict[str, str]:
        """The Link header: https://docs.github.com/en/rest/using-the-rest-api/using-pagination-in-the-rest-api"""
        place = self._state.site + request.url.path

        def to(number: int, name: str) -> str:
            query = urlencode({**request.query_params, "page": str(number)})
            return f'<{place}?{query}>; rel="{name}"'

        back = [to(page.number - 1, "prev"), to(1, "first")] if page.number > 1 else []
        on = [to(page.number + 1, "next"), to(page.last, "last")] if page.number < page.last else []
        return {"link": ", ".join([*back, *on])} if back or on else {}

    def _refusal(self, status: int, headers: Mapping[str, str], refused: Refused | None = None) -> Response:
        message = refused.message if refused else _TEXTS.get(status, "Server Error")
        said = {"message": message, **(refused.more if refused else {}), "documentation_url": _DOCS}
        return JSONResponse(said | {"status": str(status)}, status, dict(headers))

    def _limits(self) -> dict[str, str]:
        reset = str(int(self._state.now()) + 3600)
        return {
            "x-ratelimit-limit": "5000",
            "x-ratelimit-remaining": "4999",
            "x-ratelimit-reset": reset,
            "x-ratelimit-resource": "core",
            "x-github-request-id": "ABCD:1234",
        }


def _find(method: str, path: str) -> tuple[Endpoint, dict[str, str]]:
    """The endpoint of this path, and what the path names. Raises Refused (404)."""
    for table in TABLES:
        for endpoint in table:
            named = endpoint.fits(path) if endpoint.method == method else None
            if named is not None:
                return endpoint, {name: unquote(value) for name, value in named.items()}
    raise not_found()


def _by_name(state: GitHubState, path: str) -> str:
    """The path with a repository's name, where it has its id: /repositories/7/issues/1."""
    match = re.match(r"/repositories/(\d+)(.*)", path)
    return f"/repos/{state.repository_by_id(int(match[1])).full_name}{match[2]}" if match else path


def _check_permission(token: Token, endpoint: Endpoint) -> None:
    wanted = [tuple(one.split(":")) for one in endpoint.permission.split("|")] if endpoint.permission else []
    if wanted and not any(token.may(permission, access) for permission, access in wanted):
        whose = "integration" if token.of_app else "personal access token"
        accepted = "; ".join("=".join(one) for one in wanted)
        headers = {"x-accepted-github-permissions": accepted}
        raise Refused(403, f"Resource not accessible by {whose}", headers=headers)


def _conditional(request: Request, answer: Response) -> Response:
    etag = f'W/"{hashlib.sha256(bytes(answer.body)).hexdigest()}"'
    answer.headers["etag"] = etag
    if request.headers.get("if-none-match") == etag:
        return Response(status_code=304, headers={"etag": etag})
    return answer


async def _what_for(request: Request) -> str:
    """What a call of GraphQL is for: its address does not say."""
    if not request.url.path.endswith("/graphql"):
        return ""
    try:
        return graph_routes.what_for(await body_of(request))
    except Refused:
        return ""


async def body_of(request: Request) -> Json:
    """The call's JSON object. Raises Refused (400)."""
    text = await request.body()
    if not text:
        return {}
    try:
        found = json.loads(text)
    except ValueError as wrong:
        raise Refused(400, "Problems parsing JSON") from wrong
    if not isinstance(found, dict):
        raise Refused(400, "Body should be a JSON object")
    return found
