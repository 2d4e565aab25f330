from datetime import date

from lending.fees import days_late, late_fee


def test_nothing_is_owed_on_the_due_day():
    assert late_fee(date(2026, 3, 4), date(2026, 3, 4), 1500) == 0


def test_every_day_costs_twenty_cents():
    assert late_fee(date(2026, 3, 4), date(2026, 3, 6), 1500) == 40


def test_a_sunday_counts_once_the_item_is_late():
    assert days_late(date(2026, 3, 6), date(2026, 3, 9)) == 3


def test_never_more_than_the_price():
    assert late_fee(date(2026, 1, 7), date(2026, 12, 7), 900) == 900
