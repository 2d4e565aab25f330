"""Pure: what an HTTP answer tells of its vendor's limits, in headers or in words."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

RETRY_AFTER = 10.0
"""Seconds to wait where a vendor refuses for its load and does not say for how long."""
RETRY_AFTER_WORDS = 60.0
"""The same where it says in words alone that a limit is exceeded: GitHub wants a minute at least then
(https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api#exceeding-the-rate-limit)."""
_TRELLO_LIMITS = ("x-rate-limit-api-token", "x-rate-limit-api-key")
_LIMITS = ("x-ratelimit", "ratelimit", "x-ratelimit-requests", "x-ratelimit-complexity")
LONGEST_WAIT = 3600.0
"""Seconds: none of the vendors counts for longer. One that asks for more is asked again after so long."""
_EPOCH = 1_000_000_000
"""A larger number of seconds is a moment and no span."""
_DIGITS = 15
"""A number with more of them is no count of requests."""
_SECONDS = re.compile(r"[0-9]+(\.[0-9]+)?")
_LIMITED = re.compile(r"\brate limit|\babuse detection", re.IGNORECASE)
_PLENTY = 0.25
"""With so much of a limit left nothing is slowed down."""


def seconds_to_wait(headers: Mapping[str, str], now: datetime) -> float | None:
    """How long the vendor asks to wait, in seconds (from 0 to LONGEST_WAIT), or None where it does not say.

    Reads Retry-After (RFC 9110 section 10.2.3: seconds or a date; some write fractions, and proxies double it), then
    Trello's rate limit interval, then when a limit of which nothing is left begins anew.
    """
    if (asked := _retry_after(headers, now)) is not None:
        return asked
    for limit in _TRELLO_LIMITS:
        interval = _number(headers, f"{limit}-interval-ms")
        if interval is not None:
            return min(interval / 1000, LONGEST_WAIT)
    spent = (limit for limit in _LIMITS if _number(headers, f"{limit}-remaining") == 0)
    return next((wait for limit in spent if (wait := _until_reset(headers, limit, now)) is not None), None)


def _retry_after(headers: Mapping[str, str], now: datetime) -> float | None:
    value = headers.get("retry-after", "")
    parts = [part.strip() for part in value.split(",")]
    if all(_SECONDS.fullmatch(part) for part in parts):
        return min(max(map(float, parts)), LONGEST_WAIT)
    return _until(date_of(value.strip()), headers, now)


def says_limited(text: str) -> bool:
    """Whether a refusal's words are about a limit of requests."""
    return bool(_LIMITED.search(text))


def spacing(headers: Mapping[str, str], now: datetime) -> float:
    """Seconds to leave between requests from now on, so that a limit the vendor tells of is not reached.

    0 where plenty is left, or nothing is told. Reads how many requests an interval has, and how many of them are left:
    Trello's headers (https://developer.atlassian.com/cloud/trello/guides/rest-api/rate-limits/), and those with a
    moment at which the interval ends (GitHub, GitLab, Jira, Azure, Linear).
    """
    trello = max(
        _spacing(headers, limit, "max", (_number(headers, f"{limit}-interval-ms") or 0.0) / 1000)
        for limit in _TRELLO_LIMITS
    )
    return max(trello, *(_spacing(headers, limit, "limit", _until_reset(headers, limit, now)) for limit in _LIMITS))


def used_share(headers: Mapping[str, str]) -> float | None:
    """How much of the vendor's limit is used up, between 0 and 1, of several limits the most; None: none is told."""
    told = [(f"{limit}-max", f"{limit}-remaining") for limit in _TRELLO_LIMITS]
    told += [(f"{limit}-limit", f"{limit}-remaining") for limit in _LIMITS]
    pairs = [(_number(headers, most), _number(headers, left)) for most, left in told]
    shares = [1 - min(left, most) / most for most, left in pairs if most and left is not None]
    return max(shares, default=None)


def _spacing(headers: Mapping[str, str], limit: str, most_name: str, interval: float | None) -> float:
    most, left = _number(headers, f"{limit}-{most_name}"), _number(headers, f"{limit}-remaining")
    if not most or left is None or interval is None or left >= most * _PLENTY:
        return 0.0
    return interval / (left + 1)


def _until_reset(headers: Mapping[str, str], limit: str, now: datetime) -> float | None:
    """Seconds until the limit's interval ends: told as an epoch in seconds or milliseconds, a span, or a date."""
    said = headers.get(f"{limit}-reset", "").strip()
    if not said:
        return None
    if not said.isdecimal():
        return _until(date_of(said), headers, now)
    seconds = float(said) / (1000 if len(said) > 11 else 1)
    wait = seconds - _here(headers, now).timestamp() if seconds > _EPOCH else seconds
    return min(max(0.0, wait), LONGEST_WAIT)


def _number(headers: Mapping[str, str], name: str) -> float | None:
    text = headers.get(name, "")
    return float(text) if text.isdecimal() and len(text) <= _DIGITS else None


def _until(moment: datetime | None, headers: Mapping[str, str], now: datetime) -> float | None:
    if moment is None:
        return None
    return min(max(0.0, (moment - _here(headers, now)).total_seconds()), LONGEST_WAIT)


def _here(headers: Mapping[str, str], now: datetime) -> datetime:
    """What time it is by the vendor's clock where the answer tells it, as ours may be another."""
    return date_of(headers.get("date", "")) or now


def date_of(text: str) -> datetime | None:
    """A moment as HTTP or ISO 8601 write it."""
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def used_up(headers: Mapping[str, str]) -> bool:
    """Whether a limit is, which GitHub answers with 403."""
    return any(_number(headers, f"{limit}-remaining") == 0 for limit in _LIMITS)
