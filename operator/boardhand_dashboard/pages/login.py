"""Signing in and out."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable

from itsdangerous import BadSignature, TimestampSigner
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from boardhand_client.errors import Unauthenticated
from boardhand_dashboard.addresses import inside
from boardhand_dashboard.problems import told
from boardhand_dashboard.security import address_of, same_origin
from boardhand_dashboard.settings import Auth, Settings
from boardhand_dashboard.signin.entrance import Entrance
from boardhand_dashboard.templating import page
from boardhand_dashboard.visitor import signed_in, visitor_of

_FORM_SECONDS = 3600
_signer = TimestampSigner(secrets.token_bytes(32))
"""Of this process: a form that an earlier one gave out is asked for again."""


async def show(request: Request) -> Response:
    """GET /login. On a laptop the address that was printed has a token, good once."""
    entrance: Entrance = request.app.state.entrance
    once = request.query_params.get("once")
    if once is not None:
        cookie = await entrance.by_once(once)
        response: Response = RedirectResponse("/", 303)
        entrance.cookies.give(response, cookie)
        return response
    if request.app.state.settings.auth is not Auth.TOKEN:
        return told(request, 401, _how(request.app.state.settings))
    return _form(request)


async def take(request: Request) -> Response:
    """POST /login: a bearer token, which goes to the API server and into this process's memory, nowhere else."""
    settings: Settings = request.app.state.settings
    if settings.auth is not Auth.TOKEN:
        return told(request, 405, _how(settings))
    if waits := request.app.state.attempts.wait(address_of(request, settings.forwarded)):
        response = _form(request, f"Too many attempts. Try again in {waits:.0f} seconds.", 429)
        response.headers["Retry-After"] = str(round(waits) + 1)
        return response
    form = await request.form()
    if not same_origin(request.headers) or not _given_out(request, str(form.get("door", ""))):
        return _form(request, "This form is too old, or not ours. Try again.", 403)
    entrance: Entrance = request.app.state.entrance
    try:
        cookie = await entrance.by_token(str(form.get("token", "")).strip())
    except Unauthenticated:
        return _form(request, "The cluster does not take this token. It may have expired: get a new one.", 401)
    # Who signs in as somebody else has no use for the login before.
    if (before := await entrance.logins.find(entrance.cookies.of(request))) is not None:
        await entrance.logins.leave(before)
    response = RedirectResponse(inside(str(form.get("next", ""))), 303)
    entrance.cookies.give(response, cookie)
    return response


async def leave(request: Request) -> Response:
    """POST /logout."""
    settings: Settings = request.app.state.settings
    await request.app.state.entrance.logins.leave(visitor_of(request))
    away = settings.proxy.sign_out if settings.proxy else ""
    response = RedirectResponse(away or "/login", 303)
    request.app.state.entrance.cookies.take(response)
    return response


def _form(request: Request, wrong: str = "", status: int = 200) -> Response:
    """The form, signed for this browser: nobody is signed in as somebody else by a page of theirs."""
    door = request.cookies.get(_door(request)) or secrets.token_urlsafe(16)
    wanted = inside(request.query_params.get("next", ""))
    signed = _signer.sign(door).decode()
    response = page(request, "login.html", status=status, wrong=wrong, door=signed, next=wanted)
    secure = request.app.state.settings.secure
    response.set_cookie(_door(request), door, path="/", secure=secure, httponly=True, samesite="strict")
    return response


def _given_out(request: Request, signed: str) -> bool:
    door = request.cookies.get(_door(request), "")
    try:
        return secrets.compare_digest(_signer.unsign(signed, max_age=_FORM_SECONDS), door.encode())
    except BadSignature:
        return False


def _door(request: Request) -> str:
    return f"{request.app.state.entrance.cookies.name}-door"


def _how(settings: Settings) -> str:
    if settings.auth is Auth.LAPTOP:
        return "Use the address that `boardhand dashboard` printed, once; for another one, start it again."
    return "You are signed in by the proxy before this dashboard: come by its address."


OPEN: tuple[Callable[[Request], Awaitable[Response]], ...] = (show, take)
"""Endpoints for who is not signed in."""
routes = [
    Route("/login", show),
    Route("/login", take, methods=["POST"]),
    Route("/logout", signed_in(leave), methods=["POST"]),
]
