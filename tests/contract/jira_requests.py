"""Our requests to Jira against what is documented: Cloud's by its OpenAPI file, Data Center's and webhooks' by shapes
recorded from their pages (tests/contract/documented/jira)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

import httpx
from jsonschema import Draft202012Validator

from tests.contract.openapi_schema import contract, nullable_as_type
from tests.contract.request_check import check_query, operation

FILE = "jira-cloud-v3-openapi.json"
FOLDER = Path(__file__).parent / "documented" / "jira"


@cache
def recorded(name: str) -> dict[str, Any]:
    """A file of recorded shapes."""
    found: dict[str, Any] = json.loads((FOLDER / name).read_text())
    return found


def check_cloud_requests(requests: Iterable[httpx.Request]) -> None:
    """Each request is one that Jira Cloud documents, and each document that it sends is one of the format's."""
    for request in requests:
        path = request.url.path
        if path.startswith("/rest/webhooks/"):
            _check_recorded(recorded("webhooks.json"), request)
            continue
        _, found = operation(FILE, request.method, path)
        check_query(FILE, found, request, frozenset({"fields"}))
        if request.content:
            _check_body(found, request)


def check_datacenter_requests(requests: Iterable[httpx.Request]) -> None:
    """Each request is one that Jira Data Center documents."""
    for request in requests:
        hooks = request.url.path.startswith("/rest/jira-webhook/")
        _check_recorded(recorded("webhooks.json" if hooks else "datacenter.json"), request)


def problems_of(document: Any) -> list[str]:
    """Where a document breaks the Atlassian Document Format."""
    check = Draft202012Validator(recorded("adf.json")["schema"])
    return [f"{error.json_path}: {error.message[:200]}" for error in check.iter_errors(document)]


def _check_body(found: dict[str, Any], request: httpx.Request) -> None:
    body = json.loads(request.content)
    schema = found["requestBody"]["content"]["application/json"]["schema"]
    Draft202012Validator({**schema, "components": _components()}).validate(body)
    documented = contract(FILE)["components"]["schemas"][schema["$ref"].rpartition("/")[2]]["properties"]
    assert set(body) <= set(documented), f"{request.url.path}: {sorted(set(body) - set(documented))}"
    if "/comment" in request.url.path:
        assert problems_of(body["body"]) == []


@cache
def _components() -> Any:
    return nullable_as_type(contract(FILE)["components"])


def _check_recorded(shapes: dict[str, Any], request: httpx.Request) -> None:
    for shape in shapes["requests"]:
        if shape["method"] == request.method and re.fullmatch(shape["path"], request.url.path):
            given = dict(request.url.params)
            unknown = set(given) - set(shape.get("query", ()))
            assert not unknown, f"{request.method} {request.url.path}: {unknown} is not documented"
            schema = shape.get("body")
            assert (schema is None) == (not request.content)
            if schema is not None:
                Draft202012Validator(schema).validate(json.loads(request.content))
            return
    raise AssertionError(f"{request.method} {request.url.path} is not documented")
