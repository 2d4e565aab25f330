"""The stand-in's web application: REST below /api/v3 (at api.github.com: at the root), GraphQL at /api/graphql, the
testbed's switches under /_testbed/.

Sources: https://docs.github.com/en/rest/using-the-rest-api (errors, pages, conditional requests, rate limits).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any
from urllib.parse import unquote, urlencode

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from testbed.answering import Api, authorization, conditional, json_of, raw_path
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
_REDIRECT = {"GET": 301}
_TEXTS = {401: "Bad credentials", 429: "You have exceeded a secondary rate limit.", 502: "Server Error"}
_DOCS = "https://docs.github.com/rest"


def create_app(state: GitHubState, replant: Callable[[], None] | None = None) -> Starlette:
    """The application around this state. `replant` is called by a reset, after the state was cleared."""
    return GitHubApi(state).application("/{path:path}", state.clear, replant)


class GitHubApi(Api):
    """Answers calls, and records them."""

    def __init__(self, state: GitHubState) -> None:
        super().__init__()
        self._state = state

    async def place(self, request: Request) -> str:
        """With what a call of GraphQL is for: its address does not say."""
        plain = await super().place(request)
        if not plain.endswith("/graphql"):
            return plain
        try:
            return plain + graph_routes.what_for(await body_of(request))
        except Refused:
            return plain

    def stamps(self) -> Mapping[str, str]:
        return {
            "x-ratelimit-limit": "5000",
            "x-ratelimit-remaining": "4999",
            "x-ratelimit-reset": str(int(self._state.now()) + 3600),
            "x-ratelimit-resource": "core",
            "x-github-request-id": "ABCD:1234",
        }

    async def work(self, request: Request) -> Response:
        try:
            path = raw_path(request).removeprefix("/api/v3")
            endpoint, named = _find(request.method, _by_name(self._state, path))
            token = self.token(request)
            _check_permission(token, endpoint)
            headers = {name.lower(): value for name, value in request.headers.items()}
            body = await body_of(request)
            call = Call(self._state, token, named, dict(request.query_params), body, headers)
            return self._shown(request, endpoint, endpoint.handler(call))
        except Refused as refused:
            return self.refusal(refused.status, refused.headers, refused)

    def token(self, request: Request) -> Token:
        """Whose call it is. Raises Refused (401)."""
        scheme, given = authorization(request)
        if given.count(".") == 2:
            return token_desk.signed(self._state, given)
        found = self._state.tokens.get(given)
        if scheme not in ("token", "bearer") or found is None:
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
        return conditional(request, answer) if request.method == "GET" else answer

    def _links(self, request: Request, page: Page) -> dict[str, str]:
        """The Link header: https://docs.github.com/en/rest/using-the-rest-api/using-pagination-in-the-rest-api"""
        place = self._state.site + raw_path(request)

        def to(number: int, name: str) -> str:
            query = urlencode({**request.query_params, "page": str(number)})
            return f'<{place}?{query}>; rel="{name}"'

        back = [to(page.number - 1, "prev"), to(1, "first")] if page.number > 1 else []
        on = [to(page.number + 1, "next"), to(page.last, "last")] if page.number < page.last else []
        return {"link": ", ".join([*back, *on])} if back or on else {}

    def refusal(self, status: int, headers: Mapping[str, str], refused: Refused | None = None) -> Response:
        message = refused.message if refused else _TEXTS.get(status, "Server Error")
        said = {"message": message, **(refused.more if refused else {}), "documentation_url": _DOCS}
        return JSONResponse(said | {"status": str(status)}, status, dict(headers))


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


async def body_of(request: Request) -> Json:
    """The call's JSON object. Raises Refused (400)."""
    try:
        found = await json_of(request)
    except ValueError as wrong:
        raise Refused(400, "Problems parsing JSON") from wrong
    if not isinstance(found, dict | None):
        raise Refused(400, "Body should be a JSON object")
    return found or {}
