"""The next attempt at a finished run's ticket, begun with the right to create TicketRuns.

It is a TicketRun of its own, whose name follows from the run before it and the attempt: two who ask at once get one.
A ticket of a board is claimed and moved by the operator as always, for an event that says who asked.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from boardhand_api import API_VERSION
from boardhand_api.failures import FailureClass
from boardhand_api.pod import LABEL_POOL, LABEL_TICKET
from boardhand_api.policy import Approval
from boardhand_api.run import Earlier, Task, TicketRunSpec
from boardhand_api.taming import on_one_line
from boardhand_api.ticket import Ticket, TicketComment
from boardhand_client.errors import Rejected
from boardhand_client.reading import pool_of, run_of
from boardhand_client.session import Session
from boardhand_operator.decide.outcome import attempt_spent
from boardhand_operator.errors import Misconfigured
from boardhand_operator.kube import Conflict, Resource
from boardhand_operator.names import label_value, next_name, retry_event, ticket_label
from boardhand_operator.pools import plans
from boardhand_operator.pools.intake import next_attempt
from boardhand_operator.pools.lessons import TOLD, lessons
from boardhand_operator.views import Pool, Run, readable_runs

_COMMENTS = 50
_MOST_MONEY = 1_000_000_000
"""US dollars: beyond it an amount is a slip, or too large a number for JSON."""


@dataclass(frozen=True, slots=True)
class Retried:
    """The next attempt."""

    namespace: str
    name: str
    """Of its TicketRun."""
    attempt: int
    most: int
    """Attempts that the pool allows a ticket."""
    made: bool
    """False: somebody asked for it before."""
    waits: str = ""
    """Why it does not begin at once, in a sentence; empty: for nothing but its turn."""


async def retry(session: Session, namespace: str, run: str, money: Decimal | None = None, say: str = "") -> Retried:
    """Begin the next attempt at the run's ticket.

    money: US dollars it may use; None: as the pool says. say: what the agent is told besides, such as the answer to its
    question. Raises Rejected, before anything is written, where there is no next attempt now; NotThere, SessionError.
    """
    try:
        asked = Run.of(await run_of(session, namespace, run))
        pool = Pool.of(await pool_of(session, namespace, asked.spec.pool))
    except Misconfigured as unreadable:
        raise Rejected(f"run {run} or its pool is of another version: {unreadable.message}") from None
    runs = await _runs_of_ticket(session, pool, asked)
    last = max((one for one in runs if one.status.phase.finished), key=_age, default=asked)
    attempt = _attempt(asked, runs)
    name = next_name(last.name, attempt)
    check(pool, asked, last, runs, name, attempt, money, say)
    who = await session.whoami()
    body = next_run(pool, last, runs, name, attempt, money, who, say)
    try:
        await session.create(Resource.RUNS, namespace, body)
        made = True
    except Conflict:
        _see_that_it_goes_on(Run.of(await run_of(session, namespace, name)), run)
        made = False
    return Retried(namespace, name, attempt, pool.spec.limits.attempts, made, _waits(pool))


def check(
    pool: Pool,
    asked: Run,
    last: Run,
    runs: Sequence[Run],
    name: str,
    attempt: int,
    money: Decimal | None,
    say: str,
) -> None:
    """See that there may be a next attempt. Raises Rejected with a sentence that says why not and what to do. Pure.

    asked: the run that is to be retried. last: the ticket's last finished one. runs: all of the ticket. name: what the
    next attempt would be called.
    """
    if not asked.status.phase.finished:
        raise Rejected(f"run {asked.name} has not ended yet ({asked.status.phase.value}): cancel it first")
    other = next((one for one in runs if not one.status.phase.finished and one.name != name), None)
    if other:
        raise Rejected(
            f"run {other.name} of this ticket has not ended yet ({other.status.phase.value}): cancel it first"
        )
    most = pool.spec.limits.attempts
    if attempt > most:
        raise Rejected(
            f"no attempt is left: {most} of {most} are spent; raise spec.limits.attempts of pool {pool.name}, then"
            " ask again"
        )
    failure = last.status.failure
    if failure and failure.failure_class is FailureClass.NEEDS_INFO and not say:
        on_board = ", or answer on the ticket and say `/boardhand retry` there" if last.on_board else ""
        raise Rejected(f"the agent has a question ({failure.message[:300]}): give the answer with it{on_board}")
    if money is not None:
        _check_money(pool, money)
    try:
        say.encode()
    except UnicodeEncodeError:
        raise Rejected("what the agent is to be told is no UTF-8: say it in other letters") from None


def _check_money(pool: Pool, money: Decimal) -> None:
    if money <= 0:
        raise Rejected("the money is more than 0 US dollars")
    if money > _MOST_MONEY:
        raise Rejected(f"the money is at most {_MOST_MONEY:,} US dollars")
    budget = pool.spec.budget
    least = min((cap for cap in (budget and budget.day, budget and budget.month) if cap), default=None)
    if least is not None and money > least:
        raise Rejected(f"at most {least} US dollars: pool {pool.name} has no more for all its runs (spec.budget)")


def next_run(
    pool: Pool,
    last: Run,
    runs: Sequence[Run],
    name: str,
    attempt: int,
    money: Decimal | None,
    who: str,
    say: str = "",
) -> dict[str, Any]:
    """The TicketRun of the attempt that follows `last`. Pure."""
    if money is None and not attempt_spent(last.status):
        money = last.spec.money
    task = last.spec.task
    if last.on_board and pool.spec.policy.approval is Approval.PLAN and last.spec.plan is None:
        task = Task.PLAN
    spec = TicketRunSpec(
        pool=pool.name,
        task=task,
        attempt=attempt,
        ticket=_ticket(last, attempt, who, say),
        priority=last.spec.priority,
        earlier=_earlier(last, runs),
        money=money,
        plan=last.spec.plan,
    )
    label = _label(pool, last)
    labels = {LABEL_POOL: label_value(pool.name)} | ({LABEL_TICKET: label} if label else {})
    meta = {"name": name, "namespace": last.namespace, "labels": labels}
    return {"apiVersion": API_VERSION, "kind": "TicketRun", "metadata": meta, "spec": spec.wire()}


def _ticket(last: Run, attempt: int, who: str, say: str) -> Ticket:
    ticket = last.spec.ticket
    comments = ticket.comments
    if say:
        said = TicketComment(author=on_one_line(who)[:256], text=say[:16384])
        comments = [*comments, said][-_COMMENTS:]
    event = retry_event(last.name, attempt, who) if last.on_board else None
    return ticket.model_copy(update={"event": event, "comments": comments})


def _earlier(last: Run, runs: Sequence[Run]) -> list[Earlier]:
    """What the runs that are there tell; before them, of a ticket of no board, what the last one was told."""
    told = [] if last.on_board else last.spec.earlier
    kept = runs if last.spec.plan is None else [run for run in runs if plans.spends(run)]
    return [*told, *lessons(kept)][-TOLD:]


def _attempt(asked: Run, runs: Sequence[Run]) -> int:
    if asked.on_board:
        return next_attempt(runs)
    spent = attempt_spent(asked.status) and plans.spends(asked)
    return asked.spec.attempt + (1 if spent else 0)


async def _runs_of_ticket(session: Session, pool: Pool, asked: Run) -> list[Run]:
    """All that are there; a ticket of no board is known by nothing but the run itself."""
    label = _label(pool, asked)
    if not label:
        return [asked]
    bodies: list[Any] = []
    await session.snapshot(Resource.RUNS, asked.namespace, bodies.append, f"{LABEL_TICKET}={label}")
    there = {run.name: run for run in readable_runs(bodies)}
    return list({asked.name: asked, **there}.values())


def _label(pool: Pool, run: Run) -> str | None:
    if not run.on_board:
        return None
    known = (run.body["metadata"].get("labels") or {}).get(LABEL_TICKET)
    board = pool.spec.board
    return known or (ticket_label(board.type, board.board, run.spec.ticket.id) if board else None)


def _age(run: Run) -> tuple[str, str]:
    return (str(run.body["metadata"].get("creationTimestamp")), run.name)


def _see_that_it_goes_on(there: Run, asked: str) -> None:
    """Raises Rejected where the next attempt was begun before, and has ended."""
    if there.status.phase.finished:
        raise Rejected(f"run {asked} was retried before, as {there.name}, which has ended: retry that one")


def _waits(pool: Pool) -> str:
    if pool.spec.suspend:
        return f"pool {pool.name} is suspended: it begins once that is resumed"
    return "" if pool.ready else f"pool {pool.name} is not Ready: it begins once that is mended"
