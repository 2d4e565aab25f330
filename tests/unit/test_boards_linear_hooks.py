"""Whose call a Linear webhook's is."""

from __future__ import annotations

import hashlib
import hmac
import json

from hypothesis import given
from hypothesis import strategies as st

from boardhand_operator.boards.linear.hooks import MINUTE, signed

NOW = 1767225600.0


def made(body: bytes, secret: str = "s") -> str:
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


@given(st.floats(-3600, 3600), st.text())
def test_a_genuine_call_counts_for_a_minute(off: float, words: str) -> None:
    body = json.dumps({"webhookTimestamp": round((NOW + off) * 1000), "said": words}).encode()
    fresh = abs(round((NOW + off) * 1000) / 1000 - NOW) <= MINUTE
    assert signed("s", body, made(body), NOW) is fresh


@given(st.binary(max_size=200), st.text(max_size=80))
def test_no_other_call_counts(body: bytes, given_: str) -> None:
    assert not signed("s", body, given_, NOW)
    assert not signed("s", body, made(body), NOW)


@given(st.sampled_from([None, "now", [], {}, True]))
def test_a_call_without_a_time_is_none(told: object) -> None:
    body = json.dumps({"webhookTimestamp": told}).encode()
    assert not signed("s", body, made(body), NOW)
