"""A cluster of kind's, where a Docker engine answers. Its node image comes from the public registry."""

from __future__ import annotations

import ipaddress
import shutil
from pathlib import Path

from testbed.cluster import layout
from testbed.cluster.binaries import ensure, link_programs
from testbed.cluster.provider import Cluster
from testbed.plan import Plan
from testbed.shell import TestbedError, run, say


class KindCluster:
    """Provider of a kind cluster of the plan's name."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan

    def up(self) -> Cluster:
        """Create the cluster unless it is there."""
        kubeconfig = layout.admin_kubeconfig(self._plan)
        kubeconfig.parent.mkdir(parents=True, exist_ok=True)
        folders = {"kubectl": ensure("kubectl"), "helm": ensure("helm")}
        bin_dir = link_programs(layout.home(self._plan) / "bin", folders)
        if self._exists():
            self._kind("export", "kubeconfig", "--kubeconfig", str(kubeconfig))
        else:
            say("creating a kind cluster")
            self._kind("create", "cluster", "--kubeconfig", str(kubeconfig), "--wait", "180s")
        return Cluster(self._plan, kubeconfig, _gateway(), bin_dir)

    def load_image(self, archive: Path, reference: str) -> str:
        """Import an oci-archive into the nodes."""
        say(f"loading {reference}")
        self._kind("load", "image-archive", str(archive))
        return reference

    def down(self) -> None:
        """Delete the cluster; kind does nothing when there is none."""
        self._kind("delete", "cluster", "--kubeconfig", str(layout.admin_kubeconfig(self._plan)))
        layout.admin_kubeconfig(self._plan).unlink(missing_ok=True)
        if layout.home(self._plan).exists():
            shutil.rmtree(layout.home(self._plan))

    def status(self) -> dict[str, bool]:
        return {"kind cluster": self._exists()}

    def _exists(self) -> bool:
        return self._plan.name in run([ensure("kind") / "kind", "get", "clusters"]).split()

    def _kind(self, *arguments: str) -> None:
        run([ensure("kind") / "kind", *arguments, "--name", self._plan.name])


def _gateway() -> str:
    """The host's IPv4 address on Docker's network for kind, which containers and the host both reach."""
    listing = run(["docker", "network", "inspect", "kind", "--format", "{{range .IPAM.Config}}{{.Gateway}} {{end}}"])
    return first_ipv4(listing)


def first_ipv4(addresses: str) -> str:
    """The first IPv4 address of a list divided by spaces; raises TestbedError when there is none."""
    for address in addresses.split():
        if ipaddress.ip_address(address).version == 4:
            return address
    raise TestbedError(f"Docker's network 'kind' has no IPv4 gateway (found: {addresses.strip() or 'none'})")
