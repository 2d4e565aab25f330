"""Webhooks behind a certificate of their own: it changes without a restart, and a handshake is as bounded as a call."""

from __future__ import annotations

import asyncio
import logging
import shutil
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from boardhand_operator.memory.store import Key
from boardhand_operator.webhooks import callers, tls
from boardhand_operator.webhooks.callers import listening
from testbed.cluster.certificates import Authority, Subject

PATH = "/webhooks/team/shop"


def put(folder: Path, authority: Authority, key_of: Authority | None = None) -> None:
    """A pair as a Secret's mount has it. key_of: another authority's key in its place."""
    server = Subject("tls", "boardhand", hosts=["127.0.0.1"])
    authority.write(folder / "made", [server])
    shutil.copy(folder / "made" / "tls.crt", folder / "tls.crt")
    if key_of:
        key_of.write(folder / "made", [server])
    shutil.copy(folder / "made" / "tls.key", folder / "tls.key")
    authority.write(folder / "made", [])


def trusting(folder: Path) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(folder / "made" / "ca.crt"))


async def admits(_: Key, headers: Mapping[str, str], __: bytes) -> bool:
    return headers.get("x-signature") == "good"


@asynccontextmanager
async def served(folder: Path) -> AsyncIterator[int]:
    async with listening(admits, "127.0.0.1", 0, folder) as port:
        yield port


async def call(port: int, trust: ssl.SSLContext) -> int:
    async with httpx.AsyncClient(verify=trust, trust_env=False) as http:
        return (await http.post(f"https://127.0.0.1:{port}{PATH}", headers={"x-signature": "good"})).status_code


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    put(tmp_path, Authority())
    monkeypatch.setattr(tls, "EVERY_SECONDS", 0.02)
    return tmp_path


async def test_calls_come_by_tls_and_not_without_it(folder: Path) -> None:
    async with served(folder) as port:
        assert await call(port, trusting(folder)) == 200
        async with httpx.AsyncClient(trust_env=False) as http:
            with pytest.raises(httpx.TransportError):
                await http.post(f"http://127.0.0.1:{port}{PATH}")


async def test_a_new_certificate_is_shown_without_a_restart(folder: Path) -> None:
    before = trusting(folder)
    async with served(folder) as port, httpx.AsyncClient(verify=before, trust_env=False) as held:
        url = f"https://127.0.0.1:{port}{PATH}"
        assert (await held.head(url)).status_code == 200
        put(folder, Authority())
        async with asyncio.timeout(5):
            while True:
                try:
                    assert await call(port, trusting(folder)) == 200
                    break
                except httpx.ConnectError:
                    await asyncio.sleep(0.02)
        with pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
            await call(port, before)
        assert (await held.head(url)).status_code == 200


async def test_half_a_pair_or_none_changes_nothing_and_is_told(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    identity = tls.Identity(folder)
    shown = identity.context
    put(folder, Authority(), key_of=Authority())
    with caplog.at_level(logging.WARNING):
        identity.refresh()
        (folder / "tls.key").unlink()
        identity.refresh()
    assert identity.context is shown
    assert len(caplog.messages) == 2
    assert all("keep their former certificate" in message and "tls.crt" in message for message in caplog.messages)
    assert "PRIVATE KEY" not in caplog.text


def test_a_pair_that_cannot_be_used_ends_the_start(folder: Path) -> None:
    put(folder, Authority(), key_of=Authority())
    with pytest.raises(OSError, match=r"webhooks cannot be served with .*tls\.crt and .*tls\.key"):
        tls.Identity(folder)


async def test_who_never_shakes_hands_is_bounded_and_closed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(callers, "CONNECTIONS", 2)
    monkeypatch.setattr(tls, "HANDSHAKE_SECONDS", 0.5)
    async with served(folder) as port:
        mute = [await asyncio.open_connection("127.0.0.1", port) for _ in range(2)]
        await asyncio.sleep(0.05)
        # No place is left, so nobody shakes hands with a further one.
        with pytest.raises(httpx.ConnectError):
            await call(port, trusting(folder))
        for reader, _ in mute:
            assert await asyncio.wait_for(reader.read(), 5) == b""
        assert await call(port, trusting(folder)) == 200
        for _, writer in mute:
            writer.close()


async def test_many_who_talk_one_byte_a_time_leave_a_way_in(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Slow loris: headers that never end, on every connection there may be."""
    monkeypatch.setattr(callers, "CONNECTIONS", 8)
    monkeypatch.setattr(callers, "CONNECTION_SECONDS", 0.3)
    trust = trusting(folder)

    async def drip(port: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=trust)
        writer.write(f"POST {PATH} HTTP/1.1\r\n".encode())
        while not reader.at_eof():
            writer.write(b"x: y\r\n")
            await writer.drain()
            await asyncio.sleep(0.01)

    async with served(folder) as port:
        slow = [asyncio.create_task(drip(port)) for _ in range(8)]
        async with asyncio.timeout(5):
            while True:
                try:
                    assert await call(port, trust) == 200
                    break
                except httpx.TransportError:
                    await asyncio.sleep(0.05)
        for task in slow:
            task.cancel()
        await asyncio.wait(slow)
