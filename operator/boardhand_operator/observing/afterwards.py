"""What is done once a try is over, off the run's path: the agent's log is read whole, once, for metrics and traces.

Nothing waits for it: what does not fit is dropped and counted, and what fails is done without.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

import aiohttp

from boardhand_api.events import EVENT_BYTES, AnyEvent, parse_event
from boardhand_api.pod import Stage
from boardhand_operator.decide import observe
from boardhand_operator.decide.observe import parse_time
from boardhand_operator.kube import ApiException, Kube
from boardhand_operator.observing import Observer, Written
from boardhand_operator.observing.changes import Change, change_of

WAITING = 200
"""So many tries wait at most; a further one is dropped."""
LOG_BYTES = 5_000_000
"""So much of an agent's log is read."""
SECONDS = 60.0
"""A try takes no longer here."""
LEAVE_SECONDS = 3.0
"""Where the operator ends, what waits is waited for so long."""
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Over:
    """A try that is over, or a run that ended without one."""

    written: Written
    change: Change
    events: Sequence[AnyEvent] | None
    """Of the agent's log; None: it cannot be read, or the agent never began."""


Sink = Callable[[Over], Awaitable[None]]


class AfterTries(Observer):
    """Reads and passes on, one try after the other."""

    def __init__(self, kube: Callable[[], Kube], sinks: Sequence[Sink]) -> None:
        """kube: asked for once the operator works. sinks: told of each try; they raise nothing."""
        self._kube, self._sinks = kube, sinks
        self._waiting: asyncio.Queue[tuple[Written, Change]] = asyncio.Queue(WAITING)
        self.results: Counter[str] = Counter()
        """How many logs were read, were unreadable, and how many tries were dropped."""

    def run_written(self, written: Written) -> None:
        change = change_of(written)
        if not (change.ended or change.try_ended):
            return
        try:
            self._waiting.put_nowait((written, change))
        except asyncio.QueueFull:
            self.results["dropped"] += 1

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            written, change = await self._waiting.get()
            # In a task of its own: a bug that one try meets does not end the others'.
            task = asyncio.ensure_future(self._one(written, change))
            try:
                done, _ = await asyncio.wait({task}, timeout=SECONDS)
            finally:
                task.cancel()
                self._waiting.task_done()
            problem = task.exception() if done else None
            self.results["dropped"] += not done or problem is not None
            if problem:
                _log.error("%s is not told of: unexpected", written.after["metadata"]["name"], exc_info=problem)

    async def leave(self) -> None:
        """Let those that wait be done with, for a moment."""
        try:
            async with asyncio.timeout(LEAVE_SECONDS):
                await self._waiting.join()
        except TimeoutError:
            _log.warning("the operator ends; metrics and traces are not told of tries: %d", self._waiting.qsize() + 1)

    async def _one(self, written: Written, change: Change) -> None:
        over = Over(written, change, await self._events(written))
        for sink in self._sinks:
            await sink(over)

    async def _events(self, written: Written) -> list[AnyEvent] | None:
        pod = written.pod
        if pod is None or not observe.stages(pod).get(Stage.AGENT, observe.StageState()).started:
            return None
        meta = pod["metadata"]
        try:
            text = await self._kube().whole_log(meta["namespace"], meta["name"], Stage.AGENT.value, LOG_BYTES)
        except (ApiException, aiohttp.ClientError, TimeoutError, OSError) as failed:
            self.results["unreadable"] += 1
            _log.warning("the log of pod %s/%s is not read: %s", meta["namespace"], meta["name"], failed)
            return None
        self.results["read"] += 1
        return await asyncio.to_thread(_parsed, text)


def _parsed(text: str) -> list[AnyEvent]:
    found = (parse_event(line) for line in text.split("\n") if 0 < len(line) <= EVENT_BYTES)
    return [event for event in found if event is not None and _timed(event)]


def _timed(event: AnyEvent) -> bool:
    """Whether the event says when it was; the time must be a moment, with its zone."""
    try:
        return parse_time(event.at).tzinfo is not None
    except ValueError:
        return False
