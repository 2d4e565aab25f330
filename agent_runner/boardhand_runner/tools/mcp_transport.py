"""The way to a pool's MCP server, which is not trusted with this process' memory, environment or log."""

from __future__ import annotations

import asyncio
import logging
import os
import re
import signal
import ssl
import time
from asyncio.subprocess import PIPE, Process
from collections import deque
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import anyio
import httpx2
from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream
from mcp.client._transport import TransportStreams
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.message import SessionMessage
from mcp.types import jsonrpc_message_adapter

from boardhand_runner.errors import Configuration
from boardhand_runner.mounted import text_of

MESSAGE_BYTES = 4_000_000
"""A server that sends a longer message is ended."""
SAID_CHARACTERS = 400
END_SECONDS = 1.0
CONNECT_SECONDS = 15.0
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
_HEADER = re.compile(r"[A-Za-z0-9-]+\Z")


def silence() -> None:
    """The libraries log what a server sent; the agent's own log is no place for that."""
    for name in ("mcp", "client", "httpx2"):
        logging.getLogger(name).addHandler(logging.NullHandler())
        logging.getLogger(name).propagate = False


def secret_values(folder: Path, *, headers: bool) -> dict[str, str]:
    """The mounted Secret, key by key; nothing where none is mounted. Raises Configuration for a key that is no name of
    a header, or else of a variable, and as `text_of`."""
    files = [file for file in sorted(folder.glob("*")) if file.is_file()] if folder.is_dir() else []
    secret = f"The Secret of MCP server {folder.name.split('-', 1)[-1]}"
    for file in files:
        if not (_HEADER if headers else _NAME).match(file.name):
            kind = "HTTP header" if headers else "environment variable"
            raise Configuration("McpSecretWrong", f"{secret}: {file.name} names no {kind}.")
    return {file.name: text_of(file, secret).strip() for file in files}


@asynccontextmanager
async def stdio(
    command: Sequence[str], environment: Mapping[str, str], folder: Path, said: deque[str]
) -> AsyncIterator[TransportStreams]:
    """A process started in `folder` with this environment and no other, ended with its group; `said` gets the end of
    its standard error. Raises OSError or ValueError where it cannot be started."""
    process = await asyncio.create_subprocess_exec(
        *command,
        stdin=PIPE,
        stdout=PIPE,
        stderr=PIPE,
        env=dict(environment),
        cwd=folder,
        start_new_session=True,
        limit=MESSAGE_BYTES,
    )
    incoming, received = anyio.create_memory_object_stream[SessionMessage | Exception](0)
    sent, outgoing = anyio.create_memory_object_stream[SessionMessage](0)
    pumps = [
        asyncio.create_task(_read(process, incoming)),
        asyncio.create_task(_write(process, outgoing, incoming)),
        asyncio.create_task(_listen(process, said)),
    ]
    try:
        yield received, sent
    finally:
        with anyio.CancelScope(shield=True):
            await _end(process)
            for pump in pumps:
                pump.cancel()
            await asyncio.gather(*pumps, return_exceptions=True)
            for stream in (incoming, received, sent, outgoing):
                stream.close()


async def _read(process: Process, incoming: MemoryObjectSendStream[SessionMessage | Exception]) -> None:
    """Line by line; ends with the process, with a line that is too long, or with whoever listens."""
    assert process.stdout is not None
    async with incoming:
        # ValueError: the line is longer than MESSAGE_BYTES.
        with suppress(ValueError, anyio.BrokenResourceError, anyio.ClosedResourceError):
            while line := await process.stdout.readline():
                await incoming.send(_message(line))


def _message(line: bytes) -> SessionMessage | Exception:
    try:
        return SessionMessage(jsonrpc_message_adapter.validate_json(line, by_name=False))
    except ValueError as error:
        return error


async def _write(
    process: Process,
    outgoing: MemoryObjectReceiveStream[SessionMessage],
    incoming: MemoryObjectSendStream[SessionMessage | Exception],
) -> None:
    assert process.stdin is not None
    try:
        async for message in outgoing:
            text = message.message.model_dump_json(by_alias=True, exclude_unset=True)
            process.stdin.write(text.encode() + b"\n")
            await process.stdin.drain()
    except OSError:
        # It reads no more, so it will answer no more.
        await incoming.aclose()


async def _listen(process: Process, said: deque[str]) -> None:
    assert process.stderr is not None
    while data := await process.stderr.read(4096):
        said.extend(data.decode("utf-8", "replace"))


async def _end(process: Process) -> None:
    """Its input ends; what then is still there of its group is killed.

    Not process.wait(): that also waits for pipes which something else may hold open.
    """
    assert process.stdin is not None
    process.stdin.close()
    await _exited(process)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    await _exited(process)
    # The only way to let go of its pipes.
    process._transport.close()  # type: ignore[attr-defined]


async def _exited(process: Process) -> None:
    deadline = time.monotonic() + END_SECONDS
    while process.returncode is None and time.monotonic() < deadline:  # noqa: ASYNC110 (there is no event without the pipes)
        await asyncio.sleep(0.01)


@asynccontextmanager
async def http(
    url: str, headers: Mapping[str, str], tls: ssl.SSLContext, seconds: float
) -> AsyncIterator[TransportStreams]:
    """Streamable HTTP; the headers go to this address' own server alone."""
    timeout = httpx2.Timeout(seconds, connect=CONNECT_SECONDS)
    transport = _Bounded(verify=tls)
    async with (
        httpx2.AsyncClient(transport=transport, headers=dict(headers), timeout=timeout) as client,
        streamable_http_client(url, http_client=client) as streams,
    ):
        yield streams


class _Bounded(httpx2.AsyncHTTPTransport):
    """Ends answers beyond MESSAGE_BYTES, and takes none that is packed. Events are bounded one by one elsewhere."""

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        request.headers["accept-encoding"] = "identity"
        response = await super().handle_async_request(request)
        if response.headers.get("content-encoding", "identity") != "identity":
            raise httpx2.DecodingError("the server packed its answer without being asked to", request=request)
        if not response.headers.get("content-type", "").startswith("text/event-stream"):
            response.stream = _Counted(response.stream, request)
        return response


class _Counted(httpx2.AsyncByteStream):
    def __init__(self, stream: object, request: httpx2.Request) -> None:
        assert isinstance(stream, httpx2.AsyncByteStream)
        self._stream, self._request = stream, request

    async def __aiter__(self) -> AsyncIterator[bytes]:
        count = 0
        async for chunk in self._stream:
            count += len(chunk)
            if count > MESSAGE_BYTES:
                raise httpx2.ReadError(f"the answer is longer than {MESSAGE_BYTES} bytes", request=self._request)
            yield chunk

    async def aclose(self) -> None:
        await self._stream.aclose()
