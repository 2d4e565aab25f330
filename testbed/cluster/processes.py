"""The cluster's programs as detached processes, remembered by pid and start time."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from testbed.cluster import cgroups
from testbed.shell import TestbedError

# Nothing else of the caller's environment: it may hold keys, and they would stay readable as long as the cluster.
_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
# The shell puts itself into the group before it becomes the program, so nothing it starts can be missed.
_ENTER_GROUP = 'echo $$ > "$1"/cgroup.procs && shift && exec "$@"'


@dataclass(frozen=True)
class Process:
    """A process that is or was; the start time (ticks since boot) tells it from a later one of its number."""

    pid: int
    started: int

    @property
    def alive(self) -> bool:
        return _started(self.pid) == self.started


def start_time(stat: str) -> int | None:
    """The start time in the text of /proc/PID/stat, or None for a process that has ended (a zombie)."""
    # The program's name stands in parentheses and may hold anything, parentheses and spaces too.
    fields = stat.rpartition(")")[2].split()
    return None if fields[0] in ("Z", "X") else int(fields[19])


def _started(pid: int) -> int | None:
    try:
        return start_time(Path(f"/proc/{pid}/stat").read_text())
    except (FileNotFoundError, ProcessLookupError):
        return None


def not_inherited() -> list[tuple[int, int]]:
    """File actions of a spawn that close what the caller itself was given, but for 0 to 2.

    A lock or a pipe among them would else be held for as long as the process lives.
    """
    given = [int(name) for name in os.listdir("/proc/self/fd")]  # noqa: PTH208 - names are enough
    return [(os.POSIX_SPAWN_CLOSE, number) for number in given if number > 2 and _passed_on(number)]


def _passed_on(number: int) -> bool:
    try:
        return os.get_inheritable(number)
    except OSError:  # the listing's own
        return False


class Processes:
    """The processes of one cluster: their records under `home/pids`, their output under `home/logs`."""

    def __init__(self, home: Path, group: str) -> None:
        self._pids = home / "pids"
        self._logs = home / "logs"
        self._group = group

    def start(self, name: str, command: Sequence[str]) -> Process:
        """Start a program in a session and control group of its own; it outlives the caller.

        Raises TestbedError when it ends at once.
        """
        group = cgroups.programs(self._group)
        self._pids.mkdir(parents=True, exist_ok=True)
        self._logs.mkdir(parents=True, exist_ok=True)
        log_flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
        pid = os.posix_spawn(
            "/bin/sh",
            ["sh", "-c", _ENTER_GROUP, "sh", str(group), *command],
            {"PATH": _PATH, "HOME": str(Path.home())},
            file_actions=[
                *not_inherited(),
                (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
                (os.POSIX_SPAWN_OPEN, 1, str(self.log(name)), log_flags, 0o644),
                (os.POSIX_SPAWN_DUP2, 1, 2),
            ],
            setsid=True,
        )
        started = _started(pid)
        if started is None:
            raise TestbedError(f"{name} ended at once\n{self.last_words(name)}")
        (self._pids / name).write_text(f"{pid} {started}\n")
        return Process(pid, started)

    def log(self, name: str) -> Path:
        return self._logs / f"{name}.log"

    def recorded(self) -> dict[str, Process]:
        """All processes that were started, by name, whether they still live or not."""
        if not self._pids.exists():
            return {}
        return {path.name: parse_record(path.read_text()) for path in sorted(self._pids.iterdir())}

    def require_alive(self) -> None:
        """Raise TestbedError with the last words of a process that has ended."""
        for name, process in self.recorded().items():
            if not process.alive:
                raise TestbedError(f"{name} has ended\n{self.last_words(name)}\nThe whole log: {self.log(name)}")

    def last_words(self, name: str) -> str:
        log = self.log(name)
        return "\n".join(log.read_text(errors="replace").splitlines()[-10:]) if log.exists() else ""


def parse_record(text: str) -> Process:
    """Read one record of `home/pids`. A record cut short by a kill reads as a process that has ended."""
    numbers = text.split()
    return Process(int(numbers[0]), int(numbers[1])) if len(numbers) == 2 else Process(pid=-1, started=-1)
