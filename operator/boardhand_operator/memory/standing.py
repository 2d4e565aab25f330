"""What counts of the states of runs and pools where turns are given: pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from boardhand_operator.errors import Misconfigured
from boardhand_operator.memory.places import Order, at_work, order_of, waiting
from boardhand_operator.views import Key, Pool, Run


class State(Enum):
    """What a run is counted as."""

    WAITING = 1
    SUSPENDED = 2
    AT_WORK = 3
    DONE = 4


QUIET = {(State.WAITING, State.AT_WORK), *((State.SUSPENDED, state) for state in State)}
"""Steps of a run by which nobody else moves up."""


@dataclass(frozen=True)
class Known:
    """What matters of a run's last state."""

    uid: str
    pool: Key
    order: Order
    said: State
    """What its status says."""
    counted: State
    """What it is counted as."""


def known_of(body: Mapping[str, Any]) -> Known | None:
    """What matters of this run; None where it cannot be read."""
    try:
        run = Run.of(body)
    except Misconfigured:
        return None
    state = _state(run)
    return Known(run.uid, (run.namespace, run.spec.pool), order_of(run), state, state)


def places_of(body: Mapping[str, Any] | None) -> int:
    """How many the pool may have at work: none while it is gone, suspended, not Ready or cannot be read."""
    try:
        pool = Pool.of(body) if body else None
    except Misconfigured:
        return 0
    return pool.spec.limits.concurrency if pool and pool.ready and not pool.spec.suspend else 0


def _state(run: Run) -> State:
    if at_work(run.status):
        return State.AT_WORK
    if not waiting(run.status):
        return State.DONE
    return State.SUSPENDED if run.spec.suspend or run.spec.cancel else State.WAITING
