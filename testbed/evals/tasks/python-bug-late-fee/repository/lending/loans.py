"""Loans and when they are due."""

from dataclasses import dataclass
from datetime import date, timedelta

from lending.fees import late_fee

PERIOD = timedelta(weeks=3)
RENEWALS = 2


@dataclass
class Loan:
    """One item, lent to somebody."""

    title: str
    price_cents: int
    lent: date
    renewals: int = 0

    @property
    def due(self) -> date:
        """The last day on which it can be brought back without a fee."""
        return self.lent + PERIOD * (1 + self.renewals)

    def renew(self) -> None:
        if self.renewals >= RENEWALS:
            raise ValueError(f"{self.title} was renewed {RENEWALS} times already")
        self.renewals += 1

    def fee(self, returned: date) -> int:
        """What is owed, in cents."""
        return late_fee(self.due, returned, self.price_cents)
