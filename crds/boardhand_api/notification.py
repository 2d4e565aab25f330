"""The part of a pool that says who is told, beside board and forge, of what came of its runs."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Self

from pydantic import Field, model_validator

from boardhand_api.base import SecretRef, Wire, rules
from boardhand_api.failures import FailureClass
from boardhand_api.sealed import Sealed, check_source, one_source

URL_KEY = "url"
"""The key of what is sealed, and of a Secret that names no other."""


class Occasion(StrEnum):
    """What a run may end as, in general or by its failure's class."""

    SUCCEEDED = "Succeeded"
    FAILED = "Failed"
    """With whatever class but Cancelled."""
    CANCELLED = "Cancelled"
    INFRASTRUCTURE = "Infrastructure"
    CONFIGURATION = "Configuration"
    BUDGET = "Budget"
    DEADLINE = "Deadline"
    STUCK = "Stuck"
    REFUSED = "Refused"
    NEEDS_INFO = "NeedsInfo"
    RED = "Red"

    @classmethod
    def of(cls, failure: FailureClass | None) -> frozenset[Occasion]:
        """What a run is that ended with this class; None: with none."""
        if failure is None:
            return frozenset({cls.SUCCEEDED})
        own = cls(failure.value)
        return frozenset({own} if own is cls.CANCELLED else {own, cls.FAILED})


class SecretKeyRef(SecretRef):
    """One key of a Secret in the pool's own namespace."""

    key: Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,253}$")] = URL_KEY
    """The key under which the value stands."""


class Notification(Wire):
    """A webhook that is sent a message where a run ends: JSON with `text`, as Slack and what is like it take it, and
    the same for programs in `boardhand`."""

    model_config = {"json_schema_extra": rules(one_source("secretRef", "sealed", required=True))}

    name: Annotated[str, Field(pattern=r"^[a-z]([a-z0-9-]*[a-z0-9])?$", max_length=20)]
    """What it is called in a run's status."""
    secret_ref: SecretKeyRef | None = None
    """Where the webhook's address is: whoever knows it can write there, so it is a secret."""
    sealed: Sealed | None = None
    """The key `url`, sealed with `boardhand seal --field notifications.NAME.url`, in place of secretRef."""
    occasions: Annotated[list[Occasion], Field(min_length=1, max_length=11)] = [Occasion.SUCCEEDED, Occasion.FAILED]
    """Which ends of a run are told: Succeeded, Failed (whatever the class), Cancelled, or single failure classes."""
    plain_http: bool = False
    """Whether the address may be http; else only https is called."""

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        check_source(("secretRef", self.secret_ref), ("sealed", self.sealed), required=True)
        return self
