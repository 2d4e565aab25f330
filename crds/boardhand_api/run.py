"""`TicketRun`: one attempt at one ticket."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import Field, PlainSerializer

from boardhand_api.base import Money, NonEmpty, Priority, Tolerant, Wire, rules
from boardhand_api.evidence import Evidence
from boardhand_api.failures import FailureClass
from boardhand_api.pool_status import Condition
from boardhand_api.result import TestCounts, Usage

Short = Annotated[str, Field(min_length=1, max_length=253)]
Time = Annotated[str, Field(json_schema_extra={"format": "date-time"})]
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


class TicketComment(Tolerant):
    """What somebody said on the ticket."""

    author: Annotated[str, Field(max_length=256)] = ""
    """Name as the board shows it."""
    text: Annotated[str, Field(max_length=16384)] = ""
    """As written."""


class ChecklistItem(Tolerant):
    """One line of a checklist."""

    text: Annotated[str, Field(max_length=1024)]
    """As written."""
    done: bool = False
    """Whether it is ticked."""


class Checklist(Tolerant):
    """A list of things to do that the board keeps beside the description."""

    name: Annotated[str, Field(max_length=256)] = ""
    """Its title."""
    items: Annotated[list[ChecklistItem], Field(max_length=100)] = []
    """In the board's order."""


class Linked(Tolerant):
    """A file of the ticket, or a page or ticket it is related to. Nothing of it is fetched."""

    name: Annotated[str, Field(max_length=256)] = ""
    """As the board shows it."""
    url: Annotated[str, Field(max_length=2048)] = ""
    """Where it is."""


class Ticket(Tolerant):
    """The ticket as it was when it was taken: data, whatever it says."""

    id: Short
    """The board's id of it; for a run written by hand any name."""
    key: Annotated[str, Field(max_length=64)] = ""
    """The short form people use, such as #12 or SHOP-7."""
    url: Annotated[str, Field(max_length=2048)] = ""
    """Where a person reads it."""
    event: Short | None = None
    """The board event that put it into the ready column; absent for a run written by hand."""
    title: Annotated[str, Field(min_length=1, max_length=1024)]
    """One line."""
    body: Annotated[str, Field(max_length=131072)] = ""
    """The description, Markdown."""
    labels: Annotated[list[Annotated[str, Field(max_length=256)]], Field(max_length=100)] = []
    """As on the board."""
    priority: Annotated[str, Field(max_length=64)] = ""
    """The board's own word for it."""
    checklists: Annotated[list[Checklist], Field(max_length=20)] = []
    """What the board keeps of them beside the description."""
    attachments: Annotated[list[Linked], Field(max_length=50)] = []
    """Its files."""
    links: Annotated[list[Linked], Field(max_length=50)] = []
    """Pages and tickets that it is related to."""
    comments: Annotated[list[TicketComment], Field(max_length=50)] = []
    """Oldest first."""
    left_out: Annotated[int, Field(ge=0)] = 0
    """So many comments of people who are not the board's members are not among them (spec.policy.comments)."""


class Newer(Tolerant):
    """What a ticket had more when its run was claimed than its spec says: of a run that somebody asked for with rights
    that do not reach the board."""

    comments: Annotated[list[TicketComment], Field(max_length=50)] = []
    """Those that the spec has not, oldest first: the newest 128 KiB of them at most."""
    left_out: Annotated[int, Field(ge=0)] = 0
    """As `spec.ticket.leftOut`, as it was then."""


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


class Phase(StrEnum):
    """Where a run stands, told from its pod's stages."""

    QUEUED = "Queued"
    CLAIMED = "Claimed"
    PREPARING = "Preparing"
    WORKING = "Working"
    PUBLISHING = "Publishing"
    VERIFYING = "Verifying"
    SUCCEEDED = "Succeeded"
    FAILED = "Failed"
    CANCELLED = "Cancelled"

    @property
    def finished(self) -> bool:
        return self in (Phase.SUCCEEDED, Phase.FAILED, Phase.CANCELLED)


class Verdict(Tolerant):
    """What the proof said: the verify commands, run on a clean export of the pushed commit."""

    passed: bool
    """Whether every verify command ended with 0."""
    exit_code: int
    """Exit code of the verify stage as the kubelet recorded it: that of the first command that failed."""
    commands: list[str] = []
    """The verify commands, in order; those after the first failure did not run."""
    tests: TestCounts | None = None
    """Tests counted in their output; absent where it has no count that is known."""
    output: str | None = None
    """The end of what the command printed that failed, or that ran no test: at most 2,000 characters."""


class PullRequestState(StrEnum):
    """What became of a pull request."""

    OPEN = "Open"
    MERGED = "Merged"
    CLOSED = "Closed"
    """Without a merge."""


class PullRequest(Tolerant):
    """The pull request of a run."""

    url: str
    """Where a person reads it."""
    number: int
    """Its number at the forge."""
    draft: bool = False
    """Whether it is a draft."""
    state: PullRequestState = PullRequestState.OPEN
    """As the forge last said: it is asked every ten minutes while the pull request is open, for 90 days at most."""
    merged_at: Time | None = None
    """When it was merged, as the forge says."""
    head: Annotated[str | None, Field(max_length=64)] = None
    """Its last commit as the forge last said: another than status.commit where somebody added to it."""


class StageTime(Tolerant):
    """When a stage of the last try ran, as the kubelet recorded it."""

    name: Annotated[str, Field(min_length=1, max_length=63)]
    """The stage."""
    started_at: Time | None = None
    """When its container began; absent: it never did."""
    finished_at: Time | None = None
    """When it ended; absent: it had not when the outcome was recorded, or began and was not seen since."""
    exit_code: int | None = None
    """As the kubelet recorded it."""


class Failure(Tolerant):
    """Why a run failed."""

    failure_class: Annotated[FailureClass, Field(alias="class")]
    """Decides what happens next."""
    reason: NonEmpty
    """One CamelCase word, for programs."""
    message: str = ""
    """One sentence, for people."""


class Delivery(Tolerant):
    """What the board, and others, have been told."""

    comment: str | None = None
    """Id of the closing comment."""
    column: str | None = None
    """The column the ticket was moved to."""
    notified: Annotated[list[Annotated[str, Field(max_length=20)]], Field(max_length=8)] = []
    """Those of the pool's notifications that took the message, by name."""


class EgressSeen(Tolerant):
    """What the proxy of mode Proxy saw of a run."""

    refused: Annotated[list[NonEmpty], Field(max_length=100)] = []
    """Hosts, with their ports, that the pool does not allow: the first twenty by name."""


class TicketRunStatus(Tolerant):
    """What the operator knows of a run. Only the operator writes it."""

    phase: Phase = Phase.QUEUED
    """Where the run stands."""
    conditions: list[Condition] = []
    """`Ready`, `Reconciling` and `Stalled`, after kstatus."""
    position: int | None = None
    """Of a waiting run in its pool's queue, 1 being the next. It is looked at at least every ten minutes, and written
    anew where it has halved or doubled, or where what it waits for is another; absent: it waits for no place."""
    claim: str | None = None
    """Id of the claim marker on the ticket."""
    column: str | None = None
    """The column the claimed ticket was moved to; a ticket that leaves it while the run is at work ends the run."""
    newer: Newer | None = None
    """What was said on the ticket since spec.ticket was read, of a run that somebody asked for: the agent has it."""
    tries: Annotated[int, Field(ge=0, le=1000)] = 0
    """Jobs made so far: 1, and one more for each retry after an infrastructure failure."""
    job: str | None = None
    """The Job of the present try."""
    generation: int | None = None
    """The generation of the pool's spec that the run began with, and finishes with whatever becomes of the pool."""
    volume: str | None = None
    """The run's PersistentVolumeClaim; it is deleted once the run is finished."""
    retry_at: Time | None = None
    """When the next try begins."""
    started_at: Time | None = None
    """When the first Job was made."""
    finished_at: Time | None = None
    """When the outcome was recorded."""
    branch: str | None = None
    """The pushed branch."""
    base_commit: str | None = None
    """The commit that work started from."""
    commit: str | None = None
    """The pushed commit: the one that was proved."""
    specialist: str | None = None
    """Who did it: coder, bugfixer or analyst."""
    title: str | None = None
    """Of the pull request."""
    summary: str | None = None
    """The why of the change, or the answer of an analysis, as the model wrote it."""
    partial: bool = False
    """The work is handed over unfinished."""
    verdict: Verdict | None = None
    """What the proof said."""
    evidence: Evidence | None = None
    """What the agent's gate saw of the tests; beside the verdict, never in its place."""
    egress: EgressSeen | None = None
    """What the run asked for on the network in vain, where the proxy stands between."""
    pull_request: PullRequest | None = None
    """Where to read the change."""
    stages: Annotated[list[StageTime], Field(max_length=8)] = []
    """The stages of the last try, in order; written with the outcome."""
    usage: Usage | None = None
    """Tokens, money and seconds, all tries together."""
    failure: Failure | None = None
    """Why it failed, or why the last try did."""
    delivery: Delivery | None = None
    """What the board, and others, have been told."""
