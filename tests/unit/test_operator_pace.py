"""When a pool's board is asked next."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from boardhand_operator.pools.pace import Failing, Pause, failed, first_pause

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
ROLLS = st.floats(0, 1)


def test_the_wait_doubles_from_the_pools_own_to_ten_minutes() -> None:
    assert [Failing(NOON, times).wait(30) for times in range(1, 8)] == [30, 60, 120, 240, 480, 600, 600]
    assert [Failing(NOON, times).wait(3600) for times in (1, 2, 1000)] == [3600, 3600, 3600]


def test_a_vendors_wish_is_waited_for() -> None:
    assert failed(None, NOON, 900).wait(30) == 900
    assert Failing(NOON, 3, asked=5).wait(30) == 120


def test_failures_in_a_row_are_told_with_their_begin_and_the_next_try() -> None:
    first = failed(None, NOON, None)
    third = failed(failed(first, NOON + timedelta(seconds=30), 5), NOON + timedelta(seconds=90), None)
    assert third == Failing(NOON, 3)
    assert third.told(NOON + timedelta(seconds=90), 120) == (
        "Failed 3 times in a row since 2026-01-01T12:00:00Z; the next try is at about 2026-01-01T12:03:30Z."
    )
    assert first.told(NOON, 30).startswith("Failed once since")


@given(st.floats(1, 3600), st.floats(0, 5000), ROLLS)
def test_jitter_stays_near_and_never_below_a_vendors_wish(seconds: float, least: float, roll: float) -> None:
    wait = Pause(seconds, least).jittered(roll)
    assert wait >= least
    assert wait >= seconds * 0.9
    assert wait <= max(seconds, least) * 1.1 + 1e-6


@given(st.integers(1, 10_000), st.integers(1, 3600), ROLLS)
def test_a_first_poll_comes_within_the_pools_own_pace(pools: int, seconds: int, roll: float) -> None:
    assert 0 <= first_pause(pools, seconds, roll) <= seconds


def test_one_pool_polls_at_once_and_a_hundred_spread() -> None:
    assert first_pause(1, 30, 1.0) == 0
    assert first_pause(100, 30, 1.0) == pytest.approx(4.95)
    assert first_pause(1000, 30, 1.0) == 30
