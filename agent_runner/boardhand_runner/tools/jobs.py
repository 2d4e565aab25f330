"""Commands that run beside the agent's work, such as a server to try something against: few, bounded, and watched."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from boardhand_runner import workbench
from boardhand_runner.errors import ToolError
from boardhand_runner.texts import as_on_a_screen
from boardhand_runner.tools.bounds import RESULT_CHARACTERS, bounded

if TYPE_CHECKING:
    from boardhand_runner.usage import Ledger
    from boardhand_runner.workbench import Workbench

AT_ONCE = 4
NEWS_SECONDS = 15.0
"""So long a job that runs is waited for to put something out."""
_WATCH_SECONDS, _PAUSE = 1.0, 0.05


@dataclass
class Job:
    """One of them, by the number that the model knows it by."""

    number: int
    name: str
    seen: int = 0
    """Bytes of its output that the model was shown."""
    ended: str = ""
    """How the harness ended it."""


class Jobs:
    """The run's background jobs. Every method raises Deadline where the run's time is over."""

    def __init__(self, bench: Workbench, ledger: Ledger, prepare: Callable[[], Awaitable[None]]) -> None:
        """`prepare` sets the workbench up where that is needed before a command."""
        self._bench = bench
        self._prepare = prepare
        self._ledger = ledger
        self._jobs: dict[int, Job] = {}
        self._watcher: asyncio.Task[None] | None = None

    async def start(self, command: str) -> str:
        """Starts it and says its number. Raises ToolError where AT_ONCE run already, and what the workbench raises."""
        self._ledger.check_time()
        running = [str(job.number) for job in self._jobs.values() if self._runs(job)]
        if len(running) >= AT_ONCE:
            raise ToolError(f"{AT_ONCE} jobs run already ({', '.join(running)}): end one with stop_job first.")
        await self._prepare()
        number = len(self._jobs) + 1
        self._jobs[number] = Job(number, await asyncio.to_thread(self._bench.begin, command))
        if self._watcher is None:
            self._watcher = asyncio.create_task(self._watch())
        return f"Job {number} runs. See what it puts out with job_output; end it with stop_job."

    async def output(self, number: int) -> str:
        """How it stands, and what it put out since it was last asked for; waits a little for something new."""
        job = self._job(number)
        deadline = time.monotonic() + min(NEWS_SECONDS, self._ledger.seconds_left)
        while not self._news(job) and self._runs(job) and time.monotonic() < deadline:  # noqa: ASYNC110 (it is a file)
            await asyncio.sleep(_PAUSE)
        self._ledger.check_time()
        return self._told(job)

    async def stop(self, number: int) -> str:
        """Ends it with all of its process group; the rest of its output."""
        job = self._job(number)
        await self._end(job, "ended by stop_job")
        return self._told(job)

    async def stop_all(self, why: str) -> None:
        """Ends all of them; `why` is what the model is told of those that ran."""
        await asyncio.gather(*(self._end(job, why) for job in self._jobs.values()))

    async def close(self) -> None:
        """The end of the run: nothing is watched any more, and nothing runs."""
        if self._watcher:
            self._watcher.cancel()
        await self.stop_all("ended with the run")

    def lost(self) -> str:
        """Which jobs went with a lost workbench, in a sentence for the model; nothing where none did."""
        gone = [str(job.number) for job in self._jobs.values() if not job.ended and self._bench.state(job.name).lost]
        return f"Lost with it, too: job {', '.join(gone)}." if gone else ""

    def _job(self, number: int) -> Job:
        self._ledger.check_time()
        if number not in self._jobs:
            known = ", ".join(map(str, self._jobs)) or "none"
            raise ToolError(f"There is no job {number}, or no more. Jobs of this workbench: {known}.")
        return self._jobs[number]

    def _runs(self, job: Job) -> bool:
        return self._bench.state(job.name).running

    def _news(self, job: Job) -> bool:
        return self._bench.output(job.name, job.seen)[1] > job.seen

    def _told(self, job: Job) -> str:
        """Where the piece stands in the output is said with it: lines may repeat, and that is something new all the
        same."""
        state = self._bench.state(job.name)
        since = job.seen
        data, job.seen = self._bench.output(job.name, since)
        how = job.ended or f"exit code {state.exit_code}"
        if state.running:
            how = "it runs"
        elif state.lost and not job.ended:
            how = "lost: the workbench was started again meanwhile; start it anew if it is needed"
        if job.seen == since:
            return f"Job {job.number}: {how}. Nothing new was put out."
        log = str(self._bench.log(job.name))
        text = bounded(as_on_a_screen(data.decode("utf-8", "replace")).strip(), RESULT_CHARACTERS, log)
        return f"Job {job.number}: {how}. Its output from byte {since} to {job.seen}:\n{text}"

    async def _end(self, job: Job, why: str) -> None:
        if self._runs(job):
            job.ended = why
        await asyncio.to_thread(self._bench.kill, job.name)

    async def _watch(self) -> None:
        """A full volume would take the whole pod with it."""
        while True:
            await asyncio.sleep(_WATCH_SECONDS)
            for job in list(self._jobs.values()):
                if not job.ended and self._bench.output(job.name, job.seen)[1] > workbench.FLOOD_BYTES:
                    await self._end(job, "ended by the harness: it put out too much")
