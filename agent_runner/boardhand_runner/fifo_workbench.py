"""The workbench over a FIFO: the agent's side of stages/workbench.sh."""

from __future__ import annotations

import errno
import os
import secrets
import select
import threading
import time
from contextlib import suppress
from pathlib import Path

from boardhand_runner import workbench
from boardhand_runner.errors import Configuration, Infrastructure
from boardhand_runner.hostile import HostileFolder
from boardhand_runner.settings import Settings
from boardhand_runner.workbench import CommandResult, JobState

REQUESTS = "requests"
"""The FIFO on the exec volume by which the server is told what to do."""
PROBLEM = "problem"
HEAD_BYTES = 8_000
TAIL_BYTES = 24_000
KILL_SECONDS = 10.0
START_SECONDS = 5.0
CLOSE_SECONDS = 60.0
LOSSES = 3
"""So many commands lost in a row are the workbench's trouble, not theirs."""
_FIRST_PAUSE, _LAST_PAUSE = 0.001, 0.05

_PROBLEMS = {
    "setsid": Configuration(
        "WorkbenchLacksSetsid",
        "The workbench image has no setsid, which ends a command with all it started: add util-linux or busybox.",
    ),
    "work": Configuration(
        "WorkbenchLacksWorkTree", "The workbench cannot enter the work tree: it runs as another user."
    ),
    "requests": Configuration("WorkbenchLacksRequests", "The workbench cannot open its FIFO: it runs as another user."),
}


class FifoWorkbench:
    """The workbench served by stages/workbench.sh, over a FIFO and files on the exec volume."""

    def __init__(self, settings: Settings, patience_seconds: float = 120) -> None:
        """`patience_seconds`: how long a server that is not there is waited for; a restart may take that long."""
        self._settings = settings
        self._patience = patience_seconds
        self._files = HostileFolder(settings.exec)
        # Held from before the first command on, so that a FIFO put in its place deceives nobody.
        self._requests: int | None = None
        # Between those who write to that file and those who put another in its place.
        self._lock = threading.Lock()
        self._losses = 0

    def wait_ready(self) -> None:
        result = self.run(":", self._patience)
        if result.exit_code != 0:
            raise Infrastructure(
                "WorkbenchNotReady", f"The workbench could not run an empty command: {result.text[:300] or 'no output'}"
            )

    def run(self, command: str, timeout_seconds: float) -> CommandResult:
        began = time.monotonic()
        job = self._send(command)
        ending = self._wait(job, began + timeout_seconds)
        if ending in ("timed_out", "flooded"):
            self.kill(job)
        if ending == "lost":
            self._count_loss()
        else:
            self._losses = 0
        return CommandResult(
            exit_code=int(ending) if ending.isdigit() else None,
            output=self._files.head_and_tail(f"{job}.out", HEAD_BYTES, TAIL_BYTES),
            log=self.log(job),
            seconds=time.monotonic() - began,
            timed_out=ending == "timed_out",
            flooded=ending == "flooded",
            lost=ending == "lost",
        )

    def begin(self, command: str) -> str:
        job, deadline = self._send(command), time.monotonic() + START_SECONDS
        while self.state(job).lost and self._alive() and time.monotonic() < deadline:
            time.sleep(_FIRST_PAUSE)
        return job

    def state(self, job: str) -> JobState:
        # A server that starts empties the files of those before it, and one whose group is gone has its code already.
        lost = not self._alive() or not self._files.read(f"{job}.pid", 1)
        code = self._code(job)
        return JobState(code is None and not lost, code, code is None and lost)

    def output(self, job: str, start: int) -> tuple[bytes, int]:
        return self._files.piece(f"{job}.out", start, HEAD_BYTES, TAIL_BYTES)

    def log(self, job: str) -> Path:
        return self._settings.exec / f"{job}.out"

    def kill(self, job: str) -> None:
        """A command that took its server's word from it is left to `close`. One that ended may have left others."""
        deadline = time.monotonic() + KILL_SECONDS
        self._tell(f"kill {job}")
        while self._code(job) is None and self._alive() and time.monotonic() < deadline:
            time.sleep(_LAST_PAUSE)
            self._tell(f"kill {job}")

    def close(self) -> None:
        self._settings.serve_closed.touch()
        deadline = time.monotonic() + CLOSE_SECONDS
        while self._alive() or self._reopened():
            if time.monotonic() > deadline:
                raise Infrastructure(
                    "WorkbenchWouldNotEnd",
                    f"The workbench still ran {CLOSE_SECONDS:g} s after it was closed, so nothing may be published.",
                )
            self._tell("")
            time.sleep(_LAST_PAUSE)

    def _send(self, command: str) -> str:
        """Have it started; its name."""
        job = secrets.token_hex(8)
        self._connect()
        self._files.create(f"{job}.sh", f"{command}\n")
        self._tell(f"run {job}")
        return job

    def _connect(self) -> None:
        """Hold the FIFO of a server that lives, waiting for one if need be."""
        deadline = time.monotonic() + self._patience
        while not self._alive() and not self._reopened():
            problem = (self._files.read(PROBLEM, 100) or b"").decode("ascii", "replace").strip()
            if problem in _PROBLEMS:
                raise _PROBLEMS[problem]
            if time.monotonic() > deadline:
                raise Infrastructure("WorkbenchGone", f"No workbench answered for {self._patience:g} s.")
            time.sleep(_LAST_PAUSE)

    def _alive(self) -> bool:
        """Whether somebody has the held FIFO open for reading, as the server has while it lives."""
        with self._lock:
            if self._requests is None:
                return False
            poll = select.poll()
            poll.register(self._requests, 0)
            return not poll.poll(0)

    def _reopened(self) -> bool:
        """Open the FIFO anew; false where it has no reader."""
        with self._lock:
            if self._requests is not None:
                os.close(self._requests)
                self._requests = None
            try:
                self._requests = self._files.open_pipe(REQUESTS)
            except OSError as error:
                if error.errno in (errno.ENXIO, errno.ENOENT):
                    return False
                raise Infrastructure(
                    "WorkbenchForged", f"The workbench's FIFO was replaced: {error.strerror}."
                ) from None
            return True

    def _tell(self, line: str) -> None:
        """Send the server a line. One that cannot be sent is the same as one that is lost: the caller waits anyway."""
        with self._lock, suppress(BrokenPipeError, BlockingIOError):
            if self._requests is not None:
                os.write(self._requests, f"{line}\n".encode())

    def _wait(self, job: str, deadline: float) -> str:
        """How the command ended: its exit code in digits, or timed_out, flooded, lost."""
        pause = _FIRST_PAUSE
        while True:
            code = self._code(job)
            if code is not None:
                return str(code)
            if not self._alive():
                return "lost"
            if time.monotonic() > deadline:
                return "timed_out"
            if pause >= _LAST_PAUSE and self._files.size(f"{job}.out") > workbench.FLOOD_BYTES:
                return "flooded"
            time.sleep(pause)
            pause = min(_LAST_PAUSE, pause * 1.1)

    def _count_loss(self) -> None:
        self._losses += 1
        if self._losses >= LOSSES:
            raise Infrastructure(
                "WorkbenchKeepsDying",
                f"The workbench ended during each of the last {self._losses} commands: give it more memory under"
                " spec.workbench.resources if that is what it lacks.",
            )

    def _code(self, job: str) -> int | None:
        """The exit code, once it is there."""
        text = self._files.read(f"{job}.code", 8)
        if text is None:
            return None
        if not text.strip().isdigit() or int(text) > 255:
            raise Infrastructure("WorkbenchForged", "The workbench left an exit code that is not 0 to 255.")
        return int(text)
