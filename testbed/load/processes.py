"""Programs of a load cluster as processes of this user, remembered by pid: what a killed run left can be ended."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from testbed.cluster.processes import Process, parse_record, start_time
from testbed.shell import TestbedError, wait_for

_END_SECONDS = 10.0


class Programs:
    """The processes below one folder: records in `pids`, output in `logs`."""

    def __init__(self, state: Path) -> None:
        self._pids = state / "pids"
        self.logs = state / "logs"

    def start(self, name: str, command: Sequence[str], env: Mapping[str, str] | None = None) -> Process:
        """Start a program in a session of its own, its output appended to its log."""
        for folder in (self._pids, self.logs):
            folder.mkdir(parents=True, exist_ok=True)
        environment = {"PATH": os.environ["PATH"], "HOME": str(Path.home())} | dict(env or {})
        with self.log(name).open("ab") as out:
            begun = subprocess.Popen(
                command, env=environment, stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True
            )
        started = start_time(Path(f"/proc/{begun.pid}/stat").read_text())
        if started is None:
            raise TestbedError(f"{name} ended at once\n{self.last_words(name)}")
        (self._pids / name).write_text(f"{begun.pid} {started}\n")
        return Process(begun.pid, started)

    def log(self, name: str) -> Path:
        return self.logs / f"{name}.log"

    def last_words(self, name: str) -> str:
        log = self.log(name)
        return "\n".join(log.read_text(errors="replace").splitlines()[-10:]) if log.exists() else ""

    def recorded(self) -> dict[str, Process]:
        """Every program that was started and not ended by `end`, whether it lives or not."""
        if not self._pids.exists():
            return {}
        return {path.name: parse_record(path.read_text()) for path in sorted(self._pids.iterdir())}

    def cpu_seconds(self) -> dict[str, float]:
        """Processor time of each program that lives, its own and the kernel's for it."""
        living = {name: process for name, process in self.recorded().items() if process.alive}
        return {name: _cpu_seconds(process.pid) for name, process in living.items()}

    def end(self, name: str, number: signal.Signals = signal.SIGTERM) -> None:
        """Send the signal and wait; by force after 10 seconds. Nothing happens where it has ended."""
        process = self.recorded().get(name)
        if process is None:
            return
        for each in (number, signal.SIGKILL):
            send(process, each)
            with suppress(TestbedError):
                wait_for(f"end of {name}", lambda: not process.alive, _END_SECONDS, every=0.02)
                break
        with suppress(ChildProcessError):
            os.waitpid(process.pid, os.WNOHANG)
        (self._pids / name).unlink(missing_ok=True)


def send(process: Process, number: signal.Signals) -> None:
    """Send a signal to the process, if it still is that one."""
    if process.alive:
        with suppress(ProcessLookupError):
            os.kill(process.pid, number)


def _cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
