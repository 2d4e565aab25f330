"""The stand-in's web application: Linear's API at /graphql, the testbed's switches under /_testbed/."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from email.utils import formatdate
from functools import cache, partial
from pathlib import Path
from typing import Any

from graphql import ExecutionResult, GraphQLError, GraphQLSchema, build_schema, execute, parse, validate
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from testbed.faults import Calls, Switches, switch_routes
from testbed.linear.complexity import MOST, complexity
from testbed.linear.models import Token
from testbed.linear.roots import Roots
from testbed.linear.state import LinearState, Refused
from testbed.strikes import answered

PATH = "/graphql"
_KINDS = {
    401: ("Authentication required, not authenticated", "authentication error", "AUTHENTICATION_ERROR", 401),
    403: ("Forbidden", "forbidden", "FORBIDDEN", 400),
    429: ("Rate limit exceeded", "ratelimited", "RATELIMITED", 400),
}
_RESET = 60.0


@cache
def schema() -> GraphQLSchema:
    """The part of Linear's schema that is asked for."""
    return build_schema((Path(__file__).parent / "schema.graphql").read_text())


def create_app(state: LinearState) -> Starlette:
    """The application around this state."""
    switches, calls = Switches(), Calls()
    api = _Api(state, switches, calls)
    routes = [Route(PATH, api.serve, methods=["POST"]), *switch_routes(switches, calls, state.clear)]
    return Starlette(routes=routes)


class _Api:
    def __init__(self, state: LinearState, switches: Switches, calls: Calls) -> None:
        self._state, self._switches, self._calls = state, switches, calls

    async def serve(self, request: Request) -> Response:
        """Answer one call, with the fault that strikes it if there is one, and record it."""
        body: Mapping[str, Any] = json.loads(await request.body())
        said = re.match(r"\s*(query|mutation)?\s*(\w*)", str(body.get("query")))
        place = f"POST {PATH} {said[1] or 'query'} {said[2]}".rstrip() if said else f"POST {PATH}"
        fault = self._switches.take(place)
        answer, done = await answered(fault, partial(self._work, request, body), self._refusal)
        answer.headers["date"] = formatdate(self._state.now(), usegmt=True)
        self._calls.note({"place": place, "status": answer.status_code}, {"place": place}, done=done)
        return answer

    async def _work(self, request: Request, body: Mapping[str, Any]) -> Response:
        try:
            token = self._token(request)
        except Refused as refused:
            return _answer([_error(refused)], refused.status)
        try:
            document = parse(str(body["query"]))
        except GraphQLError as wrong:
            return _answer([_graphql_error(wrong)], 400)
        wrongs = validate(schema(), document)
        if wrongs:
            return _answer([_graphql_error(wrong) for wrong in wrongs], 400)
        points = complexity(document)
        if points > MOST:
            return _answer([_error(Refused("Query too complex", "invalid input", "INPUT_ERROR"))], 400)
        found = execute(schema(), document, Roots(self._state, token).fields(), variable_values=body.get("variables"))
        assert isinstance(found, ExecutionResult)
        errors = [_graphql_error(wrong) for wrong in found.errors or ()]
        headers = {"x-complexity": f"{points:g}"}
        if errors:
            return _answer(errors, 400, headers)
        return JSONResponse({"data": found.data}, headers=headers)

    def _token(self, request: Request) -> Token:
        given = request.headers.get("authorization", "")
        token = given.removeprefix("Bearer ")
        bare = token == given
        if token not in self._state.tokens or bare is not token.startswith("lin_api_"):
            raise Refused(*_KINDS[401])
        return self._state.tokens[token]

    def _refusal(self, status: int, headers: Mapping[str, str]) -> Response:
        if status not in _KINDS:
            return JSONResponse({"error": f"status {status}"}, status, dict(headers))
        told = dict(headers)
        if status == 429 and not any(name.lower() == "retry-after" for name in told):
            told["x-ratelimit-requests-limit"], told["x-ratelimit-requests-remaining"] = "2500", "0"
            told["x-ratelimit-requests-reset"] = str(round((self._state.now() + _RESET) * 1000))
        return _answer([_error(Refused(*_KINDS[status]))], _KINDS[status][3], told)


def _answer(errors: list[dict[str, Any]], status: int, headers: Mapping[str, str] | None = None) -> Response:
    return JSONResponse({"errors": errors}, status, dict(headers or {}))


def _error(refused: Refused) -> dict[str, Any]:
    """An error as Linear words it."""
    extensions = {"type": refused.kind, "code": refused.code, "statusCode": refused.status, "userError": True}
    return {"message": refused.message, "extensions": extensions}


def _graphql_error(wrong: GraphQLError) -> dict[str, Any]:
    if isinstance(wrong.original_error, Refused):
        return _error(wrong.original_error) | {"path": wrong.path}
    if wrong.original_error is not None:
        raise wrong.original_error
    refused = Refused(wrong.message, "graphql error", "GRAPHQL_VALIDATION_FAILED")
    return _error(refused)
