"""Things that take minutes to build and are then kept: built once, whole or not at all."""

from __future__ import annotations

import fcntl
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from testbed.shell import say


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold an exclusive lock on a file; the kernel lets go of it when its holder dies."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as held:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say(f"waiting for another process that holds {path.name}")
            fcntl.flock(held, fcntl.LOCK_EX)
        yield


def build_once(target: Path, fill: Callable[[Path], None]) -> Path:
    """Return `target`, made by `fill` in an empty folder beside it unless it is there already.

    `target` appears by a rename, so it is never seen half-built; what a killed build left behind is removed by
    the next one. The scratch folder has a new name each time: an orphan of a killed build cannot write into it.
    """
    if target.exists():
        return target
    with locked(target.parent / f".{target.name}.lock"):
        if target.exists():
            return target
        prefix = f".{target.name}.partial-"
        for leftover in target.parent.glob(f"{prefix}*"):
            shutil.rmtree(leftover)
        scratch = Path(tempfile.mkdtemp(prefix=prefix, dir=target.parent))
        fill(scratch)
        scratch.chmod(0o755)
        scratch.rename(target)
    return target
