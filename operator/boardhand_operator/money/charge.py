"""What the tries of a run cost their pool, told from their pods and the agent's last event: pure, and never less than
it was."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from pydantic import ValidationError

from boardhand_api.failures import FailureClass
from boardhand_api.pod import Stage
from boardhand_api.result import Result
from boardhand_api.run_status import TicketRunStatus
from boardhand_operator.decide import observe
from boardhand_operator.decide.actions import Book, Decision, Record
from boardhand_operator.decide.blocking import blocked
from boardhand_operator.decide.delivery import never_ours
from boardhand_operator.money.budget import NOTHING, Purse
from boardhand_operator.views import Run


def with_booking(
    decision: Decision, run: Run, purse: Purse, pod: observe.Json | None, logged: Result | None
) -> Decision:
    """The decision; where a try ends with it, or was left open, that is booked before anything is written of it."""
    open_tries = purse.left_open(run.uid)
    if run.status.finished_at:
        books = [Book(number, NOTHING if _never_made(run, number) else None) for number in open_tries]
    elif run.status.job and (purse.budget or open_tries) and any(map(_ends_try, decision.actions)):
        books = [Book(run.status.tries, used(run.status, pod, logged))]
    else:
        books = []
    return replace(decision, actions=(*books, *decision.actions))


def _ends_try(action: object) -> bool:
    if not isinstance(action, Record):
        return False
    return "finishedAt" in action.fields or action.fields.get("job", "") is None


def _never_made(run: Run, number: int) -> bool:
    """Whether the try has no Job for certain: its ticket was not had, or the API server refused the Job."""
    failure = run.status.failure
    refused = failure is not None and failure.failure_class is FailureClass.CONFIGURATION
    return number > run.status.tries and (refused or never_ours(run))


def used(status: TicketRunStatus, pod: observe.Json | None, logged: Result | None) -> Decimal | None:
    """US dollars of the try that the status names; None where they are not known.

    An agent that went on where an earlier try was tells what all of them used. What the first try told is taken off;
    with a third one it is not known which of the others are in it, so nothing is.
    """
    agent = observe.stages(pod).get(Stage.AGENT, observe.StageState())
    if not agent.started:
        return NOTHING if _never_worked(pod) else None
    result = logged or (_told(agent.message) if agent.exit_code is not None else None)
    if result is None or result.usage.money is None:
        return None
    before = status.usage.money if status.usage and result.resumed and status.tries == 2 else None
    return max(NOTHING, result.usage.money - (before or NOTHING))


def _never_worked(pod: observe.Json | None) -> bool:
    """Of a pod that the cluster lost, the last that was heard may be old."""
    return blocked(pod) is not None or (observe.ended(None, pod) and observe.disruption(pod) is None)


def _told(message: str) -> Result | None:
    try:
        return Result.model_validate_json(message)
    except ValidationError:
        return None
