"""Pure: what an HTTP answer of a board or a forge means."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from boardhand_operator.errors import (
    CredentialsRefused,
    NotFound,
    PermissionMissing,
    RateLimited,
    Rejected,
    Remote,
    RemoteUnavailable,
)

QUOTED = 300
"""So many characters of a vendor's sentence are quoted."""
RETRY_AFTER = 10.0
"""Seconds to wait where a vendor refuses for its load and does not say for how long."""
_REQUEST_IDS = ("x-request-id", "x-github-request-id", "atl-traceid", "x-arequestid", "cf-ray")
_TRELLO_LIMITS = ("x-rate-limit-api-token", "x-rate-limit-api-key")
_PLENTY = 0.25
"""With so much of a limit left nothing is slowed down."""
_TRANSIENT = (408, 425)


@dataclass(frozen=True)
class Vendor:
    """How one service speaks of what it refuses."""

    name: str
    credentials_hint: str
    """What to do when the credentials are refused: one sentence."""
    permission_hint: str
    """Which permission is needed, and how to give it: one sentence."""
    permission_words: tuple[str, ...] = ()
    """A 401 that holds one of these is about a permission, and the credentials are good."""


@dataclass(frozen=True)
class Answer:
    """An answer, read whole."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def request_id(self) -> str | None:
        """By which the vendor's support finds the request."""
        return next((self.headers[name] for name in _REQUEST_IDS if name in self.headers), None)


def data_of(vendor: Vendor, operation: str, answer: Answer) -> Any:
    """The answer's JSON (None for an empty answer). Raises RemoteUnavailable where it is none, as from a proxy."""
    if not answer.body.strip():
        return None
    try:
        return json.loads(answer.body)
    except ValueError as wrong:
        sentence = f"answered {answer.status} with something that is not JSON; is a proxy in between?"
        raise RemoteUnavailable(vendor.name, operation, sentence, answer.request_id) from wrong


def sentence_of(answer: Answer) -> str:
    """The vendor's own words: of a JSON error its message, else the text; at most QUOTED characters."""
    text = answer.body.decode("utf-8", "replace").strip()
    try:
        parsed = json.loads(text)
    except ValueError:
        parsed = None
    if isinstance(parsed, dict):
        said = parsed.get("message") or parsed.get("error")
        text = said if isinstance(said, str) else text
    text = " ".join(text.split()) or "no reason given"
    return text if len(text) <= QUOTED else text[: QUOTED - 1] + "…"


def seconds_to_wait(headers: Mapping[str, str], now: datetime) -> float | None:
    """How long the vendor asks to wait, in seconds (never negative), or None where it does not say.

    Reads Retry-After (RFC 9110 section 10.2.3: seconds or a date), then Trello's rate limit interval.
    """
    value = headers.get("retry-after", "").strip()
    if value.isdecimal():
        return float(value)
    if value:
        return _until(value, now)
    for limit in _TRELLO_LIMITS:
        interval = _number(headers, f"{limit}-interval-ms")
        if interval is not None:
            return interval / 1000
    return None


def spacing(headers: Mapping[str, str]) -> float:
    """Seconds to leave between requests from now on, so that a limit the vendor tells of is not reached.

    0 where plenty is left, or nothing is told. Reads Trello's headers: how many requests an interval has, and how many
    of them are left (https://developer.atlassian.com/cloud/trello/guides/rest-api/rate-limits/).
    """
    return max(_spacing(headers, limit) for limit in _TRELLO_LIMITS)


def _spacing(headers: Mapping[str, str], limit: str) -> float:
    most, left, interval = (_number(headers, f"{limit}-{name}") for name in ("max", "remaining", "interval-ms"))
    if not most or left is None or interval is None or left >= most * _PLENTY:
        return 0.0
    return interval / 1000 / (left + 1)


def _number(headers: Mapping[str, str], name: str) -> float | None:
    text = headers.get(name, "")
    return float(text) if text.isdecimal() else None


def _until(date: str, now: datetime) -> float | None:
    try:
        moment = parsedate_to_datetime(date)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - now).total_seconds())


def error_of(vendor: Vendor, operation: str, answer: Answer, now: datetime) -> Remote | None:
    """The error an answer means, or None for a 2xx. 3xx is the transport's to follow."""
    status, request_id = answer.status, answer.request_id
    if 200 <= status < 300:
        return None
    said = f"{sentence_of(answer)} ({status})"
    wait = seconds_to_wait(answer.headers, now)
    if status >= 500 or status in _TRANSIENT:
        asked = wait if "retry-after" in answer.headers else None
        return RemoteUnavailable(vendor.name, operation, said, request_id, retry_after=asked)
    if status == 429:
        after = RETRY_AFTER if wait is None else wait
        return RateLimited(vendor.name, operation, said, request_id, retry_after=after)
    lacking = status == 401 and any(words in said for words in vendor.permission_words)
    if status == 403 or lacking:
        return PermissionMissing(vendor.name, operation, f"{said}. {vendor.permission_hint}", request_id)
    if status == 401:
        return CredentialsRefused(vendor.name, operation, f"{said}. {vendor.credentials_hint}", request_id)
    if status in (404, 410):
        return NotFound(vendor.name, operation, said, request_id)
    return Rejected(vendor.name, operation, said, request_id, status=status)
