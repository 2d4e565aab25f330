"""What a cluster for the testbed is, wherever it comes from."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from testbed.plan import Plan


@dataclass(frozen=True)
class Cluster:
    """A cluster that answers, and how to reach it."""

    plan: Plan
    kubeconfig: Path
    """Of a cluster administrator."""
    host_address: str
    """Where processes of this machine are reached, from the pods as well as from the machine itself."""
    bin_dir: Path
    """Holds `kubectl` and `helm`."""


class Provider(Protocol):
    """One way to a cluster. Every method raises TestbedError with what to do about it."""

    def up(self) -> Cluster:
        """Bring the cluster up, or find it up; safe to repeat, also after a killed attempt."""

    def load_image(self, archive: Path, reference: str) -> str:
        """Make the image in an oci-archive file known to the cluster.

        Returns the name pods find it under; it is `reference` unless the image had to go through a registry.
        """

    def down(self) -> None:
        """Remove every trace of it; safe to call when there is none."""

    def status(self) -> dict[str, bool]:
        """The parts of the cluster and whether each is up; empty when there is no cluster."""
