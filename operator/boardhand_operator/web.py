"""The operator's HTTP side: probes that tell the truth. kopf's own endpoint answers 200 whatever its probes say."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from aiohttp import web

from boardhand_operator.vitals import Vitals


@asynccontextmanager
async def serving(vitals: Callable[[], Vitals], host: str, port: int) -> AsyncIterator[int]:
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
    try:
        site = web.TCPSite(runner, host, port)
        await site.start()
        yield int(runner.addresses[0][1])
    finally:
        await runner.cleanup()
