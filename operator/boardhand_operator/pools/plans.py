"""Plans that wait for a person's word, and the approval that holds for exactly one of them: pure.

A run with the task Plan leaves its plan on the ticket. The approval names its digest, which is of the plan and of what
the ticket asks for; where either is another by then, nothing is approved.
"""

from __future__ import annotations

import hashlib
import json
import textwrap
from collections.abc import Iterable

from boardhand_api.counts import printable
from boardhand_api.failures import FailureClass
from boardhand_api.policy import Approval
from boardhand_api.run import PLAN_CHARACTERS, Plan, Task
from boardhand_api.run_status import Phase
from boardhand_api.ticket import Ticket
from boardhand_operator.boards import Card
from boardhand_operator.boards.markers import find_replies
from boardhand_operator.boards.ticket import ticket_of
from boardhand_operator.errors import Misconfigured
from boardhand_operator.views import Pool, Run

SHOWN = 12
"""So many digits of a digest people are shown."""
_WIDTH = 100
_CUT = "\n[the plan was longer, and is cut here]"


def check(pool: Pool) -> None:
    """See that somebody can approve. Raises Misconfigured."""
    policy = pool.spec.policy
    if policy.approval is Approval.PLAN and policy.commands.authors == []:
        raise Misconfigured(
            "NobodyApproves",
            "spec.policy.approval is Plan and spec.policy.commands.authors is empty: name who may say "
            "`/boardhand approve`, or leave authors out for all members.",
        )


def plan_text(summary: str) -> str:
    """A plan as it is shown and later followed, to the letter: nothing in it is invisible or beyond the page's edge."""
    lines = [
        line
        for long in printable(summary).expandtabs(4).splitlines()
        for line in textwrap.wrap(long, _WIDTH, replace_whitespace=False, drop_whitespace=False, break_on_hyphens=False)
        or [""]
    ]
    text = "\n".join(line.rstrip() for line in lines).strip()
    return text if len(text) <= PLAN_CHARACTERS else text[: PLAN_CHARACTERS - len(_CUT)].rstrip() + _CUT


def digest_of(text: str, ticket: Ticket) -> str:
    """Of a plan, and of what the ticket asks for: its title, description and checklists."""
    lists = [[one.name, *(item.text for item in one.items)] for one in ticket.checklists]
    return hashlib.sha256(json.dumps([text, ticket.title, ticket.body, lists]).encode()).hexdigest()


def made_by(run: Run) -> Plan | None:
    """The plan that a run made; None where it was to make none, or has not."""
    text = plan_text(run.status.summary or "")
    if run.spec.task is not Task.PLAN or run.status.failure is not None or not text:
        return None
    return Plan(text=text, digest=digest_of(text, run.spec.ticket), run=run.name)


def waiting(pool: Pool, runs: Iterable[Run]) -> tuple[Run, Plan] | None:
    """The ticket's last run in the pool with its plan, where it made one."""
    last = _last(pool, runs)
    plan = made_by(last) if last and last.status.phase is Phase.SUCCEEDED else None
    return (last, plan) if last and plan else None


def approved(pool: Pool, card: Card, runs: Iterable[Run]) -> Plan | None:
    """The plan that the ticket's next run follows: the one just approved, or that of an attempt which followed one
    before. None where the ticket asks for something else by now. runs: those of the ticket."""
    there = list(runs)
    last, found = _last(pool, there), waiting(pool, there)
    plan = last.spec.plan if last else None
    if plan is None and found and found[1].digest in {reply.plan for reply in find_replies(card.comments)}:
        plan = found[1]
    return plan if plan and plan.digest == digest_of(plan.text, ticket_of(card)) else None


def spends(run: Run) -> bool:
    """Whether a finished run counts as an attempt as far as its task goes: a plan that was made does not."""
    return run.spec.task is not Task.PLAN or run.status.failure is not None


def _last(pool: Pool, runs: Iterable[Run]) -> Run | None:
    """But for those that ended before they had the ticket."""
    mine = [run for run in runs if run.spec.pool == pool.name and run.on_board and not _never_had_it(run)]
    return max(mine, key=lambda run: (str(run.body["metadata"].get("creationTimestamp")), run.name), default=None)


def _never_had_it(run: Run) -> bool:
    failure = run.status.failure
    return failure is not None and failure.failure_class is FailureClass.CANCELLED and run.status.claim is None
