"""Cases of every board: what it, or what lies in between, refuses."""

from __future__ import annotations

import httpx
import pytest

from boardhand_operator.boards import Board
from boardhand_operator.errors import (
    CredentialsRefused,
    Misconfigured,
    NotFound,
    PermissionMissing,
    RateLimited,
    RemoteUnavailable,
)
from tests.contract.board_bench import DOING, READY, BoardBench


class RefusalCases:
    """Errors, each as what it is."""

    async def test_a_refused_token_is_said_with_what_to_do(self, bench: BoardBench) -> None:
        board = bench.open(token="e" * 64)
        with pytest.raises(CredentialsRefused) as refused:
            await board.check()
        assert f"Secret {bench.secret}" in str(refused.value)
        assert "under the key `token`" in str(refused.value)
        assert "e" * 64 not in str(refused.value)
        await board.aclose()

    async def test_a_token_that_expires_meanwhile(self, bench: BoardBench, board: Board) -> None:
        ticket = await bench.ticket()
        assert len((await board.look()).ready) == 1
        await bench.fault(match=".", status=401)
        with pytest.raises(CredentialsRefused):
            await board.look()
        with pytest.raises(CredentialsRefused):
            await board.comment(ticket, "x")

    async def test_an_account_that_may_not_write(self, bench: BoardBench) -> None:
        ticket = await bench.ticket()
        board = bench.open(token=bench.reader_token())
        with pytest.raises(PermissionMissing, match=f"Secret {bench.secret}"):
            await board.move(ticket, DOING)
        assert await bench.open().column_of(ticket) == READY
        await board.aclose()

    async def test_a_rate_limit_is_handed_on_with_its_time(self, bench: BoardBench, board: Board) -> None:
        ticket = await bench.ticket()
        await bench.fault(match=".", status=429, headers={"Retry-After": "120"}, times=1)
        with pytest.raises(RateLimited) as limited:
            await board.look()
        assert limited.value.retry_after == 120
        await bench.fault(match=bench.comment_written, status=429, headers={"Retry-After": "10"}, times=1)
        with pytest.raises(RateLimited) as limited:
            await board.comment(ticket, "x")
        assert limited.value.retry_after == 10
        assert await bench.said(ticket) == []

    async def test_a_read_is_repeated_and_a_write_is_not(self, bench: BoardBench, board: Board) -> None:
        ticket = await bench.ticket()
        await bench.fault(match=".", status=503, times=1)
        assert len((await board.look()).ready) == 1
        await bench.fault(match=bench.comment_written, status=500, times=1)
        with pytest.raises(RemoteUnavailable):
            await board.comment(ticket, "x")
        assert len(bench.wire.writes()) == 1
        assert await bench.said(ticket) == []

    async def test_a_rate_limit_without_a_time(self, bench: BoardBench, board: Board) -> None:
        ticket = await bench.ticket()
        await bench.fault(match=bench.comment_written, status=429, times=1)
        with pytest.raises(RateLimited) as limited:
            await board.comment(ticket, "x")
        assert 0 < limited.value.retry_after <= 120
        assert await bench.said(ticket) == []

    async def test_a_read_whose_answer_is_lost_is_repeated(self, bench: BoardBench, board: Board) -> None:
        ticket = await bench.ticket()
        bench.wire.lose.append(".")
        assert [card.id for card in (await board.look()).ready] == [ticket]
        assert bench.wire.lose == []

    async def test_a_board_that_stays_down(self, bench: BoardBench, board: Board) -> None:
        await bench.fault(match=".", status=503)
        for call in (board.look(), board.check(), board.comments("1" * 24)):
            with pytest.raises(RemoteUnavailable):
                await call

    async def test_a_board_that_nobody_has(self, bench: BoardBench) -> None:
        board = bench.open(board=bench.nowhere)
        with pytest.raises(Misconfigured) as wrong:
            await board.check()
        assert bench.nowhere.rpartition("/")[2] in wrong.value.message
        assert bench.secret in wrong.value.message
        await board.aclose()

    async def test_a_board_that_is_gone_has_no_empty_column(self, bench: BoardBench, board: Board) -> None:
        await bench.ticket()
        assert len((await board.look()).ready) == 1
        await bench.fault(match=".", status=404)
        with pytest.raises((Misconfigured, NotFound)):
            await board.look()

    async def test_a_proxys_page_is_no_answer(self, bench: BoardBench, board: Board) -> None:
        page = httpx.Response(200, headers={"content-type": "text/html"}, content=b"<html>Sign in</html>")
        bench.wire.instead = page
        for call in (board.look(), board.check(), board.people()):
            with pytest.raises(RemoteUnavailable, match="proxy"):
                await call

    async def test_an_answer_beyond_the_bound(
        self, bench: BoardBench, board: Board, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("boardhand_operator.http.exchange.ANSWER_BYTES", 10)
        with pytest.raises(RemoteUnavailable, match="more than 10 bytes"):
            await board.look()

    @pytest.mark.parametrize("status", [301, 307])
    async def test_credentials_go_to_no_other_host(self, bench: BoardBench, board: Board, status: int) -> None:
        bench.wire.instead = httpx.Response(status, headers={"location": "https://elsewhere.example/api"})
        with pytest.raises(Misconfigured, match=r"https://elsewhere\.example") as wrong:
            await board.look()
        assert wrong.value.reason == "Redirected"
        assert "elsewhere.example" not in {request.url.host for request in bench.wire.requests}

    async def test_a_token_is_in_no_address(self, bench: BoardBench) -> None:
        board, token = bench.open(token="e" * 64), "e" * 64
        with pytest.raises(CredentialsRefused):
            await board.look()
        assert bench.wire.requests
        assert token not in "".join(str(request.url) for request in bench.wire.requests)
        await board.aclose()

    async def test_a_reader_may_look_and_the_check_says_what_it_lacks(self, bench: BoardBench) -> None:
        await bench.ticket()
        board = bench.open(token=bench.reader_token())
        with pytest.raises((PermissionMissing, Misconfigured), match=f"Secret {bench.secret}"):
            await board.check()
        assert bench.wire.requests
        await board.aclose()
