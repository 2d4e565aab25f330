"""Takes jobs from the queue and delivers them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from postroom.policy import hopeless, pause
from postroom.settings import Settings
from postroom.store import DeadLetters


@dataclass
class Job:
    url: str
    body: bytes
    failures: int = 0
    due: float = 0.0


@dataclass
class Worker:
    """`send` returns the HTTP status, or raises OSError."""

    settings: Settings
    send: Callable[[str, bytes], int]
    dead: DeadLetters
    waiting: list[Job] = field(default_factory=list)

    def work(self, now: float) -> None:
        """Deliver what is due."""
        due = [job for job in self.waiting if job.due <= now]
        self.waiting = [job for job in self.waiting if job.due > now]
        for job in due:
            self._deliver(job, now)

    def _deliver(self, job: Job, now: float) -> None:
        try:
            status = self.send(job.url, job.body)
        except OSError as error:
            self._failed(job, now, str(error))
            return
        if 200 <= status < 300:
            return
        if hopeless(status):
            self.dead.bury(job.url, job.body, f"answered {status}")
        else:
            self._failed(job, now, f"answered {status}")

    def _failed(self, job: Job, now: float, why: str) -> None:
        job.failures += 1
        wait = pause(self.settings, job.failures)
        if wait is None:
            self.dead.bury(job.url, job.body, why)
            return
        job.due = now + wait
        self.waiting.append(job)
