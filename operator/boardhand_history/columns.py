"""Types of columns that both databases hold the same."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import ROUND_HALF_EVEN, Decimal

from sqlalchemy import BigInteger, DateTime, Dialect
from sqlalchemy.types import TypeDecorator

_MICRO = Decimal("0.000001")


class Moment(TypeDecorator[datetime]):
    """A time with its zone, which is UTC. SQLite keeps none, so it is put back on the way out."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, _: Dialect) -> datetime | None:
        """See `TypeDecorator`."""
        return None if value is None else value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, _: Dialect) -> datetime | None:
        """See `TypeDecorator`."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Dollars(TypeDecorator[Decimal]):
    """US dollars as whole millionths: SQLite has no decimals, and sums of floats drift."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: Decimal | None, _: Dialect) -> int | None:
        """See `TypeDecorator`."""
        return None if value is None else int((value / _MICRO).to_integral_value(ROUND_HALF_EVEN))

    def process_result_value(self, value: int | None, _: Dialect) -> Decimal | None:
        """See `TypeDecorator`."""
        return None if value is None else value * _MICRO
