"""What the operator says of a pool. Only the operator writes it."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

from pydantic import Field

from boardhand_api.base import NonEmpty, Tolerant
from boardhand_api.result import Money as Dollars


class Condition(Tolerant):
    """One aspect of an object's state, after the Kubernetes API conventions."""

    type: NonEmpty
    """Which aspect."""
    status: Annotated[str, Field(json_schema_extra={"enum": ["True", "False", "Unknown"]})]
    """True, False or Unknown."""
    reason: NonEmpty
    """One CamelCase word, for programs."""
    message: str = ""
    """One sentence, for people."""
    last_transition_time: Annotated[str, Field(json_schema_extra={"format": "date-time"})]
    """When the status last changed."""
    observed_generation: int | None = None
    """The generation of the spec this was seen with."""


class Spending(Tolerant):
    """US dollars booked and reserved against the budget."""

    day: str = ""
    """The day, UTC, that dayMoney is of, such as 2026-11-23."""
    day_money: Dollars = Decimal(0)
    """Booked on that day: what tries used that ended, and all they had reserved where that is not known."""
    month: str = ""
    """The month, UTC, that monthMoney is of, such as 2026-11."""
    month_money: Dollars = Decimal(0)
    """Booked in that month."""
    reserved: dict[str, Dollars] = {}
    """What tries under way may use at most, by the run's UID and the try's number, such as UID/1."""
    counted: list[str] = []
    """Tries, named like that, that are booked and whose run is not settled yet: none is booked twice."""


class Subscribed(Tolerant):
    """A webhook as board or forge was given it."""

    callback_url: str
    """Where it leads."""
    proof: str
    """A fingerprint of its secret, slow to make and of this pool alone: another one means that the secret changed."""


class CodingAgentStatus(Tolerant):
    """What the operator knows of a pool."""

    observed_generation: int | None = None
    """The generation of the spec that was last looked at."""
    conditions: list[Condition] = []
    """`Ready`: whether tickets are taken, and if not, why and what to do. `Webhook`: whether the board calls.
    `Notifications`: whether the addresses are there that are told of runs."""
    working: int = 0
    """Runs at work."""
    queued: int = 0
    """Runs that wait."""
    last_poll_time: Annotated[str | None, Field(json_schema_extra={"format": "date-time"})] = None
    """When the board was last read in full."""
    spending: Spending | None = None
    """Of a pool with a budget."""
    webhooks: dict[str, Subscribed] = {}
    """Those of the pool's `board` and its `forge`."""
