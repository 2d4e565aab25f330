"""How somebody who is not that visitor would come in, or have a visitor's browser do what they did not want."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import nullcontext
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from unittest.mock import patch

import httpx
from starlette.requests import Request

from boardhand_client.session import Session
from boardhand_dashboard import visitor
from boardhand_dashboard.security import Guard
from boardhand_dashboard.settings import Auth, Proxy
from boardhand_dashboard.signin import entrance
from boardhand_dashboard.signin.entrance import Entrance
from boardhand_dashboard.signin.limits import Attempts
from boardhand_dashboard.signin.logins import Logins
from testbed.redteam.attack import Attack, Outcome
from testbed.redteam.dashboard_ground import ADA, CANARY, EVE, RUN, SPACE, House, Off, tried
from tests.support.visitors import ApiOfMany, dashboard, sign_in

CANCEL = f"/ns/{SPACE}/runs/{RUN}/cancel"
BOARD = f"/ns/{SPACE}/runs/{RUN}"
LAPTOP, NAME = "http://127.0.0.1:4711", "127.0.0.1:4711"
SECRET = "the-proxy-says-so-77"
GUESSES = 100


def attacks() -> list[Attack]:
    """Every attack of this theme."""
    return [
        Attack(
            "dashboard-change-forged", "a run cancelled by another site's form",
            lambda: tried(_forged), lambda: tried(_forged, patch.object(visitor, "_ours", _nothing)),
            "a change carries the visitor's own CSRF token, and comes from a page of ours", short=True,
        ),
        Attack(
            "dashboard-change-from-elsewhere", "a run cancelled from another site, with a token that was seen",
            lambda: tried(_elsewhere), lambda: tried(_elsewhere, patch.object(visitor, "same_origin", _yes)),
            "a change comes from a page of ours",
        ),
        Attack(
            "dashboard-name-rebound", "a laptop's dashboard, read by a page whose name was made to point at it",
            _rebound, lambda: _rebound(patch.object(Guard, "_known", _yes)), "it answers to its own names alone",
        ),
        Attack(
            "dashboard-token-used-twice", "a laptop's visitor's rights, by the address in the shell's history",
            _twice, lambda: _twice(patch.object(Entrance, "by_once", _kept)), "the printed token is good once",
        ),
        Attack(
            "dashboard-login-guessed", "a token, guessed", _guessed,
            lambda: _guessed(patch.object(Attempts, "wait", lambda *_: 0.0)), "attempts are limited by address",
        ),
        Attack(
            "dashboard-cookie-of-who-left", "a session, by a cookie that was taken before its visitor signed out",
            lambda: tried(_left), lambda: tried(_left, patch.object(Logins, "leave", _nothing)),
            "signing out ends the session, and does not only take the cookie away",
        ),
        Attack(
            "dashboard-named-without-the-proxy", "to be anybody, by headers past the proxy",
            lambda: _proxied(_past_the_proxy), lambda: _proxied(_past_the_proxy, _believing()),
            "who names visitors has the proxy's secret", short=True,
        ),
        Attack(
            "dashboard-named-as-the-cluster", "to be system:masters, by what one calls oneself at the proxy",
            lambda: _proxied(_as_the_cluster), lambda: _proxied(_as_the_cluster, _believing()),
            "names that Kubernetes has for itself are refused",
        ),
        Attack(
            "dashboard-headers-handed-on", "another's rights, by headers that the API server heeds",
            lambda: tried(_handed_on),
        ),
    ]  # fmt: skip


def _yes(*_: Any) -> bool:
    return True


async def _nothing(*_: Any) -> None:
    return None


async def _forged(here: House) -> Outcome:
    """Without a token, with a guessed one, and with that of the attacker's own login."""
    ada, _ = await here.visitor(ADA)
    _, eve = await here.visitor(EVE)
    _, again = await here.visitor(ADA)
    answers = [await ada.post(CANCEL)]
    answers += [await ada.post(CANCEL, data={"csrf": token}) for token in ("", "x" * 43, eve.csrf, again.csrf)]
    answers += [await ada.post(CANCEL, headers={"X-CSRF-Token": eve.csrf})]
    codes = sorted({answer.status_code for answer in answers})
    return Outcome(here.cancelled, f"{len(answers)} requests with her cookie are answered {codes}")


async def _elsewhere(here: House) -> Outcome:
    ada, known = await here.visitor(ADA)
    codes = []
    for headers in (
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": f"{here.url}.evil.example"},
    ):
        codes.append((await ada.post(CANCEL, data={"csrf": known.csrf}, headers=headers)).status_code)
    return Outcome(here.cancelled, f"with her cookie and her token they are answered {codes}")


def _laptop(attempt: Callable[[Any], Outcome], off: Off | None = None) -> Outcome:
    server = ApiOfMany(users={ADA: "ada"}, rights={"ada": {("list", "codingagents", "")}})
    with (
        TemporaryDirectory() as folder,
        dashboard(server, LAPTOP, auth=Auth.LAPTOP, hosts=frozenset({NAME})) as browser,
        off or nullcontext(),
    ):
        config = server.kubeconfig(Path(folder, "config"), ADA)

        async def opened() -> Session:
            return await Session.kubeconfig(str(config), None)

        application: Any = browser.app
        application.state.entrance.once = ("once-1", opened)
        return attempt(browser)


def _rebound(off: Off | None = None) -> Outcome:
    """The browser sends no cookie to a name that is not the dashboard's; here it does all the same."""

    def attempt(browser: Any) -> Outcome:
        browser.get("/login?once=once-1")
        names = ("evil.example", "evil.example:4711", f"{NAME}.evil.example", "localhost.evil.example", "")
        answers = [browser.get("/", headers={"Host": name}) for name in names]
        codes = [answer.status_code for answer in answers]
        return Outcome(200 in codes, f"under {len(names)} other names it answers {codes}")

    return _laptop(attempt, off)


def _twice(off: Off | None = None) -> Outcome:
    def attempt(browser: Any) -> Outcome:
        first = browser.get("/login?once=once-1")
        browser.cookies.clear()
        again = browser.get("/login?once=once-1")
        said = f"first {first.status_code} with a cookie, then {again.status_code} without"
        return Outcome("set-cookie" in again.headers and "boardhand=" in again.headers["set-cookie"], said)

    return _laptop(attempt, off)


async def _kept(self: Entrance, _: str) -> str:
    """As if the token were good for ever."""
    assert self.once is not None
    return await self.by_session(await self.once[1]())


def _guessed(off: Off | None = None) -> Outcome:
    server = ApiOfMany(users={ADA: "ada"})
    with dashboard(server) as browser, off or nullcontext():
        forged = [{"X-Forwarded-For": f"198.51.100.{number}"} for number in range(GUESSES)]
        codes = [sign_in(browser, f"guess-{number}", headers=forged[number]).status_code for number in range(GUESSES)]
        reached = len([path for _, path, _ in server.asked if "selfsubjectreviews" in path])
    said = f"of {GUESSES} guesses in a moment, each with another forged address, {reached} reached the API server"
    return Outcome(reached > GUESSES // 2, f"{said}; the others got {codes[-1]}")


async def _left(here: House) -> Outcome:
    ada, known = await here.visitor(ADA)
    thief = httpx.AsyncClient(base_url=here.url, headers=ada.headers, trust_env=False)
    before = CANARY in (await thief.get(BOARD)).text
    left = await ada.post("/logout", data={"csrf": known.csrf})
    after = await thief.get(BOARD)
    await thief.aclose()
    assert before, "the cookie was none"
    led = after.headers.get("location")
    said = f"signed out with {left.status_code}; then the cookie gets {after.status_code} to {led}"
    return Outcome(CANARY in after.text, said)


def _proxied(attempt: Callable[[House], Awaitable[Outcome]], off: Off | None = None) -> Outcome:
    with TemporaryDirectory() as folder:
        Path(folder, "secret").write_text(SECRET)
        Path(folder, "token").write_text(ADA)
        groups = frozenset({"developers", "system:masters"})
        proxy = Proxy(Path(folder, "secret"), Path(folder, "token"), groups=groups)
        return tried(attempt, off, auth=Auth.PROXY, proxy=proxy)


def _believing() -> Off:
    """As if whatever the headers say were so."""

    def named(request: Request, proxy: Proxy) -> tuple[str, tuple[str, ...]]:
        groups = request.headers.get(proxy.groups_header, "").split(",")
        return request.headers.get(proxy.user_header, ""), tuple(groups)

    return patch.object(entrance, "_named", named)


async def _named(here: House, *headers: dict[str, str]) -> tuple[list[int], list[str]]:
    """How these are answered, and as whom the API server was asked."""
    async with httpx.AsyncClient(base_url=here.url, trust_env=False) as mallory:
        codes = [(await mallory.get(BOARD, headers=one)).status_code for one in headers]
    asked = [value for _, _, sent in here.server.asked for name, value in sent.items() if name.startswith("Imperson")]
    return codes, asked


async def _past_the_proxy(here: House) -> Outcome:
    user = {"X-Forwarded-User": "ada", "X-Forwarded-Groups": "developers"}
    wrong: list[dict[str, str]] = [{}, {"X-Boardhand-Proxy": ""}, {"X-Boardhand-Proxy": SECRET[:-1]}]
    codes, asked = await _named(here, *[user | one for one in wrong])
    return Outcome(bool(asked) or 200 in codes, f"answered {codes}; the API server was asked nothing as anybody")


async def _as_the_cluster(here: House) -> Outcome:
    secret = {"X-Boardhand-Proxy": SECRET}
    users = ("system:masters", "system:admin", "system:serviceaccount:kube-system:x", "system:")
    sent = [secret | {"X-Forwarded-User": user, "X-Forwarded-Groups": "system:masters"} for user in users]
    sent += [secret | {"X-Forwarded-User": "ada", "X-Forwarded-Groups": "x, system:masters ,system:nodes"}]
    codes, asked = await _named(here, *sent)
    reached = any("system:" in one for one in asked)
    return Outcome(reached, f"such users are answered {codes[:-1]}; asked as {sorted(set(asked))}, without the group")


async def _handed_on(here: House) -> Outcome:
    """Eve's own cookie, and the headers of another at her request."""
    eve, _ = await here.visitor(EVE)
    here.server.asked.clear()
    sent = {"Impersonate-User": "ada", "Impersonate-Group": "system:masters", "Authorization": f"Bearer {ADA}"}
    sent |= {"X-Forwarded-User": "ada", "X-Remote-User": "ada", "X-Boardhand-Proxy": "x"}
    answer = await eve.get(BOARD, headers=sent)
    asked = [headers for _, _, headers in here.server.asked]
    as_ada = [one for one in asked if ADA in str(one) or "Impersonate-User" in one]
    reached = bool(as_ada) or CANARY in answer.text or not asked
    return Outcome(
        reached, f"{len(asked)} requests to the API server, all with her own token alone; {answer.status_code}"
    )
