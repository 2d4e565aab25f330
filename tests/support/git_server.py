"""A git server as it begins a fetch or a push over http, by https://git-scm.com/docs/http-protocol."""

from __future__ import annotations

import base64

import httpx

SEES = {"": (), "reads-only": ("git-upload-pack",), "pushes": ("git-upload-pack", "git-receive-pack")}
"""What is served by token; the account is `bot`, and /public/ is for everybody."""


def git_server(request: httpx.Request) -> httpx.Response:
    """Of `httpx.MockTransport`."""
    path, service = request.url.path, request.url.params.get("service", "")
    if not path.endswith(".git/info/refs"):
        return httpx.Response(404, text="not found")
    given = request.headers.get("authorization", "").removeprefix("Basic ")
    name, _, token = base64.b64decode(given).decode().partition(":")
    public = path.startswith("/public/") and service == "git-upload-pack"
    if not public and (name != "bot" or not SEES.get(token)):
        return httpx.Response(401, text="Unauthorized", headers={"www-authenticate": 'Basic realm="git"'})
    if not public and service not in SEES[token]:
        return httpx.Response(403, text="not for this account")
    first = f"# service={service}\n"
    return httpx.Response(200, text=f"{len(first) + 4:04x}{first}0000")
