"""Reports are arithmetic: whatever the runs were, the sums hold."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from boardhand_history.reports import OUTCOMES, PERIODS, Fact, Grain, Tally, begins, nearest_rank

DAYS = st.dates(date(2025, 12, 1), date(2026, 3, 31))
MOMENTS = st.datetimes(datetime(2025, 12, 1), datetime(2026, 3, 31), timezones=st.just(UTC))


@st.composite
def facts(draw: st.DrawFn) -> Fact:
    finished = draw(MOMENTS)
    number = draw(st.none() | st.integers(1, 6))
    merged = draw(st.none() | MOMENTS) if number else None
    return Fact(
        namespace="team",
        pool=draw(st.sampled_from(("a", "b"))),
        outcome=draw(st.sampled_from(OUTCOMES)),
        created_at=finished - timedelta(seconds=draw(st.integers(0, 9_000))),
        finished_at=finished,
        money=draw(st.none() | st.decimals(0, 9, places=6)),
        pull_request=f"https://forge.test/pulls/{number}" if number else None,
        merged_at=merged,
        clean=draw(st.booleans()),
    )


SOME = st.lists(facts(), max_size=12).map(lambda found: sorted(found, key=lambda one: one.finished_at))
GRAINS = st.sampled_from(Grain)


@settings(max_examples=25)
@given(SOME, GRAINS, DAYS, DAYS)
def test_periods_and_pools_add_up_to_the_total(found: list[Fact], grain: Grain, one: date, other: date) -> None:
    since, until = sorted((one, other))
    tally = Tally(grain, since, until)
    for fact in found:
        tally.add(fact)
    report = tally.report()
    inside = [fact for fact in found if since <= fact.finished_at.date() <= until]
    total = report.total
    for parts in ([period.figures for period in report.periods], [figures for _, _, figures in report.pools]):
        for name in ("runs", "opened", "merged", "clean", "money", "unpriced"):
            assert sum(getattr(part, name) for part in parts) == getattr(total, name), name
        assert sorted(wait for part in parts for wait in part.waits) == sorted(total.waits)
    assert total.runs == len(inside)
    assert total.money == sum((fact.money or 0 for fact in inside), Decimal(0))
    assert total.clean <= total.merged <= len({fact.pull_request for fact in found})
    assert total.opened == len(total.waits) <= len({fact.pull_request for fact in inside if fact.pull_request})
    assert total.clean_share is None or 0 <= total.clean_share <= 1


@settings(max_examples=40)
@given(GRAINS, DAYS, DAYS)
def test_periods_follow_each_other_and_cover_every_day(grain: Grain, one: date, other: date) -> None:
    since, until = sorted((one, other))
    found = begins(grain, since, until)
    assert found[0] <= since and found[-1] <= until < grain.after(found[-1])
    assert [grain.after(begin) for begin in found[:-1]] == list(found[1:])
    assert all(grain.begin(begin) == begin for begin in found)


@settings(max_examples=30)
@given(st.lists(st.floats(0, 1e9), min_size=1, max_size=12), st.floats(0.01, 1))
def test_the_nearest_rank_is_the_least_that_so_many_do_not_exceed(values: list[float], share: float) -> None:
    found = nearest_rank(values, share)
    assert found in values

    def within(value: float | None) -> Fraction:
        return Fraction(sum(each <= value for each in values if value is not None), len(values))

    # The rank is counted in floats, so a share may be a hair off.
    assert within(found) >= Fraction(share) - Fraction(1, 10**9)
    lower = max((each for each in values if found is not None and each < found), default=None)
    assert lower is None or within(lower) < Fraction(share) + Fraction(1, 10**9)


def test_of_nothing_there_is_no_rank() -> None:
    assert nearest_rank([], 0.5) is None
    assert [nearest_rank([3, 1, 2, 4], share) for share in (0.25, 0.5, 0.51, 0.9, 1)] == [1, 2, 3, 4, 4]


def test_weeks_begin_on_monday_and_months_on_the_first() -> None:
    assert [grain.begin(date(2026, 1, 8)) for grain in Grain] == [date(2026, 1, 8), date(2026, 1, 5), date(2026, 1, 1)]
    assert Grain.MONTH.after(date(2026, 12, 1)) == date(2027, 1, 1)


@pytest.mark.parametrize("grain", Grain)
def test_a_report_of_all_time_has_an_end(grain: Grain) -> None:
    found = begins(grain, date.min + timedelta(days=40), date(2026, 1, 31))
    assert len(found) <= PERIODS
    assert grain.after(found[-1]) > date(2026, 1, 31)


def fact(day: int, pull_request: str | None = None, merged: int | None = None, clean: bool = True) -> Fact:
    at = datetime(2026, 1, day, 12, tzinfo=UTC)
    merge = datetime(2026, 1, merged, tzinfo=UTC) if merged else None
    created = at - timedelta(minutes=10)
    return Fact("team", "shop", "Succeeded", created, at, Decimal("1.5"), pull_request, merge, clean)


def test_a_pull_request_counts_once_where_it_was_opened_and_merged() -> None:
    tally = Tally(Grain.DAY, date(2026, 1, 1), date(2026, 1, 9))
    for each in (fact(1, "one", 4), fact(2, "one", 4), fact(3, "two", 4, clean=False), fact(4), fact(8, "three", 20)):
        tally.add(each)
    report = tally.report()
    days = {period.begin.day: period.figures for period in report.periods}
    assert [day for day, figures in days.items() if figures.opened] == [1, 3, 8]
    assert (days[4].merged, days[4].clean, days[4].clean_share) == (2, 1, 0.5)
    assert (report.total.money, report.total.money_merged) == (Decimal("7.5"), Decimal("3.75"))
    assert report.total.waits == [600.0] * 3


def test_what_a_merge_costs_is_not_told_where_a_price_is_unknown() -> None:
    tally = Tally(Grain.DAY, date(2026, 1, 1), date(2026, 1, 9))
    tally.add(fact(1, "one", 4))
    tally.add(replace(fact(2), outcome="Red", money=None))
    assert tally.report().total.money_merged is None
    assert tally.report().total.unpriced == 1


def test_a_merge_in_the_time_of_a_run_before_it_counts_as_merged_alone() -> None:
    tally = Tally(Grain.DAY, date(2026, 1, 3), date(2026, 1, 9))
    tally.add(fact(1, "one", 4))
    total = tally.report().total
    assert (total.runs, total.opened, total.merged) == (0, 0, 1)
