"""Nothing that a case started outlives it.

A pod's containers end with all that runs in them. Here the worker adopts the orphans of its case, and kills them.
"""

from __future__ import annotations

import ctypes
import os
import signal
import time
from contextlib import suppress
from pathlib import Path

_PR_SET_CHILD_SUBREAPER = 36
_SECONDS = 20


def adopt() -> None:
    """From now on orphans below this process become its children. Raises OSError."""
    if ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "prctl")


def children() -> set[int]:
    """The processes whose parent this one is."""
    return {int(stat.parent.name) for stat in Path("/proc").glob("[0-9]*/stat") if _parent(stat) == os.getpid()}


def end(known: set[int]) -> set[int]:
    """Kill every child that is not `known`, and theirs; which of them still lived.

    Raises TimeoutError where some will not die.
    """
    killed: set[int] = set()
    deadline = time.monotonic() + _SECONDS
    while new := children() - known:
        if time.monotonic() > deadline:
            raise TimeoutError(f"processes that a case left behind will not die: {sorted(new)}")
        for pid in new:
            if _alive(pid):
                killed.add(pid)
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
            with suppress(ChildProcessError):
                os.waitpid(pid, 0)
    return killed


def _parent(stat: Path) -> int | None:
    fields = _fields(stat)
    return int(fields[1]) if fields else None


def _alive(pid: int) -> bool:
    fields = _fields(Path(f"/proc/{pid}/stat"))
    return bool(fields) and fields[0] != "Z"


def _fields(stat: Path) -> list[str]:
    """From the state on; empty where the process is gone."""
    try:
        return stat.read_text("utf-8", "replace").rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return []
