"""One pod of a run at a time: a pod that was deleted by force may work on for some seconds beside its successor."""

from __future__ import annotations

import fcntl
import time
from collections.abc import Iterator
from contextlib import contextmanager

from boardhand_runner.errors import Infrastructure
from boardhand_runner.settings import Settings

WAIT_SECONDS = 120.0
_PAUSE = 0.2


@contextmanager
def held(settings: Settings, seconds: float = WAIT_SECONDS) -> Iterator[None]:
    """Hold the run's volume, waiting `seconds` for another pod's process to end; its end releases it, kill or not.

    Raises Infrastructure (VolumeInUse).
    """
    settings.state.mkdir(parents=True, exist_ok=True)
    deadline = time.monotonic() + seconds
    with (settings.state / "lock").open("w") as file:
        while not _taken(file.fileno()):
            if time.monotonic() > deadline:
                raise Infrastructure("VolumeInUse", f"An earlier pod of the run still works on it after {seconds:g} s.")
            time.sleep(_PAUSE)
        yield


def _taken(file: int) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
