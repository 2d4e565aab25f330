"""Pure: what a write to a run's status tells by what it changed. Each change is written once, so counted once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from boardhand_api.failures import FailureClass
from boardhand_api.result import Usage
from boardhand_api.run_status import Phase, TicketRunStatus, Verdict
from boardhand_operator.decide.observe import parse_time
from boardhand_operator.observing import Written

SECRET_FOUND = "SecretFound"  # noqa: S105 (a reason)
"""The reason with which publish refuses a change that holds a secret."""
TESTS = ("ran", "none", "uncounted")
_CLAIM_LOST, _TICKET_LEFT = "ClaimedElsewhere", "TicketMoved"


@dataclass(frozen=True)
class Change:
    """A run before and after a write."""

    created: datetime
    before: TicketRunStatus
    after: TicketRunStatus

    @property
    def began(self) -> float | None:
        """Seconds that the run waited for its first Job, where this write tells of it."""
        if self.before.started_at or not self.after.started_at:
            return None
        return _between(self.created, parse_time(self.after.started_at))

    @property
    def ended(self) -> bool:
        """Whether the outcome is recorded by this write."""
        return self.before.finished_at is None and self.after.finished_at is not None

    @property
    def phase(self) -> Phase:
        """How a run that ended is told about."""
        if self.after.failure is None:
            return Phase.SUCCEEDED
        return Phase.CANCELLED if self.failure_class is FailureClass.CANCELLED else Phase.FAILED

    @property
    def failure_class(self) -> FailureClass | None:
        return self.after.failure.failure_class if self.after.failure else None

    @property
    def try_ended(self) -> bool:
        """Whether a try's Job is done with: by the outcome, or by the wait for the next try."""
        return self.before.job is not None and (self.ended or self.after.job is None)

    @property
    def seconds(self) -> float | None:
        """From the first Job to the outcome; None: there was no Job."""
        if not (self.after.started_at and self.after.finished_at):
            return None
        return _between(parse_time(self.after.started_at), parse_time(self.after.finished_at))

    @property
    def claim(self) -> str | None:
        """What came of the claim: won, lost to another run, or the ticket left; None: nothing new."""
        if self.before.claim is None and self.after.claim is not None:
            return "won"
        reason = self.after.failure.reason if self.ended and self.after.failure else ""
        mine = self.after.claim is not None
        return None if mine else {_CLAIM_LOST: "lost", _TICKET_LEFT: "left"}.get(reason)

    @property
    def verdict(self) -> Verdict | None:
        """The verdict of the run that ended."""
        return self.after.verdict if self.ended else None

    @property
    def used(self) -> Usage:
        """What this write adds to the run's usage. Money is that which is known."""
        before, after = self.before.usage or Usage(), self.after.usage or Usage()
        money = max(Decimal(0), (after.money or Decimal(0)) - (before.money or Decimal(0)))
        return Usage(
            prompt_tokens=max(0, after.prompt_tokens - before.prompt_tokens),
            cached_tokens=max(0, after.cached_tokens - before.cached_tokens),
            completion_tokens=max(0, after.completion_tokens - before.completion_tokens),
            money=money,
        )


def change_of(written: Written) -> Change:
    """What was written, read."""
    before, after = (
        TicketRunStatus.model_validate(body.get("status") or {}) for body in (written.before, written.after)
    )
    return Change(parse_time(written.after["metadata"]["creationTimestamp"]), before, after)


def tests_of(verdict: Verdict) -> str:
    """Whether the verdict rests on tests: one of TESTS, uncounted where their output has no count that is known."""
    ran, none, uncounted = TESTS
    if verdict.tests is None:
        return uncounted
    return ran if verdict.tests.ran else none


def _between(since: datetime, until: datetime) -> float:
    return max(0.0, (until - since).total_seconds())
