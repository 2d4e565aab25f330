"""Requests and answers of Azure Repos against what is documented, as it is recorded in `documented/azure`."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import httpx
from jsonschema import Draft202012Validator

DOCUMENTED: dict[str, Any] = json.loads(
    (Path(__file__).parent / "documented" / "azure" / "pull_requests.json").read_text()
)
BELOW = "/acme"


def operation(method: str, path: str) -> dict[str, Any]:
    """What is documented for this path below the organisation; letters of fixed parts in any case."""
    for found in DOCUMENTED["operations"]:
        if found["method"] == method and _pattern(found["path"]).fullmatch(path):
            here: dict[str, Any] = found
            return here
    raise AssertionError(f"{method} {path} is not documented")


def path_of(request: httpx.Request) -> str:
    """The path below the organisation."""
    return request.url.raw_path.decode().partition("?")[0].removeprefix(BELOW)


def check_azure_pull_requests(requests: Iterable[httpx.Request]) -> None:
    """Each is documented, with its parameters, body and version, and the token in its header."""
    for request in requests:
        found, params = operation(request.method, path_of(request)), request.url.params
        assert set(params.keys()) <= {"api-version", *found["query"]}, f"{request.method} {path_of(request)}"
        wanted = r"7\.1-preview\.1" if found.get("preview") else r"7\.1"
        assert re.fullmatch(wanted, params["api-version"])
        assert request.headers["authorization"].startswith("Basic ")
        if "body" in found:
            assert request.headers["content-type"] == "application/json"
            assert _problems(found["body"], json.loads(request.content)) == []
        else:
            assert not request.content


def answer_problems(method: str, path: str, status: int, body: Any) -> list[str]:
    """Where a good answer breaks what is documented for it."""
    found = operation(method, path)
    wrong = [] if status == found["status"] else [f"{status}, and documented is {found['status']}"]
    if found.get("either") and "value" not in body:
        return wrong + _problems(found["answer"], body)
    if not found["listed"] and not found.get("either"):
        return wrong + _problems(found["answer"], body)
    wrong += [] if body["count"] == len(body["value"]) else ["count is wrong"]
    return wrong + [text for entry in body["value"] for text in _problems(found["answer"], entry)]


def _problems(schema: str, value: Any) -> list[str]:
    rules = {"$ref": f"#/schemas/{schema}", "schemas": DOCUMENTED["schemas"]}
    return [f"{error.json_path}: {error.message[:200]}" for error in Draft202012Validator(rules).iter_errors(value)]


def _pattern(template: str) -> re.Pattern[str]:
    parts = re.split(r"(\{[^}]*\})", template)
    return re.compile("".join("[^/]+" if part.startswith("{") else re.escape(part) for part in parts), re.IGNORECASE)
