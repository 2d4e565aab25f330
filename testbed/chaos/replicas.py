"""The two operators: kept alive as a kubelet would, each behind a wire of its own."""

from __future__ import annotations

import asyncio
from pathlib import Path

import httpx

from testbed.chaos.forwarder import Forwarder
from testbed.load import LoadCluster, OperatorProcess
from testbed.load.programs import OPERATOR_NAMESPACE
from testbed.shell import TestbedError

LEASE = "boardhand"
_LEASE_PATH = f"/apis/coordination.k8s.io/v1/namespaces/{OPERATOR_NAMESPACE}/leases/{LEASE}"
_LOOK_SECONDS = 0.1


class Replica:
    """One of the operators. kubeconfig: leads through the wire `forwarder`."""

    def __init__(self, cluster: LoadCluster, name: str, forwarder: Forwarder) -> None:
        self.name = name
        self.forwarder = forwarder
        self.starts = 0
        kubeconfig = _through(cluster, name, forwarder.port)
        self.operator = OperatorProcess(cluster, name, lease=LEASE, env={"KUBECONFIG": str(kubeconfig)})

    async def keep(self) -> None:
        """Start it whenever it does not run, at once, until cancelled."""
        while True:
            if not self.operator.alive:
                self.operator.kill()  # what ended by itself is still to be buried
                self.operator.start()
                self.starts += 1
            await asyncio.sleep(_LOOK_SECONDS)


class Replicas:
    """Both of them, and the Lease between them."""

    def __init__(self, cluster: LoadCluster, both: tuple[Replica, Replica]) -> None:
        self._cluster = cluster
        self.both = both

    def other(self, than: Replica) -> Replica:
        return self.both[self.both[0] is than]

    async def holder(self) -> Replica | None:
        """Who holds the Lease; None where nobody does, or the API server does not answer."""
        try:
            lease = await asyncio.to_thread(self._cluster.api.get, _LEASE_PATH)
        except (TestbedError, httpx.HTTPError):
            return None
        name = lease["spec"].get("holderIdentity")
        return next((replica for replica in self.both if replica.name == name), None)

    async def give_lease(self, to: Replica) -> None:
        """Rewrite the Lease's holder. Raises TestbedError or httpx.HTTPError where the API server does not take it."""
        body = {"spec": {"holderIdentity": to.name}}
        await asyncio.to_thread(self._cluster.api.patch, _LEASE_PATH, body)


def _through(cluster: LoadCluster, name: str, port: int) -> Path:
    """The operator's kubeconfig with the wire's port in place of the API server's."""
    text = cluster.operator_kubeconfig.read_text()
    server = cluster.layout.server
    if server not in text:
        raise TestbedError(f"{cluster.operator_kubeconfig} does not name {server}")
    path = cluster.layout.state / "kubeconfigs" / name
    path.write_text(text.replace(server, f"https://127.0.0.1:{port}"))
    path.chmod(0o600)
    return path
