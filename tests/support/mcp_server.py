"""An MCP server for tests, by the official library: `python mcp_server.py` speaks over standard input and output."""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import uvicorn
from mcp.server.mcpserver import MCPServer

FILE = Path(__file__).resolve()


def notes() -> MCPServer:
    """Four tools that do what they say."""
    server = MCPServer("notes")

    @server.tool()
    def surroundings() -> str:
        """What this process has."""
        return json.dumps({"environment": dict(os.environ), "folder": str(Path.cwd())})

    @server.tool()
    def add(one: int, other: int, config: str = "") -> str:
        """Add two numbers."""
        return f"{one + other}{config}"

    @server.tool()
    def remove() -> str:
        """Remove everything."""
        return "removed"

    @server.tool()
    def repeat(characters: int) -> str:
        """Say x so often."""
        return "x" * characters

    return server


class Guarded:
    """An ASGI application that answers 401 to whoever lacks the header; `seen` are the headers of each request."""

    def __init__(self, app: Any, authorization: str | None) -> None:
        self.seen: list[dict[str, str]] = []
        self._app, self._authorization = app, authorization

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            headers = {name.decode(): value.decode() for name, value in scope["headers"]}
            self.seen.append(headers)
            if self._authorization not in (None, headers.get("authorization")):
                await send({"type": "http.response.start", "status": 401, "headers": []})
                await send({"type": "http.response.body", "body": b"who are you?"})
                return
        await self._app(scope, receive, send)


@contextmanager
def serving(server: MCPServer, authorization: str | None = None, **tls: str) -> Iterator[tuple[str, Guarded]]:
    """The server over streamable HTTP on a port of its own: its address, and what reaches it."""
    app = Guarded(server.streamable_http_app(json_response=True), authorization)
    web = uvicorn.Server(
        uvicorn.Config(app, port=0, log_config=None, timeout_graceful_shutdown=1, **tls)  # type: ignore[arg-type]
    )
    thread = threading.Thread(target=web.run, daemon=True)
    thread.start()
    deadline = time.monotonic() + 20
    while not web.started:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    port = web.servers[0].sockets[0].getsockname()[1]
    try:
        yield f"{'https' if tls else 'http'}://localhost:{port}/mcp", app
    finally:
        web.should_exit = True
        thread.join(20)


if __name__ == "__main__":
    notes().run("stdio")
