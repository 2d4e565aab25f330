"""The workbench as the agent sees it: a place where shell commands run, in the toolchain's image.

What it answers guides the agent and is never the verdict: everything there is in the hands of what the model started.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol


@dataclass(frozen=True)
class CommandResult:
    """What became of one command."""

    exit_code: int | None
    """0 to 255; None where the command was ended for its time (`timed_out`) or lost with the workbench (`lost`)."""
    output: bytes
    """stdout and stderr together; of long output the head and the tail, with a line between that says what is cut."""
    log: Path
    """The whole output, as the workbench wrote it."""
    seconds: float
    """Wall time as the agent measured it."""
    timed_out: bool = False
    lost: bool = False
    """The workbench was started again while the command ran: mostly out of memory, or the command ended it."""

    @property
    def text(self) -> str:
        """The output as text; bytes that are no UTF-8 are replaced."""
        return self.output.decode("utf-8", "replace")


class Workbench(Protocol):
    """Runs the agent's commands, one at a time."""

    def wait_ready(self) -> None:
        """Return once commands are served. Raises Infrastructure or Configuration."""

    def run(self, command: str, timeout_seconds: float) -> CommandResult:
        """Run a shell command in the work tree; after the time-out its process group is killed.

        Raises Infrastructure where no workbench answers: that is never a failing test.
        """

    def close(self) -> None:
        """End the workbench and everything started there; it serves no more. Raises Infrastructure if it will not."""
