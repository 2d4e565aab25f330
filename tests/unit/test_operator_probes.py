"""The probes' port: figures for everybody who reaches it, and nothing else."""

from __future__ import annotations

import asyncio

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
