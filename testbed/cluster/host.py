"""What the embedded clusters together change on the host, remembered so that the last one puts it back."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path

from testbed.cluster import network
from testbed.plan import Plan, state_home
from testbed.shell import TestbedError, run

# Set by us (ip_forward) or by the kubelet at its start.
_SYSCTLS = (
    "net/ipv4/ip_forward",
    "vm/overcommit_memory",
    "vm/panic_on_oom",
    "kernel/panic",
    "kernel/panic_on_oops",
    "kernel/keys/root_maxkeys",
    "kernel/keys/root_maxbytes",
)
# Paths that are built into the kubelet, containerd and the network plugins. The node sees folders of its own
# there (node.py), but the mount points must exist.
NODE_FOLDERS = (
    Path("/var/lib/kubelet"),
    Path("/var/lib/cni"),
    Path("/var/log/containers"),
    Path("/run/containerd"),
)
_NETNS_FOLDER = Path("/run/netns")


@dataclass
class Former:
    """The host before the first cluster, and the clusters since."""

    boot: str
    slots: dict[str, int] = field(default_factory=dict)
    """Cluster name to the slot its addresses are made of."""
    sysctls: dict[str, str] = field(default_factory=dict)
    missing_folders: list[str] = field(default_factory=list)
    netns_was_mounted: bool = False
    tables: list[str] = field(default_factory=list)
    """The tables of iptables; the first rule in one makes it."""


def join(plan: Plan) -> None:
    """Record the host's state before this cluster changes it, and make what the node needs to exist.

    Raises TestbedError when another cluster of this machine has the same addresses.
    """
    former = _read() or _observe()
    for name, slot in former.slots.items():
        if slot == plan.slot and name != plan.name:
            raise TestbedError(
                f"clusters {plan.name!r} and {name!r} would have the same addresses; use another CLUSTER name"
            )
    former.slots[plan.name] = plan.slot
    _write(former)
    for folder in NODE_FOLDERS:
        folder.mkdir(parents=True, exist_ok=True)


def leave(plan: Plan) -> None:
    """Forget this cluster; after the last one, put the host back as it was. Does nothing for an unknown one."""
    former = _read()
    if former is None or plan.name not in former.slots:
        return
    del former.slots[plan.name]
    if former.slots:
        _write(former)
        return
    _restore(former)
    _record().unlink()


def sysctls() -> dict[str, str]:
    """The present values of what a cluster changes."""
    return {name: _sysctl(name).read_text().strip() for name in _SYSCTLS}


def _restore(former: Former) -> None:
    for name, value in former.sysctls.items():
        _sysctl(name).write_text(value)
    network.remove_bare_tables(keep=former.tables)
    if not former.netns_was_mounted and _is_mounted(_NETNS_FOLDER):
        run(["umount", _NETNS_FOLDER])
    for folder in map(Path, former.missing_folders):
        if folder.exists() and not any(folder.iterdir()):
            folder.rmdir()


def _record() -> Path:
    return state_home() / "host.json"


def _read() -> Former | None:
    """The record, or None when there is none or it is of an earlier boot, whose changes are gone anyway."""
    if not _record().exists():
        return None
    former = Former(**json.loads(_record().read_text()))
    return former if former.boot == _boot() else None


def _write(former: Former) -> None:
    _record().parent.mkdir(parents=True, exist_ok=True)
    draft = _record().with_suffix(".new")
    draft.write_text(json.dumps(asdict(former), indent=2) + "\n")
    draft.rename(_record())


def _observe() -> Former:
    return Former(
        boot=_boot(),
        sysctls=sysctls(),
        missing_folders=[str(path) for path in (*NODE_FOLDERS, _NETNS_FOLDER) if not path.exists()],
        netns_was_mounted=_is_mounted(_NETNS_FOLDER),
        tables=network.tables(run(["iptables-save"])),
    )


def _boot() -> str:
    return Path("/proc/sys/kernel/random/boot_id").read_text().strip()


def _sysctl(name: str) -> Path:
    return Path("/proc/sys") / name


def _is_mounted(folder: Path) -> bool:
    return any(line.split()[1] == str(folder) for line in Path("/proc/mounts").read_text().splitlines())
