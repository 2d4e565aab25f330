"""The operator's judgement, without I/O: from what is known of a run to what is to be done.

decide  -> finished?   settle
        -> concluded?  deliver: pull request, comment, column (delivery)
        -> no Job?     queue, claim, launch or wait for the next try
        -> Job         follow its stages; when it ended, conclude or retry
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from boardhand_api.counts import printable
from boardhand_api.failures import FailureClass
from boardhand_api.result import Published, Result, Usage
from boardhand_api.run_status import Failure, Phase
from boardhand_operator.decide import observe, outcome
from boardhand_operator.decide.actions import (
    Action,
    Claim,
    Decision,
    Launch,
    Record,
    Reserve,
    Settle,
)
from boardhand_operator.decide.conditions import stamp
from boardhand_operator.decide.delivery import CANCEL_REQUESTED, deliver
from boardhand_operator.decide.lost_pod import Head
from boardhand_operator.decide.observe import parse_time
from boardhand_operator.decide.timing import stage_times
from boardhand_operator.memory.places import waiting
from boardhand_operator.memory.turns import Turn
from boardhand_operator.money.budget import Lack, Purse, money_of
from boardhand_operator.money.charge import with_booking
from boardhand_operator.names import branch_name
from boardhand_operator.views import Pool, Run

JOB_SUSPENDED = "JobSuspended"
_HOUR = 3600
_LOOK = 5.0
"""Seconds between looks at what no watch event announces."""
_PASSING = 2.0
"""Seconds that a stage must last for its phase to be told: each write costs a request."""
_LOOK_AT_QUEUE = 600.0
"""Seconds between a waiting run's own looks, for its position: it is woken when it may begin."""


@dataclass(frozen=True)
class Facts:
    """All that is known of a run at one moment."""

    run: Run
    pool: Pool | None
    job: Mapping[str, Any] | None
    """The Job named in the run's status, if it is there."""
    pod: Mapping[str, Any] | None
    logged: Result | None
    """The agent's result from its log; read only once the pod ended."""
    turn: Turn
    """Whether it is this run's turn to begin."""
    now: datetime
    image_grace_seconds: float = 20
    moved_to: str | None = None
    """Where the ticket was seen after it left the column of its claim; empty: nowhere on the board."""
    pushed: Head | None = None
    """Where the run's branch is at the forge; asked for only where its Job is complete and the pod gone."""
    refused: tuple[str, ...] = ()
    """Hosts that the proxy refused the run; read only once its Job or pod ended."""
    purse: Purse = field(default_factory=Purse)
    """The pool's money, by its present spec."""


def decide(facts: Facts) -> Decision:
    """What to do for the run now."""
    return with_booking(_decided(facts), facts.run, facts.purse, facts.pod, facts.logged)


def _decided(facts: Facts) -> Decision:
    status = facts.run.status
    if status.phase.finished:
        return Decision(() if facts.run.settled else (Settle(),), why="finished")
    if facts.pool is None:
        return _wait(facts, "PoolMissing", f"there is no CodingAgent {facts.run.spec.pool} in this namespace")
    if status.finished_at:
        return Decision(tuple(deliver(facts.run, facts.pool)), why="deliver")
    if (cancelled := _cancelled(facts)) is not None:
        return Decision((cancelled,), why="cancelled")
    if status.job is None:
        return _begin(facts, facts.pool)
    return _follow(facts, facts.pool)


def _cancelled(facts: Facts) -> Record | None:
    """The end of a run that somebody called off. Its Job is removed with the delivery, which is repeated until done."""
    if facts.run.spec.cancel:
        reason, text = CANCEL_REQUESTED, "somebody set spec.cancel of the run"
    elif facts.moved_to is not None:
        where = f"moved to {facts.moved_to}" if facts.moved_to else "taken off the board"
        reason, text = "TicketMoved", f"the ticket was {where} while the run was at work"
    else:
        return None
    failure = Failure(failure_class=FailureClass.CANCELLED, reason=reason, message=text)
    return _concluded(facts, {"failure": failure.wire()}, text)


def _wait(facts: Facts, reason: str, message: str) -> Decision:
    """Stay where the run is and say why, once. The position is written with it, and again where it is far off: each
    write costs a request, and shows the run to its watchers."""
    status = facts.run.status
    queued = waiting(status)
    position, again = (facts.turn.position, _LOOK_AT_QUEUE) if queued else (None, _LOOK)
    said = next((condition for condition in status.conditions if condition.type == "Reconciling"), None)
    if said and (said.message, said.reason) == (message, reason) and not _far_off(status.position, position):
        return Decision((), again, reason)
    fields = {"phase": status.phase.value} | ({"position": position} if queued else {})
    return Decision((Record(fields, message, reason=reason),), again, reason)


def _wait_for_money(facts: Facts, lack: Lack) -> Decision:
    """Until the period is over: who waits for a place is woken before, where others need less than they reserved."""
    waits, left = _wait(facts, lack.reason, lack.message), (lack.until - facts.now).total_seconds() + 1
    return replace(waits, again=min(left, waits.again or left))


def _far_off(told: int | None, now: int | None) -> bool:
    if told is None or now is None:
        return told is not now
    return told >= 2 * now or now >= 2 * told


def _begin(facts: Facts, pool: Pool) -> Decision:
    run, status = facts.run, facts.run.status
    if run.spec.attempt > pool.spec.limits.attempts:
        text = f"all {pool.spec.limits.attempts} attempts at this ticket are used up (limits.attempts of the pool)"
        failure = Failure(failure_class=FailureClass.REFUSED, reason="AttemptsExhausted", message=text)
        return Decision((_concluded(facts, {"failure": failure.wire()}, text),), why="no attempt left")
    if status.retry_at and facts.now < parse_time(status.retry_at):
        return Decision((), (parse_time(status.retry_at) - facts.now).total_seconds() + 0.1, "waits for its next try")
    number, begun = status.tries + 1, status.claim is not None or status.tries > 0
    if not begun:
        if run.spec.suspend:
            return _wait(facts, "Suspended", "spec.suspend of the run is set")
        if pool.spec.suspend:
            return _wait(facts, "PoolSuspended", "the pool is suspended")
        if not pool.ready:
            return _wait(facts, "PoolNotReady", "the pool is not Ready")
    held = facts.purse.reserves(run.uid, number)
    amount = money_of(run.spec, pool.spec) or facts.purse.each
    # The queue counts in what a run of the pool may use, so one that needs less waits for as much.
    if not held and (lack := facts.purse.lack(amount if begun else max(amount, facts.purse.each))):
        return _wait_for_money(facts, lack)
    if not begun and not facts.turn.place:
        where = f"{pool.spec.limits.concurrency} places of the pool"
        if facts.turn.limit:
            where = f"{facts.turn.limit} places of the operator (operator.concurrency)"
        waits = _wait(facts, "NoPlace", f"all {where} are taken, or others come first")
        return replace(waits, again=_LOOK) if held else waits
    reserve: tuple[Action, ...] = (Reserve(number),) if facts.purse.budget else ()
    claim: tuple[Action, ...] = (Claim(),) if run.on_board and pool.spec.board and status.claim is None else ()
    return Decision((*reserve, *claim, Launch(number)), why="begin")


def _follow(facts: Facts, pool: Pool) -> Decision:
    run, job = facts.run, facts.job
    if job is not None and observe.suspended(job):
        return _not_admitted(run, job["metadata"]["name"])
    if job is None or observe.ended(job, facts.pod) or observe.given_up(facts.pod, facts.now):
        return _ended(facts, pool)
    stuck = observe.blocked(facts.pod)
    if stuck and (facts.now - stuck.since).total_seconds() >= facts.image_grace_seconds + stuck.longer:
        text = f"stage {stuck.stage} cannot start: {stuck.message}"
        failure = Failure(failure_class=FailureClass.CONFIGURATION, reason=stuck.reason, message=text[:1000])
        record = _concluded(facts, {"failure": failure.wire()}, text)
        return Decision((record,), why="blocked")
    now, since = observe.phase(facts.pod), observe.began(facts.pod)
    # Without a pod in sight nothing new is known: the memory is young, or the Job's word of its end is yet to come.
    unseen = facts.pod is None and run.status.phase in (Phase.WORKING, Phase.PUBLISHING, Phase.VERIFYING)
    if unseen or now is run.status.phase:
        return Decision((), _LOOK if stuck or observe.leaving(facts.pod) else None, "under way")
    if since and (young := _PASSING - (facts.now - since).total_seconds()) > 0:
        return Decision((), young, "a stage began")
    fields = {"phase": now.value} | (_published(facts) if now is Phase.VERIFYING else {})
    return Decision((Record(fields, f"stage {now.value.lower()}"),), _LOOK, "a stage began")


def _published(facts: Facts) -> dict[str, Any]:
    """What the try pushed, kept with the phase: the pod may be gone before the verify commands have ended."""
    pushed = outcome.published_by(facts.pod)
    return {"branch": pushed.branch, "commit": pushed.commit}


def _not_admitted(run: Run, job: str) -> Decision:
    """Queued again, at its place: the Job's own event says when it goes on."""
    if run.status.phase is Phase.QUEUED:
        return Decision((), None, "suspended")
    text = f"Job {job} is suspended until Kueue, or who suspended it, lets it begin"
    return Decision(
        (Record({"phase": Phase.QUEUED.value}, text, JOB_SUSPENDED, reason=JOB_SUSPENDED),), None, "suspended"
    )


def _ended(facts: Facts, pool: Pool) -> Decision:
    status = facts.run.status
    ended = outcome.judge(facts.job, facts.pod, facts.logged, list(pool.spec.workbench.verify), _pushed(facts))
    result, failure = ended.result, ended.failure
    usage = (
        (status.usage.plus(result.usage) if status.usage and not result.resumed else result.usage)
        if result.usage != Usage()
        else status.usage
    )
    fields: dict[str, Any] = {
        "branch": ended.published.branch,
        "commit": ended.published.commit,
        "baseCommit": result.base_commit,
        "specialist": result.specialist or None,
        "title": printable(result.title) or None,
        "summary": printable(result.summary) or None,
        "partial": result.partial,
        "usage": usage.wire() if usage else None,
        "evidence": result.evidence.wire() if result.evidence else None,
        "egress": {"refused": list(facts.refused)} if facts.refused else None,
        "verdict": ended.verdict.wire() if ended.verdict else None,
        "failure": failure.wire() if failure else None,
    }
    if failure and failure.failure_class is FailureClass.INFRASTRUCTURE and status.tries < pool.spec.limits.tries:
        return _retry(facts, pool, failure, {"usage": fields["usage"]})
    text = failure.message if failure else "the change is proved" if ended.verdict else "the question is answered"
    return Decision((_concluded(facts, fields, text),), why="ended")


def _pushed(facts: Facts) -> Published | None:
    """What the run's branch shows that this very try pushed: the commit that publish told while its pod was there, or
    where nobody looked then, one that is no older than the Job."""
    if facts.pushed is None or facts.job is None:
        return None
    told, made = facts.run.status.commit, facts.pushed.committed_at
    job = parse_time(facts.job["metadata"]["creationTimestamp"])
    if not (told == facts.pushed.commit if told else made is not None and made >= job):
        return None
    return Published(branch=branch_name(facts.run.spec.ticket, facts.run.spec.attempt), commit=facts.pushed.commit)


def _retry(facts: Facts, pool: Pool, failure: Failure, fields: dict[str, Any]) -> Decision:
    seconds = min(pool.spec.limits.retry_seconds * 2 ** (facts.run.status.tries - 1), _HOUR)
    text = f"try {facts.run.status.tries} failed for its infrastructure ({failure.message}); next in {seconds} s"
    fields = fields | {
        "phase": (Phase.CLAIMED if facts.run.status.claim else Phase.QUEUED).value,
        "job": None,
        "branch": None,
        "commit": None,
        "retryAt": stamp(facts.now + timedelta(seconds=seconds)),
        "failure": failure.wire(),
    }
    return Decision((Record(fields, text, "Retry", warning=True),), seconds, "retry")


def _concluded(facts: Facts, fields: dict[str, Any], text: str) -> Record:
    """The outcome, recorded before anybody is told. Its Event is made with the delivery: each costs a request."""
    times = [time.wire() for time in stage_times(facts.job, facts.pod)]
    fields = {**fields, "stages": times} if times else fields
    return Record({**fields, "phase": facts.run.status.phase.value, "finishedAt": stamp(facts.now)}, text)
