"""Trials connect to no closed address, by whatever name; and Secrets and sealed texts are tried where they are."""

from __future__ import annotations

import asyncio
import base64
import socket
from pathlib import Path
from typing import Any

import pytest

from boardhand_api.model import PlainModel
from boardhand_api.pool import CodingAgentSpec
from boardhand_client.trials import LOOPBACK, Reach, Trial, try_model, try_sealed, try_secret
from boardhand_operator.credentials import sources
from boardhand_operator.http.answers import Vendor
from boardhand_operator.http.exchange import Exchange
from tests.support.objects import pool_body
from tests.support.sealing import a_ring, pool_spec

Json = dict[str, Any]


async def tried(address: str, reach: Reach) -> Trial:
    return await try_model(PlainModel.model_validate({"name": "m", "baseURL": address}), None, reach)


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "*")


@pytest.mark.parametrize(
    "host",
    [
        "169.254.169.254",
        "[fe80::1]",
        "[::ffff:169.254.169.254]",
        "[64:ff9b::a9fe:a9fe]",
        "100.100.100.200",
        "2852039166",
        "0xa9fea9fe",
        "169.254.43518",
    ],
)
async def test_metadata_addresses_are_refused_however_they_are_written(host: str) -> None:
    found = await tried(f"http://{host}/v1", Reach(seconds=5))
    assert (found.ok, found.reason) == (False, "AddressClosed")


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "127.1", "0.0.0.0"])
async def test_a_server_that_others_tell_where_to_connect_closes_its_own(host: str) -> None:
    found = await tried(f"http://{host}:9/v1", Reach(closed=LOOPBACK, seconds=5))
    assert (found.ok, found.reason) == (False, "AddressClosed")


async def test_a_name_that_resolves_to_a_closed_address_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    async def to_metadata(*_: object, **__: object) -> list[Any]:
        return [
            (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("198.51.100.7", 80)),
            (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("169.254.169.254", 80)),
        ]

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", to_metadata)
    found = await tried("http://models.example.com/v1", Reach(seconds=5))
    assert (found.ok, found.reason) == (False, "AddressClosed")


async def test_what_is_not_closed_is_reached_and_a_redirect_elsewhere_is_not_followed() -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        head = b"HTTP/1.1 307 Go\r\nLocation: http://169.254.169.254/v1/models\r\nContent-Length: 0\r\n\r\n"
        writer.write(head)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        found = await tried(f"http://localhost:{port}/v1", Reach(seconds=5))
    assert (found.ok, found.reason) == (False, "Redirected")
    assert "points to http://169.254.169.254" in found.said


async def test_a_proxy_of_the_environment_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[bytes] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.append(await reader.readline())
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b'HTTP/1.1 200 OK\r\nContent-Length: 22\r\n\r\n{"data": [{"id":"m"}]}')
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}")
        monkeypatch.setenv("NO_PROXY", "")
        monkeypatch.setenv("no_proxy", "")
        found = await tried("http://models.invalid/v1", Reach(seconds=5))
    assert (found.ok, seen) == (True, [b"GET http://models.invalid/v1/models HTTP/1.1\r\n"])


async def test_a_bundle_that_is_none_is_a_sentence(tmp_path: Path) -> None:
    found = await tried("http://127.0.0.1:9/v1", Reach(certificates=tmp_path / "no.crt"))
    assert (found.ok, found.reason) == (False, "CertificatesUnreadable")


async def test_the_transport_closes_with_the_client() -> None:
    connection = Reach().connection()
    exchange = Exchange(Vendor("x", "", ""), "http://127.0.0.1:9", {}, [], connection)
    await exchange.aclose()
    assert connection.transport is not None


SPEC = CodingAgentSpec.model_validate(pool_body()["spec"])


def secret(**data: str) -> Json:
    held = {key: base64.b64encode(value.encode()).decode() for key, value in data.items()}
    return {"metadata": {"name": "x"}, "type": "Opaque", "data": held}


@pytest.mark.parametrize(
    ("place", "body", "reason", "fix"),
    [
        ("models.large", secret(apiKey="k"), "", ""),
        (
            "models.large",
            None,
            "SecretMissing",
            "kubectl -n team create secret generic model --from-file=apiKey=FILE",
        ),
        (
            "repository.push",
            secret(username="u"),
            "SecretKeyMissing",
            "kubectl -n team create secret generic secret --from-file=token=FILE --dry-run=client -o yaml "
            "| kubectl apply -f -",
        ),
        ("repository.push", secret(username="u", token="t"), "", ""),
        ("models.large", secret(apiKey="k") | {"type": "helm.sh/release.v1"}, "SecretForbidden", "secret generic NAME"),
        ("board", secret(token="t"), "SecretIncomplete", "--from-file=key=FILE --dry-run"),
    ],
)
def test_a_secret_is_tried(place: str, body: Json | None, reason: str, fix: str) -> None:
    found = try_secret(SPEC, sources(SPEC)[place], body, "team", ("key", "token") if place == "board" else ())
    assert (found.ok, found.reason) == (not reason, reason)
    assert fix in found.fix


def test_what_is_sealed_opens_in_its_own_pool_alone() -> None:
    ring, other = a_ring(), a_ring()
    spec = CodingAgentSpec.model_validate(pool_body(**pool_spec(ring))["spec"])
    source = sources(spec)["models.large"]
    assert try_sealed(source, ring, "team", "shop").ok
    again = "boardhand seal --namespace team --pool shop --field models.large.apiKey"
    assert try_sealed(source, other, "team", "shop").fix == again
    assert try_sealed(source, ring, "team", "cart").reason == "SealedElsewhere"
    assert try_sealed(source, None, "team", "shop").fix == "boardhand keys rotate"
