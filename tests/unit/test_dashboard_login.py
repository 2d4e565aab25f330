"""Signing in, staying signed in, and what no request comes around."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest
from starlette.routing import Route
from starlette.testclient import TestClient

from boardhand_client.errors import Unauthenticated
from boardhand_client.rights import Rights
from boardhand_client.session import Session
from boardhand_dashboard.addresses import inside
from boardhand_dashboard.app import NotBuilt, build
from boardhand_dashboard.security import BODY_BYTES, POLICY
from boardhand_dashboard.settings import Auth, Proxy, Settings
from boardhand_dashboard.signin.entrance import Entrance
from boardhand_dashboard.signin.limits import Attempts, Rate
from boardhand_dashboard.signin.logins import Logins
from boardhand_dashboard.visitor import Visitor
from tests.support.visitors import ADDRESS, ApiOfMany, dashboard, hidden, other, sign_in

CANARY = "canary-9a7f3c51-token"
FEW = Rate(burst=2, seconds=6)
LIST = {("list", "codingagents", "")}


@pytest.fixture
def server() -> ApiOfMany:
    return ApiOfMany(users={CANARY: "ada@example.com"}, rights={"ada@example.com": LIST})


@pytest.fixture
def browser(server: ApiOfMany) -> Iterator[TestClient]:
    with dashboard(server) as at:
        yield at


def test_a_token_signs_in_and_is_never_seen_again(
    browser: TestClient, server: ApiOfMany, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    answer = sign_in(browser, CANARY, next="/?namespace=team")
    assert (answer.status_code, answer.headers["location"]) == (303, "/?namespace=team")
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("__Host-boardhand=")
    assert all(part in cookie for part in ("HttpOnly", "Secure", "SameSite=strict", "Path=/"))
    assert "Domain" not in cookie
    page = browser.get("/")
    assert page.status_code == 200
    assert "ada@example.com" in page.text
    assert CANARY not in page.text + str(page.headers) + answer.text + str(answer.headers) + caplog.text
    assert any(headers.get("Authorization") == f"Bearer {CANARY}" for _, _, headers in server.asked)


def test_a_wrong_token_is_told_in_a_sentence(browser: TestClient, caplog: pytest.LogCaptureFixture) -> None:
    for token in ("wrong-token-7781", "two words", "ü" * 8, ""):
        answer = sign_in(browser, token)
        assert answer.status_code == 401
        assert "does not take this token" in answer.text
        assert not token or token not in answer.text + caplog.text
    assert browser.get("/").headers["location"] == "/login"


def test_an_api_server_that_does_not_answer_is_no_wrong_token() -> None:
    app = build(Settings(server="http://127.0.0.1:9"))
    with TestClient(app, base_url=ADDRESS) as browser:
        answer = sign_in(browser, CANARY)
    assert answer.status_code == 503
    assert CANARY not in answer.text


def test_attempts_are_limited(browser: TestClient, server: ApiOfMany) -> None:
    browser.app.state.attempts = Attempts(FEW)  # type: ignore[attr-defined]
    answers = [sign_in(browser, "wrong-token") for _ in range(FEW.burst + 1)]
    assert [one.status_code for one in answers] == [401] * FEW.burst + [429]
    assert int(answers[-1].headers["Retry-After"]) > 0
    asked = len(server.asked)
    assert sign_in(browser, CANARY).status_code == 429
    assert len(server.asked) == asked


def test_the_address_behind_proxies_is_limited(server: ApiOfMany) -> None:
    def attempt(browser: TestClient, forwarded: str) -> int:
        return int(sign_in(browser, "wrong-token", headers={"X-Forwarded-For": forwarded}).status_code)

    with dashboard(server, forwarded=1) as browser:
        browser.app.state.attempts = Attempts(FEW)  # type: ignore[attr-defined]
        for number in range(FEW.burst):
            assert attempt(browser, f"198.51.100.{number}, 192.0.2.1") == 401
        assert attempt(browser, "198.51.100.99, 192.0.2.1") == 429
        assert attempt(browser, "198.51.100.1, 192.0.2.2") == 401


def test_attempts_come_back_with_time_and_all_share_one_limit() -> None:
    now = [0.0]
    attempts = Attempts(FEW, Rate(burst=9, seconds=1), lambda: now[0])
    assert [attempts.wait("192.0.2.1") for _ in range(FEW.burst)] == [0.0] * FEW.burst
    assert attempts.wait("192.0.2.1") == FEW.seconds
    now[0] += FEW.seconds
    assert attempts.wait("192.0.2.1") == 0
    assert attempts.wait("192.0.2.1") > 0
    others = [attempts.wait(f"192.0.3.{number}") for number in range(10)]
    assert others[-1] > 0 == others[0]
    # Addresses of one household count as one.
    fresh = Attempts(FEW, clock=lambda: now[0])
    waits = [fresh.wait(f"2001:db8::{number:x}") for number in range(FEW.burst + 1)]
    assert waits[-1] > 0


def test_a_form_of_somebody_else_signs_nobody_in(browser: TestClient) -> None:
    door = hidden(browser.get("/login").text, "door")
    data = {"door": door, "token": CANARY}
    assert browser.post("/login", data=data, headers={"Origin": "https://evil.example"}).status_code == 403
    assert browser.post("/login", data=data, headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403
    assert browser.post("/login", data=data | {"door": "x.y.z"}).status_code == 403
    assert other(browser).post("/login", data=data).status_code == 403, "its cookie is another"
    assert browser.post("/login", data=data, headers={"Origin": ADDRESS}).status_code == 303


def test_after_signing_in_one_stays_here(browser: TestClient) -> None:
    assert sign_in(browser, CANARY, next="//evil.example/x").headers["location"] == "/"
    assert [inside(one) for one in ("/ns/a/pools", "https://evil.example", "/\\evil", "/a\nb", "")] == [
        "/ns/a/pools",
        *["/"] * 4,
    ]


def test_a_change_needs_the_visitors_own_token(browser: TestClient) -> None:
    sign_in(browser, CANARY)
    csrf = hidden(browser.get("/").text, "csrf")
    for headers, data in (
        ({}, {}),
        ({}, {"csrf": "forged"}),
        ({"X-CSRF-Token": "forged"}, {"csrf": csrf}),
        ({"Origin": "https://evil.example"}, {"csrf": csrf}),
        ({"Origin": "null"}, {"csrf": csrf}),
        ({"Sec-Fetch-Site": "cross-site"}, {"csrf": csrf}),
    ):
        answer = browser.post("/logout", data=data, headers=headers)
        assert answer.status_code == 403, (headers, data)
        assert browser.get("/").status_code == 200
    answer = browser.post("/logout", headers={"X-CSRF-Token": csrf})
    assert (answer.status_code, "Max-Age=0" in answer.headers["set-cookie"]) == (303, True)
    assert browser.get("/").headers["location"] == "/login"


def test_signing_in_again_ends_the_login_before(browser: TestClient) -> None:
    sign_in(browser, CANARY)
    before = other(browser)
    before.cookies.update(dict(browser.cookies))
    assert before.get("/").status_code == 200
    sign_in(browser, CANARY)
    assert browser.get("/").status_code == 200
    assert before.get("/").headers["location"] == "/login"


def test_another_visitors_token_is_none_of_mine(browser: TestClient) -> None:
    sign_in(browser, CANARY)
    mine = other(browser)
    sign_in(mine, CANARY)
    csrf = hidden(browser.get("/").text, "csrf")
    assert mine.post("/logout", data={"csrf": csrf}).status_code == 403


def test_a_token_that_ran_out_ends_the_login(browser: TestClient, server: ApiOfMany) -> None:
    sign_in(browser, CANARY)
    assert browser.get("/").status_code == 200
    server.users.clear()
    assert browser.get("/ns/team/pools").headers["location"].startswith("/login")
    server.users[CANARY] = "ada@example.com"
    assert browser.get("/").headers["location"] == "/login"


def test_who_asks_by_htmx_is_sent_to_the_form(browser: TestClient) -> None:
    answer = browser.get("/ns/team/pools", headers={"HX-Request": "true"})
    assert (answer.status_code, answer.headers["hx-redirect"]) == (401, "/login")


def test_a_link_from_a_card_asks_again_from_here(browser: TestClient) -> None:
    answer = browser.get("/ns/team/pools", headers={"Sec-Fetch-Site": "cross-site"})
    assert (answer.status_code, "refresh" in answer.text) == (200, True)
    assert browser.get("/ns/team/pools").headers["location"] == "/login?next=/ns/team/pools"


@pytest.mark.parametrize("path", ["/login", "/", "/nowhere", "/static/boardhand.css", "/static/nowhere", "/healthz"])
def test_every_answer_has_the_headers(browser: TestClient, path: str) -> None:
    for signed in (False, True):
        if signed:
            sign_in(browser, CANARY)
        headers = browser.get(path).headers
        assert headers["content-security-policy"] == POLICY
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "same-origin"
        assert ("cache-control" in headers and headers["cache-control"] == "no-store") is not path.startswith(
            "/static/"
        )


def test_no_page_has_anything_inline(browser: TestClient) -> None:
    assert "unsafe" not in POLICY
    assert "frame-ancestors 'none'" in POLICY
    pages = [browser.get("/login").text]
    sign_in(browser, CANARY)
    pages += [browser.get(path).text for path in ("/", "/nowhere", "/ns/team/pools")]
    for page in pages:
        assert " style=" not in page
        assert "<style" not in page
        assert " on" not in [part[:3] for part in page.split("<") if part.startswith(" on")]
        assert all("src=" in part for part in page.split("<script")[1:])


def test_hsts_goes_with_tls(server: ApiOfMany, tmp_path: Path) -> None:
    with dashboard(server) as plain:
        assert "strict-transport-security" not in plain.get("/login").headers
    with dashboard(server, tls=tmp_path) as secured:
        assert "strict-transport-security" in secured.get("/login").headers


def test_a_body_has_an_end(browser: TestClient) -> None:
    large = "x" * (BODY_BYTES + 1)
    assert browser.post("/login", content=large).status_code == 413

    def pieces() -> Iterator[bytes]:
        yield from (b"token=", *([b"x" * 65536] * 9))

    answer = browser.post("/login", content=pieces(), headers={"Content-Type": "application/x-www-form-urlencoded"})
    assert answer.status_code == 413


def test_a_page_that_is_for_everybody_is_an_error_at_start(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from boardhand_dashboard import app
    from boardhand_dashboard.pages import pools

    monkeypatch.setattr(app, "PAGES", (*app.PAGES, [Route("/open", pools.home)]))
    with pytest.raises(TypeError, match="/open is for everybody"):
        build(Settings())
    monkeypatch.undo()
    monkeypatch.setattr(app, "STATIC", tmp_path)
    with pytest.raises(NotBuilt, match="make web"):
        build(Settings())


# Logins


class NoSession:
    """Of a login that asks for nothing."""

    async def close(self) -> None:
        return


def _visitor(name: str = "ada") -> Visitor:
    session = cast(Session, NoSession())
    return Visitor(name, session, Rights(session))


async def test_logins_end_when_idle_and_after_all() -> None:
    now = [0.0]
    logins = Logins(idle=100, absolute=250, clock=lambda: now[0])
    visitor = _visitor()
    cookie = await logins.enter(visitor)
    for now[0] in (90.0, 180.0, 240.0):
        assert await logins.find(cookie) is visitor
    now[0] = 251.0
    assert await logins.find(cookie) is None
    assert visitor.left.is_set()
    idle = _visitor()
    cookie = await logins.enter(idle)
    now[0] += 101
    await logins.sweep()
    assert (len(logins), idle.left.is_set(), await logins.find(cookie)) == (0, True, None)


async def test_nobody_fills_the_memory_with_logins() -> None:
    logins = Logins(idle=100, absolute=100, most_of_one=2, most=4)
    bob, first = _visitor("bob"), _visitor()
    kept = await logins.enter(bob)
    for visitor in (first, _visitor(), _visitor()):
        await logins.enter(visitor)
    assert (len(logins), first.left.is_set()) == (3, True)
    assert await logins.find(kept) is bob
    for name in ("eve", "dan"):
        await logins.enter(_visitor(name))
    assert (len(logins), bob.left.is_set()) == (4, False), "who was here last stays"
    await logins.close()
    assert bob.left.is_set()


async def test_a_login_is_not_to_be_guessed_by_its_digest() -> None:
    logins = Logins(idle=100, absolute=100)
    cookie = await logins.enter(_visitor())
    assert cookie not in repr(logins.__dict__)
    assert await logins.find(cookie[:-1]) is None
    await logins.close()


class Refusing:
    """A session that nobody is known by."""

    closed = False

    async def whoami(self) -> str:
        raise Unauthenticated("nobody's")

    async def close(self) -> None:
        self.closed = True


async def test_who_is_not_let_in_leaves_no_session_open() -> None:
    session = Refusing()
    with pytest.raises(Unauthenticated):
        await Entrance(Settings(), Logins(1, 1)).by_session(cast(Session, session))
    assert session.closed


# Behind a proxy, and on a laptop

PROXY_SECRET = "the-proxy-says-so"


@pytest.fixture
def proxy(tmp_path: Path) -> Proxy:
    (tmp_path / "secret").write_text(PROXY_SECRET + "\n")
    (tmp_path / "token").write_text("impersonator")
    return Proxy(tmp_path / "secret", tmp_path / "token", groups=frozenset({"developers", "system:masters"}))


def test_a_proxy_names_visitors_who_are_impersonated(server: ApiOfMany, proxy: Proxy) -> None:
    server.users["impersonator"] = "system:serviceaccount:boardhand:boardhand-dashboard"
    server.rights["bob@example.com"] = LIST
    groups = "staff, developers,system:masters"
    said = {"X-Boardhand-Proxy": PROXY_SECRET, "X-Forwarded-User": "bob@example.com", "X-Forwarded-Groups": groups}
    with dashboard(server, auth=Auth.PROXY, proxy=proxy) as browser:
        for wrong in ({"X-Boardhand-Proxy": "x"}, {"X-Forwarded-User": ""}, {"X-Forwarded-User": "system:admin"}):
            assert browser.get("/", headers=said | wrong).status_code == 401
        assert not server.asked
        page = browser.get("/", headers=said)
        assert "bob@example.com" in page.text
        _, _, headers = server.asked[-1]
        assert (headers["Authorization"], headers["Impersonate-User"]) == ("Bearer impersonator", "bob@example.com")
        assert server.groups == [["developers"]] * len(server.asked), "neither staff nor masters"
        csrf = hidden(page.text, "csrf")
        assert browser.post("/logout", data={"csrf": csrf}).status_code == 401, "the cookie alone is not enough"
        eve = said | {"X-Forwarded-User": "eve@example.com"}
        assert browser.post("/logout", data={"csrf": csrf}, headers=eve).status_code == 403, "it is not eve's"
        assert browser.post("/logout", data={"csrf": csrf}, headers=said).status_code == 303
        assert browser.get("/login").status_code == 401


def test_a_laptop_answers_to_its_own_address_and_a_token_that_is_good_once(server: ApiOfMany, tmp_path: Path) -> None:
    own, name = "http://127.0.0.1:4711", "127.0.0.1:4711"
    with dashboard(server, own, auth=Auth.LAPTOP, hosts=frozenset({name})) as browser:
        config = server.kubeconfig(tmp_path / "config", CANARY)

        async def opened() -> Session:
            return await Session.kubeconfig(str(config), None)

        browser.app.state.entrance.once = ("once-1", opened)  # type: ignore[attr-defined]
        assert browser.get("/login?once=once-1", headers={"Host": "rebound.example"}).status_code == 421
        assert browser.get("/healthz", headers={"Host": "10.0.0.7:8443"}).status_code == 200, "the kubelet asks so"
        assert browser.get("/login?once=once-2").headers["location"].startswith("/login")
        answer = browser.get("/login?once=once-1")
        assert "Secure" not in answer.headers["set-cookie"]
        assert "HttpOnly; Path=/; SameSite=strict" in answer.headers["set-cookie"]
        assert "ada@example.com" in browser.get("/").text
        assert other(browser).get("/login?once=once-1").headers["location"].startswith("/login")
        assert other(browser).get("/").headers["location"] == "/login"
        assert other(browser).get("/login").status_code == 401


def test_settings_from_the_environment(tmp_path: Path) -> None:
    known = {"KUBERNETES_SERVICE_HOST": "10.0.0.1", "KUBERNETES_SERVICE_PORT": "443"}
    read = Settings.from_environment(known | {"BOARDHAND_NAMESPACES": "a, b"})
    assert (read.server, read.namespaces, read.auth, read.secure) == (
        "https://10.0.0.1:443",
        ("a", "b"),
        Auth.TOKEN,
        True,
    )
    proxied = Settings.from_environment(
        known
        | {"BOARDHAND_DASHBOARD_AUTH": "proxy", "BOARDHAND_PROXY_SECRET_FILE": "/s", "BOARDHAND_PROXY_GROUPS": "a"}
    )
    assert proxied.proxy == Proxy(Path("/s"), groups=frozenset({"a"}))
    for name, value in (
        ("BOARDHAND_DASHBOARD_AUTH", "laptop"),
        ("BOARDHAND_DASHBOARD_AUTH", "proxy"),
        ("BOARDHAND_DASHBOARD_LISTEN", "8443"),
        ("BOARDHAND_DASHBOARD_IDLE_SECONDS", "soon"),
        ("KUBERNETES_SERVICE_HOST", ""),
    ):
        with pytest.raises(ValueError, match="BOARDHAND_"):
            Settings.from_environment(known | {name: value})
