from datetime import date

import pytest

from lending.loans import Loan


def test_a_loan_is_due_after_three_weeks():
    assert Loan("Dune", 900, date(2026, 2, 11)).due == date(2026, 3, 4)


def test_a_renewal_adds_three_weeks():
    loan = Loan("Dune", 900, date(2026, 2, 11))
    loan.renew()
    assert loan.due == date(2026, 3, 25)


def test_a_third_renewal_is_refused():
    loan = Loan("Dune", 900, date(2026, 2, 11), renewals=2)
    with pytest.raises(ValueError, match="renewed 2 times"):
        loan.renew()
