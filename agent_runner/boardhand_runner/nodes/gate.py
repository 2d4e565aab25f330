"""What the specialist called finished, tried by the harness."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from langgraph.runtime import Runtime

from boardhand_runner.errors import Stuck
from boardhand_runner.evidence.change import FileChange, is_test_file
from boardhand_runner.evidence.compare import base_shown
from boardhand_runner.evidence.faked import faked
from boardhand_runner.evidence.summary import Judged, Trial, evidence_of, judge
from boardhand_runner.evidence.tampering import new_tests, tampering
from boardhand_runner.evidence.unrun import fewer, unrun
from boardhand_runner.nodes.kept import put_back
from boardhand_runner.nodes.nudge import nudge
from boardhand_runner.nodes.ticket import ticket_text
from boardhand_runner.nodes.verify import checked
from boardhand_runner.state import Check, Context, State

ROUNDS = 3
"""So often the work may be red, or tampered with; then it is handed over unfinished."""
SHOWN = 20
"""Tests and findings that the model is told."""


async def node(state: State, runtime: Runtime[Context]) -> State:
    """Commits the work without what is kept for people, runs the verify commands, and looks at the tests.

    Raises Stuck where nothing is changed in spite of a nudge.
    """
    context = runtime.context
    # The proof has none of them, and what they write meanwhile would be in no test.
    await context.jobs.stop_all("ended by the harness before the verify commands were run")
    made = await _committed(state, context)
    if not isinstance(made, tuple):
        return made
    commit, left = made
    before = state.get("baseline")
    check = await checked(context, before)
    changes = await asyncio.to_thread(context.repository.changes)
    found = _found(context, before, check, changes)
    fine = check.passes and all(one.asked for one in found)
    trial = await _tried(context, before, changes) if fine else Trial(new_tests(changes), why="the gate was red")
    demanded = fine and context.order.tests_must_fail_on_base and trial.fails is not True
    red = not fine or demanded
    measured = before.measured if before else None
    done: State = {
        "commit": commit,
        "left_out": left,
        "check": check,
        "rounds": state.get("rounds", 0) + red,
        "partial": red,
        "unfinished": _unfinished(check, fine),
        "evidence": evidence_of(measured, check.measured, check.flaky, trial, found, context.transcript.clean),
    }
    if not red and (trial.fails is not False or state.get("on_base")):
        return done
    if not red:
        return {**done, **nudge(state, context, "gate", "PassesOnBase", tests=trial.new[:SHOWN]), "on_base": True}
    if done["rounds"] >= ROUNDS:
        return done
    if demanded:
        why = trial.why or "they pass without your change, too"
        return {**done, **nudge(state, context, "gate", "TestsDemanded", why=why, tests=trial.new[:SHOWN])}
    return {**done, **_back(state, context, check, found, last=done["rounds"] == ROUNDS - 1)}


async def _committed(state: State, context: Context) -> tuple[str, list[str]] | State:
    """The commit, and the files left out of it; or what the model is told in its place. Raises Stuck."""
    kept, before_that = await asyncio.to_thread(put_back, context.order, context.repository), state.get("kept_told", 0)
    if kept and before_that < ROUNDS:
        return {**nudge(state, context, "gate", "Protected", paths=kept[:SHOWN]), "kept_told": before_that + 1}
    commit = await asyncio.to_thread(context.repository.commit, context.order.ticket.title)
    left = await asyncio.to_thread(context.repository.left_out)
    if left and not state.get("left_out_told"):
        told = nudge(state, context, "gate", "LeftOut", left=left[:SHOWN])
        return {**told, "left_out": left, "left_out_told": True}
    if commit is None:
        if state.get("idle"):
            raise Stuck("NoChange", "The model called the work finished twice without changing anything.")
        return {**nudge(state, context, "gate", "NoChange"), "idle": True}
    return commit, left


def _found(context: Context, before: Check | None, check: Check, changes: Sequence[FileChange]) -> list[Judged]:
    """What the change took from the tests, each with whether the ticket asks for it."""
    named = tampering(changes, context.order.verify, context.order.workdir)
    if check.passes and check.measured and before and before.measured:
        named += unrun(before.measured, check.measured, changes, named)
    if check.passes:
        named += fewer(before.counts if before else None, check.counts, changes, named)
    if check.green:
        named += faked(before.counts if before else None, check.counts, changes)
    return judge(ticket_text(context.order.ticket, context.order.newer), named)


async def _tried(context: Context, before: Check | None, changes: Sequence[FileChange]) -> Trial:
    """The change's tests on the base's sources."""
    new = new_tests(changes)
    sources = [change.path for change in changes if not is_test_file(change.path)]
    if not new or not sources:
        return Trial(new, why="the change adds no test" if not new else "the change is tests alone")
    if not any(is_test_file(name.split("::")[0]) for name in new):
        return Trial(new, why="the new tests stand in the source files themselves")
    with context.repository.trial.on_base(sources):
        check = await checked(context)
    if check.broken or check.measured is None:
        return Trial(new, why="on the base the verify commands did not come to an end")
    return Trial(new, *base_shown(before.measured if before else None, check.measured))


def _unfinished(check: Check, fine: bool) -> str:
    if not check.passes:
        return f"in the workbench the verify commands are still red: {check.failed}."
    if not fine:
        return "the change takes from the tests what the ticket does not ask for."
    return "this pool demands tests that fail without the change, and that is not shown."


def _back(state: State, context: Context, check: Check, found: Sequence[Judged], last: bool) -> State:
    unasked = [one.text for one in found if not one.asked][:SHOWN]
    if check.passes:
        return nudge(state, context, "gate", "Tampering", findings=unasked, last=last)
    before = state.get("baseline")
    known = before.measured.report.failed if before and before.measured else frozenset()
    failed = check.measured.report.failed if check.measured else frozenset()
    new = sorted(failed - known)[:SHOWN] if known else []
    values = {"failed": check.failed, "output": check.text, "last": last, "new": new, "findings": unasked}
    return nudge(state, context, "gate", "VerifyRed", **values)
