"""Whether a pool's notifications can be sent: seen to with the pool's check, told of in a condition of its own."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from boardhand_api.pool_status import Condition
from boardhand_operator.after.calling import check_address
from boardhand_operator.decide.conditions import with_condition
from boardhand_operator.errors import Misconfigured
from boardhand_operator.pools.health import Problem
from boardhand_operator.services import Services
from boardhand_operator.views import Pool

UNKNOWN = Problem("NotChecked", "their addresses could not be looked up yet")
_KIND = "Notifications"


async def see_to(pool: Pool, services: Services) -> Problem | None:
    """What is wrong with their addresses; nothing is sent. Raises what the API server raises."""
    problems = []
    for one in pool.spec.notifications:
        try:
            check_address(await services.address(pool, one), plain_http=one.plain_http)
        except Misconfigured as wrong:
            problems.append(Problem(wrong.reason, f"{one.name}: {wrong.message}"))
    if not problems:
        return None
    return Problem(problems[0].reason, "; ".join(problem.message for problem in problems))


def with_notifications(
    conditions: Sequence[Condition], pool: Pool, problem: Problem | None, now: datetime
) -> list[Condition]:
    """The pool's conditions with that of its notifications, where it has any. `Ready` does not depend on it."""
    if not pool.spec.notifications:
        return [condition for condition in conditions if condition.type != _KIND]
    if problem:
        text = f"{problem.message}. Runs are worked all the same"
        return with_condition(conditions, _KIND, False, problem.reason, text, now, pool.generation)
    return with_condition(conditions, _KIND, True, "AddressesFound", "their addresses are there", now, pool.generation)
