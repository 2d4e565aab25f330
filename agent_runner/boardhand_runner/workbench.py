"""The workbench as the agent sees it: a place where shell commands run, in the toolchain's image.

What it answers guides the agent and is never the verdict: all of it is in the hands of what the model started.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

FLOOD_BYTES = 200_000_000
"""A command that puts out more is ended: a full volume would take the whole pod with it."""


@dataclass(frozen=True)
class CommandResult:
    """What became of one command."""

    exit_code: int | None
    """0 to 255; None where it was ended: for its time, for its output, or with the workbench."""
    output: bytes
    """stdout and stderr together; of long output head and tail, with a line between that says what is cut."""
    log: Path
    """The whole output, as the workbench wrote it; the same path leads there in the workbench."""
    seconds: float
    """Wall time as the agent measured it."""
    timed_out: bool = False
    flooded: bool = False
    """It put out more than FLOOD_BYTES."""
    lost: bool = False
    """The workbench was started again while it ran: mostly out of memory, or the command ended it."""

    @property
    def text(self) -> str:
        """The output as text; bytes that are no UTF-8 are replaced."""
        return self.output.decode("utf-8", "replace")


@dataclass(frozen=True)
class JobState:
    """A command that runs beside the others, as it is now. Neither running nor lost: it ended."""

    running: bool = False
    exit_code: int | None = None
    lost: bool = False
    """It went with a workbench that was started again."""


class Commands(Protocol):
    """Runs the agent's commands, one at a time."""

    def wait_ready(self) -> None:
        """Return once commands are served. Raises Infrastructure or Configuration."""

    def run(self, command: str, timeout_seconds: float) -> CommandResult:
        """Run a shell command in the work tree; after the time-out its process group is killed.

        Raises Infrastructure where no workbench answers: that is never a failing test.
        """

    def close(self) -> None:
        """End the workbench and everything started there, for good. Raises Infrastructure if it will not end."""


class Workbench(Commands, Protocol):
    """Runs commands beside those, too, known by the names that `begin` gives them. They end with the workbench."""

    def begin(self, command: str) -> str:
        """Start a shell command in a process group of its own. Raises what `run` raises."""

    def state(self, job: str) -> JobState:
        """What became of it."""

    def output(self, job: str, start: int) -> tuple[bytes, int]:
        """What it put out from `start` on, in bytes, and where that ends; of much of it head and tail."""

    def log(self, job: str) -> Path:
        """All that it put out."""

    def kill(self, job: str) -> None:
        """End its process group; what a command that ended left there, too."""
