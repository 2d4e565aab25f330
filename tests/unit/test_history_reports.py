"""Reports are arithmetic: whatever the runs were, the database counts what one would count by hand."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from boardhand_api.failures import FailureClass
from boardhand_history.reports import PERIODS, Grain, Report, begins, nearest_rank
from tests.support.history import Stored, sqlite_url, stored
from tests.support.tally import Past, Wanted, put

DAYS = st.dates(date(2025, 12, 20), date(2026, 2, 10))
MOMENTS = st.datetimes(datetime(2025, 12, 20), datetime(2026, 2, 10), timezones=st.just(UTC)) | st.sampled_from(
    [datetime(2026, 1, 5, tzinfo=UTC), datetime(2026, 1, 4, 23, 59, 59, 999999, tzinfo=UTC)]
)
GRAINS = st.sampled_from(Grain)


@st.composite
def pasts(draw: st.DrawFn) -> Past:
    finished = draw(MOMENTS).replace(microsecond=0)
    number = draw(st.none() | st.integers(1, 4))
    return Past(
        uid="",
        finished_at=finished,
        waited=draw(st.integers(-5, 9_000)),
        namespace=draw(st.sampled_from(("team", "team", "other"))),
        pool=draw(st.sampled_from(("a", "b"))),
        ticket=draw(st.sampled_from("xyz")),
        attempt=draw(st.sampled_from((1, 1, 2))),
        failure=draw(st.none() | st.sampled_from([one.value for one in FailureClass])),
        money=draw(st.none() | st.decimals(0, 9, places=6)),
        pull_request=f"https://forge.test/pulls/{number}" if number else None,
        merged_at=draw(st.none() | MOMENTS) if number else None,
        commit=draw(st.none() | st.sampled_from("cd")),
        head=draw(st.none() | st.sampled_from("cd")),
    )


def numbered(runs: list[Past]) -> list[Past]:
    return [replace(run, uid=f"uid-{number:02}") for number, run in enumerate(runs)]


SOME = st.lists(pasts(), max_size=12).map(numbered)


class Counter:
    """A database that is filled anew for each report."""

    def __init__(self, runner: asyncio.Runner, kept: Stored) -> None:
        self._runner, self._kept = runner, kept

    def report(self, runs: list[Past], wanted: Wanted) -> Report:
        return self._runner.run(self._report(runs, wanted))

    async def _report(self, runs: list[Past], wanted: Wanted) -> Report:
        await put(self._kept.engine, runs)
        history = self._kept.history
        return await history.report(wanted.namespaces, wanted.grain, wanted.since, wanted.until, wanted.pool)


@pytest.fixture(scope="module")
def counter(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Counter]:
    with asyncio.Runner() as runner:
        around = stored(sqlite_url(tmp_path_factory.mktemp("reports")))
        yield Counter(runner, runner.run(around.__aenter__()))
        runner.run(around.__aexit__(None, None, None))


@settings(max_examples=20, suppress_health_check=[HealthCheck.too_slow])
@given(SOME, GRAINS, DAYS, DAYS, st.sampled_from(("", "a")), st.sampled_from((("team",), ("other", "team"))))
def test_the_database_counts_as_one_would_by_hand(
    counter: Counter, runs: list[Past], grain: Grain, one: date, other: date, pool: str, namespaces: tuple[str, ...]
) -> None:
    wanted = Wanted(grain, min(one, other), max(one, other), pool, namespaces)
    report = counter.report(runs, wanted)
    assert report == wanted.of(runs)
    for parts in ([period.figures for period in report.periods], [figures for _, _, figures in report.pools]):
        for name in ("runs", "opened", "merged", "clean", "money", "unpriced"):
            assert sum(getattr(part, name) for part in parts) == getattr(report.total, name), name


@settings(max_examples=40)
@given(GRAINS, DAYS, DAYS)
def test_periods_follow_each_other_and_cover_every_day(grain: Grain, one: date, other: date) -> None:
    since, until = sorted((one, other))
    found = begins(grain, since, until)
    assert found[0] <= since and found[-1] <= until < grain.after(found[-1])
    assert [grain.after(begin) for begin in found[:-1]] == list(found[1:])
    assert all(grain.begin(begin) == begin for begin in found)


@settings(max_examples=30)
@given(st.lists(st.integers(0, 10**9), min_size=1, max_size=12).map(sorted), st.floats(0.01, 1))
def test_the_nearest_rank_is_the_least_that_so_many_do_not_exceed(values: list[int], share: float) -> None:
    found = nearest_rank(values, share)
    assert found in values

    def within(value: int | None) -> Fraction:
        return Fraction(sum(each <= value for each in values if value is not None), len(values))

    # The rank is counted in floats, so a share may be a hair off.
    assert within(found) >= Fraction(share) - Fraction(1, 10**9)
    lower = max((each for each in values if found is not None and each < found), default=None)
    assert lower is None or within(lower) < Fraction(share) + Fraction(1, 10**9)


def test_of_nothing_there_is_no_rank() -> None:
    assert nearest_rank([], 0.5) is None
    assert [nearest_rank([1, 2, 3, 4], share) for share in (0.25, 0.5, 0.51, 0.9, 1)] == [1, 2, 3, 4, 4]


def test_weeks_begin_on_monday_and_months_on_the_first() -> None:
    assert [grain.begin(date(2026, 1, 8)) for grain in Grain] == [date(2026, 1, 8), date(2026, 1, 5), date(2026, 1, 1)]
    assert Grain.MONTH.after(date(2026, 12, 1)) == date(2027, 1, 1)


@pytest.mark.parametrize("grain", Grain)
def test_a_report_of_all_time_has_an_end(counter: Counter, grain: Grain) -> None:
    ever, last = date.min + timedelta(days=40), date(2026, 1, 31)
    found = begins(grain, ever, last)
    assert len(found) <= PERIODS
    assert grain.after(found[-1]) > last
    runs = [run(1, "one", 4), replace(run(1, "old"), finished_at=datetime(1990, 1, 1, tzinfo=UTC))]
    report = counter.report(numbered(runs), Wanted(grain, ever, last))
    assert [period.begin for period in report.periods] == list(found)
    assert (report.total.runs, report.total.merged) == (1, 1)


def run(day: int, pull_request: str | None = None, merged: int | None = None, clean: bool = True) -> Past:
    at = datetime(2026, 1, day, 12, tzinfo=UTC)
    merge = datetime(2026, 1, merged, tzinfo=UTC) if merged else None
    money, head = Decimal("1.5"), "c" if clean else "d"
    return Past("", at, money=money, pull_request=pull_request, merged_at=merge, commit="c", head=head)


def test_a_pull_request_counts_once_where_it_was_opened_and_merged(counter: Counter) -> None:
    runs = [run(1, "one", 4), run(2, "one", 4), run(3, "two", 4, clean=False), run(4), run(8, "three", 20)]
    report = counter.report(numbered(runs), Wanted(Grain.DAY, date(2026, 1, 1), date(2026, 1, 9)))
    days = {period.begin.day: period.figures for period in report.periods}
    assert [day for day, figures in days.items() if figures.opened] == [1, 3, 8]
    assert (days[4].merged, days[4].clean, days[4].clean_share) == (2, 1, 0.5)
    assert (report.total.money, report.total.money_merged) == (Decimal("7.5"), Decimal("3.75"))
    assert (report.total.waits, report.total.wait(0.5)) == ([600] * 3, 600)


def test_a_pull_request_of_before_is_not_opened_again(counter: Counter) -> None:
    runs = numbered([run(1, "one"), replace(run(4, "one", 5), pool="other")])
    for pool in ("", "other"):
        total = counter.report(runs, Wanted(Grain.DAY, date(2026, 1, 3), date(2026, 1, 9), pool)).total
        assert (total.runs, total.opened, total.merged) == (1, 0, 1)


def test_what_a_merge_costs_is_not_told_where_a_price_is_unknown(counter: Counter) -> None:
    runs = numbered([run(1, "one", 4), replace(run(2), failure="Red", money=None)])
    total = counter.report(runs, Wanted(Grain.DAY, date(2026, 1, 1), date(2026, 1, 9))).total
    assert total.money_merged is None
    assert total.unpriced == 1


def test_a_merge_in_the_time_of_a_run_before_it_counts_as_merged_alone(counter: Counter) -> None:
    total = counter.report(numbered([run(1, "one", 4)]), Wanted(Grain.DAY, date(2026, 1, 3), date(2026, 1, 9))).total
    assert (total.runs, total.opened, total.merged) == (0, 0, 1)
