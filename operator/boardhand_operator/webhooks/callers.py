"""Webhooks come in here: /webhooks/NAMESPACE/POOL, on a port of its own. Who calls is a stranger until it is admitted.

Every refusal is the same 401, so a stranger learns neither which pools there are nor which of them have a webhook.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from aiohttp import web

from boardhand_operator.memory.store import Key
from boardhand_operator.webhooks.bounded import bounded
from boardhand_operator.webhooks.tls import Identity

BODY_BYTES = 1024 * 1024
BODY_SECONDS = 10.0
"""A body must be there whole within so long."""
AT_ONCE = 16
"""Calls that are read side by side; a further one is refused (503)."""
CONNECTIONS = 64
"""A further connection is closed at once."""
CONNECTION_SECONDS = 30.0
"""A connection is closed after so long, whatever it does."""
_PATH = "/webhooks/{namespace}/{pool}"

Admits = Callable[[Key, Mapping[str, str], bytes], Awaitable[bool]]
"""Whether a call to this pool, with these headers and this body, is its board's or its forge's own: which then is
looked at."""


@asynccontextmanager
async def listening(admits: Admits, host: str, port: int, tls: Path | None = None) -> AsyncIterator[int]:
    """Take webhooks; the port it is.

    tls: the folder of certificate and key (see `Identity`); None: plain HTTP, for an ingress that ends TLS. Raises
    OSError.
    """
    identity = Identity(tls) if tls else None
    served = web.Application()
    served.add_routes([web.post(_PATH, _Calls(admits).take), web.head(_PATH, _greet)])
    runner = web.AppRunner(
        served,
        handle_signals=False,
        access_log=None,
        shutdown_timeout=1.0,
        # A body is taken as it was sent: that is what was signed, and unpacking has no bound.
        auto_decompress=False,
        # The rest of a body that was refused is not waited for.
        lingering_time=0.0,
    )
    async with bounded(runner, host, port, identity, connections=CONNECTIONS, seconds=CONNECTION_SECONDS) as taken:
        yield taken


async def _greet(_: web.Request) -> web.Response:
    """Boards see by a HEAD request that somebody is there, before they know of any signature."""
    return web.Response()


class _Calls:
    def __init__(self, admits: Admits) -> None:
        self._admits = admits
        self._busy = 0

    async def take(self, request: web.Request) -> web.Response:
        """Read the call within bounds, check it, pass it on."""
        if self._busy >= AT_ONCE:
            return web.Response(status=503, headers={"retry-after": "1"})
        self._busy += 1
        try:
            async with asyncio.timeout(BODY_SECONDS):
                body = await _read(request)
            key = request.match_info["namespace"], request.match_info["pool"]
            if body is None:
                return web.Response(status=413, headers={"connection": "close"})
            if not await self._admits(key, request.headers, body):
                return web.Response(status=401)
            return web.Response()
        except TimeoutError:
            return web.Response(status=408, headers={"connection": "close"})
        finally:
            self._busy -= 1


async def _read(request: web.Request) -> bytes | None:
    """The body, or None where it is too long."""
    if (request.content_length or 0) > BODY_BYTES:
        return None
    body = bytearray()
    async for chunk in request.content.iter_any():
        body += chunk
        if len(body) > BODY_BYTES:
            return None
    return bytes(body)
