"""What a phase or a failure means, in one plain sentence for people."""

from __future__ import annotations

from boardhand_api.failures import FailureClass
from boardhand_api.run_status import Phase
from boardhand_client.rows import RunRow

_FAILURES = {
    FailureClass.INFRASTRUCTURE: "The infrastructure failed, not the ticket: no attempt is spent.",
    FailureClass.CONFIGURATION: "The pool needs mending before it can work: no attempt is spent.",
    FailureClass.BUDGET: "The run used up the money, tokens or steps it was allowed.",
    FailureClass.DEADLINE: "The run took longer than it was allowed to.",
    FailureClass.STUCK: "The agent made no progress and stopped.",
    FailureClass.REFUSED: "A policy forbids what the run was about to do.",
    FailureClass.NEEDS_INFO: "The agent has a question that only a person can answer.",
    FailureClass.RED: "The verify commands failed, so the change is not proved.",
    FailureClass.CANCELLED: "The run was stopped.",
}
_PHASES = {
    Phase.QUEUED: "It waits for its turn.",
    Phase.CLAIMED: "It has the ticket and is about to begin.",
    Phase.PREPARING: "Its pod starts and the repository is checked out.",
    Phase.WORKING: "The agent is at work.",
    Phase.PUBLISHING: "The change is looked through for secrets and pushed.",
    Phase.VERIFYING: "The verify commands run on a clean export of the pushed commit.",
    Phase.SUCCEEDED: "It is done.",
    Phase.FAILED: "It failed.",
    Phase.CANCELLED: "It was stopped.",
}
_REASONS = {
    "Suspended": "It is suspended.",
    "PoolSuspended": "Its pool is suspended.",
    "PoolNotReady": "Its pool is not ready.",
    "PoolMissing": "There is no pool of that name.",
    "NoPlace": "It waits for a place: all are taken.",
    "JobSuspended": "It waits until the cluster's own queue lets it begin.",
    "BudgetTooSmall": "The pool's budget is smaller than what one run may use.",
    "AttemptsExhausted": "All attempts at this ticket are used up.",
    "TicketMoved": "Somebody moved the ticket, so the run was stopped.",
    "CancelRequested": "Somebody stopped the run.",
    "ClaimedElsewhere": "Another run has the ticket.",
}


def failure(of_class: str, reason: str = "") -> str:
    """What this class of failure means; of a few reasons, what they mean. Empty where there is no failure."""
    if reason in _REASONS:
        return _REASONS[reason]
    known = {one.value: said for one, said in _FAILURES.items()}
    return known.get(of_class, "It failed." if of_class else "")


def phase(row: RunRow) -> str:
    """Where the run stands, and why."""
    if row.failure and row.phase.finished:
        return failure(row.failure, row.reason)
    if row.cancel and not row.phase.finished:
        return "It is being stopped."
    if row.phase is Phase.SUCCEEDED:
        return _succeeded(row)
    if row.reason in _REASONS:
        return _REASONS[row.reason]
    if row.failure and row.phase in (Phase.QUEUED, Phase.CLAIMED):
        return "The infrastructure failed; it is tried again by itself."
    return _PHASES[row.phase]


def _succeeded(row: RunRow) -> str:
    match row.pull_request_state if row.pull_request else "":
        case "Merged":
            return "Its pull request is merged."
        case "Closed":
            return "Its pull request was closed without a merge."
    if row.pull_request:
        return "Its pull request waits for a review."
    return "The change is proved." if row.verdict else "The question is answered."
