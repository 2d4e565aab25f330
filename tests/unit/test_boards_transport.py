from __future__ import annotations

import email.utils
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from boardhand_operator.errors import (
    CredentialsRefused,
    Misconfigured,
    NotFound,
    PermissionMissing,
    RateLimited,
    Rejected,
    Remote,
    RemoteUnavailable,
)
from boardhand_operator.http import exchange
from boardhand_operator.http.answers import Answer, Vendor, error_of, sentence_of
from boardhand_operator.http.limits import LONGEST_WAIT, seconds_to_wait, spacing, used_share
from boardhand_operator.http.transport import Client, Connection

SECRET = "s3cret-t0ken"
VENDOR = Vendor("Vendor", "Make a new token.", "It needs the scope write.", ("permission requested",))
Handler = Callable[[httpx.Request], httpx.Response]


class Caller:
    """A client whose network is a function, and whose waits are only noted."""

    def __init__(self, handler: Handler) -> None:
        self.requests: list[httpx.Request] = []
        self.waits: list[float] = []
        self.now = 100.0
        self._handler = handler
        headers = {"authorization": f"token {SECRET}"}
        connection = Connection(transport=httpx.MockTransport(self._answer))
        self.http = Client(
            VENDOR, "http://api.test/v1/", headers, [SECRET], connection, sleep=self._wait, clock=lambda: self.now
        )

    async def _wait(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.now += seconds

    def _answer(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        return self._handler(request)


def answering(status: int, text: str = "said", headers: dict[str, str] | None = None) -> Caller:
    return Caller(lambda _: httpx.Response(status, text=text, headers=headers))


@pytest.mark.parametrize(
    ("status", "text", "error"),
    [
        (400, "invalid value for text", Rejected),
        (401, "invalid token", CredentialsRefused),
        (401, "unauthorized permission requested", PermissionMissing),
        (403, '{"message": "no scope"}', PermissionMissing),
        (404, "", NotFound),
        (405, "no", Rejected),
        (408, "slow", RemoteUnavailable),
        (409, '{"error": "there already"}', Rejected),
        (410, "gone", NotFound),
        (418, "teapot", Rejected),
        (422, '{"message": "wrong"}', Rejected),
        (429, "slow down", RateLimited),
        (500, "<html>", RemoteUnavailable),
        (503, "", RemoteUnavailable),
        (599, "", RemoteUnavailable),
    ],
)
async def test_every_status_has_its_error(status: int, text: str, error: type[Remote]) -> None:
    caller = answering(status, text, {"x-request-id": "r-7"})
    with pytest.raises(error) as raised:
        await caller.http.send("POST", "do it", "/x", {})
    assert type(raised.value) is error
    assert (raised.value.service, raised.value.operation, raised.value.request_id) == ("Vendor", "do it", "r-7")
    assert len(caller.requests) == 1


async def test_messages_quote_the_vendor_and_say_what_to_do() -> None:
    with pytest.raises(CredentialsRefused, match=r"expired \(401\)\. Make a new token\."):
        await answering(401, '{"message": "expired"}').http.get("ask", "/x")
    with pytest.raises(Rejected) as raised:
        await answering(422, "long " * 500).http.get("ask", "/x")
    assert len(str(raised.value)) < 400
    assert raised.value.status == 422


async def test_no_message_holds_the_secret() -> None:
    def refuse(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError(f"illegal header {request.headers['authorization']}")

    for caller in (answering(401, f"token {SECRET} is bad"), Caller(refuse)):
        with pytest.raises(Remote) as raised:
            await caller.http.get("ask", "/x")
        assert SECRET not in str(raised.value) + raised.value.message + repr(raised.value)
        assert "***" in str(raised.value)


async def test_a_read_is_repeated_within_bounds() -> None:
    caller = answering(502)
    with pytest.raises(RemoteUnavailable):
        await caller.http.get("ask", "/x")
    assert caller.waits == [0.5, 1.0]
    answers = iter([httpx.Response(503), httpx.Response(200, json={"a": 1})])
    caller = Caller(lambda _: next(answers))
    assert await caller.http.get("ask", "/x", {"q": "1"}) == {"a": 1}
    assert [str(request.url) for request in caller.requests] == ["http://api.test/v1/x?q=1"] * 2


@pytest.mark.parametrize(("value", "waits"), [("2", [2.0, 2.0]), ("4", []), ("3600", [])])
async def test_a_long_wait_is_the_callers(value: str, waits: list[float]) -> None:
    caller = answering(429, "slow down", {"retry-after": value})
    with pytest.raises(RateLimited) as raised:
        await caller.http.get("ask", "/x")
    assert (caller.waits, raised.value.retry_after) == (waits, float(value))


def test_waits_are_read_as_seconds_dates_and_intervals() -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    later = email.utils.format_datetime(now + timedelta(seconds=90), usegmt=True)
    assert seconds_to_wait({"retry-after": "7"}, now) == 7
    assert seconds_to_wait({"retry-after": later}, now) == 90
    assert seconds_to_wait({"retry-after": email.utils.format_datetime(now - timedelta(days=1))}, now) == 0
    assert seconds_to_wait({"x-rate-limit-api-token-interval-ms": "10000"}, now) == 10
    assert seconds_to_wait({"retry-after": "soon"}, now) is None
    assert seconds_to_wait({}, now) is None


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (rb'"cut \ud83d"', "cut \ufffd"),
        (rb'"\uDE00\ud83d\uDE00\ud83d\ud83d\ude00"', "\ufffd😀\ufffd😀"),
        (rb'"a \\ud83d \\\ud83d"', "a \\ud83d \\\ufffd"),
        (b'"\xed\xa0\xbd|\xed\x95\x9c"', "\ufffd|한"),
        (json.dumps("😀\n\\u0041").encode(), "😀\n\\u0041"),
    ],
)
async def test_half_of_a_surrogate_pair_comes_no_further(body: bytes, text: str) -> None:
    caller = Caller(lambda _: httpx.Response(200, content=body))
    assert await caller.http.get("ask", "/x") == text
    said = sentence_of(Answer(400, {}, b'{"message": %s}' % body))
    assert said == " ".join(text.split())


@pytest.mark.parametrize("absurd", ["86400", "9" * 13, "9" * 19, "9" * 400, "Fri, 31 Dec 9999 23:59:59 GMT"])
def test_an_absurd_wait_silences_no_pool_for_ever(absurd: str) -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    used_up = {"x-ratelimit-remaining": "0", "x-ratelimit-limit": "60", "x-ratelimit-reset": absurd}
    for headers in ({"retry-after": absurd}, used_up):
        refused = error_of(VENDOR, "ask", Answer(429, headers, b""), now)
        assert isinstance(refused, RateLimited)
        assert refused.retry_after == LONGEST_WAIT
    assert spacing(used_up, now) == LONGEST_WAIT


@pytest.mark.parametrize(
    "date", ["Mon, 01 Jan 99999999999999999999 00:00:00 GMT", "Mon, 01 Jan 2027 0:0:0 +" + "9" * 30]
)
def test_a_date_that_is_none_is_no_wait(date: str) -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    assert seconds_to_wait({"retry-after": date}, now) is None
    used_up = {"x-ratelimit-remaining": "0", "x-ratelimit-limit": "60", "x-ratelimit-reset": "60", "date": date}
    assert spacing(used_up, now) == 60


@pytest.mark.parametrize("ahead", [timedelta(hours=1), timedelta(hours=-1)])
def test_a_wait_until_a_date_is_by_the_vendors_clock(ahead: timedelta) -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    theirs, until = (email.utils.format_datetime(now + ahead + later) for later in (timedelta(), timedelta(seconds=90)))
    assert seconds_to_wait({"retry-after": until, "date": theirs}, now) == 90


def test_numbers_that_are_no_counts_are_no_share_of_a_limit() -> None:
    assert used_share({"x-ratelimit-limit": "9" * 400, "x-ratelimit-remaining": "9" * 400}) is None


def _left(token: int, key: int = 300) -> dict[str, str]:
    limits = {"api-token": (100, token), "api-key": (300, key)}
    return {
        f"x-rate-limit-{name}-{part}": str(value)
        for name, (most, left) in limits.items()
        for part, value in (("max", most), ("remaining", left), ("interval-ms", 10_000))
    }


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, 0.0),
        (_left(25), 0.0),
        (_left(24), 0.4),
        (_left(9), 1.0),
        (_left(0), 10.0),
        (_left(90, key=4), 2.0),
        (_left(9) | {"x-rate-limit-api-token-max": "0"}, 0.0),
        (_left(9) | {"x-rate-limit-api-token-remaining": "-3"}, 0.0),
        ({"x-rate-limit-api-token-remaining": "1"}, 0.0),
    ],
)
def test_requests_are_spaced_by_what_is_left_of_the_limit(headers: dict[str, str], seconds: float) -> None:
    assert spacing(headers, datetime.now(UTC)) == seconds


async def test_the_last_requests_of_a_limit_are_spread() -> None:
    left = iter([24, 23, 90, 89, 88])
    caller = Caller(lambda _: httpx.Response(200, json=1, headers=_left(next(left))))
    for _ in range(5):
        await caller.http.get("ask", "/x")
    assert caller.waits == [pytest.approx(10 / 25), pytest.approx(10 / 24)]


async def test_a_used_up_limit_is_told_before_anything_is_sent() -> None:
    left = iter([0, 99])
    caller = Caller(lambda _: httpx.Response(200, json=1, headers=_left(next(left))))
    await caller.http.send("POST", "do", "/x", {})
    with pytest.raises(RateLimited, match="used up") as limited:
        await caller.http.send("POST", "do", "/x", {})
    assert limited.value.retry_after == 10
    assert (len(caller.requests), caller.waits) == (1, [])
    caller.now += 10
    assert await caller.http.send("POST", "do", "/x", {}) == 1


async def test_a_server_in_trouble_is_left_alone_for_as_long_as_it_asks() -> None:
    caller = answering(503, "maintenance", {"retry-after": "120"})
    with pytest.raises(RemoteUnavailable) as down:
        await caller.http.get("ask", "/x")
    assert (down.value.retry_after, caller.waits) == (120, [])


async def test_who_may_not_write_sends_nothing_and_may_read() -> None:
    sent: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        sent.append(request.method)
        return httpx.Response(200, json={})

    connection = Connection(transport=httpx.MockTransport(answer), may_write=lambda: False)
    client = Client(VENDOR, "https://board.test", {}, [], connection)
    assert await client.get("read", "/x") == {}
    with pytest.raises(RemoteUnavailable, match="holds its Lease no longer"):
        await client.send("POST", "write", "/x", {})
    assert sent == ["GET"]
    await client.aclose()


@pytest.mark.parametrize("lost_with", [1, 2])
async def test_a_lease_that_is_lost_while_a_write_is_authorized_ends_it(lost_with: int) -> None:
    """With the first authorization, or with that which follows a refusal."""
    sent, asked = list[str](), list[int]()

    class Authorizing:
        async def __call__(self) -> dict[str, str]:
            asked.append(1)
            return {"authorization": f"Bearer {len(asked)}"}

        def refused(self) -> None:
            """The next one is another anyway."""

    def answer(request: httpx.Request) -> httpx.Response:
        sent.append(request.method)
        return httpx.Response(401, json={})

    connection = Connection(transport=httpx.MockTransport(answer), may_write=lambda: len(asked) < lost_with)
    client = Client(VENDOR, "https://board.test", {}, [], connection, authorize=Authorizing())
    with pytest.raises(RemoteUnavailable, match="holds its Lease no longer"):
        await client.send("POST", "write", "/x", {})
    assert len(sent) == lost_with - 1
    await client.aclose()


async def test_an_answer_may_not_be_endless(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exchange, "ANSWER_BYTES", 1000)
    assert await answering(200, f'"{"x" * 990}"').http.get("ask", "/x") == "x" * 990
    with pytest.raises(RemoteUnavailable, match="more than 1000 bytes"):
        await answering(200, f'"{"x" * 1000}"').http.get("ask", "/x")


async def test_an_answer_that_is_not_json_is_no_answer() -> None:
    with pytest.raises(RemoteUnavailable, match="is a proxy in between"):
        await answering(200, "<html>Welcome</html>").http.send("POST", "do it", "/x", {})
    assert await answering(204, "").http.send("POST", "do it", "/x", {}) is None


async def test_redirects_stay_on_the_host() -> None:
    def moved(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/v1/old":
            return httpx.Response(307, headers={"location": "/v1/new"})
        return httpx.Response(200, json=[request.method, request.content.decode()])

    assert await Caller(moved).http.get("ask", "/old") == ["GET", ""]
    assert await Caller(moved).http.send("POST", "do", "/old", {"a": "b"}) == ["POST", '{"a":"b"}']


@pytest.mark.parametrize("place", ["https://evil.test/v1/x", "http://api.test:8080/x", "//evil.test/"])
async def test_credentials_go_to_no_other_host(place: str) -> None:
    caller = answering(302, "", {"location": place})
    with pytest.raises(Misconfigured, match="points to"):
        await caller.http.get("ask", "/x")
    assert len(caller.requests) == 1


@pytest.mark.parametrize("target", ["http://[bad", "http://api.test/\x7f", "http://api.test:abc/", "script:1"])
async def test_what_points_to_no_address_is_an_answer_that_is_none(target: str) -> None:
    with pytest.raises(RemoteUnavailable):
        await answering(302, "", {"location": target}).http.get("ask", "/x")
    linked = answering(200, "[1]", {"link": f'<{target}>; rel="next"'})
    with pytest.raises(RemoteUnavailable):
        [page async for page in linked.http.pages("ask", "/x", most=2)]


async def test_one_host_may_be_written_in_several_ways() -> None:
    caller = Caller(
        lambda request: (
            httpx.Response(200, json=request.url.path)
            if request.url.path.endswith("/there")
            else httpx.Response(302, headers={"location": "http://API.test:80/v1/there"})
        )
    )
    assert await caller.http.get("ask", "/x") == "/v1/there"


async def test_a_redirect_in_circles_ends() -> None:
    caller = answering(302, "", {"location": "/v1/x"})
    with pytest.raises(Rejected):
        await caller.http.get("ask", "/x")
    assert len(caller.requests) == 4


async def test_a_redirected_write_is_not_turned_into_a_read() -> None:
    with pytest.raises(Misconfigured):
        await answering(302, "", {"location": "/v1/y"}).http.send("POST", "do", "/x", {})


async def test_an_untrusted_certificate_is_the_pools_to_mend() -> None:
    def refuse(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed", request=request)

    with pytest.raises(Misconfigured, match=r"spec\.certificates"):
        await Caller(refuse).http.get("ask", "/x")


@pytest.mark.parametrize("value", ["line\nbreak", "ümlaut", "nul\x00"])
def test_credentials_that_no_header_carries_are_said_at_once(value: str) -> None:
    with pytest.raises(Misconfigured) as wrong:
        Client(VENDOR, "http://x.test", {"authorization": value}, [value], Connection())
    assert value not in wrong.value.message


def test_a_bundle_that_cannot_be_read_is_said_at_once(tmp_path: Path) -> None:
    bundle = tmp_path / "ca.crt"
    for content in (None, "no certificate"):
        if content:
            bundle.write_text(content)
        with pytest.raises(Misconfigured, match="certificate bundle"):
            Client(VENDOR, "http://x.test", {}, [], Connection(certificates=bundle))
