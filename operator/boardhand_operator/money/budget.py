"""A pool's money: what is booked and what is reserved against its budget. Pure.

A try reserves all it may use before its Job is made, and is booked with what it used once it ended. Both stand in the
pool's status (`spending`), each changed together with the other, so no crash loses one of them.
"""

from __future__ import annotations

import sys
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Self

from boardhand_api.limits import Budget
from boardhand_api.pool import CodingAgentSpec
from boardhand_api.pool_status import Spending
from boardhand_api.run import TicketRunSpec
from boardhand_operator.decide.conditions import stamp
from boardhand_operator.errors import Misconfigured
from boardhand_operator.views import Pool

NOTHING = Decimal(0)
MOST = Decimal(10**9)
"""A pool's status holds no larger amount: a pool with one could not be read."""


@dataclass(frozen=True)
class Lack:
    """Why a try cannot begin for its money."""

    reason: str
    """BudgetDay, BudgetMonth, or BudgetTooSmall where no period will ever have it."""
    message: str
    until: datetime
    """When the period is over."""


@dataclass(frozen=True)
class _Period:
    reason: str
    field: str
    whose: str
    cap: Decimal
    booked: Decimal
    until: datetime


@dataclass(frozen=True)
class Purse:
    """A pool's budget at one moment, with what is booked and reserved of it."""

    budget: Budget | None = None
    each: Decimal = NOTHING
    """What a try of a run that begins now reserves."""
    spending: Spending = field(default_factory=Spending)

    @classmethod
    def of(cls, pool: Pool, now: datetime) -> Self:
        """From the pool with its present spec, not with one that an earlier run began with."""
        spending = rolled(pool.status.spending or Spending(), now)
        return cls(pool.spec.budget, pool.spec.limits.money or NOTHING, spending)

    def reserves(self, uid: str, number: int) -> bool:
        """Whether the run's try has its reservation."""
        return key_of(uid, number) in self.spending.reserved

    def left_open(self, uid: str) -> list[int]:
        """The run's tries that are reserved."""
        return [int(number) for one, number in map(_parts, self.spending.reserved) if one == uid]

    def lack(self, amount: Decimal) -> Lack | None:
        """Why a try cannot reserve so much now; None: it can. Of two reasons that which lasts longer."""
        lacking = [period for period in self._periods() if self._left(period) < amount]
        if not lacking:
            return None
        if small := next((period for period in lacking if period.cap < amount), None):
            return Lack("BudgetTooSmall", _too_small(amount, small.field, small.cap), small.until)
        period = lacking[-1]
        text = (
            f"of the {period.whose} {dollars(period.cap)} (spec.budget.{period.field}) less is left than the"
            f" {dollars(amount)} that the run may use; goes on at {stamp(period.until)}, or once another run ends with"
            " less than it reserved"
        )
        return Lack(period.reason, text, period.until)

    def room(self) -> int | None:
        """How many more runs may begin; None: the budget does not say."""
        rooms = [self._left(period) / self.each if self.each else Decimal("Infinity") for period in self._periods()]
        return int(max(NOTHING, min(*rooms, Decimal(sys.maxsize)))) if rooms else None

    def _periods(self) -> Iterator[_Period]:
        if self.budget is None:
            return
        today = datetime.fromisoformat(f"{self.spending.day}T00:00:00+00:00")
        if self.budget.day is not None:
            tomorrow = today + timedelta(days=1)
            yield _Period("BudgetDay", "day", "day's", self.budget.day, self.spending.day_money, tomorrow)
        if self.budget.month is not None:
            following = (today.replace(day=1) + timedelta(days=32)).replace(day=1)
            yield _Period("BudgetMonth", "month", "month's", self.budget.month, self.spending.month_money, following)

    def _left(self, period: _Period) -> Decimal:
        return period.cap - period.booked - sum(self.spending.reserved.values(), NOTHING)


def money_of(run: TicketRunSpec, spec: CodingAgentSpec) -> Decimal | None:
    """US dollars that the run may use: its own amount, else the pool's; None: not limited."""
    return spec.limits.money if run.money is None else run.money


def check(spec: CodingAgentSpec) -> None:
    """Raises Misconfigured for a budget that no run fits into."""
    money, budget = spec.limits.money, spec.budget
    if budget is None:
        return
    if money is None:
        raise Misconfigured("MoneyMissing", "limits.money is required with spec.budget: it is what a run reserves")
    for name, cap in (("day", budget.day), ("month", budget.month)):
        if cap is not None and money > cap:
            raise Misconfigured("BudgetTooSmall", _too_small(money, name, cap))


def _too_small(money: Decimal, name: str, cap: Decimal) -> str:
    return (
        f"a run may use {dollars(money)} (limits.money), more than all of spec.budget.{name}, {dollars(cap)}, so it"
        " would never begin; lower the one or raise the other"
    )


def key_of(uid: str, number: int) -> str:
    """By which a run's try stands in the pool's status."""
    return f"{uid}/{number}"


def rolled(spending: Spending, now: datetime) -> Spending:
    """The spending today. A clock that is behind the last one's does not go back to an earlier day."""
    day = now.astimezone(UTC).date().isoformat()
    changes: dict[str, object] = {"day": day, "day_money": NOTHING} if day > spending.day else {}
    changes |= {"month": day[:7], "month_money": NOTHING} if day[:7] > spending.month else {}
    return spending.model_copy(update=changes) if changes else spending


def reserve(spending: Spending, uid: str, number: int, amount: Decimal) -> Spending:
    """With the try's reservation. One that is still there of an earlier try goes: that never began, else it would be
    booked."""
    others = {key: money for key, money in spending.reserved.items() if _parts(key)[0] != uid}
    return spending.model_copy(update={"reserved": others | {key_of(uid, number): min(amount, MOST)}})


def book(spending: Spending, uid: str, number: int, money: Decimal | None, unreserved: Decimal) -> Spending:
    """With what the try used in place of its reservation, once.

    money: None where it is not known: then all of the reservation. unreserved: the same for a try without one.
    """
    key = key_of(uid, number)
    reserved = {one: amount for one, amount in spending.reserved.items() if one != key}
    if key in spending.counted:
        return spending.model_copy(update={"reserved": reserved})
    amount = spending.reserved.get(key, unreserved) if money is None else money
    return spending.model_copy(
        update={
            "day_money": min(spending.day_money + amount, MOST),
            "month_money": min(spending.month_money + amount, MOST),
            "reserved": reserved,
            "counted": [*spending.counted, key],
        }
    )


def runs_of(spending: Spending) -> set[str]:
    """UIDs of the runs that are named."""
    return {_parts(key)[0] for key in (*spending.reserved, *spending.counted)}


def without(spending: Spending, gone: Collection[str]) -> Spending:
    """The spending once these runs are gone or settled: what they still reserve is booked, since nobody will ever
    tell what they used."""
    for key in list(spending.reserved):
        uid, number = _parts(key)
        if uid in gone:
            spending = book(spending, uid, int(number), None, NOTHING)
    kept = [key for key in spending.counted if _parts(key)[0] not in gone]
    return spending.model_copy(update={"counted": kept})


def dollars(amount: Decimal) -> str:
    """For people: cents, and what is finer where it counts."""
    exponent = amount.normalize().as_tuple().exponent
    whole_cents = isinstance(exponent, int) and exponent >= -2
    return f"${amount:.2f}" if whole_cents else f"${amount.normalize():f}"


def _parts(key: str) -> tuple[str, str]:
    uid, _, number = key.rpartition("/")
    return uid, number
