"""Making the troubles of the plan."""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import httpx

from boardhand_api.pod import LABEL_RUN, LABEL_SETTLED
from boardhand_operator.election import Terms
from testbed.chaos.plan import Event, Kind
from testbed.chaos.replicas import Replica, Replicas
from testbed.load import LoadCluster
from testbed.shell import TestbedError, say

_TERMS = Terms()
_FROZEN_SECONDS = _TERMS.duration + _TERMS.every + _TERMS.pause + 1
"""Until the other has taken the Lease and works."""
_AWAY_SECONDS = 5.0
_DOWN_SECONDS = 1.0
_PATIENCE_SECONDS = 60.0
"""So long an event waits for somebody whom it can befall."""
_OF_PODS = (Kind.DELETE, Kind.VANISH)
_OVER = ("Succeeded", "Failed")
Json = dict[str, Any]


class Troubles:
    """Does what the plan says, and writes down what was done."""

    def __init__(self, cluster: LoadCluster, replicas: Replicas, all_done: Callable[[], Awaitable[bool]]) -> None:
        """all_done: whether no ticket is left, so that no pod will come any more."""
        self._cluster = cluster
        self._replicas = replicas
        self._all_done = all_done
        self.done: list[Json] = []

    @property
    def counts(self) -> Counter[str]:
        return Counter(entry["kind"] for entry in self.done)

    async def make(self, events: Sequence[Event]) -> None:
        """Every event at its time, counted from now, whatever others are doing meanwhile."""
        begun = asyncio.get_running_loop().time()
        async with asyncio.TaskGroup() as group:
            for event in events:
                await asyncio.sleep(max(0.0, begun + event.at - asyncio.get_running_loop().time()))
                group.create_task(self._one(event))

    async def _one(self, event: Event) -> None:
        """The event, again a little later where the API server is away just now."""
        do = {
            Kind.KILL: self._kill,
            Kind.STEAL: self._steal,
            Kind.FREEZE: self._freeze,
            Kind.CUT: self._cut,
            Kind.RESTART: self._restart,
            Kind.DELETE: self._delete,
            Kind.VANISH: self._vanish,
        }[event.kind]
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while True:
            try:
                whom = await do(event.draw)
            except (TestbedError, httpx.HTTPError) as refused:
                if event.kind in _OF_PODS and await self._all_done():
                    say(f"{event.kind}, planned for {event.at:.0f} s, finds nobody: all tickets are done")
                    return
                if time.monotonic() > deadline:
                    raise TestbedError(f"{event.kind} at {event.at} s could not be made: {refused}") from refused
                await asyncio.sleep(0.2)
            else:
                self.done.append({"time": time.time(), "planned": event.at, "kind": event.kind, "whom": whom})
                return

    async def _kill(self, draw: float) -> str:
        """Mostly who works, sometimes who stands by."""
        chosen = self._replicas.both[int(draw * 1000) % 2]
        if draw < 0.75:
            chosen = await self._replicas.holder() or chosen
        if not chosen.operator.alive:
            raise TestbedError(f"{chosen.name} is dead just now")
        chosen.operator.kill()
        return chosen.name

    async def _steal(self, _: float) -> str:
        holder = await self._holder()
        other = self._replicas.other(holder)
        await self._replicas.give_lease(other)
        return f"{holder.name} to {other.name}"

    async def _freeze(self, _: float) -> str:
        holder = await self._holder()
        holder.operator.freeze()
        await asyncio.sleep(_FROZEN_SECONDS)
        holder.operator.thaw()
        return holder.name

    async def _holder(self) -> Replica:
        holder = await self._replicas.holder()
        if holder is None or not holder.operator.alive:
            raise TestbedError("nobody holds the Lease just now")
        return holder

    async def _cut(self, draw: float) -> str:
        chosen = self._replicas.both if draw < 0.5 else (self._replicas.both[int(draw * 1000) % 2],)
        return ", ".join(f"{replica.forwarder.cut()} of {replica.name}" for replica in chosen)

    async def _restart(self, _: float) -> str:
        await asyncio.to_thread(self._cluster.kill_api_server)
        await asyncio.sleep(_DOWN_SECONDS)
        try:
            await asyncio.to_thread(self._cluster.start_api_server)
        except TestbedError:
            # An operator that is dead for a moment is no reason not to wait for the server.
            await self._ready()
        return "kube-apiserver"

    async def _ready(self) -> None:
        for _ in range(300):
            if await asyncio.to_thread(self._cluster.api.ready):
                return
            await asyncio.sleep(0.2)
        raise TestbedError("the API server did not come back")

    async def _delete(self, draw: float) -> str:
        """One of the pods that live."""
        alive = [pod for pod in await self._pods() if not _ending(pod)]
        if not alive:
            raise TestbedError("no pod lives just now")
        chosen = alive[int(draw * len(alive))]
        await asyncio.to_thread(self._cluster.api.delete, _path(chosen))
        return str(chosen["metadata"]["name"])

    async def _vanish(self, draw: float) -> str:
        """A node that has pods, where there is one; another comes in its place."""
        used = sorted({pod["spec"].get("nodeName", "") for pod in await self._pods() if not _ending(pod)} - {""})
        if not used:
            raise TestbedError("no node has a pod just now")
        name: str = used[int(draw * len(used))]
        await asyncio.to_thread(self._cluster.vanish, name)
        await asyncio.sleep(_AWAY_SECONDS)
        while True:
            try:
                await asyncio.to_thread(self._cluster.add_nodes, 1)
            except (TestbedError, httpx.HTTPError):
                await asyncio.sleep(0.2)
            else:
                return name

    async def lose_doomed(self, doomed: set[str], seed: int) -> None:
        """Delete the first pod of each run of these names once it has stood still, until cancelled."""
        lost: set[str] = set()
        dice = random.Random(f"doomed {seed}")
        while True:
            await asyncio.sleep(1 + dice.random())
            try:
                for pod in await self._pods():
                    run = pod["metadata"]["labels"][LABEL_RUN]
                    if run in doomed - lost and not _ending(pod):
                        await asyncio.to_thread(self._cluster.api.delete, _path(pod))
                        lost.add(run)
            except (TestbedError, httpx.HTTPError):
                continue

    async def _pods(self) -> list[Json]:
        """Those of runs that are not done; the others are many."""
        selector = f"{LABEL_RUN},!{LABEL_SETTLED}"
        return await asyncio.to_thread(lambda: list(self._cluster.api.list("/api/v1/pods", selector)))


def _ending(pod: Json) -> bool:
    gone = "deletionTimestamp" in pod["metadata"]
    return gone or (pod.get("status") or {}).get("phase") in _OVER


def _path(pod: Json) -> str:
    about = pod["metadata"]
    return f"/api/v1/namespaces/{about['namespace']}/pods/{about['name']}"
