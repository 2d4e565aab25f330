"""The operator's judgement, without I/O: from what is known of a run to what is to be done.

decide  -> finished?   settle
        -> concluded?  deliver: pull request, comment, column (delivery)
        -> no Job?     queue, claim, launch or wait for the next try (beginning)
        -> Job         follow its stages; when it ended, conclude or retry (ending)
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from boardhand_api.failures import FailureClass
from boardhand_api.run_status import Failure, Phase
from boardhand_operator.decide import observe, said
from boardhand_operator.decide.actions import Decision, NudgeJob, Record, Settle
from boardhand_operator.decide.beginning import LOOK, begin, wait
from boardhand_operator.decide.blocking import blocked
from boardhand_operator.decide.delivery import CALLED_OFF, CANCEL_REQUESTED, deliver
from boardhand_operator.decide.ending import concluded, ended
from boardhand_operator.decide.facts import Facts
from boardhand_operator.money.charge import with_booking
from boardhand_operator.views import Pool, Run

JOB_SUSPENDED = "JobSuspended"
_LATE = 60.0
"""Seconds between looks at a Job that should have ended."""
_NOTICED = 30.0
"""Seconds within which a Job's controller looks at a new Job, or at one whose pod is gone; it takes one."""
_PASSING = 2.0
"""Seconds that a stage must last for its phase to be told: each write costs a request."""


def decide(facts: Facts) -> Decision:
    """What to do for the run now."""
    return with_booking(_decided(facts), facts.run, facts.purse, facts.pod, facts.logged)


def _decided(facts: Facts) -> Decision:
    status = facts.run.status
    if status.phase.finished:
        return Decision(() if facts.run.settled else (Settle(),), why="finished")
    # Of a pool that is gone runs can be called off as ever.
    may_end = facts.pool is not None or facts.run.spec.cancel
    if may_end and status.finished_at:
        return Decision(tuple(deliver(facts.run, facts.pool)), why="deliver")
    if may_end and (cancelled := _cancelled(facts)) is not None:
        return Decision((cancelled,), why="cancelled")
    if facts.pool is None:
        return wait(facts, "PoolMissing", f"there is no CodingAgent {facts.run.spec.pool} in this namespace")
    if status.job is None:
        return begin(facts, facts.pool)
    return _follow(facts, facts.pool)


def _cancelled(facts: Facts) -> Record | None:
    """The end of a run that somebody called off. Its Job is removed with the delivery, which is repeated until done."""
    if facts.run.spec.cancel:
        reason, text = CANCEL_REQUESTED, CALLED_OFF
    elif facts.moved_to is not None:
        where = f"moved to {facts.moved_to}" if facts.moved_to else "taken off the board"
        reason, text = "TicketMoved", f"the ticket was {where} while the run was at work"
    else:
        return None
    failure = Failure(failure_class=FailureClass.CANCELLED, reason=reason, message=text)
    return concluded(facts, {"failure": failure.wire()}, text)


def _follow(facts: Facts, pool: Pool) -> Decision:
    run, job = facts.run, facts.job
    if job is not None and observe.suspended(job):
        return _not_admitted(run, job["metadata"]["name"])
    if job is None or observe.ended(job, facts.pod) or observe.given_up(facts.pod, facts.now):
        return ended(facts, pool)
    stuck = blocked(facts.pod)
    if stuck and (facts.now - stuck.since).total_seconds() >= facts.image_grace_seconds + stuck.longer:
        text = f"stage {stuck.stage} cannot start: {stuck.message}"
        failure = Failure(failure_class=FailureClass.CONFIGURATION, reason=stuck.reason, message=text[:1000])
        record = concluded(facts, {"failure": failure.wire()}, text)
        return Decision((record,), why="blocked")
    notices = None
    if alone := observe.overlooked_since(job, facts.pod, facts.now - timedelta(seconds=facts.podless_seconds)):
        notices = min(_NOTICED, _NOTICED - (facts.now - alone).total_seconds())
        if notices <= 0:
            return Decision((NudgeJob(job["metadata"]["name"]),), _NOTICED, "its controller has not looked at the Job")
    now, since = observe.phase(facts.pod), observe.began(facts.pod)
    # Without a pod in sight nothing new is known: the memory is young, or the Job's word of its end is yet to come.
    unseen = facts.pod is None and run.status.phase in (Phase.WORKING, Phase.PUBLISHING, Phase.VERIFYING)
    if unseen or now is run.status.phase:
        untold = stuck or observe.leaving(facts.pod) or observe.counted(job)
        # Watches that broke off do not tell what has gone meanwhile.
        left = (observe.over_by(job, pool.spec.limits.deadline_seconds) - facts.now).total_seconds() + 1
        again = LOOK if untold else max(left, _LATE)
        return Decision((), again if notices is None else min(again, notices), "under way")
    if since and (young := _PASSING - (facts.now - since).total_seconds()) > 0:
        return Decision((), young, "a stage began")
    fields = {"phase": now.value} | (_published(facts) if now is Phase.VERIFYING else {})
    return Decision((Record(fields, f"stage {now.value.lower()}"),), LOOK, "a stage began")


def _not_admitted(run: Run, job: str) -> Decision:
    """Queued again, at its place: the Job's own event says when it goes on."""
    if run.status.phase is Phase.QUEUED:
        return Decision((), None, "suspended")
    text = f"Job {job} is suspended until Kueue, or who suspended it, lets it begin"
    return Decision(
        (Record({"phase": Phase.QUEUED.value}, text, JOB_SUSPENDED, reason=JOB_SUSPENDED),), None, "suspended"
    )


def _published(facts: Facts) -> dict[str, Any]:
    """What the try pushed, kept with the phase: the pod may be gone before the verify commands have ended."""
    pushed = said.published_by(facts.pod)
    return {"branch": pushed.branch, "commit": pushed.commit}
