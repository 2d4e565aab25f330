"""Requests to GitHub, and answers in its name, against GitHub's own OpenAPI description.

It is npm's @octokit/openapi, pinned in testbed/github/contract; `make build/github/.installed` puts it into build/.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import httpx
from jsonschema import Draft202012Validator, validators

Json = dict[str, Any]

FILE = Path(__file__).resolve().parents[2] / "build" / "github" / "api.github.com.json"
VERSION = "2022-11-28"
"""What a request asks for in X-GitHub-Api-Version."""
_KINDS: dict[str, Callable[[str], Any]] = {
    "integer": int,
    "number": float,
    "boolean": lambda text: {"true": True, "false": False}[text],
}
_DEPTH = 6


@cache
def description() -> Json:
    """The whole description, parsed once a process."""
    assert FILE.exists(), f"{FILE} is not there: run `make build/github/.installed`"
    found: Json = json.loads(FILE.read_bytes())
    return found


def resolve(node: Json) -> Json:
    """The node itself, or what its $ref names."""
    while "$ref" in node:
        found: Any = description()
        for part in node["$ref"].removeprefix("#/").split("/"):
            found = found[part]
        node = found
    return node


@cache
def operation(method: str, path: str) -> tuple[str, Json]:
    """Template and operation of this path (below the API's root, segments quoted). Fails where there is none."""
    paths: Json = description()["paths"]
    fits = [one for one in paths if method.lower() in paths[one] and _pattern(one).fullmatch(path)]
    assert fits, f"{method} {path} is not in GitHub's description"
    # Where two templates fit, the one with more fixed text is meant.
    template = max(fits, key=lambda text: len(re.sub(r"\{[^}]*\}", "", text)))
    found: Json = paths[template][method.lower()]
    shared = paths[template].get("parameters", [])
    return template, found | {"parameters": [resolve(one) for one in (*shared, *found.get("parameters", []))]}


@cache
def _pattern(template: str) -> re.Pattern[str]:
    parts = re.split(r"(\{[^}]*\})", template)
    # A file's path may hold slashes, or be the root, and so may a reference at the end.
    holes = {"{path}": ".*", "{ref}": ".+" if template.endswith("{ref}") else "[^/]+"}
    return re.compile("".join(holes.get(one, "[^/]+") if one.startswith("{") else re.escape(one) for one in parts))


def check_requests(requests: Iterable[httpx.Request], base: str = "", *, authorization: str = "Bearer ") -> None:
    """Each is one that GitHub documents: path, query, body, version and credentials; GraphQL goes by `query`.

    base: what stands before the API's paths in the address, such as /api/v3. authorization: how that header begins.
    """
    for request in requests:
        check_request(request, base, authorization=authorization)


def check_request(request: httpx.Request, base: str = "", *, authorization: str = "Bearer ") -> None:
    """See `check_requests`."""
    path = request.url.raw_path.decode().partition("?")[0]
    assert request.headers["authorization"].startswith(authorization), f"{path}: the credentials are sent otherwise"
    if path.endswith("/graphql"):
        assert request.method == "POST"
        assert set(json.loads(request.content)) <= {"query", "variables", "operationName"}
        return
    assert path.startswith(base)
    assert request.headers["x-github-api-version"] == VERSION, f"{path}: the API's version is not sent"
    _, found = operation(request.method, path.removeprefix(base))
    _check_query(found, request)
    _check_body(found, request)


def _check_query(found: Json, request: httpx.Request) -> None:
    listed = {one["name"]: one for one in found["parameters"] if one["in"] == "query"}
    for key, value in request.url.params.multi_items():
        assert key in listed, f"{request.method} {request.url.path}: {key} is not documented"
        schema = resolve(listed[key].get("schema", {}))
        _validate(schema, _KINDS.get(schema.get("type", ""), str)(value), f"{request.url.path}?{key}")
    needed = {name for name, one in listed.items() if one.get("required")}
    assert needed <= set(request.url.params.keys()), f"{request.url.path}: {needed} must be given"


def _check_body(found: Json, request: httpx.Request) -> None:
    place = f"{request.method} {request.url.path}"
    wanted = found.get("requestBody")
    if not request.content:
        assert not (wanted and wanted.get("required")), f"{place}: a body is needed"
        return
    assert wanted, f"{place} takes no body"
    schema = wanted["content"]["application/json"]["schema"]
    body = json.loads(request.content)
    _validate(schema, body, place)
    named = _properties(schema)
    if isinstance(body, dict) and named:
        assert set(body) <= named, f"{place}: {set(body) - named} is not documented"


def _properties(schema: Json) -> set[str]:
    schema = resolve(schema)
    parts = [part for kind in ("oneOf", "anyOf", "allOf") for part in schema.get(kind, [])]
    return set(schema.get("properties", {})).union(*(_properties(part) for part in parts))


def check_answer(method: str, path: str, status: int, body: Any) -> None:
    """The answer is one that GitHub documents for this call: its status, and its JSON where one is documented."""
    template, found = operation(method, path)
    answers = found["responses"]
    assert str(status) in answers, f"{method} {template} does not answer {status}; documented: {sorted(answers)}"
    content = resolve(answers[str(status)]).get("content", {}).get("application/json")
    if content is None:
        assert status >= 400 or not body, f"{method} {template} answers {status} with nothing"
    elif "schema" in content:
        _validate(content["schema"], body, f"answer {status} to {method} {template}")


def documented_answers(method: str, path: str) -> dict[int, Any]:
    """Status to a body, for each answer that the operation documents: GitHub's example, else one of the schema."""
    _, found = operation(method, path)
    return {int(status): _example(resolve(answer)) for status, answer in found["responses"].items()}


def _example(answer: Json) -> Any:
    kinds: Json = answer.get("content", {})
    content = kinds.get("application/json") or kinds.get("application/json+scim") or {}
    for example in content.get("examples", {}).values():
        return resolve(example)["value"]
    return sample(content["schema"]) if "schema" in content else None


def sample(schema: Json, depth: int = 0) -> Any:
    """A value of this schema: the description's example, or every documented property."""
    schema = resolve(schema)
    for known in ("example", "default"):
        if known in schema:
            return schema[known]
    if schema.get("enum"):
        return schema["enum"][0]
    if schema.get("allOf"):
        return {key: value for part in schema["allOf"] for key, value in sample(part, depth).items()}
    for kind in ("oneOf", "anyOf"):
        if schema.get(kind):
            return sample(schema[kind][0], depth)
    return _plain(schema, depth)


def _plain(schema: Json, depth: int) -> Any:
    kind = schema.get("type", "object")
    if kind == "array":
        return [] if depth > _DEPTH else [sample(schema["items"], depth + 1)]
    if kind == "object":
        named = {} if depth > _DEPTH else schema.get("properties", {})
        return {key: sample(value, depth + 1) for key, value in named.items()}
    if schema.get("format") == "date-time":
        return "2026-01-02T03:04:05Z"
    return {"string": "text", "integer": 7, "number": 7.0, "boolean": False}[kind]


def _or_null(check: Any) -> Any:
    """OpenAPI 3.0's `nullable`, which stands beside the keyword that it softens."""

    def softened(validator: Any, value: Any, instance: Any, schema: Any) -> Any:
        if instance is None and schema.get("nullable") is True:
            return
        yield from check(validator, value, instance, schema) or ()

    return softened


_SOFTENED = ("type", "enum", "anyOf", "oneOf", "allOf")
_extend: Any = validators.extend
_Validator: Any = _extend(
    Draft202012Validator, {name: _or_null(Draft202012Validator.VALIDATORS[name]) for name in _SOFTENED}
)


def _validate(schema: Json, value: Any, place: str) -> None:
    # Plain JSON pointers alone: with the components beside it, any schema of the description stands for itself.
    check = _Validator({**schema, "components": description()["components"]})
    wrong = [f"{error.json_path}: {error.message[:200]}" for error in check.iter_errors(value)]
    assert not wrong, f"{unquote(place)}: {wrong[:5]}"


@dataclass
class Held(httpx.AsyncBaseTransport):
    """Passes requests on to a stand-in, and holds its answers to the description when `check` is called."""

    inner: httpx.AsyncBaseTransport
    base: str = ""
    answers: list[tuple[str, str, int, Any]] = field(default_factory=list)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        answer = await self.inner.handle_async_request(request)
        text = await answer.aread()
        path = request.url.raw_path.decode().partition("?")[0]
        if path.startswith(f"{self.base}/") and not path.endswith("/graphql"):
            body = json.loads(text) if text.startswith((b"{", b"[")) else None
            self.answers.append((request.method, path.removeprefix(self.base), answer.status_code, body))
        return answer

    def check(self) -> None:
        """Each good answer, and each refusal that the description has a schema of, is as documented."""
        for method, path, status, body in self.answers:
            if method == "GET" and path.startswith("/repositories/"):
                continue  # where a redirect leads; the description has repositories by their names alone
            documented = str(status) in operation(method, path)[1]["responses"]
            if documented or status < 300:
                check_answer(method, path, status, body)
