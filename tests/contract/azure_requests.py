"""Requests of AzureBoard against what Azure DevOps documents, recorded in documented/azure/operations.json."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import httpx
from jsonschema import Draft202012Validator

DOCUMENTED = json.loads((Path(__file__).parent / "documented" / "azure" / "operations.json").read_text())
_SHARED = {name: DOCUMENTED[name] for name in ("patch", "subscription")}


def operation(method: str, path: str) -> dict[str, Any]:
    """What is documented for this path below the organisation; letters of fixed parts in any case."""
    for found in DOCUMENTED["operations"]:
        if found["method"] == method and _pattern(found["path"]).fullmatch(path):
            here: dict[str, Any] = found
            return here
    raise AssertionError(f"{method} {path} is not documented")


def check_azure_requests(requests: Iterable[httpx.Request], root: str) -> None:
    """Each is documented, with its parameters and body, its version, and the token in its header."""
    for request in requests:
        path = request.url.raw_path.decode().partition("?")[0].removeprefix(httpx.URL(root).path)
        found = operation(request.method, path)
        params = request.url.params
        assert set(params.keys()) <= {"api-version", *found["query"]}, f"{request.method} {path}"
        _check_version(params["api-version"], found, formatted="format" in params)
        if "body" in found:
            body = json.loads(request.content)
            Draft202012Validator({**found["body"], **_SHARED}).validate(body)
            wanted = "application/json-patch+json" if isinstance(body, list) else "application/json"
            assert request.headers["content-type"] == wanted
        else:
            assert not request.content
        assert request.headers["authorization"].startswith("Basic ")


def _check_version(version: str, found: dict[str, Any], *, formatted: bool) -> None:
    if found.get("preview"):
        assert re.fullmatch(r"7\.[12]-preview\.[0-9]", version)
    else:
        assert version == DOCUMENTED["version"]
    if formatted:
        # The parameter is documented from 7.2 on.
        assert version.startswith("7.2")


def _pattern(template: str) -> re.Pattern[str]:
    parts = re.split(r"(\{[^}]*\})", template)
    return re.compile("".join("[^/]+" if part.startswith("{") else re.escape(part) for part in parts), re.IGNORECASE)
