"""The agent's steps of a run, read as they come, once for all who look; and the whole log, where somebody asks."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence

from boardhand_api.pod import Stage
from boardhand_client.errors import NotThere
from boardhand_client.reading import pods_of, run_of
from boardhand_client.rows import RunRow
from boardhand_client.session import Session
from boardhand_client.steps import Entry, entries, entry
from boardhand_dashboard.live.shared import Told
from boardhand_dashboard.live.viewers import Ask
from boardhand_operator.kube import Json, Resource

KEPT = 400
"""So many of the newest entries are in memory; older ones are read again where somebody wants them."""
_LOOK_SECONDS = 1.0
_SLICE = 100
"""So many lines are read before others get a turn."""
_LOG_BYTES = 6 * 1024 * 1024
_AT_ONCE = asyncio.Semaphore(4)
"""So many whole logs are in memory at once, whoever asks for them."""
STEPS = "steps"
"""The name by which viewers are told of new ones."""


class Steps:
    """The entries of a run's agent logs, all tries in order, up to the end of the run.

    Who lends its rights next reads a pod's log from its beginning, and skips what was read.
    """

    def __init__(self, namespace: str, run: str) -> None:
        self.newest: deque[Entry] = deque(maxlen=KEPT)
        self.total = 0
        """All entries so far: the last of `newest` has this number."""
        self.ready = False
        """Whether there is something to show, or nothing to wait for."""
        self.over = False
        """Whether nothing more will come."""
        self.asks = (
            Ask("get", Resource.RUNS, run),
            Ask("list", Resource.PODS),
            Ask("get", Resource.PODS, sub="log"),
        )
        self._of = (namespace, run)
        self._lines: dict[str, int] = {}
        self._ended: set[str] = set()

    def since(self, number: int) -> Sequence[Entry]:
        """The entries after this number, as far as they are in memory."""
        there = list(self.newest)
        return there[max(0, len(there) - (self.total - number)) :] if number < self.total else ()

    async def read(self, session: Session, told: Told) -> None:
        """See Reader."""
        while not self.over:
            # Before the pods are: a run that was finished then makes no more of them.
            finished = RunRow.of(await run_of(session, *self._of)).phase.finished
            told(())
            for pod in await pods_of(session, *self._of):
                if str(pod["metadata"]["uid"]) not in self._ended:
                    await self._pod(session, pod, told)
            self.over = finished
            if finished or not self.ready:
                self.ready = True
                told((STEPS,))
            if not finished:
                await asyncio.sleep(_LOOK_SECONDS)

    async def _pod(self, session: Session, pod: Json, told: Told) -> None:
        """One pod's log to its end; nothing where its agent has not begun, or its log is gone."""
        uid, name = str(pod["metadata"]["uid"]), str(pod["metadata"]["name"])
        grows = (pod.get("status") or {}).get("phase") not in ("Succeeded", "Failed")
        skip = self._lines.get(uid, 0)
        number = 0
        try:
            async for line in session.follow_log(self._of[0], name, Stage.AGENT.value):
                number += 1
                if number % _SLICE == 0:
                    await asyncio.sleep(0)
                if number <= skip:
                    continue
                self._lines[uid] = number
                if line.strip():
                    self.newest.append(entry(line))
                    self.total += 1
                    # Of what is over the page shows the end at once.
                    if self.ready or grows:
                        self.ready = True
                        told((STEPS,))
        except NotThere:
            return
        self._ended.add(uid)


async def whole_log(session: Session, namespace: str, run: str) -> list[Entry]:
    """All entries of the run's agent logs that there are. Raises SessionError."""
    found: list[Entry] = []
    async with _AT_ONCE:
        for pod in await pods_of(session, namespace, run):
            log = await session.whole_log(namespace, str(pod["metadata"]["name"]), Stage.AGENT.value, _LOG_BYTES)
            found += await asyncio.to_thread(entries, log)
    return found
