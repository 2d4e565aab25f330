"""Who may read the metrics: everybody, who has the token, or who the API server says may get /metrics."""

from __future__ import annotations

import hmac
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import aiohttp

from boardhand_operator.kube import ApiException, Kube, Resource

Admits = Callable[[str | None], Awaitable[int]]
"""From a bearer token to the HTTP status: 200, 401 (it is nobody's) or 403 (its owner may not)."""
KEPT_SECONDS = 30.0
"""What the API server said of a token is good for so long."""
_KEPT = 100
Json = dict[str, Any]


async def everybody(_: str | None) -> int:
    """No token is asked for."""
    return 200


def who_has(file: Path) -> Admits:
    """Who has the token in this file, as it is then. A file that is empty, no text or not there lets nobody in."""

    async def admits(token: str | None) -> int:
        wanted = _read(file)
        good = wanted and token and hmac.compare_digest(token.encode(), wanted.encode())
        return 200 if good else 401

    return admits


def _read(file: Path) -> str:
    try:
        return file.read_text().strip()
    except (OSError, UnicodeDecodeError):
        return ""


class Reviewed:
    """Who the API server knows by the token, and lets get /metrics, as it does its own."""

    def __init__(self, kube: Callable[[], Kube], clock: Callable[[], float] = time.monotonic) -> None:
        self._kube, self._clock = kube, clock
        self._kept: OrderedDict[bytes, tuple[int, float]] = OrderedDict()

    async def __call__(self, token: str | None) -> int:
        """503 where the API server cannot be asked."""
        if not token:
            return 401
        digest = sha256(token.encode()).digest()
        status, since = self._kept.get(digest, (0, 0.0))
        if status and self._clock() - since < KEPT_SECONDS:
            return status
        try:
            status = await self._asked(token)
        except (ApiException, aiohttp.ClientError, TimeoutError, OSError):
            return 503
        self._kept[digest] = (status, self._clock())
        while len(self._kept) > _KEPT:
            self._kept.popitem(last=False)
        return status

    async def _asked(self, token: str) -> int:
        kube = self._kube()
        said = (await kube.review(Resource.TOKEN_REVIEWS, {"token": token})).get("status") or {}
        if not said.get("authenticated"):
            return 401
        user: Json = said.get("user") or {}
        who = {
            "user": user.get("username"),
            "groups": user.get("groups"),
            "uid": user.get("uid"),
            "extra": user.get("extra"),
        }
        spec = {**who, "nonResourceAttributes": {"path": "/metrics", "verb": "get"}}
        spec = {name: value for name, value in spec.items() if value}
        allowed = (await kube.review(Resource.ACCESS_REVIEWS, spec)).get("status") or {}
        return 200 if allowed.get("allowed") else 403
