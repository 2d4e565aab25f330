"""Cases of every board and every forge: webhooks, and who sent one."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from boardhand_operator.errors import Misconfigured, PermissionMissing, RemoteUnavailable
from tests.contract.about import about
from tests.contract.hook_bench import HookBench

_SECRET = re.compile(r'"(?:secret|basicAuthPassword|token|signing_token)": ?"([^"]+)"', re.IGNORECASE)


class HookCases:
    """Calls that the vendor makes, and calls that somebody else makes."""

    @about()
    async def test_a_genuine_call_is_known_however_often_it_comes(self, bench: HookBench) -> None:
        opened = bench.open(hook=True)
        headers, body = bench.call()
        assert [opened.signed(headers, body) for _ in range(3)] == [True, True, True]
        await opened.aclose()

    @pytest.mark.parametrize("case", ["upper", "lower", "title"])
    @about()
    async def test_the_names_of_headers_have_no_case(self, bench: HookBench, case: str) -> None:
        opened = bench.open(hook=True)
        headers, body = bench.call()
        assert opened.signed({getattr(name, case)(): value for name, value in headers.items()}, body)
        await opened.aclose()

    @about()
    async def test_a_call_signed_with_another_secret(self, bench: HookBench) -> None:
        opened = bench.open(hook=True)
        assert not opened.signed(*bench.call(secret="f" * 40))
        await opened.aclose()

    @pytest.mark.parametrize("body", [b"", b"{}", None], ids=["empty", "other", "longer"])
    @about()
    async def test_a_call_whose_body_was_changed(self, bench: HookBench, body: bytes | None) -> None:
        opened = bench.open(hook=True)
        headers, genuine = bench.call()
        changed = genuine + b" " if body is None else body
        assert opened.signed(headers, changed) is not bench.signs_body
        await opened.aclose()

    @about()
    async def test_a_call_without_headers(self, bench: HookBench) -> None:
        opened = bench.open(hook=True)
        _, body = bench.call()
        assert not opened.signed({}, body)
        assert not opened.signed({}, b"")
        await opened.aclose()

    @pytest.mark.parametrize(
        "change",
        [lambda v: "", lambda v: v[:-1], lambda v: v + "0", lambda v: "grüße \udcff 🚀", lambda v: v.swapcase() + "="],
        ids=["empty", "shorter", "longer", "not ascii", "case"],
    )
    @about()
    async def test_a_proof_that_was_changed(self, bench: HookBench, change: Callable[[str], str]) -> None:
        opened = bench.open(hook=True)
        headers, body = bench.call()
        proofs = [name for name in headers if not opened.signed(_without(headers, name), body)]
        assert proofs
        for name in proofs:
            assert not opened.signed(headers | {name: change(headers[name])}, body)
        await opened.aclose()

    @about()
    async def test_no_call_is_known_where_none_is_wanted(self, bench: HookBench) -> None:
        opened = bench.open()
        assert not opened.signed(*bench.call())
        await opened.subscribe()
        assert bench.wire.requests == []
        assert await bench.hooks() == 0
        await opened.aclose()

    @about()
    async def test_subscribing_twice_is_one_webhook(self, bench: HookBench) -> None:
        for _ in range(2):
            opened = bench.open(hook=True)
            await opened.subscribe()
            await opened.subscribe()
            await opened.aclose()
        assert await bench.hooks() == 1
        assert len(bench.wire.writes()) == 1

    @about()
    async def test_subscribing_again_after_a_lost_answer(self, bench: HookBench) -> None:
        opened = bench.open(hook=True)
        bench.wire.lose.append(bench.subscribed)
        with pytest.raises(RemoteUnavailable):
            await opened.subscribe()
        await opened.subscribe()
        assert await bench.hooks() == 1
        await opened.aclose()

    @about()
    async def test_another_secret_is_given_to_the_webhook_that_there_is(self, bench: HookBench) -> None:
        opened = bench.open(hook=True)
        await opened.subscribe()
        given = _secrets(bench)
        await opened.subscribe(bench.callback)
        assert await bench.hooks() == 1
        assert _secrets(bench) == given * 2
        await opened.subscribe()
        assert await bench.hooks() == 1
        await opened.aclose()

    @about()
    async def test_a_webhook_to_another_address_becomes_this_one(self, bench: HookBench) -> None:
        address = f"{bench.callback}/earlier"
        earlier, opened = bench.open(hook=True, webhook={"callbackUrl": address}), bench.open(hook=True)
        await earlier.subscribe()
        assert await bench.hooks() == 0
        for _ in range(2):
            await opened.subscribe(address)
            assert await bench.hooks() == 1
        made = len(_made(bench))
        await earlier.subscribe()
        assert len(_made(bench)) > made, "it still led to the earlier address"
        assert await bench.hooks() == 1
        for one in (earlier, opened):
            await one.aclose()

    @about()
    async def test_a_webhook_that_is_gone_is_made_anew(self, bench: HookBench) -> None:
        opened = bench.open(hook=True)
        await opened.subscribe(f"{bench.callback}/earlier")
        assert await bench.hooks() == 1
        await opened.aclose()

    @about()
    async def test_an_account_that_may_not_subscribe_says_so(self, bench: HookBench) -> None:
        opened = bench.open(hook=True, token=bench.reader_token())
        with pytest.raises((PermissionMissing, Misconfigured), match=bench.secret):
            await opened.subscribe()
        assert await bench.hooks() == 0
        await opened.aclose()


def _secrets(bench: HookBench) -> list[str]:
    """Those that the vendor was given; Trello has its application's."""
    sent = [request.content.decode() for request in bench.wire.requests if bench.wire.is_write(request)]
    return [secret for body in sent for secret in _SECRET.findall(body)]


def _made(bench: HookBench) -> list[str]:
    return [place for place in bench.wire.sent() if re.search(bench.subscribed, place)]


def _without(headers: dict[str, str], name: str) -> dict[str, str]:
    return {other: value for other, value in headers.items() if other != name}
