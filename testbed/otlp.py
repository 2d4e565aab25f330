"""A stand-in for an OpenTelemetry collector: takes traces over OTLP/HTTP, as protobuf, and keeps what they say."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.trace.v1.trace_pb2 import Span as Wire

_KIND = "application/x-protobuf"


@dataclass(frozen=True)
class Span:
    """A span as it was received."""

    trace: str
    """Hexadecimal, as the next ones."""
    id: str
    parent: str
    name: str
    kind: int
    seconds: float
    error: bool
    attributes: dict[str, Any]
    resource: dict[str, Any]
    links: list[tuple[str, str]]
    """Trace and span."""
    events: list[tuple[str, dict[str, Any]]]


@dataclass
class Receiver:
    """What came, and what is answered next."""

    url: str = ""
    spans: list[Span] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    """Of each request."""
    statuses: list[int] = field(default_factory=list)
    """What the next requests are answered with; empty: 200."""
    hang: bool = False
    """Whether requests are never answered."""

    def whole(self) -> dict[str, Span]:
        """The spans by their id: one that came twice is one."""
        return {span.id: span for span in self.spans}

    async def take(self, request: web.Request) -> web.Response:
        """POST /v1/traces."""
        body = await request.read()
        self.headers.append({name.lower(): text for name, text in request.headers.items()})
        while self.hang:
            await asyncio.sleep(0.05)
        if self.statuses and (status := self.statuses.pop(0)) != 200:
            return web.Response(status=status)
        if request.headers.get("content-type") != _KIND:
            return web.Response(status=415)
        asked = ExportTraceServiceRequest.FromString(body)
        for group in asked.resource_spans:
            resource = _read(group.resource.attributes)
            self.spans += [_span(one, resource) for scope in group.scope_spans for one in scope.spans]
        return web.Response(body=ExportTraceServiceResponse().SerializeToString(), content_type=_KIND)


@asynccontextmanager
async def receiving() -> AsyncIterator[Receiver]:
    """A receiver for as long as the block runs."""
    receiver = Receiver()
    served = web.Application(client_max_size=64 * 1024 * 1024)
    served.add_routes([web.post("/v1/traces", receiver.take)])
    runner = web.AppRunner(served, shutdown_timeout=0.1)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        receiver.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        yield receiver
    finally:
        receiver.hang = False
        await runner.cleanup()


def _span(wire: Wire, resource: dict[str, Any]) -> Span:
    return Span(
        trace=wire.trace_id.hex(),
        id=wire.span_id.hex(),
        parent=wire.parent_span_id.hex(),
        name=wire.name,
        kind=wire.kind,
        seconds=(wire.end_time_unix_nano - wire.start_time_unix_nano) / 1e9,
        error=wire.status.code == 2,
        attributes=_read(wire.attributes),
        resource=resource,
        links=[(link.trace_id.hex(), link.span_id.hex()) for link in wire.links],
        events=[(event.name, _read(event.attributes)) for event in wire.events],
    )


def _read(attributes: Any) -> dict[str, Any]:
    pairs: list[KeyValue] = list(attributes)
    return {pair.key: _value(pair.value) for pair in pairs}


def _value(value: AnyValue) -> Any:
    kind = value.WhichOneof("value")
    return getattr(value, kind) if kind else None
