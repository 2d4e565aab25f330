"""Sessions share whom they trust, and nothing of who they are."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import web

from boardhand_client.errors import Unreachable
from boardhand_client.session import Session
from testbed.cluster.certificates import Authority, Subject, write_kubeconfig

ADA, BOB = "ada-token", "bob-token"


@dataclass
class Server:
    """An API server with TLS that asks for a client's certificate, and gives each caller a cookie."""

    pki: Path
    url: str = ""
    asked: list[tuple[str, str, str]] = field(default_factory=list)
    """Of each request the authorization, the cookie, and the name in the client's certificate."""

    @property
    def ca(self) -> str:
        return str(self.pki / "ca.crt")

    async def answer(self, request: web.Request) -> web.Response:
        assert request.transport is not None
        certificate = request.transport.get_extra_info("peercert") or {}
        name = "".join(value for part in certificate.get("subject", ()) for _, value in part)
        headers = request.headers
        self.asked.append((headers.get("Authorization", ""), headers.get("Cookie", ""), name))
        token = headers.get("Authorization", "nobody").removeprefix("Bearer ")
        cookie = {"Set-Cookie": f"who={token}; Path=/"}
        return web.json_response({"status": {"userInfo": {"username": token}}}, headers=cookie)


def issue(folder: Path) -> None:
    hosts = Subject("server", "server", hosts=["localhost", "127.0.0.1"])
    Authority().write(folder, [hosts, Subject("carol", "carol")])


@pytest_asyncio.fixture
async def server(tmp_path: Path) -> AsyncIterator[Server]:
    made = Server(tmp_path / "pki")
    issue(made.pki)
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=made.ca)
    tls.load_cert_chain(made.pki / "server.crt", made.pki / "server.key")
    tls.verify_mode = ssl.CERT_OPTIONAL
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", made.answer)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0)
    await runner.setup()
    await web.TCPSite(runner, "localhost", 0, ssl_context=tls).start()
    made.url = f"https://localhost:{runner.addresses[0][1]}"
    yield made
    await runner.cleanup()


def context(session: Session) -> Any:
    return session._api.rest_client.ssl_context


async def test_two_visitors_share_the_trust_and_no_more(server: Server) -> None:
    async with Session.bearer(server.url, server.ca, ADA) as ada, Session.bearer(server.url, server.ca, BOB) as bob:
        assert context(ada) is context(bob)
        for _ in range(2):
            assert list(await asyncio.gather(ada.whoami(), bob.whoami())) == [ADA, BOB]
        by_whom = {token: [asked for asked in server.asked if asked[0] == f"Bearer {token}"] for token in (ADA, BOB)}
        for token, asked in by_whom.items():
            # Each has the cookie that it was given itself, after its first request.
            assert sorted(cookie for _, cookie, _ in asked) == ["", f"who={token}"]
        mine, others = ada._api, bob._api
        for part in ("configuration", "default_headers", "rest_client"):
            assert getattr(mine, part) is not getattr(others, part)
        pools = [one.rest_client.pool_manager for one in (mine, others)]
        assert pools[0] is not pools[1]
        assert pools[0].connector is not pools[1].connector and pools[0].cookie_jar is not pools[1].cookie_jar
        assert mine.rest_client.configuration is mine.configuration
    async with Session.bearer(server.url, server.ca, BOB) as later:
        assert await later.whoami() == BOB
        assert server.asked[-1] == (f"Bearer {BOB}", "", "")


async def test_a_certificate_of_ones_own_is_nobody_elses(server: Server, tmp_path: Path) -> None:
    config = tmp_path / "config"
    write_kubeconfig(config, server.url, server.pki, "carol")
    async with Session.bearer(server.url, server.ca, ADA) as ada, await Session.kubeconfig(str(config)) as carol:
        await carol.whoami()
        assert server.asked[-1] == ("", "", "carol")
        assert await ada.whoami() == ADA
        assert server.asked[-1] == (f"Bearer {ADA}", "", "")
        async with Session.bearer(server.url, server.ca, BOB) as bob, await Session.kubeconfig(str(config)) as again:
            assert context(bob) is context(ada)
            assert len({id(context(one)) for one in (ada, carol, again)}) == 3


async def test_an_authority_that_is_renewed_in_its_file_is_trusted_and_the_old_one_no_more(
    server: Server, tmp_path: Path
) -> None:
    ca = tmp_path / "ca.crt"
    issue(tmp_path / "other")
    ca.write_bytes((tmp_path / "other" / "ca.crt").read_bytes())
    async with Session.bearer(server.url, str(ca), ADA) as early:
        with pytest.raises(Unreachable, match="certificate verify failed"):
            await early.whoami()
        ca.write_bytes("# Größe\n".encode() + Path(server.ca).read_bytes())
        async with Session.bearer(server.url, str(ca), ADA) as late:
            assert await late.whoami() == ADA
        with pytest.raises(Unreachable, match="certificate verify failed"):
            await early.whoami()


async def test_the_systems_authorities_are_read_once(server: Server) -> None:
    async with Session.bearer(server.url, None, ADA) as ada, Session.bearer(server.url, None, BOB) as bob:
        assert context(ada) is context(bob)
        assert context(ada).verify_mode is ssl.CERT_REQUIRED and context(ada).check_hostname
        with pytest.raises(Unreachable, match="certificate verify failed"):
            await ada.whoami()


@pytest.mark.parametrize("text", ["", "no certificate", "größe"])
def test_a_bundle_without_authorities_is_not_the_systems(tmp_path: Path, text: str) -> None:
    (tmp_path / "ca.crt").write_text(text)
    with pytest.raises(ssl.SSLError):
        Session.bearer("https://localhost:1", str(tmp_path / "ca.crt"), ADA)
    with pytest.raises(FileNotFoundError):
        Session.bearer("https://localhost:1", str(tmp_path / "absent"), ADA)
