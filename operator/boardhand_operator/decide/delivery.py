"""What is still to be done for a run whose outcome is recorded: whom to tell, once each. Pure."""

from __future__ import annotations

from boardhand_api.failures import LIMITS, FailureClass
from boardhand_api.policy import OnLimit, OnRed
from boardhand_api.pool import Columns
from boardhand_api.run_status import Failure, Phase
from boardhand_operator.decide.actions import (
    Action,
    CloseTicket,
    FlagPool,
    OpenPullRequest,
    Record,
    RemoveJob,
    Settle,
)
from boardhand_operator.decide.blocking import BLOCKS
from boardhand_operator.names import job_name
from boardhand_operator.views import Pool, Run

CANCEL_REQUESTED, BRANCH_DELETED = "CancelRequested", "BranchDeleted"
"""Reasons of a run that was called off: by its spec, or by who took its branch away before anybody could read it."""
CALLED_OFF = "somebody set spec.cancel of the run"
_OF_THE_RUN = (CANCEL_REQUESTED, BRANCH_DELETED)
"""With the other reasons somebody took the ticket."""


def deliver(run: Run, pool: Pool | None) -> list[Action]:
    """Pull request, comment and column, pool, phase: in this order, so that the comment can name the link.

    pool: None where it is gone: then nobody can be told. Of a run that is called off no pull request is opened any
    more; where it would have succeeded, that is recorded first.
    """
    status, failure = run.status, run.status.failure
    unopened = pool is not None and status.pull_request is None and _wants_pull_request(run, pool)
    if unopened and run.spec.cancel and failure is None:
        called_off = Failure(failure_class=FailureClass.CANCELLED, reason=CANCEL_REQUESTED, message=CALLED_OFF)
        return [Record({"failure": called_off.wire(), "phase": status.phase.value}, CALLED_OFF)]
    actions: list[Action] = []
    if job := _job_to_remove(run):
        actions.append(RemoveJob(job))
    if unopened and not run.spec.cancel:
        actions.append(OpenPullRequest(draft=status.partial or failure is not None))
    if pool and run.on_board and pool.spec.board and status.delivery is None and not never_ours(run):
        actions.append(CloseTicket(_column(failure, pool.spec.board.columns)))
    if pool and failure and failure.failure_class is FailureClass.CONFIGURATION:
        actions.append(FlagPool(failure.reason, failure.message))
    phase = Phase.SUCCEEDED
    if failure:
        phase = Phase.CANCELLED if failure.failure_class is FailureClass.CANCELLED else Phase.FAILED
    text = failure.message if failure else "the change is proved" if status.verdict else "the question is answered"
    return [*actions, Record({"phase": phase.value}, text, phase.value, warning=failure is not None), Settle()]


def _job_to_remove(run: Run) -> str | None:
    """The Job of a run that was called off, or whose pod can never begin. One that was made right before the process
    ended is not noted yet. Where the branch is gone, the pod's log is what is left of the work."""
    status, failure = run.status, run.status.failure
    if failure is None or never_ours(run) or failure.reason == BRANCH_DELETED:
        return None
    if failure.failure_class is FailureClass.CANCELLED:
        return status.job or job_name(run.name, status.tries + 1)
    return status.job if failure.reason in BLOCKS else None


def never_ours(run: Run) -> bool:
    """Whether the run ended before it had the ticket, because somebody else or a person took it."""
    failure = run.status.failure
    if failure is None or failure.failure_class is not FailureClass.CANCELLED or failure.reason in _OF_THE_RUN:
        return False
    return run.status.claim is None


def _wants_pull_request(run: Run, pool: Pool) -> bool:
    failure = run.status.failure
    if pool.spec.forge is None or run.status.branch is None:
        return False
    policy = pool.spec.policy
    if failure is not None and failure.failure_class in LIMITS:
        return run.status.partial and policy.on_limit is OnLimit.DRAFT
    return failure is None or (failure.failure_class is FailureClass.RED and policy.on_red is OnRed.DRAFT)


def _column(failure: Failure | None, columns: Columns) -> str | None:
    """Where a ticket goes with this outcome; None: it stays. Who moved it away knows where it should be."""
    if failure is None:
        return columns.review
    if failure.failure_class is FailureClass.CANCELLED:
        return columns.failed if failure.reason in _OF_THE_RUN else None
    if failure.failure_class in (FailureClass.INFRASTRUCTURE, FailureClass.CONFIGURATION):
        return columns.ready
    return columns.failed
