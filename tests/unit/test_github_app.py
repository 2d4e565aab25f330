"""GitHub as an App: signatures, tokens and what is said where one cannot be had; at the stand-in."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from hypothesis import given, settings
from hypothesis import strategies as st

from boardhand_operator.errors import (
    CredentialsRefused,
    Misconfigured,
    PermissionMissing,
    RateLimited,
    RemoteUnavailable,
)
from boardhand_operator.http.answers import Vendor
from boardhand_operator.http.transport import Client, Connection
from boardhand_operator.vendors.github.api import HEADERS, Api, read_error
from boardhand_operator.vendors.github.app import Access, AppKey, AppTokens, Place, _Signature, lacking
from testbed.github import token_desk
from testbed.github.app import create_app
from testbed.github.state import GitHubState
from testbed.github.token_models import App, Installation
from tests.contract.board_wires import Wire
from tests.contract.github_api import Held, check_requests

SITE, NAME, PATH = "http://github.test", "team/app", "/repos/team/app"
GIVEN = {"contents": "write", "pull_requests": "write"}
WANTED = {"contents": "read"}
BROKEN = "\n".join(f"-----{end} RSA PRIVATE KEY-----" for end in ("BEGIN", "END"))


@cache
def key() -> rsa.RSAPrivateKey:
    """Made once a process: it takes a while."""
    return rsa.generate_private_key(65537, 2048)


def pem(found: Any = None, kind: Any = serialization.PrivateFormat.TraditionalOpenSSL) -> str:
    plain = serialization.NoEncryption()
    made: bytes = (found or key()).private_bytes(serialization.Encoding.PEM, kind, plain)
    return made.decode()


class Bench:
    """An App that is installed at a stand-in, whose clock and ours are set by the test."""

    def __init__(self) -> None:
        self.time = datetime(2026, 5, 1, 12, tzinfo=UTC)
        self.ahead = timedelta()
        """So far our clock is ahead of GitHub's."""
        self.state = GitHubState({}, SITE, now=lambda: self.time.timestamp())
        self.state.add_repository(NAME)
        self.state.add_repository("team/other")
        self.app: App = token_desk.add_app(self.state, "boardhand", key().public_key())
        self.installation: Installation = token_desk.install(self.state, self.app, "team", GIVEN)
        self.held = Held(httpx.ASGITransport(create_app(self.state)), "/api/v3")
        self.wire = Wire(self.held)

    def key(self, **changes: Any) -> AppKey:
        return AppKey(
            **({"app_id": str(self.app.id), "private_key": pem(), "installation": None, "secret": "s"} | changes)
        )

    def tokens(self, path: str = PATH, names: tuple[str, ...] = ("app",), **changes: Any) -> AppTokens:
        place = Place(path, changes.pop("permissions", WANTED), names)
        connection = Connection(transport=self.wire)
        return AppTokens(self.key(**changes), Api.of(SITE), place, connection, lambda: self.time + self.ahead)


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    made = Bench()
    yield made
    check_requests(made.wire.requests, "/api/v3")
    made.held.check()


async def test_a_token_is_for_the_repository_and_what_is_needed_alone(bench: Bench) -> None:
    token = await bench.tokens().token()
    assert bench.state.tokens[token.text].repositories == frozenset({NAME})
    assert bench.state.tokens[token.text].permissions == {"metadata": "read", "contents": "read"}
    assert token.ends == bench.time + timedelta(hours=1)
    assert token.text not in repr(token)
    assert pem() not in repr(bench.key())


async def test_a_token_is_kept_until_five_minutes_before_its_end(bench: Bench) -> None:
    tokens = bench.tokens()
    first = await tokens.token()
    bench.time += timedelta(minutes=54)
    assert await tokens.token() == first
    assert len(bench.app.minted) == 1
    bench.time += timedelta(minutes=1)
    assert (await tokens.token()).text != first.text
    assert len(bench.app.minted) == 2


async def test_one_that_must_last_longer_is_made_when_this_one_does_not(bench: Bench) -> None:
    tokens = bench.tokens()
    first = await tokens.token(timedelta(minutes=40))
    bench.time += timedelta(minutes=25)
    assert await tokens.token() == first
    assert (await tokens.token(timedelta(minutes=40))).text != first.text


async def test_many_at_once_mint_one(bench: Bench) -> None:
    tokens = bench.tokens()
    found = await asyncio.gather(*(tokens.token() for _ in range(10)))
    assert len(set(found)) == len(bench.app.minted) == 1


async def test_the_installation_is_looked_up_once(bench: Bench) -> None:
    tokens = bench.tokens()
    await tokens.token()
    bench.time += timedelta(hours=2)
    await tokens.token()
    mint = f"POST /api/v3/app/installations/{bench.installation.id}/access_tokens"
    assert bench.wire.sent() == [f"GET /api/v3{PATH}/installation", mint, mint]
    bench.wire.requests.clear()
    await bench.tokens(installation=str(bench.installation.id)).token()
    assert bench.wire.sent() == [mint]


@pytest.mark.parametrize("path", ["/orgs/team", "/users/team"])
async def test_the_installation_of_an_account(bench: Bench, path: str) -> None:
    token = await bench.tokens(path, ()).token()
    assert bench.state.tokens[token.text].repositories == frozenset({NAME, "team/other"})


async def test_an_app_that_was_installed_anew_is_found(bench: Bench) -> None:
    tokens = bench.tokens()
    await tokens.token()
    bench.app.installations.clear()
    token_desk.install(bench.state, bench.app, "team", GIVEN)
    bench.time += timedelta(hours=2)
    with pytest.raises(Misconfigured, match="has no installation"):
        await tokens.token()
    await tokens.token()
    assert len(bench.app.minted) == 2


async def test_a_refused_token_is_minted_anew_once(bench: Bench) -> None:
    tokens = bench.tokens()
    vendor = Vendor("GitHub", "hint", "hint", read_error=read_error)
    client = Client(vendor, f"{SITE}/api", HEADERS, [], Connection(transport=bench.wire), authorize=tokens)
    await client.get("read", f"/v3{PATH}")
    bench.state.tokens.clear()
    await client.get("read", f"/v3{PATH}")
    assert len(bench.app.minted) == 2
    bench.state.tokens.clear()
    bench.installation.suspended = True
    with pytest.raises(PermissionMissing, match="has been suspended"):
        await client.get("read", f"/v3{PATH}")


@pytest.mark.parametrize("seconds", [-300, -59, 0, 50])
async def test_a_clock_that_is_off(bench: Bench, seconds: int) -> None:
    bench.ahead = timedelta(seconds=seconds)
    token = await bench.tokens().token()
    # GitHub's end by GitHub's clock, and never later than an hour from now by ours.
    assert token.ends <= bench.time + bench.ahead + timedelta(hours=1)
    assert token.ends - timedelta(hours=1) <= bench.time + max(bench.ahead, timedelta())


@pytest.mark.parametrize("seconds", [-601, 90])
async def test_a_clock_that_is_off_by_too_much_is_said(bench: Bench, seconds: int) -> None:
    bench.ahead = timedelta(seconds=seconds)
    with pytest.raises(CredentialsRefused, match="clock is right"):
        await bench.tokens().token()


@settings(max_examples=25, deadline=None)
@given(st.datetimes(datetime(2020, 1, 1), datetime(2035, 1, 1), timezones=st.just(UTC)))
def test_a_signature_is_dated_back_and_short(now: datetime) -> None:
    own = AppKey("7", pem(), None, "s")
    headers = asyncio.run(_Signature(own, lambda: now)())
    signature = headers["authorization"].removeprefix("Bearer ")
    claims = jwt.decode(signature, key().public_key(), ["RS256"], options={"verify_exp": False, "verify_iat": False})
    assert claims["iss"] == "7"
    assert 59 <= now.timestamp() - claims["iat"] <= 61
    assert 0 < claims["exp"] - now.timestamp() < 600
    assert claims["exp"] - claims["iat"] <= 600


async def test_what_the_app_was_not_given_is_named(bench: Bench) -> None:
    wanted = {"contents": "write", "checks": "read", "pull_requests": "write"}
    with pytest.raises(PermissionMissing, match=r"lacks checks: read: add it to the App's permissions"):
        await bench.tokens(permissions=wanted).token()


async def test_a_repository_that_was_not_chosen_is_said(bench: Bench) -> None:
    bench.installation.repositories = {"team/other"}
    with pytest.raises(Misconfigured, match="is not installed at repos/team/app") as wrong:
        await bench.tokens().token()
    assert wrong.value.reason == "AppNotInstalled"
    with pytest.raises(Misconfigured, match="is installed, but not for app"):
        await bench.tokens(installation=str(bench.installation.id)).token()


async def test_a_key_of_another_app(bench: Bench) -> None:
    other = pem(rsa.generate_private_key(65537, 2048))
    with pytest.raises(CredentialsRefused, match=r"could not be decoded.*Secret s.*belong together") as refused:
        await bench.tokens(private_key=other).token()
    assert "PRIVATE KEY" not in str(refused.value)


@pytest.mark.parametrize(
    "text",
    ["no key at all", BROKEN, "elliptic", "public"],
)
async def test_a_key_that_cannot_be_read(bench: Bench, text: str) -> None:
    pkcs8 = serialization.PrivateFormat.PKCS8
    made = {
        "elliptic": lambda: pem(ec.generate_private_key(ec.SECP256R1()), pkcs8),
        "public": lambda: key().public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        ).decode(),
    }  # fmt: skip
    given = made[text]() if text in made else text
    with pytest.raises(Misconfigured, match="`privateKey` in Secret s") as wrong:
        bench.tokens(private_key=given)
    assert wrong.value.reason == "KeyUnreadable"
    assert given not in wrong.value.message


async def test_both_forms_of_a_key_are_read(bench: Bench) -> None:
    for kind in (serialization.PrivateFormat.PKCS8, serialization.PrivateFormat.TraditionalOpenSSL):
        await bench.tokens(private_key=pem(kind=kind)).token()


@pytest.mark.parametrize(
    ("status", "headers", "error"),
    [
        (503, {}, RemoteUnavailable),
        (403, {"retry-after": "60"}, RateLimited),
        (403, {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "9999999999"}, RateLimited),
        (429, {"retry-after": "60"}, RateLimited),
    ],
)
async def test_what_github_refuses_for_now(
    bench: Bench, status: int, headers: dict[str, str], error: type[Exception]
) -> None:
    bench.wire.instead = httpx.Response(status, headers=headers, json={"message": "You have exceeded a limit."})
    with pytest.raises(error):
        await bench.tokens(installation="7").token()


async def test_the_account_that_an_app_writes_as(bench: Bench) -> None:
    assert await bench.tokens().login() == "boardhand[bot]"


@pytest.mark.parametrize(
    ("url", "base", "rest"),
    [
        (None, "https://api.github.com", ""),
        ("https://github.com/", "https://api.github.com", ""),
        ("https://acme.ghe.com", "https://api.acme.ghe.com", ""),
        ("https://git.acme.test:8443/", "https://git.acme.test:8443/api", "/v3"),
    ],
)
def test_where_the_api_is(url: str | None, base: str, rest: str) -> None:
    assert Api.of(url) == Api(base, rest)


def access(**credentials: str) -> Access:
    return Access.of(credentials, "s", Api.of(None), Place(PATH, WANTED), Connection())


def test_credentials_are_a_token_or_an_app() -> None:
    plain = access(token=" a-token-of-ours\n")
    assert (plain.headers["authorization"], plain.tokens) == ("Bearer a-token-of-ours", None)
    app = access(appId="7", privateKey=pem(), token="a-token-of-ours")
    assert app.tokens is not None
    assert "authorization" not in app.headers
    for wrong, absent in (
        ({}, "`token`"),
        ({"appId": "7"}, "`privateKey`"),
        ({"privateKey": pem()}, "`appId`"),
        ({"token": " "}, "`token`"),
    ):
        with pytest.raises(Misconfigured, match=absent) as said:
            access(**wrong)
        assert said.value.reason == "SecretIncomplete"


def test_what_is_lacking() -> None:
    given = {"contents": "read", "issues": "write", "administration": "admin"}
    assert lacking({"contents": "read", "issues": "read", "administration": "write"}, given) == ""
    assert lacking({"contents": "write", "checks": "read"}, given) == "checks: read, contents: write"


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ({"message": "Not Found"}, "Not Found"),
        (
            {"message": "Validation Failed", "errors": [{"field": "head", "code": "invalid"}, {"message": "too long"}]},
            "Validation Failed: head invalid, too long",
        ),
        ({"message": "Unprocessable", "errors": ["Line could not", "x"]}, "Unprocessable: Line could not, x"),
        ({"message": "Unprocessable", "errors": "all of it"}, "Unprocessable: all of it"),
        ({"message": "Fine", "errors": []}, "Fine"),
        ({"error": "x"}, None),
        (["x"], None),
    ],
)  # fmt: skip
def test_github_words_are_read(said: Any, sentence: str | None) -> None:
    assert read_error(said) == sentence
