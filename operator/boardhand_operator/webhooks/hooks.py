"""A pool's webhook: seen to with the pool's check, told of in a condition of its own. Polls do not depend on it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from boardhand_api.pool_status import Condition
from boardhand_operator.boards import Board
from boardhand_operator.conditions import with_condition
from boardhand_operator.errors import Misconfigured, NotFound, PermissionMissing, Rejected
from boardhand_operator.pools.health import Problem
from boardhand_operator.views import Pool

UNKNOWN = Problem("NotChecked", "the board could not be asked yet")
DEAF = Problem(
    "NotListening", "this operator takes no webhooks: install the chart with operator.webhooks.enabled, or leave it out"
)
_KIND = "Webhook"


async def see_to(pool: Pool, board: Board, *, listening: bool) -> Problem | None:
    """Have the board call, where the pool wants it to; what stands in the way.

    Raises what says that the board cannot be asked now, or not with these credentials.
    """
    if pool.spec.board is None or pool.spec.board.webhook is None:
        return None
    if not listening:
        return DEAF
    try:
        await board.subscribe()
    except Misconfigured as wrong:
        return Problem(wrong.reason, wrong.message)
    except (NotFound, PermissionMissing, Rejected) as refused:
        return Problem(refused.reason, str(refused))
    return None


def with_webhook(
    conditions: Sequence[Condition], pool: Pool, problem: Problem | None, now: datetime
) -> list[Condition]:
    """The pool's conditions with that of its webhook, where it has one."""
    if pool.spec.board is None or pool.spec.board.webhook is None:
        return [condition for condition in conditions if condition.type != _KIND]
    if problem:
        text = f"{problem.message}. Tickets are seen with the next poll"
        return with_condition(conditions, _KIND, False, problem.reason, text, now, pool.generation)
    return with_condition(conditions, _KIND, True, "Subscribed", "the board calls at changes", now, pool.generation)
