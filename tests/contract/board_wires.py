"""What lies between a board or forge under test and the stand-in: records every request, and loses answers."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import httpx


@dataclass
class Wire(httpx.AsyncBaseTransport):
    """Passes requests on. `lose` holds patterns of "METHOD path"; each loses one answer to work that was done."""

    inner: httpx.AsyncBaseTransport
    requests: list[httpx.Request] = field(default_factory=list)
    lose: list[str] = field(default_factory=list)
    before: Callable[[httpx.Request], Awaitable[None]] | None = None
    """Called before a request is passed on: where a test lets somebody else act in between."""
    received: int = 0
    """Bytes of the answers' bodies."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        await request.aread()
        self.requests.append(request)
        if self.before:
            await self.before(request)
        answer = await self.inner.handle_async_request(request)
        self.received += len(await answer.aread())
        place = f"{request.method} {request.url.path}"
        for pattern in self.lose:
            if re.search(pattern, place):
                self.lose.remove(pattern)
                await answer.aclose()
                raise httpx.ReadError("the connection was reset", request=request)
        return answer

    def sent(self) -> list[str]:
        """Method and path of every request, in order."""
        return [f"{request.method} {request.url.path}" for request in self.requests]
