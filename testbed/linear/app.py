"""The stand-in's web application: Linear's API at /graphql, the testbed's switches under /_testbed/."""

from __future__ import annotations

import re
from collections.abc import Mapping
from email.utils import formatdate
from functools import cache
from pathlib import Path
from typing import Any

from graphql import ExecutionResult, GraphQLError, GraphQLSchema, build_schema, execute, parse, validate
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from testbed.answering import Api, json_of
from testbed.linear.complexity import MOST, complexity
from testbed.linear.models import Token
from testbed.linear.roots import Roots
from testbed.linear.state import LinearState, Refused

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
    return _Linear(state).application(PATH, state.clear, methods=["POST"])


class _Linear(Api):
    def __init__(self, state: LinearState) -> None:
        super().__init__()
        self._state = state

    async def place(self, request: Request) -> str:
        """With kind and name of the query."""
        body: Mapping[str, Any] = await json_of(request)
        said = re.match(r"\s*(query|mutation)?\s*(\w*)", str(body.get("query")))
        return f"POST {PATH} {said[1] or 'query'} {said[2]}".rstrip() if said else f"POST {PATH}"

    async def counted(self, request: Request) -> Mapping[str, Any]:
        return {"place": await self.place(request)}

    def stamps(self) -> Mapping[str, str]:
        return {"date": formatdate(self._state.now(), usegmt=True)}

    async def work(self, request: Request) -> Response:
        body: Mapping[str, Any] = await json_of(request)
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

    def refusal(self, status: int, headers: Mapping[str, str]) -> Response:
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
