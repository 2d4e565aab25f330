"""How a request becomes a visitor's: by the cookie of a login, or by what an authenticating proxy says."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack

from starlette.requests import Request

from boardhand_client.rights import Rights
from boardhand_client.session import Session
from boardhand_dashboard.settings import Proxy, Settings
from boardhand_dashboard.signin.logins import Cookies, Logins
from boardhand_dashboard.visitor import NotSignedIn, Visitor

Opened = Callable[[], Awaitable[Session]]


class Entrance:
    """Lets visitors in; each comes with a session of their own."""

    def __init__(self, settings: Settings, logins: Logins) -> None:
        self._settings, self.logins, self.cookies = settings, logins, Cookies(settings.secure)
        self._ca = str(settings.ca) if settings.ca else None
        self.once: tuple[str, Opened] | None = None
        """On a laptop: a token that is good once, and what opens the session of who has it."""

    async def enter(self, request: Request) -> tuple[Visitor, str | None]:
        """Who asks, and the cookie to give where they have none yet. Raises NotSignedIn."""
        visitor = await self.logins.find(self.cookies.of(request))
        if self._settings.proxy is None:
            if visitor is None:
                raise NotSignedIn
            return visitor, None
        name, groups = _named(request, self._settings.proxy)
        if visitor is not None and (visitor.name, visitor.groups) == (name, groups):
            return visitor, None
        token = self._settings.proxy.token_file
        session = Session.impersonating(self._settings.server, self._ca, token, name, groups)
        return await self.admit(session, name, groups)

    async def by_token(self, token: str) -> str:
        """The cookie for whose token it is. Raises Unauthenticated where it is nobody's or none, Unreachable."""
        return await self.by_session(Session.bearer(self._settings.server, self._ca, token))

    async def by_once(self, token: str) -> str:
        """The cookie for who has the token that is good once. Raises NotSignedIn, Unauthenticated, Unreachable."""
        if self.once is None or not secrets.compare_digest(token.encode(), self.once[0].encode()):
            raise NotSignedIn
        opened, self.once = self.once[1], None
        return await self.by_session(await opened())

    async def by_session(self, session: Session) -> str:
        """The cookie for whom the API server says that this session is."""
        async with AsyncExitStack() as stack:
            stack.push_async_callback(session.close)
            name = await session.whoami()
            stack.pop_all()
        return (await self.admit(session, name))[1]

    async def admit(self, session: Session, name: str, groups: tuple[str, ...] = ()) -> tuple[Visitor, str]:
        """A new login."""
        visitor = Visitor(name, session, Rights(session), groups)
        return visitor, await self.logins.enter(visitor)


def _named(request: Request, proxy: Proxy) -> tuple[str, tuple[str, ...]]:
    """Who the proxy says it is. Raises NotSignedIn where it is not the proxy that says so.

    Names that Kubernetes has for itself are refused: no proxy signs in a part of the cluster.
    """
    secret = proxy.secret_file.read_bytes().strip()
    said = request.headers.get(proxy.secret_header, "").encode("latin-1")
    if not secret or not secrets.compare_digest(said, secret):
        raise NotSignedIn
    name = request.headers.get(proxy.user_header, "").strip()
    if not name or name.startswith("system:") or not name.isprintable():
        raise NotSignedIn
    groups = (group.strip() for group in request.headers.get(proxy.groups_header, "").split(","))
    return name, tuple(sorted({group for group in groups if group in proxy.groups and not group.startswith("system:")}))
