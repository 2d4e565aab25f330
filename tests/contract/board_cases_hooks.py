"""Cases of every board: webhooks, and who sent one."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from boardhand_operator.errors import Misconfigured, PermissionMissing, RemoteUnavailable
from tests.contract.board_bench import BoardBench


class HookCases:
    """Calls that the board makes, and calls that somebody else makes."""

    async def test_a_genuine_call_is_known_however_often_it_comes(self, bench: BoardBench) -> None:
        board = bench.open(hook=True)
        headers, body = bench.call()
        assert [board.signed(headers, body) for _ in range(3)] == [True, True, True]
        await board.aclose()

    @pytest.mark.parametrize("case", ["upper", "lower", "title"])
    async def test_the_names_of_headers_have_no_case(self, bench: BoardBench, case: str) -> None:
        board = bench.open(hook=True)
        headers, body = bench.call()
        assert board.signed({getattr(name, case)(): value for name, value in headers.items()}, body)
        await board.aclose()

    async def test_a_call_signed_with_another_secret(self, bench: BoardBench) -> None:
        board = bench.open(hook=True)
        assert not board.signed(*bench.call(secret="f" * 40))
        await board.aclose()

    @pytest.mark.parametrize("body", [b"", b"{}", None], ids=["empty", "other", "longer"])
    async def test_a_call_whose_body_was_changed(self, bench: BoardBench, body: bytes | None) -> None:
        board = bench.open(hook=True)
        headers, genuine = bench.call()
        changed = genuine + b" " if body is None else body
        assert board.signed(headers, changed) is not bench.signs_body
        await board.aclose()

    async def test_a_call_without_headers(self, bench: BoardBench) -> None:
        board = bench.open(hook=True)
        _, body = bench.call()
        assert not board.signed({}, body)
        assert not board.signed({}, b"")
        await board.aclose()

    @pytest.mark.parametrize(
        "forge",
        [lambda v: "", lambda v: v[:-1], lambda v: v + "0", lambda v: "grüße \udcff 🚀", lambda v: v.swapcase() + "="],
        ids=["empty", "shorter", "longer", "not ascii", "case"],
    )
    async def test_a_proof_that_was_changed(self, bench: BoardBench, forge: Callable[[str], str]) -> None:
        board = bench.open(hook=True)
        headers, body = bench.call()
        proofs = [name for name in headers if not board.signed(_without(headers, name), body)]
        assert proofs
        for name in proofs:
            assert not board.signed(headers | {name: forge(headers[name])}, body)
        await board.aclose()

    async def test_no_call_is_known_where_none_is_wanted(self, bench: BoardBench) -> None:
        board = bench.open()
        assert not board.signed(*bench.call())
        await board.subscribe()
        assert bench.wire.requests == []
        assert await bench.hooks() == 0
        await board.aclose()

    async def test_subscribing_twice_is_one_webhook(self, bench: BoardBench) -> None:
        for _ in range(2):
            board = bench.open(hook=True)
            await board.subscribe()
            await board.subscribe()
            await board.aclose()
        assert await bench.hooks() == 1
        assert len(bench.wire.writes()) == 1

    async def test_subscribing_again_after_a_lost_answer(self, bench: BoardBench) -> None:
        board = bench.open(hook=True)
        bench.wire.lose.append(bench.subscribed)
        with pytest.raises(RemoteUnavailable):
            await board.subscribe()
        await board.subscribe()
        assert await bench.hooks() == 1
        await board.aclose()

    async def test_an_account_that_may_not_subscribe_says_so(self, bench: BoardBench) -> None:
        board = bench.open(hook=True, token=bench.reader_token())
        with pytest.raises((PermissionMissing, Misconfigured), match=bench.secret):
            await board.subscribe()
        assert await bench.hooks() == 0
        await board.aclose()


def _without(headers: dict[str, str], name: str) -> dict[str, str]:
    return {other: value for other, value in headers.items() if other != name}
