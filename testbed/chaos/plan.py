"""What befalls whom, and when: drawn from the seed, so that a failure can be replayed. Pure."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any


class Kind(StrEnum):
    """What can befall the operators, the cluster and the pods."""

    KILL = "operator killed"
    STEAL = "Lease given to the other"
    FREEZE = "holder frozen beyond its Lease"
    CUT = "watches cut"
    RESTART = "API server restarted"
    DELETE = "pod deleted"
    VANISH = "node vanished"


@dataclass(frozen=True)
class Form:
    """How much of it."""

    tickets: int
    pools: int
    seconds: float
    """For so long troubles are made; then all has to come to rest."""
    counts: dict[Kind, int]
    quiet_seconds: float
    """Everything must have come to rest so long after. Longer than a Job controller waits for a pod of which it missed
    that it was made or failed: five minutes (`ExpectationsTimeout`)."""
    nodes: int = 10
    concurrency: int = 15
    """Places of each pool."""
    doomed: float = 0.1
    """Share of the tickets whose first try loses its pod."""


LAST_ARRIVAL = 0.85
"""After so much of the time no ticket comes any more, and no pod is deleted: there may be none."""


def _counts(kill: int, steal: int, freeze: int, cut: int, restart: int, delete: int, vanish: int) -> dict[Kind, int]:
    return dict(zip(Kind, (kill, steal, freeze, cut, restart, delete, vanish), strict=True))


SHORT = Form(
    tickets=50,
    pools=5,
    seconds=32,
    counts=_counts(kill=10, steal=2, freeze=1, cut=6, restart=1, delete=5, vanish=1),
    quiet_seconds=360,
)
LONG = Form(
    tickets=1000,
    pools=10,
    seconds=480,
    counts=_counts(kill=36, steal=10, freeze=6, cut=40, restart=2, delete=60, vanish=4),
    quiet_seconds=360,
    nodes=20,
)


def sized(form: Form, tickets: int) -> Form:
    """The form with so many tickets; with fewer of them troubles and time are fewer, too, but of each kind is one."""
    share = min(1.0, tickets / form.tickets)
    counts = {kind: max(1, round(number * share)) for kind, number in form.counts.items()}
    seconds = max(form.seconds * share, min(form.seconds, SHORT.seconds))
    return replace(form, tickets=tickets, pools=min(form.pools, tickets), counts=counts, seconds=seconds)


@dataclass(frozen=True)
class Event:
    """One trouble. draw: a number in [0, 1) by which it chooses among those that it finds."""

    at: float
    kind: Kind
    draw: float


def schedule(form: Form, seed: int) -> list[Event]:
    """All troubles in order. Kills come evenly enough that an operator works in between; what takes long to
    be got over begins in the first half: a vanished node's pods are given up a minute later only."""
    dice = random.Random(f"events {seed}")
    events = []
    for kind, number in form.counts.items():
        for place in range(number):
            share = (place + dice.random()) / number
            if kind in (Kind.VANISH, Kind.FREEZE):
                share *= 0.5
            elif kind is Kind.RESTART:
                share = 0.2 + 0.6 * share
            elif kind is Kind.DELETE:
                share *= LAST_ARRIVAL
            events.append(Event(round(1 + share * (form.seconds - 1), 2), kind, dice.random()))
    return sorted(events, key=lambda event: event.at)


def arrivals(form: Form, seed: int) -> list[float]:
    """When each ticket comes onto its board: a third at once, the others in the course of the troubles."""
    dice = random.Random(f"tickets {seed}")
    first = form.tickets // 3
    later = sorted(dice.uniform(0, LAST_ARRIVAL * form.seconds) for _ in range(form.tickets - first))
    return [0.0] * first + later


def doomed(form: Form, seed: int, run: str) -> float | None:
    """Whether the first try of the run's pod is lost: then at which of its stages, as a number in [0, 1)."""
    dice = random.Random(f"fates {seed} {run}")
    return dice.random() if dice.random() < form.doomed else None


_WRITES = r"^(POST|PUT) /1/cards/[^/]+"
_READS = r"^GET /1/"
_FORGE = r" /api/v1/repos/"


def board_faults(seed: int) -> Iterator[dict[str, Any]]:
    """Of all calls to the board about a fifth. None is of those that put a ticket there: POST /1/cards."""
    wanted: list[tuple[str, float, dict[str, Any]]] = [
        (_READS, 0.07, {"status": 429, "headers": {"retry-after": "1"}}),
        (_READS, 0.06, {"status": 500}),
        (_READS, 0.04, {"cut": True, "delay": 2}),
        (r"^GET .*/(cards|lists|actions)$", 0.15, {"shuffle": True}),
        (_WRITES, 0.06, {"status": 429, "headers": {"retry-after": "1"}}),
        (_WRITES, 0.05, {"status": 500}),
        (_WRITES, 0.03, {"cut": True, "delay": 2}),
        (_WRITES, 0.05, {"status": 502, "after": True}),
        (_WRITES, 0.05, {"after": True}),
    ]
    for place, (match, chance, what) in enumerate(wanted):
        yield {"match": match, "chance": chance, "seed": seed * 100 + place} | what


def forge_faults(seed: int) -> Iterator[dict[str, Any]]:
    """Of all calls to the forge about a seventh."""
    wanted: list[tuple[float, dict[str, Any]]] = [
        (0.04, {"status": 500}),
        (0.03, {"status": 429, "headers": {"retry-after": "1"}}),
        (0.03, {"cut": True, "delay": 1}),
        (0.05, {"after": True}),
    ]
    for place, (chance, what) in enumerate(wanted):
        yield {"match": _FORGE, "chance": chance, "seed": seed * 100 + 50 + place} | what
