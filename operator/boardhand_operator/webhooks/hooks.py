"""A pool's webhooks: seen to with the pool's check, told of in a condition of its own. Polls do not depend on them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import lru_cache

from boardhand_api.pool_status import Condition, Subscribed
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


def wanted(pool: Pool) -> list[str]:
    """Who is to call: board, forge or both."""
    spec = pool.spec
    asked = {"board": spec.board and spec.board.webhook, "forge": spec.forge and spec.forge.webhook}
    return [name for name, webhook in asked.items() if webhook]


def subscribed(pool: Pool, secrets: Mapping[str, str]) -> dict[str, Subscribed]:
    """What board and forge are to know, as the pool is now. secrets: by who calls, what proves a call."""
    made = {}
    for name in wanted(pool):
        part = pool.spec.board if name == "board" else pool.spec.forge
        if part and part.webhook:
            proof = _proof(secrets.get(name, ""), f"{pool.uid}/{name}")
            made[name] = Subscribed(callback_url=part.webhook.callback_url, proof=proof)
    return made


@lru_cache(maxsize=4096)
def _proof(secret: str, salt: str) -> str:
    """Whoever may read the pool is not to find out a short secret by trying: some 20 ms, once a secret."""
    return hashlib.scrypt(secret.encode(), salt=salt.encode(), n=2**13, r=8, p=1, dklen=16).hex()


async def see_to(
    pool: Pool, callers: Mapping[str, Board | Forge | None], now: Mapping[str, Subscribed], *, listening: bool
) -> tuple[Problem | None, dict[str, Subscribed]]:
    """Have board and forge call, where the pool wants them to; what stands in the way, and what they know by now.

    now: what they are to know. Who knows something else, by the pool's status, is told anew. Raises what says that they
    cannot be asked now, or not with these credentials.
    """
    before = pool.status.webhooks
    if not now:
        return None, {}
    if not listening:
        return DEAF, dict(before)
    asked = {name: callers[name] for name in now if callers.get(name)}
    old = {name: before[name].callback_url for name in asked if name in before and before[name] != now[name]}
    rounds = [(name, old.get(name, "")) for name in asked]
    # Board and forge may share one, and who made it anew did so for its own events.
    rounds += [(name, "") for name in asked] if old else []
    problems: dict[str, Problem] = {}
    for name, address in rounds:
        caller = asked[name]
        if caller and name not in problems and (problem := await _subscribed(name, caller, address)):
            problems[name] = problem
    known = {name: now[name] if name in asked and name not in problems else before.get(name) for name in now}
    told = {name: one for name, one in known.items() if one}
    if not problems:
        return None, told
    text = "; ".join(problem.message for problem in problems.values())
    return Problem(next(iter(problems.values())).reason, text), told


async def _subscribed(name: str, caller: Board | Forge, before: str) -> Problem | None:
    if not getattr(caller, "pull_requests", True):
        return MUTE
    try:
        await caller.subscribe(before)
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
