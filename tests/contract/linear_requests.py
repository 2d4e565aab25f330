"""Requests of LinearBoard against Linear's schema: the document, its variables, its complexity."""

from __future__ import annotations

import json
from collections.abc import Iterable

import httpx
from graphql import OperationDefinitionNode, parse, validate
from graphql.execution.values import get_variable_values

from testbed.linear.app import schema
from testbed.linear.complexity import MOST, complexity


def check_linear_requests(requests: Iterable[httpx.Request]) -> None:
    """Each is a document of the schema with fitting variables, and the key bare or as a bearer."""
    for request in requests:
        assert (request.method, request.url.path) == ("POST", "/graphql")
        assert request.headers["content-type"] == "application/json"
        check_document(json.loads(request.content))
        given = request.headers["authorization"]
        assert given.startswith("lin_api_") or given.startswith("Bearer ")


def check_document(body: dict[str, object]) -> None:
    """The document and its variables are what the schema takes."""
    assert set(body) == {"query", "variables"}
    document = parse(str(body["query"]))
    assert validate(schema(), document) == []
    (operation,) = (part for part in document.definitions if isinstance(part, OperationDefinitionNode))
    variables = body["variables"]
    assert isinstance(variables, dict)
    assert isinstance(get_variable_values(schema(), operation.variable_definitions, variables), dict)
    assert variables.keys() <= {definition.variable.name.value for definition in operation.variable_definitions}
    assert complexity(document) <= MOST
