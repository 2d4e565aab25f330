"""The dashboard behind a real port: a certificate that changes, a laptop's address, errors at start in one sentence."""

from __future__ import annotations

import asyncio
import shutil
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import httpx
import pytest

from boardhand_dashboard import __main__, laptop
from boardhand_dashboard.app import build
from boardhand_dashboard.connection import HEAD_BYTES, Bounded
from boardhand_dashboard.serving import bound, fresh, serve
from boardhand_dashboard.settings import Settings
from boardhand_operator.webhooks.tls import Identity
from testbed.cluster.certificates import Authority, Subject
from tests.support.api_server import ApiServer, serving


def certified(folder: Path, name: str) -> None:
    """A pair of files as a Secret has them, of this subject, by an authority of its own."""
    made = folder / name
    Authority().write(made, [Subject("tls", name, hosts=["127.0.0.1"])])
    for file in ("tls.crt", "tls.key"):
        shutil.copy(made / file, folder / file)


@asynccontextmanager
async def running(settings: Settings) -> AsyncIterator[int]:
    on = bound("127.0.0.1", 0)
    task = asyncio.create_task(serve(build(settings), settings, on))
    try:
        yield on.getsockname()[1]
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def answered(url: str, verify: ssl.SSLContext | bool = True) -> httpx.Response:
    """Once it answers."""
    async with httpx.AsyncClient(verify=verify, trust_env=False) as client, asyncio.timeout(10):
        while True:
            try:
                return await client.get(url)
            except httpx.ConnectError:
                await asyncio.sleep(0.05)


async def test_pages_are_served_over_tls(tmp_path: Path) -> None:
    certified(tmp_path, "first")
    trusted = ssl.create_default_context(cafile=str(tmp_path / "first" / "ca.crt"))
    async with running(Settings(server="https://127.0.0.1:9", tls=tmp_path)) as port:
        answer = await answered(f"https://127.0.0.1:{port}/login", trusted)
    assert answer.status_code == 200
    assert "max-age" in answer.headers["strict-transport-security"]
    assert "server" not in answer.headers


async def cut_off(port: int, *pieces: bytes) -> bytes:
    """What comes until the server ends the connection."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        with suppress(ConnectionError):
            for piece in pieces:
                writer.write(piece)
                await writer.drain()
            async with asyncio.timeout(5):
                return await reader.read()
        return b""
    finally:
        writer.close()


async def test_who_asks_slowly_or_too_much_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    begun = b"GET /login HTTP/1.1\r\nHost: x\r\n"
    async with running(Settings(server="https://127.0.0.1:9")) as port:
        await answered(f"http://127.0.0.1:{port}/healthz")
        flood = [b"X-Long: " + b"x" * 65000 + b"\r\n"] * (HEAD_BYTES // 65000 + 2)
        assert await cut_off(port, begun, *flood) == b""
        monkeypatch.setattr(Bounded, "request_seconds", 0.2)
        assert await cut_off(port) == b"", "nothing was asked"
        assert await cut_off(port, begun) == b"", "and no end of it came"
        whole = begun + b"\r\n"
        assert (await cut_off(port, whole + begun)).startswith(b"HTTP/1.1 200"), "the first one is answered"


async def test_a_new_certificate_is_shown_to_who_comes_then(tmp_path: Path) -> None:
    certified(tmp_path, "first")
    identity = Identity(tmp_path, "pages")
    server = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0, ssl=fresh(identity))
    port = server.sockets[0].getsockname()[1]

    async def shown(name: str) -> bool:
        trusted = ssl.create_default_context(cafile=str(tmp_path / name / "ca.crt"))
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port, ssl=trusted)
        except ssl.SSLCertVerificationError:
            return False
        writer.close()
        return True

    async with server:
        assert await shown("first")
        certified(tmp_path, "second")
        identity.refresh()
        assert (await shown("second"), await shown("first")) == (True, False)


async def test_on_a_laptop_the_printed_address_signs_in_once(tmp_path: Path) -> None:
    told: asyncio.Queue[str] = asyncio.Queue()
    async with serving(ApiServer()) as server:
        config = server.kubeconfig(tmp_path / "config")
        task = asyncio.create_task(laptop.serve(str(config), None, 0, told.put_nowait))
        async with asyncio.timeout(10):
            address = await told.get()
            assert address.startswith("http://127.0.0.1:")
            base = address.partition("/login")[0]
            async with httpx.AsyncClient(trust_env=False, follow_redirects=True) as browser:
                assert (await answered(f"{base}/healthz")).text == "ok\n"
                assert "ada@example.com" in (await browser.get(address)).text
                assert (await browser.get(base, headers={"Host": "rebound.example"})).status_code == 421
            assert (await answered(address)).status_code == 303
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


def test_what_is_wrong_at_start_is_one_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    for name in ("BOARDHAND_SERVER", "KUBERNETES_SERVICE_HOST"):
        monkeypatch.delenv(name, raising=False)
    assert __main__.main() == 2
    assert "BOARDHAND_SERVER is not set" in capsys.readouterr().err
    monkeypatch.setenv("BOARDHAND_SERVER", "https://127.0.0.1:9")
    monkeypatch.setenv("BOARDHAND_DASHBOARD_LISTEN", "127.0.0.1:0")
    monkeypatch.setenv("BOARDHAND_DASHBOARD_TLS", str(tmp_path / "nowhere"))
    assert __main__.main() == 2
    assert "pages cannot be served with" in capsys.readouterr().err


def loopbacks() -> list[str]:
    """Those of this machine: one that has no IPv6 has one."""
    found = []
    for family, address in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
        with suppress(OSError), socket.socket(family) as trying:
            trying.bind((address, 0))
            found.append(address)
    return found


def test_without_a_host_it_listens_at_every_address_of_either_family() -> None:
    """The kubelet of a cluster with IPv6 alone asks a pod that has no other address."""
    with bound("", 0) as listening:
        for address in loopbacks():
            socket.create_connection((address, listening.getsockname()[1]), timeout=5).close()
