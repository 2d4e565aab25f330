"""What the operator knows of a run. Only the operator writes it."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from boardhand_api.base import NonEmpty, Tolerant
from boardhand_api.evidence import Evidence
from boardhand_api.failures import FailureClass
from boardhand_api.pool_status import Condition
from boardhand_api.result import TestCounts, Usage
from boardhand_api.ticket import Newer

Time = Annotated[str, Field(json_schema_extra={"format": "date-time"})]


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
    """As the forge last said: it is asked every ten minutes while the pull request is open, and every six hours where
    it was closed, for 90 days at most."""
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
