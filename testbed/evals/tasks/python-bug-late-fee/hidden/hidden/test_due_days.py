from datetime import date

from lending.fees import days_late
from lending.loans import Loan


def test_a_sunday_moves_to_monday():
    assert Loan("Dune", 900, date(2026, 2, 22)).due == date(2026, 3, 16)
    assert Loan("Dune", 900, date(2026, 2, 22)).fee(date(2026, 3, 16)) == 0


def test_a_sunday_before_a_holiday_moves_over_both():
    loan = Loan("Dune", 900, date(2026, 3, 15))
    assert loan.due == date(2026, 4, 7)
    assert loan.fee(date(2026, 4, 7)) == 0
    assert loan.fee(date(2026, 4, 9)) == 40


def test_two_holidays_and_a_sunday():
    assert Loan("Dune", 900, date(2026, 12, 4)).due == date(2026, 12, 28)


def test_an_open_day_stays():
    assert Loan("Dune", 900, date(2026, 2, 11)).due == date(2026, 3, 4)


def test_closed_days_still_count_once_it_is_late():
    assert days_late(date(2026, 3, 6), date(2026, 3, 9)) == 3


def test_a_renewal_counts_from_the_day_it_was_lent():
    assert Loan("Dune", 900, date(2026, 2, 22), renewals=1).due == date(2026, 4, 7)
