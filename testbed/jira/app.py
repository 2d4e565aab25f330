"""The stand-in's web application: Jira's API under /rest, the testbed's switches under /_testbed/."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from testbed.faults import Calls, Switches, switch_routes
from testbed.jira.call import Call
from testbed.jira.models import Account
from testbed.jira.routes import CLOUD, DATA_CENTER, find
from testbed.jira.state import JiraState, Refused
from testbed.strikes import answered


def create_app(state: JiraState, replant: Callable[[], None] | None = None) -> Starlette:
    """The application around this state. `replant` is called by a reset, after the state was cleared."""
    switches, calls = Switches(), Calls()

    def reset() -> None:
        state.clear()
        if replant is not None:
            replant()

    api = _Api(state, switches, calls)
    served = Route("/rest/{path:path}", api.serve, methods=["GET", "POST", "PUT"])
    return Starlette(routes=[served, *switch_routes(switches, calls, reset)])


class _Api:
    def __init__(self, state: JiraState, switches: Switches, calls: Calls) -> None:
        self._state, self._switches, self._calls = state, switches, calls

    async def serve(self, request: Request) -> Response:
        """Answer one call, with the fault that strikes it if there is one, and record it."""
        fault = self._switches.take(f"{request.method} {request.url.path}")
        answer, done = await answered(fault, partial(self._work, request), _refusal)
        call = {"method": request.method, "path": request.url.path, "status": answer.status_code}
        self._calls.note(call, {"method": request.method, "route": request.url.path}, done=done)
        return answer

    async def _work(self, request: Request) -> Response:
        try:
            endpoint, named = find(CLOUD if self._state.cloud else DATA_CENTER, request.method, request.url.path)
            call = Call(self._state, self._caller(request), named, dict(request.query_params), await _body(request))
            found = endpoint.handler(call)
        except Refused as refused:
            return _refusal(refused.status, {}, refused)
        return Response(status_code=204) if endpoint.status == 204 else JSONResponse(found, endpoint.status)

    def _caller(self, request: Request) -> Account | None:
        """Whose token it is; None where a token that is not known is taken for nobody's."""
        token = _token(request.headers.get("authorization", ""), self._state)
        if token in self._state.tokens:
            return self._state.tokens[token]
        if self._state.anonymous:
            return None
        raise Refused(401, "Client must be authenticated to access this resource.")


def _token(header: str, state: JiraState) -> str:
    """Cloud takes e-mail and token together, and they must be of the same account."""
    scheme, _, given = header.partition(" ")
    if not state.cloud:
        return given.strip() if scheme.lower() == "bearer" else ""
    if scheme.lower() != "basic":
        return ""
    email, _, token = base64.b64decode(given).decode().partition(":")
    known = state.tokens.get(token)
    return token if known and email == f"{known.name}@example.com" else ""


def _refusal(status: int, headers: Mapping[str, str], refused: Refused | None = None) -> Response:
    said = {"errorMessages": refused.sentences, "errors": refused.fields} if refused else {"errorMessages": ["refused"]}
    return JSONResponse(said, status, dict(headers))


async def _body(request: Request) -> dict[str, Any]:
    text = await request.body()
    found = json.loads(text) if text else {}
    if not isinstance(found, dict):
        raise Refused(400, "Unexpected JSON.")
    return found
