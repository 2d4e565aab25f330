"""Requests and answers against what Bitbucket documents, as it is recorded in `documented/bitbucket`."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import httpx
from jsonschema import Draft202012Validator

from tests.contract.openapi_schema import contract, problems, validator
from tests.contract.request_check import check_query, operation

FILE = str(Path(__file__).parent / "documented" / "bitbucket" / "pull_requests.json")
BELOW = "/2.0"


def fields_of(schema: str) -> set[str]:
    """The names of the fields that the schema has, those documented elsewhere too."""
    found = contract(FILE)["components"]["schemas"][schema]
    parts = [found, *found.get("allOf", [])]
    beside = contract(FILE)["beside"].get(schema, {}).get("fields", [])
    refs = [part["$ref"].rpartition("/")[2] for part in parts if "$ref" in part]
    own = {name for part in parts for name in part.get("properties", {})}
    return own.union(beside, *(fields_of(ref) for ref in refs))


def check_bitbucket_requests(requests: Iterable[httpx.Request]) -> None:
    """Each is one that Bitbucket documents, with its parameters, the fields of its body and the token in a header."""
    for request in requests:
        path = request.url.raw_path.decode().partition("?")[0].removeprefix(BELOW)
        _, found = operation(FILE, request.method, path)
        check_query(FILE, found, request, frozenset(), elsewhere=contract(FILE)["beside"]["query"]["fields"])
        assert request.headers["authorization"].partition(" ")[0] in ("Basic", "Bearer")
        if not request.content:
            continue
        schema = found["body"]["$ref"].rpartition("/")[2]
        body = json.loads(request.content)
        assert set(body) <= fields_of(schema), f"{request.method} {path}: {set(body) - fields_of(schema)}"
        assert problems(_lenient(schema), body) == []


def answer_problems(method: str, path: str, status: int, body: Any) -> list[str]:
    """Where an answer breaks what is documented for it."""
    _, found = operation(FILE, method, path)
    schema = found["responses"][str(status)].get("schema")
    if schema is None:
        return []
    whole = Draft202012Validator(schema | {"components": contract(FILE)["components"]})
    return problems(whole, body)


def _lenient(schema: str) -> Draft202012Validator:
    """What requests leave out is not missed: every schema asks for a `type` that only answers have."""
    whole = json.loads(json.dumps(validator(FILE, schema).schema))
    return Draft202012Validator(_without_required(whole))


def _without_required(node: Any) -> Any:
    if isinstance(node, list):
        return [_without_required(entry) for entry in node]
    if not isinstance(node, dict):
        return node
    return {
        name: _without_required(value)
        for name, value in node.items()
        if not (name == "required" and isinstance(value, list))
    }
