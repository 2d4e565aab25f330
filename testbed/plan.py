"""Names, addresses and folders of one testbed, all derived from its cluster name.

Two testbeds with different names share nothing but the cache of built artefacts.
"""

from __future__ import annotations

import hashlib
import os
import re
from dataclasses import dataclass
from pathlib import Path

_NAME = re.compile(r"^[a-z][a-z0-9-]{0,20}$")
_SLOTS = 200


def cache_dir() -> Path:
    """Where built artefacts are kept between testbeds, keyed by version."""
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "boardhand"


def state_home() -> Path:
    """Where the testbeds of this user keep what lives as long as they do."""
    base = os.environ.get("XDG_STATE_HOME") or str(Path.home() / ".local" / "state")
    return Path(base) / "boardhand"


@dataclass(frozen=True)
class Plan:
    """What a testbed of this name uses on the machine.

    Raises ValueError for a name that cannot be a network namespace and a DNS label.
    """

    name: str = "boardhand"

    def __post_init__(self) -> None:
        if not _NAME.match(self.name):
            raise ValueError(
                f"cluster name {self.name!r}: use 1 to 21 of a-z, 0-9 and '-', starting with a letter"
                " (set it with CLUSTER=…)"
            )

    @property
    def slot(self) -> int:
        """A number from 1 to 200, the same for the same name."""
        return int.from_bytes(hashlib.sha256(self.name.encode()).digest()[:4], "big") % _SLOTS + 1

    @property
    def state(self) -> Path:
        """The testbed's own folder: pids, logs, sockets, data. Gone after `make down`."""
        return state_home() / self.name

    @property
    def service_state(self) -> Path:
        """Where services that refuse to run as root keep their data: root's home is closed to others."""
        return Path("/var/lib/boardhand-testbed") / self.name if os.geteuid() == 0 else self.state

    @property
    def netns(self) -> str:
        return f"bh-{self.name}"

    @property
    def cgroup(self) -> str:
        """Everything the embedded cluster runs is below the control group of this name."""
        return f"boardhand-{self.name}"

    @property
    def node_name(self) -> str:
        return f"{self.name}-node"

    @property
    def veth_host(self) -> str:
        return f"bh{self.slot}h"

    @property
    def veth_node(self) -> str:
        return f"bh{self.slot}n"

    @property
    def host_ip(self) -> str:
        """The host's end of the link: stand-ins and the forge listen here, for host and pods alike."""
        return f"10.231.{self.slot}.1"

    @property
    def node_ip(self) -> str:
        """The cluster's end of the link: the API server answers here."""
        return f"10.231.{self.slot}.2"

    def port(self, service: str) -> int:
        """The port of one of the testbed's services, unique on this machine for this name."""
        return 20000 + self.slot * 10 + ("trello", "model", "gitea").index(service)


def plan_from_environment() -> Plan:
    """The plan of the cluster named by CLUSTER (default: boardhand)."""
    return Plan(os.environ.get("CLUSTER") or "boardhand")
