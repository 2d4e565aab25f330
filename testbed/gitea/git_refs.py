"""How git begins a clone or a push at the stand-in: whether it may, and no more (nothing can be fetched)."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from testbed.answering import authorization, name_and_password
from testbed.gitea.state import GiteaState

_ASKS = {"www-authenticate": 'Basic realm="Gitea"'}
_PUSHES = "git-receive-pack"


def git_routes(state: GiteaState) -> list[Route]:
    """Of every repository there is, each public: https://git-scm.com/docs/http-protocol."""

    async def refs(request: Request) -> Response:
        scheme, given = authorization(request)
        service = request.query_params.get("service", "")
        token = state.tokens.get(name_and_password(given)[1]) if scheme == "basic" else None
        if token is None and (scheme or service == _PUSHES):
            return PlainTextResponse("Unauthorized", 401, _ASKS)
        name = f"{request.path_params['owner']}/{request.path_params['name']}"
        if name.lower() not in state.repositories:
            return PlainTextResponse("Not found.", 404)
        if service == _PUSHES and not (token and token.writes):
            return PlainTextResponse("User permission denied for writing.", 403)
        first = f"# service={service}\n"
        return PlainTextResponse(f"{len(first) + 4:04x}{first}0000")

    return [Route("/{owner}/{name}.git/info/refs", refs)]
