"""What went wrong, as a page in a sentence; where htmx asked, as what it does with it."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from urllib.parse import quote

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from boardhand_client.errors import Busy, NotThere, Refused, Rejected, Unauthenticated, Unreachable
from boardhand_dashboard.templating import page
from boardhand_dashboard.visitor import NotSignedIn, Visitor
from boardhand_history.errors import HistoryError

log = logging.getLogger(__name__)
Handler = Callable[[Request, Exception], Awaitable[Response]]
_TITLES = {
    400: "This was not understood",
    403: "You may not do this",
    404: "There is no such page",
    409: "Somebody was faster",
    429: "Too many attempts",
    502: "The cluster does not take this",
    503: "The cluster does not answer",
}
_AGAIN = '<!doctype html><html lang="en"><title>Boardhand</title><meta http-equiv="refresh" content="0"></html>'


def told(request: Request, status: int, message: str, title: str = "") -> Response:
    """A page that says this, with the status; title: in place of the status' own."""
    title = title or _TITLES.get(status) or HTTPStatus(status).phrase
    sentence = f"{message[:1].upper()}{message[1:]}"
    return page(request, "problem.html", status=status, title=title, message=sentence)


async def _http(request: Request, raised: Exception) -> Response:
    assert isinstance(raised, HTTPException)
    response = told(request, raised.status_code, raised.detail)
    for name, value in (raised.headers or {}).items():
        response.headers[name] = value
    return response


async def _not_signed_in(request: Request, _: Exception) -> Response:
    settings = request.app.state.settings
    if settings.proxy is not None:
        return told(request, 401, "Come by the proxy that signs you in: this request did not, or it named nobody.")
    if request.headers.get("hx-request"):
        return Response(status_code=401, headers={"HX-Redirect": "/login"})
    if request.method == "GET" and request.headers.get("sec-fetch-site") == "cross-site":
        # Followed from a card, a link comes without the cookie (SameSite=Strict). Asked again by this page, it has it,
        # and comes from this site: so not for ever.
        return HTMLResponse(_AGAIN)
    wanted = f"?next={quote(request.url.path)}" if request.method == "GET" and request.url.path != "/" else ""
    return RedirectResponse(f"/login{wanted}", 303)


async def _unauthenticated(request: Request, raised: Exception) -> Response:
    """The API server takes the visitor's credential no more: the login is over as well."""
    visitor = getattr(request.state, "visitor", None)
    if isinstance(visitor, Visitor):
        await request.app.state.entrance.logins.leave(visitor)
    return await _not_signed_in(request, raised)


def _as(status: int, title: str = "") -> Handler:
    async def handler(request: Request, raised: Exception) -> Response:
        return told(request, status, str(raised), title)

    return handler


async def _unexpected(request: Request, _: Exception) -> Response:
    return told(request, 500, "The dashboard failed; its log says how.")


HANDLERS: dict[type[Exception] | int, Handler] = {
    HTTPException: _http,
    NotSignedIn: _not_signed_in,
    Unauthenticated: _unauthenticated,
    Refused: _as(403),
    NotThere: _as(404),
    Rejected: _as(502),
    Busy: _as(503),
    Unreachable: _as(503),
    HistoryError: _as(503, "The history cannot be read"),
    500: _unexpected,
}
