"""Requests of GiteaForge against Forgejo's swagger file."""

from __future__ import annotations

from collections.abc import Iterable

import httpx

from tests.contract.request_check import check_body, check_query, operation

FILE = "forgejo-swagger.json"


def check_forge_requests(requests: Iterable[httpx.Request]) -> None:
    """Each is one that Forgejo documents, with the token in its header."""
    for request in requests:
        path = request.url.raw_path.decode().partition("?")[0].partition("/api/v1")[2]
        _, found = operation(FILE, request.method, path)
        check_query(FILE, found, request, frozenset())
        check_body(FILE, found, request)
        assert request.headers["authorization"].startswith("token ")
