"""Metrics over HTTP, on a port of their own: what Prometheus scrapes."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager

import prometheus_client
from aiohttp import web
from prometheus_client import CollectorRegistry, ProcessCollector
from prometheus_client.exposition import choose_encoder

from boardhand_operator import settings
from boardhand_operator.kube import Kube, Resource
from boardhand_operator.metrics.admission import Admits, Reviewed, everybody, who_has
from boardhand_operator.metrics.counted import Counted
from boardhand_operator.metrics.seen import Memory, Seen
from boardhand_operator.webhooks.bounded import bounded
from boardhand_operator.webhooks.tls import Identity

CONNECTIONS = 16
"""A further connection is closed at once."""
CONNECTION_SECONDS = 120.0
"""A connection is closed after so long; Prometheus keeps one between scrapes, and makes another then."""
_BEARER, _OPEN = "bearer ", "application/openmetrics-text"


class Metrics:
    """A registry of its own, with all that is told of the operator."""

    def __init__(self, memory: Memory, transcripts: Mapping[str, int]) -> None:
        """transcripts: see `Seen`."""
        prometheus_client.disable_created_metrics()  # type: ignore[no-untyped-call]
        self._store = memory.store
        self.registry = CollectorRegistry()
        self.counted = Counted(self.registry, memory.store)
        self.registry.register(Seen(memory, transcripts))
        ProcessCollector(registry=self.registry)

    def text(self, accept: str) -> tuple[bytes, str]:
        """All of it, in the format that who asks accepts, and that format's content type."""
        for body in self._store.bodies(Resource.POOLS):
            self.counted.expect(str(body["metadata"]["namespace"]), str(body["metadata"]["name"]))
        # Not the header itself: the library fails over a version that is no number.
        encode, content_type = choose_encoder(f"{_OPEN}; version=1.0.0" if _OPEN in accept else "")
        return encode(self.registry), content_type


@asynccontextmanager
async def serving(metrics: Metrics, asked: settings.Metrics, kube: Callable[[], Kube]) -> AsyncIterator[int]:
    """Serve /metrics; the port it is. kube: asked where tokens are reviewed. Raises OSError."""
    admits: Admits = Reviewed(kube) if asked.reviewed else who_has(asked.token) if asked.token else everybody

    async def tell(request: web.Request) -> web.Response:
        status = await admits(_token(request))
        if status != 200:
            headers = {"www-authenticate": "Bearer"} if status == 401 else {}
            return web.Response(status=status, headers=headers)
        body, content_type = metrics.text(request.headers.get("accept", ""))
        return web.Response(body=body, headers={"content-type": content_type})

    served = web.Application(client_max_size=1024)
    served.add_routes([web.get("/metrics", tell)])
    runner = web.AppRunner(served, handle_signals=False, access_log=None, shutdown_timeout=1.0)
    identity = Identity(asked.tls, "metrics") if asked.tls else None
    async with bounded(runner, *asked.address, identity, connections=CONNECTIONS, seconds=CONNECTION_SECONDS) as port:
        yield port


def _token(request: web.Request) -> str | None:
    """None for one that no token can be: headers may hold any byte."""
    said = request.headers.get("authorization", "")
    return said[len(_BEARER) :].strip() if said.isascii() and said.lower().startswith(_BEARER) else None
