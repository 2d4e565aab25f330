"""Operators as processes of this machine, which can be killed, frozen and measured."""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import httpx

from testbed.load.cluster import LoadCluster
from testbed.load.ports import free_ports
from testbed.load.processes import send
from testbed.load.programs import OPERATOR_NAMESPACE
from testbed.shell import TestbedError, wait_for

_ROOT = Path(__file__).resolve().parents[2]


class OperatorProcess:
    """`python -m boardhand_operator` against a load cluster, under a name of its own.

    lease: the Lease that several compete for; None: it works at once. env: more of its settings.
    module: what is run in its place, such as one that profiles it.
    """

    def __init__(
        self,
        cluster: LoadCluster,
        name: str = "operator",
        *,
        lease: str | None = None,
        env: Mapping[str, str] | None = None,
        module: str = "boardhand_operator",
    ) -> None:
        self._cluster = cluster
        self._programs = cluster.programs
        self._module = module
        self.name = name
        (self._port,) = free_ports(1)
        self._env = self._environment(lease) | dict(env or {})

    def _environment(self, lease: str | None) -> dict[str, str]:
        paths = (Path(__file__).with_name("without"), _ROOT / "crds", _ROOT / "operator", _ROOT)
        out = {
            "PYTHONPATH": ":".join(str(path) for path in paths),
            "KUBECONFIG": str(self._cluster.operator_kubeconfig),
            "BOARDHAND_RUNNER_IMAGE": "registry.invalid/runner:1",
            "BOARDHAND_PROBES": f"127.0.0.1:{self._port}",
        }
        if lease:
            out |= {
                "BOARDHAND_LEASE_NAMESPACE": OPERATOR_NAMESPACE,
                "BOARDHAND_LEASE": lease,
                "BOARDHAND_IDENTITY": self.name,
            }
        return out

    def start(self) -> None:
        """Start it, and return at once."""
        self._programs.start(self.name, [sys.executable, "-m", self._module], self._env)

    def wait_ready(self, seconds: float = 60) -> float:
        """Wait until it says that it is ready; the seconds that took. Raises TestbedError with its last words."""
        begun = time.monotonic()
        wait_for(f"{self.name}", self._ready_or_ended, seconds, every=0.02)
        if not self.alive:
            raise TestbedError(f"{self.name} has ended\n{self._programs.last_words(self.name)}")
        return time.monotonic() - begun

    def _ready_or_ended(self) -> bool:
        return not self.alive or self.ready()

    def ready(self) -> bool:
        """What /readyz says; no answer is a no."""
        try:
            return httpx.get(f"http://127.0.0.1:{self._port}/readyz", timeout=2, trust_env=False).is_success
        except httpx.HTTPError:
            return False

    @property
    def alive(self) -> bool:
        process = self._programs.recorded().get(self.name)
        return process is not None and process.alive

    @property
    def pid(self) -> int:
        """Raises TestbedError where it does not live."""
        process = self._programs.recorded().get(self.name)
        if process is None or not process.alive:
            raise TestbedError(f"{self.name} does not run\n{self._programs.last_words(self.name)}")
        return process.pid

    @property
    def log(self) -> Path:
        return self._programs.log(self.name)

    def kill(self) -> None:
        """-9, as a node's loss or the kernel would."""
        self._programs.end(self.name, signal.SIGKILL)

    def stop(self) -> None:
        """TERM, as the kubelet would; by force after 10 seconds."""
        self._programs.end(self.name, signal.SIGTERM)

    def freeze(self) -> None:
        """It stands still, and does not know."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """It goes on where it stood."""
        self._signal(signal.SIGCONT)

    def _signal(self, number: signal.Signals) -> None:
        process = self._programs.recorded().get(self.name)
        if process is not None:
            send(process, number)

    def rss_mb(self) -> float:
        """Resident memory, in 10^6 bytes."""
        for line in Path(f"/proc/{self.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) * 1024 / 1e6
        raise TestbedError(f"{self.name}: no VmRSS in its status")

    def cpu_seconds(self) -> float:
        """Processor time since it started, its own and the kernel's for it."""
        return self._programs.cpu_seconds()[self.name]
