"""Our requests against a vendor's OpenAPI 3 or Swagger 2 file: path, method, parameters and body."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection
from functools import cache
from typing import Any

import httpx
from jsonschema import Draft202012Validator

from tests.contract.openapi_schema import contract, nullable_as_type

_KINDS: dict[str, Callable[[str], Any]] = {
    "number": float,
    "integer": int,
    "boolean": lambda text: {"true": True, "false": False}[text],
}


@cache
def _converted(name: str) -> dict[str, Any]:
    whole: dict[str, Any] = nullable_as_type(contract(name))
    return whole


def operation(name: str, method: str, path: str) -> tuple[str, dict[str, Any]]:
    """The template and the operation of this path (below the API's root), as the vendor's file has them."""
    fits = [
        template
        for template, methods in contract(name)["paths"].items()
        if method.lower() in methods and _pattern(template).fullmatch(path)
    ]
    assert fits, f"{method} {path} is not in {name}"
    # Where two templates fit, the one with more fixed text is meant.
    template = max(fits, key=lambda text: len(re.sub(r"\{[^}]*\}", "", text)))
    shared = contract(name)["paths"][template].get("parameters", [])
    found = contract(name)["paths"][template][method.lower()]
    return template, found | {"parameters": shared + found.get("parameters", [])}


@cache
def _pattern(template: str) -> re.Pattern[str]:
    parts = re.split(r"\{[^}]*\}", template.rstrip("/"))
    # A branch at the end may hold slashes.
    last = ".+" if template.endswith(("{head}", "{branch}", "{filepath}")) else "[^/]+"
    wild = [*["[^/]+"] * (len(parts) - 2), last][: len(parts) - 1]
    text = "".join(re.escape(part) + hole for part, hole in zip(parts, [*wild, ""], strict=False))
    return re.compile(text + "/?")


def check_query(
    name: str,
    found: dict[str, Any],
    request: httpx.Request,
    known_wrong: frozenset[str],
    elsewhere: Collection[str] = (),
) -> None:
    """Each query parameter is documented and its value fits.

    known_wrong: those whose schema errs. elsewhere: those that the vendor documents in another place than the file.
    """
    listed = {entry["name"]: entry for entry in found["parameters"] if entry["in"] == "query"}
    for key, value in request.url.params.multi_items():
        if key in elsewhere and key not in listed:
            continue
        assert key in listed, f"{request.method} {request.url.path}: {key} is not documented"
        schema = listed[key].get("schema") or {k: v for k, v in listed[key].items() if k in ("type", "enum", "minimum")}
        if key not in known_wrong:
            _validate(name, schema, _KINDS.get(schema.get("type", ""), str)(value))


def check_body(name: str, found: dict[str, Any], request: httpx.Request) -> None:
    """The JSON body is what the file's body parameter says, and holds nothing else (Swagger 2)."""
    bodies = [entry for entry in found["parameters"] if entry["in"] == "body"]
    if not request.content:
        return
    assert bodies, f"{request.method} {request.url.path} takes no body"
    body = json.loads(request.content)
    _validate(name, bodies[0]["schema"], body)
    definition = contract(name)["definitions"][bodies[0]["schema"]["$ref"].rpartition("/")[2]]
    assert set(body) <= set(definition["properties"])


def check_body_as_parameters(name: str, found: dict[str, Any], request: httpx.Request) -> None:
    """The JSON body holds documented query parameters, and none that is required is missing (Trello)."""
    listed = {entry["name"]: entry for entry in found["parameters"] if entry["in"] == "query"}
    body = json.loads(request.content) if request.content else {}
    for key, value in body.items():
        assert key in listed, f"{request.method} {request.url.path}: {key} is not documented"
        _validate(name, listed[key]["schema"], value)
    required = {key for key, entry in listed.items() if entry.get("required")}
    assert required <= set(body) | set(request.url.params.keys())


def _validate(name: str, schema: dict[str, Any], value: Any) -> None:
    whole = _converted(name)
    shared = {key: whole[key] for key in ("components", "definitions") if key in whole}
    Draft202012Validator({**schema, **shared}).validate(value)
