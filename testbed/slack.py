"""A stand-in for Slack's incoming webhooks, in memory, which counts what it takes. It is not Slack.

Source: https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks/ (answers, and what they mean)
"""

from __future__ import annotations

import argparse
import json
from dataclasses import dataclass, field
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

PATH = "/services/T0TESTBED/B0TESTBED"
"""Of the one webhook there is, before its key."""


@dataclass
class Slack:
    """One workspace with one webhook."""

    key: str = "any-key"
    """The end of its address; another one is nobody's."""
    messages: list[dict[str, Any]] = field(default_factory=list)
    """What was taken, oldest first."""
    calls: int = 0
    """How often the webhook was called, whatever came of it."""
    failing: list[Response] = field(default_factory=list)
    """The next answers, in place of what it would say."""

    @property
    def path(self) -> str:
        """Of the webhook."""
        return f"{PATH}/{self.key}"

    async def take(self, request: Request) -> Response:
        """One call."""
        self.calls += 1
        if self.failing:
            return self.failing.pop(0)
        if request.path_params["key"] != self.key:
            return PlainTextResponse("no_service", 404)
        try:
            said = json.loads(await request.body())
        except ValueError:
            return PlainTextResponse("invalid_payload", 400)
        if not isinstance(said, dict) or not isinstance(said.get("text"), str) or not said["text"].strip():
            return PlainTextResponse("no_text", 400)
        self.messages.append(said)
        return PlainTextResponse("ok")

    async def tell(self, _: Request) -> Response:
        """What there is, for a test in another process."""
        return JSONResponse({"calls": self.calls, "messages": self.messages})

    def app(self) -> Starlette:
        """The web application."""
        return Starlette(
            routes=[
                Route(f"{PATH}/{{key:path}}", self.take, methods=["POST"]),
                Route("/_testbed/messages", self.tell),
            ]
        )


def main() -> None:
    """Serve it, for a pool of one's own."""
    parser = argparse.ArgumentParser(prog="python -m testbed.slack", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8099)
    arguments = parser.parse_args()
    uvicorn.run(Slack().app(), host=arguments.host, port=arguments.port, log_level="warning")


if __name__ == "__main__":
    main()
