"""A connection that asks within bounds: uvicorn itself waits for ever for a request that has begun, of any size."""

from __future__ import annotations

import asyncio

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

REQUEST_SECONDS = 20.0
"""From a connection's beginning, or the first byte of its next request, to the end of that request."""
HEAD_BYTES = 512 * 1024
"""So much of a request may come before its headers end: the start of a body that came along counts as well."""


class Bounded(HttpToolsProtocol):
    """Cut off where a request takes too long to come, or its head is too large. Answers take as long as they do."""

    request_seconds = REQUEST_SECONDS
    _late: asyncio.TimerHandle | None = None
    _head = 0
    _in_head = True

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """See asyncio.Protocol."""
        super().connection_made(transport)
        self._begin()

    def connection_lost(self, exc: Exception | None) -> None:
        """See asyncio.Protocol."""
        self._end()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """See asyncio.Protocol."""
        if self._late is None:
            self._begin()
        if self._in_head:
            self._head += len(data)
            if self._head > HEAD_BYTES:
                self.transport.abort()
                return
        super().data_received(data)

    def on_message_begin(self) -> None:
        """Called by the parser; the next request may have come with the end of the one before."""
        if self._late is None:
            self._begin()
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """Called by the parser."""
        self._in_head = False
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """Called by the parser."""
        self._end()
        super().on_message_complete()

    def _begin(self) -> None:
        self._head, self._in_head = 0, True
        self._late = self.loop.call_later(self.request_seconds, self.transport.abort)

    def _end(self) -> None:
        if self._late is not None:
            self._late.cancel()
            self._late = None
