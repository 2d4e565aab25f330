"""Control groups: where every process of a cluster can be found again, whatever became of its parent."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

from testbed.shell import TestbedError, wait_for


def hierarchies(mounts: str) -> list[Path]:
    """The mount points of all control group hierarchies (both versions) in the text of /proc/mounts."""
    fields = (line.split() for line in mounts.splitlines())
    return [Path(words[1]) for words in fields if words[2] in ("cgroup", "cgroup2")]


def _mounted() -> list[Path]:
    return hierarchies(Path("/proc/mounts").read_text())


def tracking_hierarchy(mounted: list[Path]) -> Path:
    """The hierarchy the cluster's own programs are put into: the unified one, or that of the pids controller.

    Raises TestbedError when neither is mounted.
    """
    for path in mounted:
        if path == Path("/sys/fs/cgroup") or path.name == "pids":
            return path
    raise TestbedError("no control groups: neither /sys/fs/cgroup nor its pids controller is mounted")


def create(group: str) -> None:
    """Make the group in every hierarchy, as the kubelet wants it."""
    for hierarchy in _mounted():
        (hierarchy / group).mkdir(exist_ok=True)
    programs(group).mkdir(exist_ok=True)


def programs(group: str) -> Path:
    """The folder of the group that the cluster's own programs are started in."""
    return tracking_hierarchy(_mounted()) / group / "programs"


def top_folders() -> list[Path]:
    """The groups right below the roots of all hierarchies."""
    return [path for hierarchy in _mounted() for path in hierarchy.iterdir() if path.is_dir()]


def folders(group: str) -> list[Path]:
    """All folders of the group in all hierarchies, the deepest first."""
    found: list[Path] = []
    for hierarchy in _mounted():
        found += (Path(folder) for folder, _, _ in os.walk(hierarchy / group, topdown=False))
    return found


def members(group: str) -> set[int]:
    """The ids of all living processes in the group."""
    return {pid for folder in folders(group) for pid in _processes(folder)}


def _processes(folder: Path) -> Iterator[int]:
    try:
        yield from map(int, (folder / "cgroup.procs").read_text().split())
    except FileNotFoundError:
        return  # the group went away with its last process
    except OSError as error:
        if error.errno not in (19, 95):  # ENODEV: just removed; ENOTSUP: a threaded group has no processes
            raise


def kill(group: str) -> None:
    """Kill every process of the group and wait until none is left (at most 30 s)."""

    def empty() -> bool:
        left = members(group)
        for pid in left:
            _kill_now(pid)
        return not left

    wait_for(f"the end of all processes in the control group {group}", empty, 30)


def _kill_now(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return  # it ended by itself


def remove(group: str) -> None:
    """Remove the emptied group from every hierarchy."""

    def gone() -> bool:
        return all(_remove(folder) for folder in folders(group))

    wait_for(f"removal of the control group {group}", gone, 30)


def _remove(folder: Path) -> bool:
    try:
        folder.rmdir()
    except FileNotFoundError:
        return True
    except OSError:  # EBUSY: the kernel still takes the last process out of it
        return False
    return True
