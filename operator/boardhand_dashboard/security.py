"""What holds for every request and every answer: who is asked, how much is taken, what a browser may do with it.

Plain ASGI, so that streams pass as they are. Sources: https://www.w3.org/TR/CSP3/,
https://cheatsheetseries.owasp.org/cheatsheets/HTTP_Headers_Cheat_Sheet.html.
"""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from boardhand_dashboard.settings import Settings

BODY_BYTES = 512 * 1024
"""No form of the dashboard is larger."""
POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
_ALWAYS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    # No address of ours leaves for another site. With `no-referrer`, browsers say `Origin: null` of our own forms too.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
_TOO_LONG = f"A request may have {BODY_BYTES:,} bytes."
_TLS = "max-age=31536000"


class Guard:
    """Stands before the application. A name that is not the dashboard's own is refused: pages of others may have made
    it point here (DNS rebinding)."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app, self._settings = app, settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        headers, send = Headers(scope=scope), self._marked(scope, send)
        if not self._known(scope, headers.get("host", "")):
            refused = PlainTextResponse("This is not an address of this dashboard.\n", 421)
            return await refused(scope, receive, send)
        try:
            declared = int(headers.get("content-length") or 0)
        except ValueError:
            declared = BODY_BYTES + 1
        if declared > BODY_BYTES:
            refused = PlainTextResponse(f"{_TOO_LONG}\n", 413)
            return await refused(scope, receive, send)
        return await self._app(scope, _Bounded(receive), send)

    def _known(self, scope: Scope, host: str) -> bool:
        """The kubelet asks for /healthz by the pod's address."""
        return not self._settings.hosts or host.lower() in self._settings.hosts or scope["path"] == "/healthz"

    def _marked(self, scope: Scope, send: Send) -> Send:
        async def marked(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self._headers(scope):
                    headers.setdefault(name, value)
            await send(message)

        return marked

    def _headers(self, scope: Scope) -> Iterator[tuple[str, str]]:
        yield from _ALWAYS.items()
        if not scope["path"].startswith("/static/"):
            yield "Cache-Control", "no-store"
        if self._settings.tls is not None:
            yield "Strict-Transport-Security", _TLS


class _Bounded:
    """A request's body whose length was not declared. Raises HTTPException (413) where it goes on for too long."""

    def __init__(self, receive: Receive) -> None:
        self._receive, self._left = receive, BODY_BYTES

    async def __call__(self) -> Message:
        message = await self._receive()
        if message["type"] == "http.request":
            self._left -= len(message.get("body", b""))
            if self._left < 0:
                raise HTTPException(413, _TOO_LONG)
        return message


def address_of(request: Request, forwarded: int) -> str:
    """Whence a request comes. forwarded: how many proxies stand before us, each of which adds to X-Forwarded-For by
    whom it was asked. What the client itself wrote there stands further left, and is not looked at."""
    said = [one.strip() for one in ",".join(request.headers.getlist("x-forwarded-for")).split(",") if one.strip()]
    if forwarded and len(said) >= forwarded:
        return said[-forwarded]
    return request.client.host if request.client else "unknown"


def same_origin(headers: Headers) -> bool:
    """Whether a browser says that one of our own pages asks. What is no browser sends neither header.

    The scheme is not compared: TLS may have ended before us.
    """
    site = headers.get("sec-fetch-site")
    if site is not None and site not in ("same-origin", "none"):
        return False
    origin = headers.get("origin")
    return origin is None or urlsplit(origin).netloc.lower() == headers.get("host", "").lower()
