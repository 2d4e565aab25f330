"""What the specialist called finished, tried by the harness."""

from __future__ import annotations

import asyncio

from langgraph.runtime import Runtime

from boardhand_runner.errors import Stuck
from boardhand_runner.nodes.nudge import nudge
from boardhand_runner.nodes.verify import checked
from boardhand_runner.state import Context, State

ROUNDS = 3
"""So often the work may be red; then it is handed over unfinished."""


async def node(state: State, runtime: Runtime[Context]) -> State:
    """Commits the work and runs the verify commands. Raises Stuck where nothing is changed in spite of a nudge."""
    context = runtime.context
    commit = await asyncio.to_thread(context.repository.commit, context.order.ticket.title)
    if commit is None:
        if state.get("idle"):
            raise Stuck("NoChange", "The model called the work finished twice without changing anything.")
        return {**nudge(state, context, "gate", "NoChange"), "idle": True}
    check = await checked(context)
    rounds = state.get("rounds", 0) + (not check.green)
    done: State = {"commit": commit, "check": check, "rounds": rounds, "partial": not check.green}
    if check.green or rounds >= ROUNDS:
        return {**done, "deleted_tests": await asyncio.to_thread(context.repository.deleted_tests)}
    values = {"failed": check.failed, "output": check.text, "last": rounds == ROUNDS - 1}
    return {**done, **nudge(state, context, "gate", "VerifyRed", **values)}
