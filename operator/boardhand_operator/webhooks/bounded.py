"""An HTTP server for strangers: so many connections and no more, each ended in time, with TLS where it is asked for."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web

from boardhand_operator.webhooks.tls import Greeter, Identity


@asynccontextmanager
async def bounded(
    runner: web.AppRunner, host: str, port: int, identity: Identity | None, *, connections: int, seconds: float
) -> AsyncIterator[int]:
    """Serve what the runner has; the port it is. Raises OSError.

    connections: a further one is closed at once. seconds: after so many a connection is closed, whatever it does.
    """
    await runner.setup()
    made = _Bounded(runner, identity, connections, seconds)
    fresh = asyncio.create_task(identity.keep_fresh()) if identity else None
    try:
        server = await asyncio.get_running_loop().create_server(made, host, port)
        async with server:
            yield int(server.sockets[0].getsockname()[1])
    finally:
        for task in (*made.greeting, *([fresh] if fresh else ())):
            task.cancel()
        await runner.cleanup()


class _Bounded:
    """Makes a protocol for each new connection, as long as there are not too many, and ends it in time."""

    def __init__(self, runner: web.AppRunner, identity: Identity | None, most: int, seconds: float) -> None:
        assert runner.server is not None
        self._server, self._identity = runner.server, identity
        self._most, self._seconds = most, seconds
        self.greeting: set[asyncio.Task[None]] = set()
        """Handshakes under way."""

    def __call__(self) -> asyncio.BaseProtocol:
        if len(self._server.connections) + len(self.greeting) >= self._most:
            return _Refused()
        handler = self._server()
        asyncio.get_running_loop().call_later(self._seconds, handler.force_close)
        return Greeter(self._identity.context, handler, self.greeting) if self._identity else handler


class _Refused(asyncio.Protocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        transport.abort()
