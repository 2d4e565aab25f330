"""From a card in the ready column to a TicketRun: pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from boardhand_api import API_VERSION
from boardhand_api.failures import FailureClass
from boardhand_api.pod import LABEL_POOL, LABEL_TICKET
from boardhand_api.policy import Approval
from boardhand_api.run import Plan, Task, TicketRunSpec
from boardhand_api.ticket import Ticket
from boardhand_operator.boards import Card
from boardhand_operator.decide.observe import parse_time
from boardhand_operator.decide.outcome import attempt_spent
from boardhand_operator.names import label_value, run_name, ticket_label
from boardhand_operator.pools import plans
from boardhand_operator.pools.lessons import lessons
from boardhand_operator.views import Pool, Run

_HOUR = 3600


def name_for(pool: Pool, card: Card) -> str:
    """The name of the run for the card's event. The pool must have a board."""
    board = _board(pool)
    return run_name(board.type, board.board, card.id, card.event, card.key)


def label_for(pool: Pool, card: Card) -> str:
    """The label by which the runs of the card's ticket are found."""
    board = _board(pool)
    return ticket_label(board.type, board.board, card.id)


def wait_until(pool: Pool, earlier: Sequence[Run]) -> datetime | None:
    """When a ticket may be taken again that was put back for its infrastructure; None: at once.

    The wait doubles with each such run in a row, from the pool's `retrySeconds` to an hour.
    """
    finished = sorted((run for run in earlier if run.status.finished_at), key=lambda run: str(run.status.finished_at))
    row = 0
    for run in reversed(finished):
        if run.status.failure is None or run.status.failure.failure_class is not FailureClass.INFRASTRUCTURE:
            break
        row += 1
    if row == 0:
        return None
    seconds = min(pool.spec.limits.retry_seconds * 2 ** min(row, 12), _HOUR)
    return parse_time(str(finished[-1].status.finished_at)) + timedelta(seconds=seconds)


def next_attempt(earlier: Sequence[Run]) -> int:
    """Which attempt comes next: runs that failed for infrastructure or configuration do not count, nor plans."""
    return 1 + sum(attempt_spent(run.status) and plans.spends(run) for run in earlier if run.status.phase.finished)


def priority_of(labels: Sequence[str], priorities: Mapping[str, int]) -> int:
    """The highest priority that one of the labels, or words of the board's own priority, has; 0 where none has one."""
    return max((priorities[label] for label in labels if label in priorities), default=0)


def build_run(
    pool: Pool,
    card: Card,
    ticket: Ticket,
    earlier: Sequence[Run] = (),
    money: Decimal | None = None,
    plan: Plan | None = None,
) -> dict[str, Any]:
    """The TicketRun of the card's event.

    earlier: the runs of the ticket so far. money: what it may use in place of the pool's limit. plan: the approved one;
    without it a pool that wants plans approved has one made.
    """
    asked = pool.spec.policy.approval is Approval.PLAN
    spec = TicketRunSpec(
        pool=pool.name,
        task=Task.PLAN if asked and plan is None else Task.AUTO,
        plan=plan if asked else None,
        attempt=next_attempt(earlier),
        priority=priority_of([*ticket.labels, ticket.priority], _board(pool).priorities),
        ticket=ticket,
        earlier=lessons(earlier if plan is None else [run for run in earlier if plans.spends(run)]),
        money=money,
    )
    return {
        "apiVersion": API_VERSION,
        "kind": "TicketRun",
        "metadata": {
            "name": name_for(pool, card),
            "namespace": pool.namespace,
            "labels": {LABEL_POOL: label_value(pool.name), LABEL_TICKET: label_for(pool, card)},
        },
        "spec": spec.wire(),
    }


def _board(pool: Pool) -> Any:
    if pool.spec.board is None:
        raise ValueError(f"pool {pool.name} has no board")
    return pool.spec.board
