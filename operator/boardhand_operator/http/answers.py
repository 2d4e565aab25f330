"""Pure: what an HTTP answer of a board or a forge means."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
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
_LIMITS = ("x-ratelimit", "ratelimit", "x-ratelimit-requests", "x-ratelimit-complexity")
LONGEST_WAIT = 3600.0
"""Seconds: none of the vendors counts for longer. One that asks for more is asked again after so long."""
_EPOCH = 1_000_000_000
"""A larger number of seconds is a moment and no span."""
_DIGITS = 15
"""A number with more of them is no count of requests."""
_LINK = re.compile(r'<([^<>]{1,4000})>\s*;[^,<>]{0,200}?\brel="?(\w+)"?')
_MAY_BE_HALF = re.compile(rb"\\u[dD][89a-fA-F]|\xed[\xa0-\xbf]")
_ESCAPE = re.compile(
    rb"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"
    rb"|(?P<half>\\u[dD][89a-fA-F][0-9a-fA-F]{2}|\xed[\xa0-\xbf][\x80-\xbf])|\\."
)
"""Of a JSON text: a whole pair, a half, or any other escape, such as that of a backslash."""
_PLENTY = 0.25
"""With so much of a limit left nothing is slowed down."""
_TRANSIENT = (408, 425)
_WANTED = ("x-accepted-github-permissions", "x-accepted-oauth-scopes")
"""Headers that name what a request takes: GitHub's."""


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
    read_error: Callable[[Any], str | None] = lambda _: None
    """The sentence in a JSON error that is not under `message` or `error`; None where there is none."""


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
    if answer.status == 304:
        sentence = "answered that nothing changed, and was not asked that"
        raise RemoteUnavailable(vendor.name, operation, sentence, answer.request_id)
    if not answer.body.strip():
        return None
    try:
        return json.loads(_whole(answer.body))
    except (ValueError, RecursionError) as wrong:
        sentence = f"answered {answer.status} with something that is not JSON; is a proxy in between?"
        raise RemoteUnavailable(vendor.name, operation, sentence, answer.request_id) from wrong


def _whole(body: bytes) -> bytes:
    """JSON in which half of a surrogate pair, as services leave it that cut a text within an emoji, is U+FFFD: it has
    no place in UTF-8, and so in no run and no status."""
    if not _MAY_BE_HALF.search(body):
        return body
    return _ESCAPE.sub(lambda found: "\ufffd".encode() if found["half"] else found[0], body)


def sentence_of(answer: Answer, read_error: Callable[[Any], str | None] = lambda _: None) -> str:
    """The vendor's own words: of a JSON error its message, else the text; at most QUOTED characters."""
    text = _whole(answer.body).decode("utf-8", "replace").strip()
    try:
        parsed = json.loads(text)
    except (ValueError, RecursionError):
        parsed = None
    said = read_error(parsed) if isinstance(parsed, dict | list) else None
    if said is None and isinstance(parsed, dict):
        said = parsed.get("message") or parsed.get("error")
    text = said if isinstance(said, str) else text
    text = " ".join(text.split()) or "no reason given"
    return text if len(text) <= QUOTED else text[: QUOTED - 1] + "…"


def seconds_to_wait(headers: Mapping[str, str], now: datetime) -> float | None:
    """How long the vendor asks to wait, in seconds (from 0 to LONGEST_WAIT), or None where it does not say.

    Reads Retry-After (RFC 9110 section 10.2.3: seconds or a date), then Trello's rate limit interval, then when a
    limit of which nothing is left begins anew.
    """
    value = headers.get("retry-after", "").strip()
    if value.isdecimal():
        return min(float(value), LONGEST_WAIT)
    if value:
        return _until(date_of(value), headers, now)
    for limit in _TRELLO_LIMITS:
        interval = _number(headers, f"{limit}-interval-ms")
        if interval is not None:
            return min(interval / 1000, LONGEST_WAIT)
    used_up = (limit for limit in _LIMITS if _number(headers, f"{limit}-remaining") == 0)
    return next((wait for limit in used_up if (wait := _until_reset(headers, limit, now)) is not None), None)


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


def next_page(answer: Answer) -> str | None:
    """The address of the page after this one, as its Link header names it (RFC 8288); None after the last."""
    for target, kind in _LINK.findall(answer.headers.get("link", "")):
        if kind == "next":
            return str(target)
    return None


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


def _used_up(headers: Mapping[str, str]) -> bool:
    """Whether a limit is, which GitHub answers with 403."""
    return any(_number(headers, f"{limit}-remaining") == 0 for limit in _LIMITS)


def error_of(vendor: Vendor, operation: str, answer: Answer, now: datetime) -> Remote | None:
    """The error an answer means, or None for a 2xx and a 304. Other 3xx are the transport's to follow."""
    status, request_id = answer.status, answer.request_id
    if 200 <= status < 300 or status == 304:
        return None
    said = f"{sentence_of(answer, vendor.read_error)} ({status})"
    wait = seconds_to_wait(answer.headers, now)
    if status >= 500 or status in _TRANSIENT:
        asked = wait if "retry-after" in answer.headers else None
        return RemoteUnavailable(vendor.name, operation, said, request_id, retry_after=asked)
    limited = status == 403 and ("retry-after" in answer.headers or _used_up(answer.headers))
    if status == 429 or limited:
        after = RETRY_AFTER if wait is None else wait
        return RateLimited(vendor.name, operation, said, request_id, retry_after=after)
    lacking = status == 401 and any(words in said for words in vendor.permission_words)
    if status == 403 or lacking:
        wanted = next((f"; it takes {answer.headers[name]}" for name in _WANTED if answer.headers.get(name)), "")
        return PermissionMissing(vendor.name, operation, f"{said}{wanted}. {vendor.permission_hint}", request_id)
    if status == 401:
        return CredentialsRefused(vendor.name, operation, f"{said}. {vendor.credentials_hint}", request_id)
    if status in (404, 410):
        return NotFound(vendor.name, operation, said, request_id)
    return Rejected(vendor.name, operation, said, request_id, status=status)
