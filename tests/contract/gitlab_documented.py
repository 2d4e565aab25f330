"""What is recorded of GitLab's documentation in `documented/gitlab`, and requests and answers held to it.

Each file names the page it is recorded of. `query` and `body` have a kind (string, integer, boolean, array, object) for
each documented name, with `!` where it is required; `answers` have a body for each documented status. Of an answer
those fields are recorded that Boardhand, its tests and the stand-in have a use for: `field*` may be null, and `field?`
is not in every answer.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import httpx

_FOLDER = Path(__file__).parent / "documented" / "gitlab"
_KINDS: dict[str, type | tuple[type, ...]] = {
    "string": str,
    "integer": int,
    "boolean": bool,
    "array": list,
    "object": dict,
}


@dataclass(frozen=True)
class Operation:
    """One documented operation."""

    page: str
    method: str
    path: str
    query: dict[str, str]
    body: dict[str, str]
    position: dict[str, str]
    """Fields of the body's position."""
    answers: dict[str, Any]


@cache
def operations() -> tuple[Operation, ...]:
    """All that are recorded."""
    found = []
    for file in sorted(_FOLDER.glob("*.json")):
        recorded: Any = json.loads(file.read_text())
        shared = recorded.get("query", {})
        for entry in recorded["operations"]:
            method, path = entry["does"].split(" ")
            query = {**shared, **entry.get("query", {})} if method == "GET" else entry.get("query", {})
            body, position = entry.get("body", {}), entry.get("position", {})
            found.append(Operation(recorded["page"], method, path, query, body, position, entry["answers"]))
    return tuple(found)


def operation(method: str, raw_path: str) -> Operation:
    """The documented operation of this request; the path as it is sent, a project's path as one segment."""
    fits = [one for one in operations() if one.method == method and _pattern(one.path).fullmatch(raw_path)]
    assert fits, f"{method} {raw_path} is not documented"
    return max(fits, key=lambda one: len(re.sub(r":\w+", "", one.path)))


@cache
def _pattern(path: str) -> re.Pattern[str]:
    return re.compile("/api" + re.sub(r":\w+", "[^/]+", path))


def check_requests(requests: Iterable[httpx.Request]) -> None:
    """Each is one that GitLab documents, with the token in its header."""
    for request in requests:
        raw = request.url.raw_path.decode().partition("?")[0]
        found = operation(request.method, raw)
        for key, value in request.url.params.multi_items():
            assert key in found.query, f"{request.method} {raw}: {key} is not documented"
            assert not found.query[key].startswith("integer") or value.isdigit()
        body: Any = json.loads(request.content) if request.content else {}
        _check_body(found.body, body, method_and_path(found))
        if "position" in body:
            _check_body(found.position, body["position"], f"{method_and_path(found)} position")
        assert request.headers["private-token"]


def method_and_path(found: Operation) -> str:
    return f"{found.method} {found.path}"


def _check_body(documented: dict[str, str], body: dict[str, Any], where: str) -> None:
    for key, value in body.items():
        assert key in documented, f"{where}: {key} is not documented"
        assert isinstance(value, _KINDS[documented[key].rstrip("!")]), f"{where}: {key} is {value!r}"
    required = {key for key, kind in documented.items() if kind.endswith("!")}
    assert required <= body.keys(), f"{where} lacks {required - body.keys()}"


class Held(httpx.AsyncBaseTransport):
    """Passes requests on, and holds the good answers that come back to what is recorded."""

    def __init__(self, inner: httpx.AsyncBaseTransport) -> None:
        self._inner = inner
        self.wrong: list[str] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        answer = await self._inner.handle_async_request(request)
        content = await answer.aread()
        raw = request.url.raw_path.decode().partition("?")[0]
        if answer.is_success and "json" in answer.headers.get("content-type", ""):
            found = operation(request.method, raw)
            status = str(answer.status_code)
            assert status in found.answers, f"{method_and_path(found)} is not documented to answer {status}"
            self.wrong += [
                f"{method_and_path(found)}: {text}" for text in differences(found.answers[status], json.loads(content))
            ]
        return answer


def sample(found: Operation, status: str) -> Any:
    """The recorded body of an answer, as a client gets it."""
    return _plain(found.answers[status])


def _plain(node: Any) -> Any:
    if isinstance(node, list):
        return [_plain(entry) for entry in node]
    if isinstance(node, dict):
        return {key.rstrip("?*"): _plain(value) for key, value in node.items()}
    return node


def differences(wanted: Any, given: Any, where: str = "answer") -> Iterator[str]:
    """Where an answer is not of the recorded shape."""
    if isinstance(wanted, dict) and isinstance(given, dict):
        marks = {key.rstrip("?*"): key for key in wanted}
        yield from (f"{where}.{key} is not recorded" for key in given.keys() - marks.keys())
        for key, marked in marks.items():
            if key not in given:
                if "?" not in marked:
                    yield f"{where}.{key} is missing"
            elif not (given[key] is None and "*" in marked):
                yield from differences(wanted[marked], given[key], f"{where}.{key}")
    elif isinstance(wanted, list) and isinstance(given, list):
        for number, entry in enumerate(given if wanted else []):
            yield from differences(wanted[0], entry, f"{where}[{number}]")
    elif wanted is not None and type(wanted) is not type(given):
        yield f"{where} is {given!r}, and {wanted!r} is recorded"
