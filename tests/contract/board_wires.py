"""What lies between a board or forge under test and the stand-in: records every request, loses and replaces answers."""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import httpx


@dataclass
class Wire(httpx.AsyncBaseTransport):
    """Passes requests on. `lose` holds patterns of places; each loses one answer to work that was done.

    A place is "METHOD path"; with GraphQL the operation's kind and name follow: "POST /graphql mutation commentCreate".
    """

    inner: httpx.AsyncBaseTransport
    requests: list[httpx.Request] = field(default_factory=list)
    lose: list[str] = field(default_factory=list)
    before: Callable[[httpx.Request], Awaitable[None]] | None = None
    """Called before a request is passed on: where a test lets somebody else act in between."""
    received: int = 0
    """Bytes of the answers' bodies."""
    reads: str = r"^(GET|HEAD) | query\b"
    """Pattern of the places that change nothing; a vendor that searches by POST has more of them."""
    instead: httpx.Response | None = None
    """Answers every request in place of the vendor, as a proxy in between does."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        await request.aread()
        self.requests.append(request)
        if self.before:
            await self.before(request)
        if self.instead is not None:
            return httpx.Response(self.instead.status_code, headers=self.instead.headers, content=self.instead.content)
        answer = await self.inner.handle_async_request(request)
        assert isinstance(answer.stream, httpx.AsyncByteStream)
        # As it came, packed or not: the stream of a real connection can be read only once.
        body = b"".join([chunk async for chunk in answer.stream])
        await answer.aclose()
        self.received += len(body)
        for pattern in self.lose:
            if re.search(pattern, place(request)):
                self.lose.remove(pattern)
                raise httpx.ReadError("the connection was reset", request=request)
        return httpx.Response(answer.status_code, headers=answer.headers, stream=httpx.ByteStream(body))

    def sent(self) -> list[str]:
        """The place of every request, in order."""
        return [place(request) for request in self.requests]

    def writes(self) -> list[str]:
        """Of those that may change something."""
        return [where for where in self.sent() if not re.search(self.reads, where)]

    def is_write(self, request: httpx.Request) -> bool:
        """Whether the request may change something."""
        return not re.search(self.reads, place(request))


def place(request: httpx.Request) -> str:
    """Method and path of a request, with what a GraphQL one is for."""
    where = f"{request.method} {request.url.path}"
    if request.method != "POST" or b'"query"' not in request.content:
        return where
    body: Any = json.loads(request.content)
    said = re.match(r"\s*(query|mutation)?\s*(\w*)", str(body["query"])) if isinstance(body, dict) else None
    if said is None or "query" not in body:
        return where
    return f"{where} {said[1] or 'query'} {said[2] or body.get('operationName') or ''}".rstrip()
