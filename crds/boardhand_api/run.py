"""`TicketRun`: one attempt at one ticket, and what goes with it."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import Field, PlainSerializer

from boardhand_api.base import Money, Priority, Short, Tolerant, Wire, rules
from boardhand_api.failures import FailureClass
from boardhand_api.ticket import Ticket

PLAN_CHARACTERS = 8000
"""Every board's comment has room for a plan as long as this, so that what is approved is what could be read."""


class Task(StrEnum):
    """What is to be done with the ticket."""

    AUTO = "Auto"
    IMPLEMENT = "Implement"
    ANALYSE = "Analyse"
    PLAN = "Plan"

    @property
    def reads_only(self) -> bool:
        """Whether nothing is changed: such a run has no publish and no verify stage."""
        return self in (Task.ANALYSE, Task.PLAN)


class Plan(Tolerant):
    """The plan that a person approved: data, whatever it says."""

    text: Annotated[str, Field(min_length=1, max_length=PLAN_CHARACTERS)]
    """As it stood on the ticket."""
    digest: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    """SHA-256 of the plan with the ticket's title, description and checklists, as the approval names it."""
    run: Short
    """The TicketRun that made it."""


class Earlier(Tolerant):
    """What came of an earlier attempt at the ticket: data for the next one, whatever it says."""

    attempt: Annotated[int, Field(ge=1)]
    """Which it was."""
    failure_class: Annotated[FailureClass | None, Field(alias="class")] = None
    """Why it failed; absent where it did not."""
    reason: Annotated[str, Field(max_length=64)] = ""
    """One CamelCase word."""
    message: Annotated[str, Field(max_length=1000)] = ""
    """One sentence; for NeedsInfo the question."""
    specialist: Annotated[str, Field(max_length=32)] = ""
    """Who did it."""
    summary: Annotated[str, Field(max_length=4000)] = ""
    """As the model wrote it, cut."""
    output: Annotated[str, Field(max_length=4000)] = ""
    """The end of what the verify command printed that failed."""
    tampering: Annotated[list[Annotated[str, Field(max_length=400)]], Field(max_length=12)] = []
    """What it took from the tests without being asked to."""
    branch: Annotated[str, Field(max_length=250)] = ""
    """The branch it pushed."""
    pull_request: Annotated[str, Field(max_length=2048)] = ""
    """Where a person reads its change."""


class TicketRunSpec(Wire):
    """What to attempt. It never changes but for `cancel` and `suspend`: another attempt is another TicketRun."""

    model_config = {
        "json_schema_extra": rules(
            (
                "self.pool == oldSelf.pool && self.task == oldSelf.task && self.attempt == oldSelf.attempt"
                " && self.ticket == oldSelf.ticket && self.priority == oldSelf.priority"
                " && self.earlier == oldSelf.earlier && has(self.money) == has(oldSelf.money)"
                " && (!has(self.money) || self.money == oldSelf.money)"
                " && has(self.plan) == has(oldSelf.plan) && (!has(self.plan) || self.plan == oldSelf.plan)",
                "spec is immutable but for cancel and suspend: make another TicketRun instead",
            ),
            ("self.cancel || !oldSelf.cancel", "a run that was cancelled stays so: make another TicketRun instead"),
        )
    }

    pool: Short
    """The CodingAgent in the same namespace that does it."""
    task: Task = Task.AUTO
    """Auto: the agent's router decides from the ticket whether code is to be changed or a question answered. Plan: says
    how the ticket would be carried out, and changes nothing."""
    attempt: Annotated[int, Field(ge=1)] = 1
    """Which attempt at the ticket this is, counted from 1."""
    ticket: Ticket
    """What is asked for."""
    priority: Priority = 0
    """Waiting runs of the pool with a higher one begin first; the board's labels give it (spec.board.priorities)."""
    earlier: Annotated[list[Earlier], Field(max_length=3)] = []
    """The ticket's last attempts before this one, the newest last: the agent is shown what they learnt."""
    money: Annotated[Money, PlainSerializer(float, when_used="json")] | None = None
    """US dollars this run may use, in place of the pool's limits.money; absent: that one."""
    plan: Plan | None = None
    """The approved plan that the work follows; absent: none was asked for (spec.policy.approval of the pool)."""
    suspend: bool = False
    """While true a run that waits stays Queued; one at work goes on, its retries included."""
    cancel: bool = False
    """End the run now: its Job is removed, a branch that was pushed is left alone, and the ticket is told."""
