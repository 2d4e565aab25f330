"""A GitHub over real HTTP, in a thread: the stand-in's API, with a git server that lets everybody do everything."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Mount, Route

from testbed.github.app import create_app
from testbed.github.state import GitHubState
from testbed.load.ports import free_ports
from testbed.shell import wait_for


@contextmanager
def github_site() -> Iterator[GitHubState]:
    """Its memory, while it serves at `site`."""
    (port,) = free_ports(1)
    state = GitHubState({}, f"http://127.0.0.1:{port}")
    routes = [Route("/{owner}/{name}/info/refs", _refs), Mount("/", create_app(state))]
    config = uvicorn.Config(Starlette(routes=routes), host="127.0.0.1", port=port, log_level="error")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        wait_for("the GitHub stand-in", lambda: server.started, 10, every=0.02)
        yield state
    finally:
        server.should_exit = True
        thread.join()


async def _refs(request: Request) -> PlainTextResponse:
    return PlainTextResponse(f"001e# service={request.query_params['service']}\n0000")
