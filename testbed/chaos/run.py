"""One chaos from beginning to end."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import httpx

from boardhand_api.order import Order
from boardhand_api.pod import Stage
from testbed.chaos import plan
from testbed.chaos.forwarder import Forwarder
from testbed.chaos.gather import Everything, gather, history, unsettled
from testbed.chaos.ground import REVIEW, Ground, counters, prepare, put_tickets
from testbed.chaos.plan import Form
from testbed.chaos.replicas import Replica, Replicas
from testbed.chaos.troubles import Troubles
from testbed.chaos.verdict import Verdict, judged
from testbed.load import Fate, LoadCluster, Player, green
from testbed.shell import TestbedError, say

OPERATORS = ("operator-a", "operator-b")
_TELL_SECONDS = 5.0
_CALM_SECONDS = 4.0
"""So long nothing may be left to do before it is believed."""
_LONGER = 0.25
"""Faults of board and forge stay on for so much of the time more."""
_STAGES = (Stage.AGENT, Stage.PUBLISH, Stage.VERIFY)
Json = dict[str, Any]


@dataclass
class Outcome:
    """What chaos came to."""

    form: Form
    seed: int
    verdicts: list[Verdict]
    strays: list[str]
    troubles: list[Json]
    starts: dict[str, int]
    pods: int
    calls: dict[str, Json]
    """By route: how many calls there were to board and forge, and of how many the work was done."""
    struck: dict[str, Json]
    """How many calls there were while faults were on, and how many of them met one."""
    seconds: float
    histories: dict[str, list[str]] = field(default_factory=dict)

    @property
    def wrong(self) -> list[Verdict]:
        return [verdict for verdict in self.verdicts if verdict.wrong]

    @property
    def passed(self) -> bool:
        return not self.wrong and not self.strays and len(self.verdicts) == self.form.tickets


class Fates:
    """What becomes of the pods: all is well, but for the first pod of the doomed, which stands still in a stage."""

    def __init__(self, form: Form, seed: int) -> None:
        self._form, self._seed = form, seed
        self._seen: set[str] = set()
        self.doomed: set[str] = set()
        """Runs whose first pod is to be deleted."""

    def decide(self, order: Order) -> Fate:
        draw = plan.doomed(self._form, self._seed, f"{order.repository} {order.ticket.key}")
        fate = green(order)
        if draw is None or order.run in self._seen:
            return fate
        self._seen.add(order.run)
        self.doomed.add(order.run)
        stuck = _STAGES[int(draw * len(_STAGES))]
        return Fate({stage: end for stage, end in fate.ends.items() if stage is not stuck}, fate.result)


async def run(cluster: LoadCluster, form: Form, seed: int) -> Outcome:
    """Make chaos on a cluster that is up, and look what came of it. Raises TestbedError where the testbed fails."""
    begun = time.monotonic()
    ground = prepare(cluster, form)
    fates = Fates(form, seed)
    async with AsyncExitStack() as stack:
        stack.push_async_callback(ground.aclose)
        player = await stack.enter_async_context(Player(cluster, fates.decide, ground.pushed).playing())
        wires = [await stack.enter_async_context(Forwarder(cluster.layout.api_port).passing()) for _ in OPERATORS]
        first, second = (Replica(cluster, name, wire) for name, wire in zip(OPERATORS, wires, strict=True))
        replicas = Replicas(cluster, (first, second))
        troubles = Troubles(cluster, replicas, partial(_all_in_review, ground, form))
        beside = [
            *(asyncio.create_task(replica.keep()) for replica in replicas.both),
            asyncio.create_task(_tell(ground, troubles, form)),
            asyncio.create_task(troubles.lose_doomed(fates.doomed, seed)),
        ]
        try:
            struck = await _trouble(ground, troubles, form, seed)
            await _rest(cluster, ground, form)
            calls = {"board": await _calls(ground.trello), "forge": await _calls(ground.forge)}
            everything = await gather(cluster, ground)
        finally:
            for task in beside:
                task.cancel()
            await asyncio.wait(beside)
    outcome = Outcome(
        form=form,
        seed=seed,
        verdicts=judged(everything),
        strays=everything.strays,
        troubles=troubles.done,
        starts={replica.name: replica.starts for replica in replicas.both},
        pods=player.pods,
        calls=calls,
        struck=struck,
        seconds=round(time.monotonic() - begun, 1),
    )
    outcome.histories = _histories(cluster, everything, outcome)
    return outcome


async def _trouble(ground: Ground, troubles: Troubles, form: Form, seed: int) -> dict[str, Json]:
    """From the first ticket to the last trouble; then all faults are off. See `Outcome.struck`."""
    await ground.arm(list(plan.board_faults(seed)), list(plan.forge_faults(seed)))
    async with asyncio.TaskGroup() as group:
        group.create_task(put_tickets(ground, plan.arrivals(form, seed)))
        group.create_task(troubles.make(plan.schedule(form, seed)))
    await _mostly_done(ground, form)
    struck = await ground.disarm()
    say("the troubles are over: waiting until all has come to rest")
    return struck


async def _mostly_done(ground: Ground, form: Form) -> None:
    """Return once nine tickets of ten are in review, or the time is up: most of the work is to meet faults."""
    deadline = time.monotonic() + _LONGER * form.seconds
    while time.monotonic() < deadline and (await ground.columns())[REVIEW] < 0.9 * form.tickets:
        await asyncio.sleep(0.5)


async def _all_in_review(ground: Ground, form: Form) -> bool:
    return (await ground.columns())[REVIEW] == form.tickets


async def _rest(cluster: LoadCluster, ground: Ground, form: Form) -> None:
    """Return once every card is in review and every run settled for a while, or the time is up."""
    deadline = time.monotonic() + form.quiet_seconds
    calm_since: float | None = None
    while time.monotonic() < deadline:
        done = await _all_in_review(ground, form) and await asyncio.to_thread(unsettled, cluster) == 0
        calm_since = (calm_since or time.monotonic()) if done else None
        if calm_since and time.monotonic() - calm_since >= _CALM_SECONDS:
            return
        await asyncio.sleep(0.5)
    say(f"not at rest after {form.quiet_seconds:.0f} s")


async def _calls(http: httpx.AsyncClient) -> Json:
    """How often each route was called, and how often the work was done."""
    count: Counter[str] = Counter()
    done: Counter[str] = Counter()
    for entry in await counters(http):
        route = f"{entry['method']} {entry['route']}"
        count[route] += entry["count"]
        done[route] += entry["done"]
    return {route: {"count": count[route], "done": done[route]} for route in sorted(count)}


async def _tell(ground: Ground, troubles: Troubles, form: Form) -> None:
    while True:
        await asyncio.sleep(_TELL_SECONDS)
        columns = await ground.columns()
        cards = ", ".join(f"{number} in {name}" for name, number in sorted(columns.items()) if number)
        made = ", ".join(f"{kind} {number}" for kind, number in sorted(troubles.counts.items()))
        say(f"{len(ground.tickets)} of {form.tickets} tickets: {cards or 'none yet'}; {made or 'no trouble yet'}")


def _histories(cluster: LoadCluster, everything: Everything, outcome: Outcome) -> dict[str, list[str]]:
    try:
        return {
            verdict.ticket: history(cluster, everything.tickets[verdict.ticket], OPERATORS)
            for verdict in outcome.wrong[:50]
        }
    except TestbedError as failed:
        say(f"no histories: {failed}")
        return {}
