"""The probes' port: figures for everybody who reaches it, and nothing else."""

from __future__ import annotations

import asyncio
import socket
from contextlib import suppress

import httpx
import pytest

from boardhand_operator import web
from boardhand_operator.vitals import Role, Vitals

VITALS = Vitals(Role.WORKING, watch_lag_seconds=0.0, lease_age_seconds=1.0, oldest_poll_seconds=2.0, waiting=3)


async def test_probes_tell_figures_and_no_names() -> None:
    async with (
        web.serving(lambda: VITALS, "127.0.0.1", 0) as port,
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False) as http,
    ):
        for path in ("/healthz", "/readyz"):
            told = (await http.get(path)).json()
            assert {name for name, value in told.items() if not isinstance(value, bool | int | float)} == {"role"}
            assert told["role"] in {role.value for role in Role}
        statuses = [(await http.request(*call)).status_code for call in (("GET", "/"), ("POST", "/readyz"))]
        assert statuses == [404, 405]


async def test_a_connection_that_never_asks_is_closed_and_keeps_no_probe_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web, "CONNECTION_SECONDS", 0.2)
    async with web.serving(lambda: VITALS, "127.0.0.1", 0) as port:
        mute = [await asyncio.open_connection("127.0.0.1", port) for _ in range(200)]
        async with httpx.AsyncClient(trust_env=False) as http:
            assert (await http.get(f"http://127.0.0.1:{port}/readyz")).status_code == 200
        for reader, writer in mute:
            assert await asyncio.wait_for(reader.read(), 5) == b""
            writer.close()


async def test_without_a_host_probes_are_served_at_every_address_of_either_family() -> None:
    """A pod of a cluster with IPv6 alone has no other address that the kubelet could ask."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    reached = []
    async with web.serving(lambda: VITALS, "", port), httpx.AsyncClient(trust_env=False) as http:
        for family, address in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
            with suppress(OSError), socket.socket(family) as here:  # a machine without IPv6 has one family
                here.bind((address, 0))
                reached.append(address)
                host = f"[{address}]" if ":" in address else address
                assert (await http.get(f"http://{host}:{port}/readyz")).status_code == 200
    assert "127.0.0.1" in reached
