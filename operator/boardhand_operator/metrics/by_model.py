"""Pure: which model used what in a try, by the steps in the agent's log."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from decimal import Decimal

from boardhand_api.events import FellBack, Step
from boardhand_api.result import Usage
from boardhand_operator.metrics.names import Names
from boardhand_operator.observing.afterwards import Over
from boardhand_operator.roles import UNKNOWN, model_of

NOTHING = Usage(money=Decimal(0))


def by_model(over: Over, names: Names) -> dict[str, Usage]:
    """What each model used; money is what is known of it. Whatever the log does not tell of is an unknown model's."""
    spec, fallen = over.written.pool.spec if over.written.pool else None, dict[str, str]()
    found: defaultdict[str, Usage] = defaultdict(lambda: NOTHING)
    for event in over.events or ():
        if isinstance(event, FellBack):
            fallen[event.model] = event.fallback
        elif isinstance(event, Step):
            model = model_of(event.role, spec)
            (name,) = names.of(fallen.get(model, model))
            found[name] = found[name].plus(_known(event.usage))
    rest = _rest(_known(over.change.used), found.values())
    return dict(found) | ({UNKNOWN: found[UNKNOWN].plus(rest)} if rest != NOTHING else {})


def _known(usage: Usage) -> Usage:
    return usage.model_copy(update={"money": usage.money or Decimal(0), "seconds": 0})


def _rest(used: Usage, told: Iterable[Usage]) -> Usage:
    """What is left of all that was used, with nothing below zero."""
    for one in told:
        used = Usage(
            prompt_tokens=max(0, used.prompt_tokens - one.prompt_tokens),
            cached_tokens=max(0, used.cached_tokens - one.cached_tokens),
            completion_tokens=max(0, used.completion_tokens - one.completion_tokens),
            money=max(Decimal(0), (used.money or Decimal(0)) - (one.money or Decimal(0))),
        )
    return used
