"""Pools and runs as rows of a table: pure, and slim, since a page has thousands of them.

They are read from plain objects; what strangers wrote in those comes through `fields`, and whoever shows it escapes it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from sys import intern
from typing import Self

from boardhand_api.pod import LABEL_SETTLED
from boardhand_api.run_status import Phase
from boardhand_client.fields import NOTHING, Json, number, part, text, web, whole

_TITLE = 200
_MESSAGE = 300


class Column(StrEnum):
    """The board as Boardhand sees it."""

    WAITING = "Waiting"
    WORKING = "Working"
    IN_REVIEW = "In review"
    DONE = "Done"
    FAILED = "Failed"
    CANCELLED = "Cancelled"


@dataclass(frozen=True, slots=True)
class RunRow:
    """A TicketRun. Times are those of Kubernetes (RFC 3339, UTC), empty where there is none."""

    namespace: str
    name: str
    uid: str
    pool: str
    phase: Phase
    task: str
    ticket: str
    """The board's id of it."""
    key: str
    title: str
    url: str
    attempt: int
    tries: int
    failure: str
    """The failure's class; empty where there is none."""
    reason: str
    """The failure's, else why it waits."""
    message: str
    """The failure's, else why it waits."""
    created: str
    started: str
    finished: str
    branch: str
    commit: str
    pull_request: str
    """Its address."""
    pull_request_number: int
    pull_request_state: str
    """Open, Merged or Closed; empty where that is not known."""
    draft: bool
    verdict: bool | None
    """Whether it passed; None: there is none."""
    money: float | None
    """US dollars; None: not known."""
    tokens: int
    seconds: float
    """Wall time of the agent."""
    position: int | None
    """In the pool's queue; None: it waits for no place."""
    suspended: bool
    cancel: bool
    settled: bool

    @classmethod
    def of(cls, body: Json) -> Self:
        """Whatever stands in the object: what cannot be read is empty."""
        meta, spec, status = part(body, "metadata"), part(body, "spec"), part(body, "status")
        ticket, failure, request = part(spec, "ticket"), part(status, "failure"), part(status, "pullRequest")
        usage, verdict, phase = part(status, "usage"), part(status, "verdict"), _phase(status.get("phase"))
        waits = NOTHING if failure or phase.finished else _why(status, phase)
        money = usage.get("money")
        return cls(
            namespace=intern(text(meta.get("namespace"), 253)),
            name=text(meta.get("name"), 253),
            uid=text(meta.get("uid")),
            pool=intern(text(spec.get("pool"), 253)),
            phase=phase,
            task=intern(text(spec.get("task"))),
            ticket=text(ticket.get("id"), 253),
            key=text(ticket.get("key")),
            title=text(ticket.get("title"), _TITLE),
            url=web(ticket.get("url")),
            attempt=whole(spec.get("attempt"), 1),
            tries=whole(status.get("tries")),
            failure=intern(text(failure.get("class"))),
            reason=intern(text(failure.get("reason") or waits.get("reason"))),
            message=text(failure.get("message") or waits.get("message"), _MESSAGE),
            created=text(meta.get("creationTimestamp")),
            started=text(status.get("startedAt")),
            finished=text(status.get("finishedAt")),
            branch=text(status.get("branch"), 250),
            commit=text(status.get("commit")),
            pull_request=web(request.get("url")),
            pull_request_number=whole(request.get("number")),
            pull_request_state=intern(text(request.get("state"))),
            draft=request.get("draft") is True,
            verdict=bool(verdict.get("passed")) if verdict else None,
            money=None if money is None else number(money),
            tokens=whole(usage.get("promptTokens")) + whole(usage.get("completionTokens")),
            seconds=number(usage.get("seconds")) or 0.0,
            position=None if status.get("position") is None else whole(status.get("position")),
            suspended=spec.get("suspend") is True,
            cancel=spec.get("cancel") is True,
            settled=LABEL_SETTLED in part(meta, "labels"),
        )

    @property
    def key_or_ticket(self) -> str:
        """What people call the ticket."""
        return self.key or self.ticket


def column_of(row: RunRow) -> Column:
    """Where the run stands on the board as Boardhand sees it."""
    match row.phase:
        case Phase.QUEUED:
            return Column.WAITING
        case Phase.CANCELLED:
            return Column.CANCELLED
        case Phase.FAILED:
            return Column.FAILED
        case Phase.SUCCEEDED:
            open_ = row.pull_request and row.pull_request_state not in ("Merged", "Closed")
            return Column.IN_REVIEW if open_ else Column.DONE
    return Column.WORKING


def _phase(value: object) -> Phase:
    return _PHASES.get(value, Phase.QUEUED) if isinstance(value, str) else Phase.QUEUED


_PHASES = {phase.value: phase for phase in Phase}


def _why(status: Json, phase: Phase) -> Json:
    """The condition that says what a run waits for; of one at work it only names the phase."""
    for condition in status.get("conditions") or ():
        if (condition.get("type"), condition.get("status")) == ("Reconciling", "True"):
            if condition.get("reason") == phase.value:
                return NOTHING
            return part({"it": condition}, "it")
    return NOTHING


@dataclass(frozen=True, slots=True)
class PoolRow:
    """A CodingAgent. Money is in US dollars; None: there is no cap, or nothing was booked."""

    namespace: str
    name: str
    uid: str
    board_type: str
    """Empty: the pool has no board."""
    board: str
    repository: str
    branch: str
    forge: str
    """Its type; empty: there is none."""
    large: str
    small: str
    suspended: bool
    ready: bool
    reason: str
    message: str
    """Why it is not ready."""
    working: int
    queued: int
    concurrency: int
    attempts: int
    last_poll: str
    created: str
    day: str
    """The day, UTC, that `day_money` is of."""
    day_money: float
    day_most: float | None
    month: str
    month_money: float
    month_most: float | None
    run_most: float | None
    """What a run may use."""

    @classmethod
    def of(cls, body: Json) -> Self:
        """Whatever stands in the object: what cannot be read is empty."""
        meta, spec, status = part(body, "metadata"), part(body, "spec"), part(body, "status")
        board, repository, limits = part(spec, "board"), part(spec, "repository"), part(spec, "limits")
        models, budget, spending = part(spec, "models"), part(spec, "budget"), part(status, "spending")
        ready = _ready(status, whole(meta.get("generation")))
        return cls(
            namespace=intern(text(meta.get("namespace"), 253)),
            name=text(meta.get("name"), 253),
            uid=text(meta.get("uid")),
            board_type=intern(text(board.get("type"))),
            board=text(board.get("board"), 200),
            repository=text(repository.get("url"), 500),
            branch=text(repository.get("branch") or "main", 250),
            forge=intern(text(part(spec, "forge").get("type"))),
            large=text(part(models, "large").get("name")),
            small=text(part(models, "small").get("name")),
            suspended=spec.get("suspend") is True,
            ready=ready.get("status") == "True",
            reason=text(ready.get("reason")),
            message=text(ready.get("message"), 1000),
            working=whole(status.get("working")),
            queued=whole(status.get("queued")),
            concurrency=whole(limits.get("concurrency"), 1),
            attempts=whole(limits.get("attempts"), 3),
            last_poll=text(status.get("lastPollTime")),
            created=text(meta.get("creationTimestamp")),
            day=text(spending.get("day")),
            day_money=number(spending.get("dayMoney")) or 0.0,
            day_most=number(budget.get("day")),
            month=text(spending.get("month")),
            month_money=number(spending.get("monthMoney")) or 0.0,
            month_most=number(budget.get("month")),
            run_most=number(limits.get("money")),
        )


def _ready(status: Json, generation: int) -> Json:
    """The condition Ready; of an earlier spec it says nothing of this one."""
    for condition in status.get("conditions") or ():
        if condition.get("type") == "Ready":
            if condition.get("observedGeneration") not in (None, generation):
                return {"status": "Unknown", "reason": "Changed", "message": "the changed spec was not looked at yet"}
            return part({"it": condition}, "it")
    return {"status": "Unknown", "reason": "New", "message": "the operator has not looked at it yet"}
