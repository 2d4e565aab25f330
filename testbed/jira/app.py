"""The stand-in's web application: Jira's API under /rest, the testbed's switches under /_testbed/."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from testbed.answering import Api, authorization, json_of, name_and_password
from testbed.jira.call import Call
from testbed.jira.models import Account
from testbed.jira.routes import CLOUD, DATA_CENTER, find
from testbed.jira.state import JiraState, Refused


def create_app(state: JiraState, replant: Callable[[], None] | None = None) -> Starlette:
    """The application around this state. `replant` is called by a reset, after the state was cleared."""
    return _Jira(state).application("/rest/{path:path}", state.clear, replant)


class _Jira(Api):
    def __init__(self, state: JiraState) -> None:
        super().__init__()
        self._state = state

    def refusal(self, status: int, headers: Mapping[str, str], refused: Refused | None = None) -> Response:
        said = {"errorMessages": refused.sentences if refused else ["refused"]}
        return JSONResponse(said | {"errors": refused.fields} if refused else said, status, dict(headers))

    async def work(self, request: Request) -> Response:
        try:
            endpoint, named = find(CLOUD if self._state.cloud else DATA_CENTER, request.method, request.scope["path"])
            call = Call(self._state, self._caller(request), named, dict(request.query_params), await _body(request))
            found = endpoint.handler(call)
        except Refused as refused:
            return self.refusal(refused.status, {}, refused)
        return Response(status_code=204) if endpoint.status == 204 else JSONResponse(found, endpoint.status)

    def _caller(self, request: Request) -> Account | None:
        """Whose token it is; None where a token that is not known is taken for nobody's."""
        token = _token(*authorization(request), self._state)
        if token in self._state.tokens:
            return self._state.tokens[token]
        if self._state.anonymous:
            return None
        raise Refused(401, "Client must be authenticated to access this resource.")


def _token(scheme: str, given: str, state: JiraState) -> str:
    """Cloud takes e-mail and token together, and they must be of the same account."""
    if not state.cloud:
        return given if scheme == "bearer" else ""
    if scheme != "basic":
        return ""
    email, token = name_and_password(given)
    known = state.tokens.get(token)
    return token if known and email == f"{known.name}@example.com" else ""


async def _body(request: Request) -> dict[str, Any]:
    found = await json_of(request)
    if not isinstance(found, dict | None):
        raise Refused(400, "Unexpected JSON.")
    return found or {}
