"""What is owed for items that come back late."""

from datetime import date

CENTS_A_DAY = 20


def days_late(due: date, returned: date) -> int:
    """Days after the due day; closed days count like any other."""
    return max(0, (returned - due).days)


def late_fee(due: date, returned: date, price_cents: int) -> int:
    return min(days_late(due, returned) * CENTS_A_DAY, price_cents)
