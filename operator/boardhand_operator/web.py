"""The operator's HTTP side: probes that tell the truth. kopf's own endpoint answers 200 whatever its probes say."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, Protocol

from aiohttp import web

CONNECTION_SECONDS = 10.0
"""A connection is closed after so long, whatever it does: no probe takes half of it."""


class Health(Protocol):
    """How a program is: `boardhand_operator.vitals.Vitals`, and those of others."""

    @property
    def alive(self) -> bool: ...

    @property
    def ready(self) -> bool: ...

    def told(self) -> dict[str, Any]: ...


@asynccontextmanager
async def serving(vitals: Callable[[], Health], host: str, port: int) -> AsyncIterator[int]:
    """Serve /healthz and /readyz (200 or 503, with the figures as JSON); the port it is. Raises OSError."""

    async def health(_: web.Request) -> web.Response:
        now = vitals()
        return web.json_response(now.told(), status=200 if now.alive else 503)

    async def ready(_: web.Request) -> web.Response:
        now = vitals()
        return web.json_response(now.told(), status=200 if now.ready else 503)

    served = web.Application()
    served.add_routes([web.get("/healthz", health), web.get("/readyz", ready)])
    runner = web.AppRunner(served, handle_signals=False, access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    loop = asyncio.get_running_loop()

    def connected() -> asyncio.BaseProtocol:
        assert runner.server is not None
        handler = runner.server()
        loop.call_later(CONNECTION_SECONDS, handler.force_close)
        return handler

    try:
        async with await loop.create_server(connected, host, port) as server:
            yield int(server.sockets[0].getsockname()[1])
    finally:
        await runner.cleanup()
