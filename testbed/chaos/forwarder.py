"""A wire between an operator and the API server that can be cut."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

_CHUNK = 65536


class Forwarder:
    """Passes TCP connections on to a port of this machine."""

    def __init__(self, target: int) -> None:
        self._target = target
        self._open: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self.port = 0

    @asynccontextmanager
    async def passing(self) -> AsyncIterator[Forwarder]:
        """Listen for as long as the block runs, on a port that `port` then tells."""
        server = await asyncio.start_server(self._connected, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()
            self.cut()
            if self._tasks:
                await asyncio.wait(self._tasks)

    def cut(self) -> int:
        """Break every connection; how many there were. New ones are passed on as before."""
        broken = len(self._open)
        for writer in self._open:
            writer.transport.abort()
        self._open.clear()
        return broken

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        with suppress(OSError):
            there_reader, there_writer = await asyncio.open_connection("127.0.0.1", self._target)
            self._open.add(there_writer)
            self._open.add(writer)
            try:
                await asyncio.gather(_pass(reader, there_writer), _pass(there_reader, writer))
            finally:
                self._open.discard(there_writer)
                self._open.discard(writer)
                there_writer.close()
        writer.close()


async def _pass(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Until one end closes; the other is told."""
    with suppress(OSError):
        while data := await reader.read(_CHUNK):
            writer.write(data)
            await writer.drain()
    writer.close()
