"""What a testbed could leave behind on the machine: `python -m testbed.cluster.snapshot` prints it as JSON.

Taken before `up` and after `down` of a cluster, two of them are equal.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from testbed.cluster import cgroups, host
from testbed.plan import Plan, cache_dir, plan_from_environment
from testbed.shell import run


def snapshot(plan: Plan) -> dict[str, list[str]]:
    """Everything of the host that a cluster of this plan changes while it is up."""
    return {
        "links": sorted(path.name for path in Path("/sys/class/net").iterdir()),
        "namespaces": _listing(Path("/run/netns")),
        "iptables": rules(run(["iptables-save"])),
        "mounts": _mounts(),
        "cgroups": sorted(map(str, cgroups.top_folders())),
        "processes": _processes(plan),
        "sysctls": [f"{name} = {value}" for name, value in host.sysctls().items()],
        "folders": [str(path) for path in host.NODE_FOLDERS if path.exists()],
        "state": [str(plan.state)] if plan.state.exists() else [],
    }


def rules(saved: str) -> list[str]:
    """What iptables-save printed, without its comments and counters."""
    lines = (line for line in saved.splitlines() if not line.startswith("#"))
    return [line.partition(" [")[0] if line.startswith(":") else line for line in lines]


def _mounts() -> list[str]:
    """All mounts but those of image builds, which come and go on their own."""
    builds = f"{cache_dir()}/"
    targets = (line.split()[1] for line in Path("/proc/mounts").read_text().splitlines())
    return sorted(target for target in targets if not target.startswith(builds))


def _listing(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


def _processes(plan: Plan) -> list[str]:
    """Processes in the cluster's control group, and any that names its state folder."""
    found = cgroups.members(plan.cgroup)
    for folder in Path("/proc").glob("[0-9]*"):
        if f"{plan.state}/" in _command_line(folder):
            found.add(int(folder.name))
    return sorted(f"{pid} {_command_line(Path('/proc', str(pid)))}" for pid in found)


def _command_line(folder: Path) -> str:
    try:
        return (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return ""


if __name__ == "__main__":
    json.dump(snapshot(plan_from_environment()), sys.stdout, indent=2)
    print()
