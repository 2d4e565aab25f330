"""Boards and forges by way of a proxy: the one that is given, else that of the environment."""

from __future__ import annotations

import asyncio

import pytest

from boardhand_operator.http.answers import Vendor
from boardhand_operator.http.transport import Client, Connection

VENDOR = Vendor("The board", "Make a new token.", "Give it the right.")


@pytest.mark.parametrize("given", [True, False])
async def test_requests_go_by_the_proxy(given: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[bytes] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append((await reader.readuntil(b"\r\n\r\n")).split(b"\r\n")[0])
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}")
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        proxy = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        if not given:
            monkeypatch.setenv("http_proxy", proxy)
        client = Client(VENDOR, "http://board.test/api", {}, [], Connection(proxy=proxy if given else None))
        assert await client.get("read", "/tickets") == {}
        await client.aclose()
    assert asked == [b"GET http://board.test/api/tickets HTTP/1.1"]
