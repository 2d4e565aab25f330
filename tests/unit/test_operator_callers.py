"""Where webhooks come in: bounded in every way, the same refusal for all, an answer at once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import httpx
import pytest

from boardhand_operator.memory.store import Key
from boardhand_operator.webhooks import callers
from boardhand_operator.webhooks.callers import listening

POOL = ("team", "shop")
PATH = "/webhooks/team/shop"


@dataclass
class Inside:
    """What the listener was told: calls that it asked about, and those that were admitted."""

    asked: list[tuple[Key, str, bytes]] = field(default_factory=list)
    admitted: list[Key] = field(default_factory=list)
    open: asyncio.Event = field(default_factory=asyncio.Event)
    """Checks end once it is set."""

    async def admits(self, key: Key, headers: Mapping[str, str], body: bytes) -> bool:
        self.asked.append((key, headers.get("x-signature", ""), body))
        await self.open.wait()
        good = headers.get("X-Signature") == "good" and key == POOL
        self.admitted += [key] * good
        return good

    @asynccontextmanager
    async def served(self) -> AsyncIterator[httpx.AsyncClient]:
        async with (
            listening(self.admits, "127.0.0.1", 0) as port,
            httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False) as http,
        ):
            yield http


@pytest.fixture
async def inside() -> Inside:
    made = Inside()
    made.open.set()
    return made


async def test_a_call_is_asked_about_once_as_it_was_sent(inside: Inside) -> None:
    async with inside.served() as http:
        answer = await http.post(PATH, content=b"{not json", headers={"x-signature": "good"})
    assert (answer.status_code, answer.content) == (200, b"")
    assert inside.asked == [(POOL, "good", b"{not json")]
    assert inside.admitted == [POOL]


async def test_refusals_tell_a_stranger_nothing(inside: Inside) -> None:
    async with inside.served() as http:
        forged = await http.post(PATH, content=b"x", headers={"x-signature": "bad"})
        unsigned = await http.post(PATH, content=b"x")
        unknown = await http.post("/webhooks/team/none", content=b"x", headers={"x-signature": "good"})
    for answer in (forged, unsigned, unknown):
        assert (answer.status_code, answer.content) == (401, b"")
        assert dict(answer.headers) | {"date": ""} == dict(forged.headers) | {"date": ""}
    assert inside.admitted == []


async def test_a_board_sees_that_somebody_is_there_whatever_the_pool(inside: Inside) -> None:
    async with inside.served() as http:
        for path in (PATH, "/webhooks/no/where"):
            assert (await http.head(path)).status_code == 200
        assert (await http.get(PATH)).status_code == 405
        assert (await http.post("/healthz")).status_code == 404
    assert inside.asked == []


@pytest.mark.parametrize("told", [True, False])
async def test_a_body_that_is_too_long_is_not_read(inside: Inside, told: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(callers, "BODY_BYTES", 1000)
    sent = 0

    async def chunks() -> AsyncIterator[bytes]:
        nonlocal sent
        for _ in range(1000):
            sent += 100_000
            yield b"x" * 100_000

    async with inside.served() as http:
        assert (await http.post(PATH, content=b"x" * 1000)).status_code == 401
        try:
            status = (await http.post(PATH, content=b"x" * 1001 if told else chunks())).status_code
        except httpx.TransportError:
            # The connection was closed while there was still something to send.
            status = 413
        assert status == 413
    assert len(inside.asked) == 1
    assert sent < 50_000_000


async def test_a_packed_body_is_not_unpacked(inside: Inside) -> None:
    async with inside.served() as http:
        await http.post(PATH, content=b"\x1f\x8bnonsense", headers={"content-encoding": "gzip"})
    assert [body for _, _, body in inside.asked] == [b"\x1f\x8bnonsense"]


async def _raw(http: httpx.AsyncClient) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    return await asyncio.open_connection("127.0.0.1", http.base_url.port)


async def test_a_slow_body_ends_in_time_and_delays_nobody(inside: Inside, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(callers, "BODY_SECONDS", 0.1)
    async with inside.served() as http:
        reader, writer = await _raw(http)
        writer.write(f"POST {PATH} HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\nx".encode())
        await writer.drain()
        assert (await http.post(PATH, headers={"x-signature": "good"})).status_code == 200
        assert (await asyncio.wait_for(reader.readline(), 5)).startswith(b"HTTP/1.1 408")
        writer.close()


async def test_a_connection_that_never_asks_is_closed(inside: Inside, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(callers, "CONNECTION_SECONDS", 0.1)
    async with inside.served() as http:
        reader, writer = await _raw(http)
        writer.write(b"POST / HTTP")
        assert await asyncio.wait_for(reader.read(), 5) == b""
        writer.close()


async def test_connections_beyond_the_bound_are_closed_at_once(inside: Inside, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(callers, "CONNECTIONS", 2)
    async with inside.served() as http:
        held = [await _raw(http) for _ in range(2)]
        await asyncio.sleep(0.05)
        reader, writer = await _raw(http)
        with pytest.raises(OSError):
            writer.write(b"HEAD / HTTP/1.1\r\n\r\n")
            await writer.drain()
            if await asyncio.wait_for(reader.read(), 5) == b"":
                raise ConnectionResetError
        for _, one in (*held, (reader, writer)):
            one.close()


async def test_calls_beyond_the_bound_are_refused_while_others_are_checked(
    inside: Inside, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(callers, "AT_ONCE", 3)
    inside.open.clear()
    async with inside.served() as http:
        flood = [asyncio.create_task(http.post(PATH, headers={"x-signature": "good"})) for _ in range(10)]
        async with asyncio.timeout(5):
            while sum(task.done() for task in flood) < 7:
                await asyncio.sleep(0.01)
        inside.open.set()
        statuses = [(await task).status_code for task in flood]
        assert sorted(statuses) == [200] * 3 + [503] * 7
        assert (await http.post(PATH, headers={"x-signature": "good"})).status_code == 200
