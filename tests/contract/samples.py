"""Answers made from a vendor's schemas: every documented property, with the file's own examples where it has them."""

from __future__ import annotations

from typing import Any

from tests.contract.openapi_schema import contract

_PLAIN: dict[str, Any] = {"string": "text", "integer": 7, "number": 7.0, "boolean": False, "file": "text"}
_DEPTH = 4


def resolve(name: str, node: dict[str, Any]) -> dict[str, Any]:
    """The node itself, or what its $ref names."""
    while "$ref" in node:
        found: Any = contract(name)
        for part in node["$ref"].removeprefix("#/").split("/"):
            found = found[part]
        node = found
    return node


def sample(name: str, schema: dict[str, Any], depth: int = 0) -> Any:
    """A value of this schema; below _DEPTH levels objects and lists are empty."""
    if "example" in schema:
        return schema["example"]
    schema = resolve(name, schema)
    if "example" in schema:
        return schema["example"]
    if schema.get("enum"):
        return schema["enum"][0]
    if schema.get("format") == "date-time":
        return "2026-01-02T03:04:05Z"
    kind = schema.get("type", "object")
    if kind == "array":
        return [] if depth > _DEPTH else [sample(name, schema["items"], depth + 1)]
    if kind != "object":
        return _PLAIN[kind]
    if depth > _DEPTH:
        return {}
    return {key: sample(name, value, depth + 1) for key, value in schema.get("properties", {}).items()}


def documented_answers(name: str, found: dict[str, Any]) -> dict[str, Any]:
    """Status (or "default") to a body, for each answer that the operation documents."""
    answers = {}
    for status, answer in found["responses"].items():
        whole = resolve(name, answer)
        content = whole.get("content", {}).get("application/json", {})
        schema = whole.get("schema") or content.get("schema")
        answers[status] = None if schema is None else sample(name, schema)
    return answers
