"""Pure: what an HTTP answer of a board or a forge means."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
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
from boardhand_operator.http.limits import (
    RETRY_AFTER,
    RETRY_AFTER_WORDS,
    says_limited,
    seconds_to_wait,
    used_up,
)

QUOTED = 300
"""So many characters of a vendor's sentence are quoted."""
_REQUEST_IDS = ("x-request-id", "x-github-request-id", "atl-traceid", "x-arequestid", "cf-ray")
_LINK = re.compile(r'<([^<>]{1,4000})>\s*;[^,<>]{0,200}?\brel="?(\w+)"?')
_MAY_BE_HALF = re.compile(rb"\\u[dD][89a-fA-F]|\xed[\xa0-\xbf]")
_ESCAPE = re.compile(
    rb"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"
    rb"|(?P<half>\\u[dD][89a-fA-F][0-9a-fA-F]{2}|\xed[\xa0-\xbf][\x80-\xbf])|\\."
)
"""Of a JSON text: a whole pair, a half, or any other escape, such as that of a backslash."""
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


def next_page(answer: Answer) -> str | None:
    """The address of the page after this one, as its Link header names it (RFC 8288); None after the last."""
    for target, kind in _LINK.findall(answer.headers.get("link", "")):
        if kind == "next":
            return str(target)
    return None


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
    in_words = says_limited(said)
    limited = status == 403 and ("retry-after" in answer.headers or used_up(answer.headers) or in_words)
    if status == 429 or limited:
        untold = RETRY_AFTER_WORDS if in_words else RETRY_AFTER
        after = untold if wait is None else wait
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
