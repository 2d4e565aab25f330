"""A pool's webhooks: seen to with the pool's check, told of in a condition of its own. Polls do not depend on them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from boardhand_api.pool_status import Condition
from boardhand_operator.boards import Board
from boardhand_operator.decide.conditions import with_condition
from boardhand_operator.errors import Misconfigured, NotFound, PermissionMissing, Rejected
from boardhand_operator.forges import Forge
from boardhand_operator.pools.health import Problem
from boardhand_operator.views import Pool

UNKNOWN = Problem("NotChecked", "it could not be asked for yet")
MUTE = Problem(
    "WebhookUnsupported", "the forge does not call: a plain git remote calls nobody, leave spec.forge.webhook out"
)
DEAF = Problem(
    "NotListening", "this operator takes no webhooks: install the chart with operator.webhooks.enabled, or leave it out"
)
_KIND = "Webhook"


class _Caller(Protocol):
    async def subscribe(self) -> None: ...


def wanted(pool: Pool) -> list[str]:
    """Who is to call: board, forge or both."""
    spec = pool.spec
    asked = {"board": spec.board and spec.board.webhook, "forge": spec.forge and spec.forge.webhook}
    return [name for name, webhook in asked.items() if webhook]


async def see_to(pool: Pool, board: Board | None, forge: Forge | None, *, listening: bool) -> Problem | None:
    """Have board and forge call, where the pool wants them to; what stands in the way, and of which of them.

    Raises what says that they cannot be asked now, or not with these credentials.
    """
    asked = wanted(pool)
    if not asked:
        return None
    if not listening:
        return DEAF
    problems = []
    if "board" in asked and board and (problem := await _subscribed("board", board)):
        problems.append(problem)
    if "forge" in asked and forge:
        problem = await _subscribed("forge", forge) if forge.pull_requests else MUTE
        problems += [problem] if problem else []
    if not problems:
        return None
    return Problem(problems[0].reason, "; ".join(problem.message for problem in problems))


async def _subscribed(name: str, caller: _Caller) -> Problem | None:
    try:
        await caller.subscribe()
    except Misconfigured as wrong:
        return Problem(wrong.reason, f"the {name} does not call: {wrong.message}")
    except (NotFound, PermissionMissing, Rejected) as refused:
        return Problem(refused.reason, f"the {name} does not call: {refused}")
    return None


def with_webhook(
    conditions: Sequence[Condition], pool: Pool, problem: Problem | None, now: datetime
) -> list[Condition]:
    """The pool's conditions with that of its webhooks, where it has any."""
    callers = wanted(pool)
    if not callers:
        return [condition for condition in conditions if condition.type != _KIND]
    if problem:
        text = f"{problem.message}. Changes are seen with the next poll"
        return with_condition(conditions, _KIND, False, problem.reason, text, now, pool.generation)
    text = f"{' and '.join(callers)} {'calls' if len(callers) == 1 else 'call'} at changes"
    return with_condition(conditions, _KIND, True, "Subscribed", text, now, pool.generation)
