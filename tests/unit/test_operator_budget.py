"""A pool's money as figures: nothing is ever given twice, and each try is booked once, for at least what it used."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from boardhand_api.limits import Budget
from boardhand_api.pool_status import Spending
from boardhand_operator.errors import Misconfigured
from boardhand_operator.money.budget import (
    NOTHING,
    Purse,
    book,
    check,
    dollars,
    key_of,
    reserve,
    rolled,
    without,
)
from tests.support.objects import a_pool

NEW_YEARS_EVE = datetime(2026, 12, 31, 23, 59, 59, tzinfo=UTC)
TODAY = {"day": "2026-12-31", "month": "2026-12"}


def said(spending: Spending) -> tuple[str, str, str, str]:
    return spending.day, str(spending.day_money), spending.month, str(spending.month_money)


def purse(day: str | None, month: str | None, each: str = "5", **spending: Any) -> Purse:
    budget = Budget(day=Decimal(day) if day else None, month=Decimal(month) if month else None)
    return Purse(budget, Decimal(each), Spending.model_validate(TODAY | spending))


@pytest.mark.parametrize(
    ("held", "amount", "reason"),
    [
        (purse("10", None), "5", None),
        (purse("10", None, dayMoney="5"), "5", None),
        (purse("10", None, dayMoney="5.01"), "5", "BudgetDay"),
        (purse("10", None, dayMoney="2", reserved={"a/1": "3.01"}), "5", "BudgetDay"),
        (purse("10", None, monthMoney="1000"), "5", None),
        (purse(None, "10", dayMoney="9", monthMoney="6"), "5", "BudgetMonth"),
        (purse("10", "10", dayMoney="6", monthMoney="6"), "5", "BudgetMonth"),
        (purse("10", "20", dayMoney="6", monthMoney="6"), "5", "BudgetDay"),
        (purse("10", "20"), "10.5", "BudgetTooSmall"),
        (purse("10", "20", dayMoney="1"), "10", "BudgetDay"),
        (Purse(), "1000", None),
    ],
)
def test_what_does_not_fit_lacks_the_period_that_lasts_longer(held: Purse, amount: str, reason: str | None) -> None:
    lack = held.lack(Decimal(amount))
    assert (lack.reason if lack else None) == reason


def test_the_sentence_has_the_figures_the_fields_and_the_time() -> None:
    lack = purse("10", None, dayMoney="9").lack(Decimal("2.5"))
    assert lack
    assert lack.until == datetime(2027, 1, 1, tzinfo=UTC)
    assert lack.message.startswith("of the day's $10.00 (spec.budget.day) less is left than the $2.50 ")
    assert "2027-01-01T00:00:00Z" in lack.message
    monthly = purse(None, "10", monthMoney="9").lack(Decimal("2.5"))
    assert monthly and monthly.until == datetime(2027, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("held", "room"),
    [
        (Purse(), None),
        (purse("10", None), 2),
        (purse("14.99", "100"), 2),
        (purse("100", "14", monthMoney="4", reserved={"a/1": "5"}), 1),
        (purse("4", None), 0),
        (purse("10", None, dayMoney="11"), 0),
    ],
)
def test_the_room_is_how_many_more_may_begin(held: Purse, room: int | None) -> None:
    assert held.room() == room


def test_a_run_that_costs_nothing_always_has_room() -> None:
    room = purse("10", None, each="0", dayMoney="10").room()
    assert room is not None and room > 10**6


@pytest.mark.parametrize(
    ("spec", "reason"),
    [
        ({"budget": {"day": 10}}, "MoneyMissing"),
        ({"budget": {"day": 10}, "limits": {"money": 10.01}}, "BudgetTooSmall"),
        ({"budget": {"day": 100, "month": 10}, "limits": {"money": 11}}, "BudgetTooSmall"),
        ({"budget": {"day": 10, "month": 10}, "limits": {"money": 10}}, None),
        ({"limits": {"money": 10}}, None),
        ({}, None),
    ],
)
def test_a_budget_that_no_run_fits_into_is_the_pools_configuration(spec: dict[str, Any], reason: str | None) -> None:
    pool = a_pool(**spec)
    if reason is None:
        check(pool.spec)
        return
    with pytest.raises(Misconfigured) as wrong:
        check(pool.spec)
    assert wrong.value.reason == reason
    assert "limits.money" in wrong.value.message


def test_days_and_months_begin_at_nothing_and_never_go_back() -> None:
    spent = Spending.model_validate(TODAY | {"dayMoney": "3", "monthMoney": "7", "reserved": {"a/1": "5"}})
    assert rolled(spent, NEW_YEARS_EVE) == spent
    assert rolled(spent, NEW_YEARS_EVE - timedelta(days=40)) == spent
    morning = rolled(spent, NEW_YEARS_EVE + timedelta(seconds=1))
    assert said(morning) == ("2027-01-01", "0", "2027-01", "0")
    assert morning.reserved == spent.reserved
    midweek = rolled(Spending.model_validate(TODAY | {"day": "2026-12-30", "monthMoney": "7"}), NEW_YEARS_EVE)
    assert said(midweek) == ("2026-12-31", "0", "2026-12", "7")
    assert rolled(Spending(), NEW_YEARS_EVE).wire() == {
        **TODAY,
        "dayMoney": "0",
        "monthMoney": "0",
        "reserved": {},
        "counted": [],
    }


def test_a_try_is_booked_once_in_place_of_what_it_reserved() -> None:
    spent = reserve(rolled(Spending(), NEW_YEARS_EVE), "a", 1, Decimal(5))
    once = book(spent, "a", 1, Decimal(2), Decimal(9))
    assert said(once) == ("2026-12-31", "2", "2026-12", "2")
    assert (once.reserved, once.counted) == ({}, ["a/1"])
    assert book(once, "a", 1, Decimal(4), Decimal(9)) == once
    assert book(spent, "a", 1, None, Decimal(9)).day_money == 5
    assert book(once, "a", 2, None, Decimal(9)).day_money == 11


def test_a_reservation_takes_the_place_of_one_that_never_began() -> None:
    spent = reserve(Spending(), "a", 1, Decimal(5))
    assert reserve(spent, "a", 2, Decimal(4)).reserved == {"a/2": 4}
    assert reserve(spent, "b", 1, Decimal(4)).reserved == {"a/1": 5, "b/1": 4}


def test_what_runs_reserved_that_are_gone_is_booked_and_their_names_are_forgotten() -> None:
    spent = book(reserve(reserve(Spending(), "a", 1, Decimal(5)), "b", 1, Decimal(4)), "b", 1, Decimal(1), Decimal(0))
    left = without(spent, {"a", "b", "c"})
    assert left.day_money == left.month_money == 6
    assert not left.reserved and not left.counted
    assert without(spent, {"c"}) == spent


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        ("5", "$5.00"),
        ("0.1", "$0.10"),
        ("0.0025", "$0.0025"),
        ("12.5000", "$12.50"),
        ("0", "$0.00"),
        ("1E+30", f"$1{'0' * 30}.00"),
    ],
)
def test_dollars_are_written_for_people(amount: str, text: str) -> None:
    assert dollars(Decimal(amount)) == text


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("launch"), st.integers(0, 4), st.integers(1, 5)),
        st.tuples(st.just("end"), st.integers(0, 4), st.integers(0, 5) | st.none()),
        st.tuples(st.just("again"), st.integers(0, 4), st.integers(0, 5) | st.none()),
        st.tuples(st.just("gone"), st.integers(0, 4), st.none()),
        st.tuples(st.just("hours"), st.integers(0, 30), st.none()),
    ),
    max_size=60,
)


@given(STEPS, st.integers(5, 12), st.none() | st.integers(5, 20))
def test_whatever_happens_no_money_is_given_twice_and_each_try_is_booked_once(
    steps: list[tuple[str, int, int | None]], day: int, month: int | None
) -> None:
    """Each step is one write of the state that is kept; a crash between two of them leaves just that state. `again` is
    what a new life does that does not know that the last one booked."""
    budget = Budget(day=Decimal(day), month=Decimal(month) if month else None)
    now, kept = NEW_YEARS_EVE - timedelta(days=3), Spending()
    numbers, working = [1] * 31, dict[str, int]()
    ended = dict[str, int]()
    booked_on = list[tuple[datetime, int]]()
    for step, pick, amount in steps:
        kept = rolled(kept, now)
        uid, key = f"run-{pick}", key_of(f"run-{pick}", numbers[pick])
        if step == "launch" and amount and key not in working:
            if Purse(budget, spending=kept).lack(Decimal(amount)) is None:
                kept = reserve(kept, uid, numbers[pick], Decimal(amount))
                working[key] = amount
        elif step == "end" and key in working:
            used = working.pop(key) if amount is None else min(working.pop(key), amount)
            kept = book(kept, uid, numbers[pick], None if amount is None else Decimal(used), Decimal(0))
            booked_on.append((now, used))
            ended[uid] = numbers[pick]
            numbers[pick] += 1
        elif step == "again" and uid in ended:
            kept = book(kept, uid, ended[uid], None if amount is None else Decimal(amount), Decimal(3))
        elif step == "gone":
            kept = without(kept, {uid})
            ended.pop(uid, None)
            if key in working:
                booked_on.append((now, working.pop(key)))
                numbers[pick] += 1
        elif step == "hours":
            now += timedelta(hours=pick)
        assert {key: int(money) for key, money in kept.reserved.items()} == working
        today = sum(used for at, used in booked_on if at.date() == now.date())
        this_month = sum(used for at, used in booked_on if (at.year, at.month) == (now.year, now.month))
        seen = rolled(kept, now)
        assert (seen.day_money, seen.month_money) == (Decimal(today), Decimal(this_month))
        may = sum(working.values())
        assert today + may <= day and this_month + may <= (month or this_month + may)


def test_whatever_is_booked_can_be_read_again() -> None:
    """Else what the agents of a pool tell would end the pool."""
    spent = Spending()
    for number in (1, 2):
        spent = book(spent, "run", number, Decimal(10**9), NOTHING)
    spent = reserve(book(spent, "other", 1, None, Decimal(10**12)), "third", 1, Decimal(10**12))
    assert Spending.model_validate(spent.wire()) == spent


def test_the_room_of_many_tiny_runs_is_a_number() -> None:
    assert (purse("5", None, each="1E-40").room() or 0) > 10**9
