"""The model that a case talks to over HTTP: the scripted stand-in, one in a worker, or a real one.

The stand-in is no language model: it plays the script of the case that runs.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterator
from functools import cache
from typing import Any

import uvicorn
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from boardhand_api.model import Model
from testbed.model.app import create_app
from testbed.model.scripts import Script
from testbed.shell import wait_for

SCRIPTED = "boardhand-scripted"
START_SECONDS = 30


def real_model() -> Model | None:
    """The model that MODEL and BASE_URL name; None where the stand-in is to be used."""
    name = os.environ.get("MODEL", "")
    return Model(name=name, base_url=os.environ.get("BASE_URL") or None) if name else None


class Standin:
    """The stand-in's server, in a thread of this process."""

    def __init__(self) -> None:
        self._scripts: list[Script] = []
        self._recorder = _Recorder(create_app(self._scripts))
        self._server = Server(self._recorder)

    @property
    def model(self) -> Model:
        return Model(name=SCRIPTED, base_url=f"{self._server.url}/v1")

    def play(self, script: Script) -> None:
        """From now on this script is played, and what tools answered before is forgotten."""
        self._scripts[:] = [script]
        self._recorder.answers, self._recorder.asked = {}, []

    @property
    def answers(self) -> list[str]:
        """What the tools answered, as the model was first told it, in order; of the last step, nothing is told."""
        return list(self._recorder.answers.values())

    @property
    def asked(self) -> list[str]:
        """Every request since then, as JSON."""
        return list(self._recorder.asked)


class Server:
    """Any application at a free port of this machine, in a thread that ends with the process."""

    def __init__(self, app: ASGIApp) -> None:
        self._uvicorn = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_level="error"))
        threading.Thread(target=self._uvicorn.run, daemon=True).start()
        wait_for("the stand-in for a model", lambda: self._uvicorn.started, START_SECONDS, every=0.01)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._uvicorn.servers[0].sockets[0].getsockname()[1]}"


@cache
def standin() -> Standin:
    """This process' stand-in, started when it is first wanted."""
    return Standin()


class _Recorder:
    """Reads along what the tools answered."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self.answers: dict[str, str] = {}
        self.asked: list[str] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "POST":
            await self._app(scope, receive, send)
            return
        body, more = b"", True
        while more:
            message = await receive()
            body, more = body + message.get("body", b""), message.get("more_body", False)
        self.asked.append(body.decode())
        self._note(json.loads(body))
        given: Iterator[Message] = iter([{"type": "http.request", "body": body, "more_body": False}])

        async def again() -> Message:
            return next(given, None) or await receive()

        await self._app(scope, again, send)

    def _note(self, request: dict[str, Any]) -> None:
        for message in request.get("messages", ()):
            if message["role"] == "tool":
                # Older ones may be masked by now: the first telling counts.
                self.answers.setdefault(message["tool_call_id"], message["content"])
