"""Trello's rate limits: 100 calls for each token and 300 for each key in 10 seconds.

Source: https://developer.atlassian.com/cloud/trello/guides/rest-api/rate-limits/
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

INTERVAL_SECONDS = 10


@dataclass
class RateLimits:
    """Counts calls in windows of 10 seconds while `enabled`; else the headers say that none was used."""

    enabled: bool = False
    token_max: int = 100
    key_max: int = 300
    clock: Callable[[], float] = time.monotonic
    _windows: dict[tuple[str, str], tuple[float, int]] = field(default_factory=dict)

    def count(self, key: str, token: str) -> tuple[dict[str, str], str | None]:
        """Count one call; the headers to send, and the name of the limit it exceeds (None when within)."""
        if not self.enabled:
            return _headers("api-key", self.key_max, 0) | _headers("api-token", self.token_max, 0), None
        used_key = self._use("api-key", key)
        used_token = self._use("api-token", token)
        headers = _headers("api-key", self.key_max, used_key) | _headers("api-token", self.token_max, used_token)
        if used_token > self.token_max:
            return headers, "API_TOKEN_LIMIT_EXCEEDED"
        if used_key > self.key_max:
            return headers, "API_KEY_LIMIT_EXCEEDED"
        return headers, None

    def _use(self, kind: str, who: str) -> int:
        now = self.clock()
        begun, used = self._windows.get((kind, who), (now, 0))
        if now - begun >= INTERVAL_SECONDS:
            begun, used = now, 0
        self._windows[kind, who] = (begun, used + 1)
        return used + 1


def _headers(kind: str, most: int, used: int) -> dict[str, str]:
    return {
        f"x-rate-limit-{kind}-interval-ms": str(INTERVAL_SECONDS * 1000),
        f"x-rate-limit-{kind}-max": str(most),
        f"x-rate-limit-{kind}-remaining": str(max(0, most - used)),
    }
