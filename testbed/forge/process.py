"""The forge's processes, found by the program they run.

Every testbed runs a copy of Gitea of its own, so a process whose program is that copy is this testbed's, whoever
started it and whether or not anything was noted; a recycled pid can never be taken for it.
"""

from __future__ import annotations

import os
import signal
from contextlib import suppress
from pathlib import Path

from testbed.shell import TestbedError, wait_for


def running(binary: Path) -> list[int]:
    """Pids of the processes that run this very file, also after it was removed."""
    names = {str(binary), f"{binary} (deleted)"}
    found = []
    for entry in Path("/proc").iterdir():
        # A process may end, or be a kernel thread, while it is looked at.
        with suppress(FileNotFoundError, ProcessLookupError, PermissionError):
            if entry.name.isdigit() and str((entry / "exe").readlink()) in names:
                found.append(int(entry.name))
    return found


def stop(binary: Path, seconds: float = 10) -> None:
    """End the processes that run this file, by force after `seconds`.

    Raises TestbedError if they do not even end by force.
    """
    _signal(binary, signal.SIGTERM)
    try:
        wait_for(f"end of {binary}", lambda: not running(binary), seconds, every=0.05)
    except TestbedError:
        _signal(binary, signal.SIGKILL)
        wait_for(f"end of killed {binary}", lambda: not running(binary), seconds, every=0.05)


def _signal(binary: Path, number: signal.Signals) -> None:
    for pid in running(binary):
        with suppress(ProcessLookupError):
            os.kill(pid, number)
