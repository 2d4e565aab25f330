"""Cases of every forge: what it, or what lies in between, refuses."""

from __future__ import annotations

import httpx
import pytest

from boardhand_operator.errors import Misconfigured, NotFound, RateLimited, RemoteUnavailable
from boardhand_operator.forges import Forge, Proposal
from tests.contract.about import about
from tests.contract.forge_bench import ForgeBench
from tests.contract.forge_cases_said import FIX, pull_of_ours


class ForgeRefusalCases:
    """Errors, each as what it is."""

    @about()
    async def test_a_rate_limit_is_handed_on_with_its_time(self, bench: ForgeBench, forge: Forge) -> None:
        number = await pull_of_ours(bench, forge)
        await bench.fault(match=".", status=429, headers={"Retry-After": "120"}, times=1)
        with pytest.raises(RateLimited) as limited:
            await forge.pull_request(FIX)
        assert limited.value.retry_after == 120
        await bench.fault(match=bench.commented, status=429, headers={"Retry-After": "10"}, times=1)
        with pytest.raises(RateLimited) as limited:
            await forge.comment(number, "x")
        assert limited.value.retry_after == 10
        assert await bench.said(number) == []

    @about()
    async def test_a_read_is_repeated_and_a_write_is_not(self, bench: ForgeBench, forge: Forge) -> None:
        number = await pull_of_ours(bench, forge)
        await bench.fault(match=".", status=503, times=1)
        found = await forge.pull_request(FIX)
        assert found and found.number == number
        bench.wire.requests.clear()
        await bench.fault(match=bench.commented, status=500, times=1)
        with pytest.raises(RemoteUnavailable):
            await forge.comment(number, "x")
        assert len(bench.wire.writes()) == 1
        assert await bench.said(number) == []

    @about()
    async def test_a_read_whose_answer_is_lost_is_repeated(self, bench: ForgeBench, forge: Forge) -> None:
        number = await pull_of_ours(bench, forge)
        bench.wire.lose.append(".")
        found = await forge.pull_request(FIX)
        assert found and found.number == number
        assert bench.wire.lose == []

    @about()
    async def test_an_opening_that_failed_is_not_repeated_by_itself(self, bench: ForgeBench, forge: Forge) -> None:
        await bench.branch(FIX)
        await bench.fault(match=bench.opened, status=502, times=1)
        with pytest.raises(RemoteUnavailable):
            await forge.open_pull_request(Proposal(FIX, "main", "Fix", "b", False))
        assert await bench.pulls() == []
        await forge.open_pull_request(Proposal(FIX, "main", "Fix", "b", False))
        assert len(await bench.pulls()) == 1

    @about()
    async def test_an_opening_that_a_gateway_lost(self, bench: ForgeBench, forge: Forge) -> None:
        await bench.branch(FIX)
        await bench.fault(match=bench.opened, status=502, after=True, times=1)
        with pytest.raises(RemoteUnavailable):
            await forge.open_pull_request(Proposal(FIX, "main", "Fix", "b", False))
        await forge.open_pull_request(Proposal(FIX, "main", "Fix", "b", False))
        assert len(await bench.pulls()) == 1

    @about()
    async def test_a_forge_that_stays_down(self, bench: ForgeBench, forge: Forge) -> None:
        await bench.fault(match=".", status=503)
        for call in (forge.check(), forge.pull_request(FIX), forge.head(FIX), forge.comments(1)):
            with pytest.raises(RemoteUnavailable):
                await call

    @about()
    async def test_a_forge_that_is_gone(self, bench: ForgeBench, forge: Forge) -> None:
        await forge.check()
        await bench.fault(match=".", status=404)
        with pytest.raises((Misconfigured, NotFound)):
            await forge.check()

    @about()
    async def test_a_proxys_page_is_no_answer(self, bench: ForgeBench, forge: Forge) -> None:
        bench.wire.instead = httpx.Response(200, headers={"content-type": "text/html"}, content=b"<html>Sign in</html>")
        for call in (forge.check(), forge.pull_request(FIX), forge.comment(1, "x")):
            with pytest.raises(RemoteUnavailable, match="proxy"):
                await call

    @about()
    async def test_an_answer_beyond_the_bound(
        self, bench: ForgeBench, forge: Forge, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("boardhand_operator.http.exchange.ANSWER_BYTES", 10)
        with pytest.raises(RemoteUnavailable, match="more than 10 bytes"):
            await forge.check()

    @pytest.mark.parametrize("status", [301, 307])
    @about()
    async def test_credentials_go_to_no_other_host(self, bench: ForgeBench, forge: Forge, status: int) -> None:
        bench.wire.instead = httpx.Response(status, headers={"location": "https://elsewhere.example/api"})
        with pytest.raises(Misconfigured, match=r"https://elsewhere\.example") as wrong:
            await forge.check()
        assert wrong.value.reason == "Redirected"
        assert "elsewhere.example" not in {request.url.host for request in bench.wire.requests}
