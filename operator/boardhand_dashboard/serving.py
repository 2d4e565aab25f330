"""The application behind a port: uvicorn, with a certificate that may change while it runs."""

from __future__ import annotations

import asyncio
import socket
import ssl
from contextlib import suppress

import uvicorn
from starlette.types import ASGIApp

from boardhand_dashboard.connection import Bounded
from boardhand_dashboard.settings import Settings
from boardhand_operator.webhooks.tls import Identity

CONNECTIONS = 2000
"""So many at once; above it the answer is 503."""
STILL_SECONDS = 60
"""Whoever takes nothing of what is sent for so long is gone: the kernel closes the connection, where it can."""
GOODBYE_SECONDS = 2
"""So long streams are given to end where the dashboard is stopped."""


def bound(host: str, port: int) -> socket.socket:
    """A socket that listens there. Raises OSError.

    host: empty for every address, of IPv4 and IPv6. port 0: any that is free.
    """
    both = not host and socket.has_dualstack_ipv6()
    family = socket.AF_INET6 if both or ":" in host else socket.AF_INET
    listening = socket.create_server((host, port), family=family, backlog=1024, dualstack_ipv6=both)
    # Connections have it from here. asyncio sets it only for sockets that were made with a protocol's number; without,
    # each answer of two packets waits 40 ms for the browser's acknowledgement.
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if hasattr(socket, "TCP_USER_TIMEOUT"):  # Linux
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, STILL_SECONDS * 1000)
    return listening


async def serve(app: ASGIApp, settings: Settings, on: socket.socket) -> None:
    """Serve until a signal. Raises OSError where the certificate cannot be used."""
    identity = Identity(settings.tls, "pages") if settings.tls else None
    server = uvicorn.Server(_configured(app, identity))
    keeping = asyncio.create_task(identity.keep_fresh()) if identity else None
    try:
        await server.serve([on])
    finally:
        if keeping is not None:
            keeping.cancel()
            with suppress(asyncio.CancelledError):
                await keeping


def _configured(app: ASGIApp, identity: Identity | None) -> uvicorn.Config:
    """No access log: addresses of pages are nobody's business, and a laptop's first one holds a token."""
    return uvicorn.Config(
        app,
        http=Bounded,
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        limit_concurrency=CONNECTIONS,
        timeout_keep_alive=30,
        timeout_graceful_shutdown=GOODBYE_SECONDS,
        ssl_context_factory=(lambda *_: fresh(identity)) if identity else None,
    )


def fresh(identity: Identity) -> ssl.SSLContext:
    """A context that shows each caller the certificate as it is then: the handshake goes on with another context."""

    def chosen(connection: ssl.SSLObject, _: str | None, __: ssl.SSLContext) -> None:
        connection.context = identity.context

    context = identity.context
    context.sni_callback = chosen
    return context
