"""Who is signed in: in memory alone, so that a restart signs everybody out and nothing of it lies on a disk."""

from __future__ import annotations

import hashlib
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from boardhand_dashboard.visitor import Visitor

MOST, MOST_OF_ONE = 2000, 50
"""Logins kept: all together, and of one name. Above it, those that were used the longest ago are signed out."""


@dataclass
class _Login:
    visitor: Visitor
    since: float
    used: float


class Logins:
    """By the cookie's digest: who reads this process's memory has no cookie by it."""

    def __init__(
        self,
        idle: float,
        absolute: float,
        most_of_one: int = MOST_OF_ONE,
        most: int = MOST,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._idle, self._absolute, self._clock = idle, absolute, clock
        self._most_of_one, self._most = most_of_one, most
        self._logins: OrderedDict[bytes, _Login] = OrderedDict()

    def __len__(self) -> int:
        return len(self._logins)

    async def enter(self, visitor: Visitor) -> str:
        """A fresh cookie for them."""
        cookie, now = secrets.token_urlsafe(32), self._clock()
        self._logins[_digest(cookie)] = _Login(visitor, now, now)
        his = [key for key, login in self._logins.items() if login.visitor.name == visitor.name]
        for key in (*his[: -self._most_of_one], *list(self._logins)[: -self._most]):
            await self._end(key)
        return cookie

    async def find(self, cookie: str) -> Visitor | None:
        """Whose cookie it is; None: nobody's, or of a login that is over."""
        key = _digest(cookie)
        login = self._logins.get(key)
        if login is None:
            return None
        if self._over(login):
            await self._end(key)
            return None
        login.used = self._clock()
        self._logins.move_to_end(key)
        return login.visitor

    async def leave(self, visitor: Visitor) -> None:
        """Sign out."""
        for key in [key for key, login in self._logins.items() if login.visitor is visitor]:
            await self._end(key)

    async def sweep(self) -> None:
        """Sign out all whose time is over."""
        for key in [key for key, login in self._logins.items() if self._over(login)]:
            await self._end(key)

    async def close(self) -> None:
        """Sign everybody out."""
        for key in list(self._logins):
            await self._end(key)

    def _over(self, login: _Login) -> bool:
        now = self._clock()
        return now - login.used > self._idle or now - login.since > self._absolute

    async def _end(self, key: bytes) -> None:
        login = self._logins.pop(key, None)
        if login is not None:
            login.visitor.left.set()
            await login.visitor.session.close()


def _digest(cookie: str) -> bytes:
    return hashlib.sha256(cookie.encode()).digest()


class Cookies:
    """The cookie of a login: for this host alone, out of scripts' reach, never sent from another site's page.

    `__Host-` has browsers refuse it from anybody but this very host (RFC 6265bis, 4.1.3.2); it needs HTTPS, or a
    browser that takes 127.0.0.1 for as good.
    """

    def __init__(self, secure: bool) -> None:
        self._secure = secure
        self.name = "__Host-boardhand" if secure else "boardhand"

    def of(self, request: Request) -> str:
        """What the browser sent, or nothing."""
        return request.cookies.get(self.name, "")

    def give(self, response: Response, cookie: str) -> None:
        """Have the browser keep it until it is closed."""
        response.set_cookie(self.name, cookie, path="/", secure=self._secure, httponly=True, samesite="strict")

    def take(self, response: Response) -> None:
        """Have the browser forget it."""
        response.delete_cookie(self.name, path="/", secure=self._secure, httponly=True, samesite="strict")
