"""What the API server's refusals are to who asks: errors that say it in a sentence."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager

from boardhand_client.errors import (
    Busy,
    Changed,
    Expired,
    Invalid,
    NotThere,
    Refused,
    Rejected,
    Unauthenticated,
    Unreachable,
)
from boardhand_operator.kube import ApiException, Json


def _said(data: bytes) -> str:
    """The API server's own sentence."""
    return str(_status(data).get("message") or "") or ("" if data[:1] == b"{" else data.decode(errors="replace")[:300])


def _status(data: bytes) -> Json:
    """The API server's Status; nothing where it is none."""
    try:
        status = json.loads(data)
    except ValueError:
        return {}
    return status if isinstance(status, dict) else {}


def refusal(status: int, reason: str, data: bytes) -> Exception:
    """The error of an answer that is no good one: SessionError, or ApiException (400, 404, 409) where callers have an
    answer to it."""
    said = _said(data)
    match status:
        case 401:
            return Unauthenticated("the API server does not take this credential (401): log in again")
        case 403:
            return Refused(f"not allowed: {said or 'the API server says no more'}; ask who runs the cluster for a role")
        case 410:
            return Expired(f"so much changed meanwhile that it must be read anew: {said}")
        case 400 | 404 | 409:
            known: Exception = ApiException(status=status, reason=said or reason)
            return known
        case 422:
            return Invalid(f"the API server does not take it: {said}", _status(data))
    if _passes(status):
        return Busy(f"the API server cannot do that now ({status}): {said or reason}; try again in a while")
    return Rejected(f"the API server does not do that ({status}): {said or reason}")


def watch_error(status: Json) -> Exception:
    """The error that a watch ends with; status: what the API server said last."""
    said, code = str(status.get("message") or ""), status.get("code")
    if code == 410:
        return Expired(said)
    ended = f"the watch ends: {said or 'the API server says no more'}"
    return Busy(ended) if isinstance(code, int) and _passes(code) else Rejected(ended)


def _passes(status: int) -> bool:
    """Whether it may be another answer soon: an API server that starts or ends, or has too much to do."""
    return status == 429 or status >= 500


@contextmanager
def understood() -> Iterator[None]:
    """An answer that is not JSON becomes a sentence; half a line of a watch, too, where something between ended it."""
    try:
        yield
    except (json.JSONDecodeError, UnicodeDecodeError):
        said = "what answers is not the API server, or is cut off: is a proxy or a page to log in between?"
        raise Unreachable(said) from None


@contextmanager
def told() -> Iterator[None]:
    """What is left of the API server's refusals becomes a sentence."""
    try:
        with understood():
            yield
    except ApiException as refused:
        said = str(refused.reason)
        if refused.status == 404:
            raise NotThere(f"there is none: {said} (is Boardhand installed in this cluster?)") from None
        if refused.status == 409:
            raise Changed(f"somebody changed it meanwhile: {said}; try again") from None
        raise Rejected(f"the API server does not do that ({refused.status}): {said}") from None
