"""The scripted stand-in on a loopback port, for a harness in a process of its own."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import uvicorn
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from testbed.model.app import create_app
from testbed.model.scripts import Script
from testbed.shell import wait_for

_START_SECONDS = 10


@dataclass
class Served:
    """A stand-in that answers."""

    url: str
    first: dict[str, float] = field(default_factory=dict)
    """When each model was asked first, on the clock of time.perf_counter."""


@contextmanager
def served(script: Script) -> Iterator[Served]:
    """The stand-in with this one script."""
    model = Served("")
    config = uvicorn.Config(_noting(create_app([script]), model), port=0, log_level="critical", lifespan="off")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        wait_for("the scripted model", lambda: server.started, _START_SECONDS, every=0.01)
        model.url = f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}/v1"
        yield model
    finally:
        server.should_exit = True
        thread.join()


def _noting(app: ASGIApp, model: Served) -> ASGIApp:
    async def noting(scope: Scope, receive: Receive, send: Send) -> None:
        began, body = time.perf_counter(), b""

        async def heard() -> Message:
            nonlocal body
            message = await receive()
            body += message.get("body", b"")
            if message["type"] == "http.request" and not message.get("more_body"):
                model.first.setdefault(json.loads(body)["model"], began)
            return message

        await app(scope, heard, send)

    return noting
