"""A run without a Job: it waits for its turn, its place and its money, or is claimed and launched."""

from __future__ import annotations

from dataclasses import replace

from boardhand_api.failures import FailureClass
from boardhand_api.run_status import Failure
from boardhand_operator.decide.actions import Action, Claim, Decision, Launch, Record, Reserve
from boardhand_operator.decide.ending import concluded
from boardhand_operator.decide.facts import Facts
from boardhand_operator.decide.observe import parse_time
from boardhand_operator.memory.places import waiting
from boardhand_operator.money.budget import Lack, money_of
from boardhand_operator.views import Pool

LOOK = 5.0
"""Seconds between looks at what no watch event announces."""
_LOOK_AT_QUEUE = 600.0
"""Seconds between a waiting run's own looks, for its position: it is woken when it may begin."""


def begin(facts: Facts, pool: Pool) -> Decision:
    """Claim the ticket and launch the next try, where nothing stands in the way: else say what does, and wait."""
    run, status = facts.run, facts.run.status
    if run.spec.attempt > pool.spec.limits.attempts:
        text = f"all {pool.spec.limits.attempts} attempts at this ticket are used up (limits.attempts of the pool)"
        failure = Failure(failure_class=FailureClass.REFUSED, reason="AttemptsExhausted", message=text)
        return Decision((concluded(facts, {"failure": failure.wire()}, text),), why="no attempt left")
    if status.retry_at and facts.now < parse_time(status.retry_at):
        return Decision((), (parse_time(status.retry_at) - facts.now).total_seconds() + 0.1, "waits for its next try")
    number, begun = status.tries + 1, status.claim is not None or status.tries > 0 or facts.job is not None
    if not begun and (held_back := _held_back(facts, pool)):
        return held_back
    held = facts.purse.reserves(run.uid, number)
    amount = money_of(run.spec, pool.spec) or facts.purse.each
    # The queue counts in what a run of the pool may use, so one that needs less waits for as much.
    if not held and (lack := facts.purse.lack(amount if begun else max(amount, facts.purse.each))):
        return _wait_for_money(facts, lack)
    if not begun and not facts.turn.place:
        where = f"{pool.spec.limits.concurrency} places of the pool"
        if facts.turn.limit:
            where = f"{facts.turn.limit} places of the operator (operator.concurrency)"
        waits = wait(facts, "NoPlace", f"all {where} are taken, or others come first")
        return replace(waits, again=LOOK) if held else waits
    reserve: tuple[Action, ...] = (Reserve(number),) if facts.purse.budget else ()
    claim: tuple[Action, ...] = (Claim(),) if run.on_board and pool.spec.board and status.claim is None else ()
    return Decision((*reserve, *claim, Launch(number)), why="begin")


def _held_back(facts: Facts, pool: Pool) -> Decision | None:
    if facts.run.spec.suspend:
        return wait(facts, "Suspended", "spec.suspend of the run is set")
    if pool.spec.suspend:
        return wait(facts, "PoolSuspended", "the pool is suspended")
    return None if pool.ready else wait(facts, "PoolNotReady", "the pool is not Ready")


def wait(facts: Facts, reason: str, message: str) -> Decision:
    """Stay where the run is and say why, once. The position is written with it, and again where it is far off: each
    write costs a request, and shows the run to its watchers."""
    status = facts.run.status
    queued = waiting(status)
    position, again = (facts.turn.position, _LOOK_AT_QUEUE) if queued else (None, LOOK)
    said = next((condition for condition in status.conditions if condition.type == "Reconciling"), None)
    if said and (said.message, said.reason) == (message, reason) and not _far_off(status.position, position):
        return Decision((), again, reason)
    fields = {"phase": status.phase.value} | ({"position": position} if queued else {})
    return Decision((Record(fields, message, reason=reason),), again, reason)


def _wait_for_money(facts: Facts, lack: Lack) -> Decision:
    """Until the period is over: who waits for a place is woken before, where others need less than they reserved."""
    waits, left = wait(facts, lack.reason, lack.message), (lack.until - facts.now).total_seconds() + 1
    return replace(waits, again=min(left, waits.again or left))


def _far_off(told: int | None, now: int | None) -> bool:
    if told is None or now is None:
        return told is not now
    return told >= 2 * now or now >= 2 * told
