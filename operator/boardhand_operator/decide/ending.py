"""A try that ended: its outcome recorded, or the next one told."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from boardhand_api.counts import printable
from boardhand_api.failures import FailureClass
from boardhand_api.result import Published, Result, Usage
from boardhand_api.run_status import Failure, Phase
from boardhand_operator.decide import outcome
from boardhand_operator.decide.actions import Decision, Record
from boardhand_operator.decide.conditions import stamp
from boardhand_operator.decide.facts import Facts
from boardhand_operator.decide.observe import parse_time
from boardhand_operator.decide.outcome import Outcome
from boardhand_operator.decide.timing import stage_times
from boardhand_operator.names import branch_name
from boardhand_operator.views import Pool

_HOUR = 3600
"""Seconds that a next try is waited for at most."""


def ended(facts: Facts, pool: Pool) -> Decision:
    """What came of the try: the run's outcome, or where its infrastructure failed it, the wait for the next one."""
    judged = outcome.judge(facts.job, facts.pod, facts.logged, list(pool.spec.workbench.verify), _pushed(facts))
    failure, used = judged.failure, _used(facts, judged.result)
    usage = {"usage": used.wire() if used else None}
    tries = facts.run.status.tries
    if failure and failure.failure_class is FailureClass.INFRASTRUCTURE and tries < pool.spec.limits.tries:
        return _retry(facts, pool, failure, usage)
    text = failure.message if failure else "the change is proved" if judged.verdict else "the question is answered"
    return Decision((concluded(facts, _fields(facts, judged) | usage, text),), why="ended")


def _used(facts: Facts, result: Result) -> Usage | None:
    """What all tries used. One that was resumed counted on from the one before."""
    before = facts.run.status.usage
    if result.usage == Usage():
        return before
    return before.plus(result.usage) if before and not result.resumed else result.usage


def _fields(facts: Facts, judged: Outcome) -> dict[str, Any]:
    """The outcome as the status has it; None takes away what an earlier try left."""
    result = judged.result
    return {
        "branch": judged.published.branch,
        "commit": judged.published.commit,
        "baseCommit": result.base_commit,
        "specialist": result.specialist or None,
        "title": printable(result.title) or None,
        "summary": printable(result.summary) or None,
        "partial": result.partial,
        "evidence": result.evidence.wire() if result.evidence else None,
        "egress": {"refused": list(facts.refused)} if facts.refused else None,
        "verdict": judged.verdict.wire() if judged.verdict else None,
        "failure": judged.failure.wire() if judged.failure else None,
    }


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


def concluded(facts: Facts, fields: dict[str, Any], text: str) -> Record:
    """The outcome, recorded before anybody is told. Its Event is made with the delivery: each costs a request."""
    times = [time.wire() for time in stage_times(facts.job, facts.pod)]
    fields = {**fields, "stages": times} if times else fields
    return Record({**fields, "phase": facts.run.status.phase.value, "finishedAt": stamp(facts.now)}, text)
