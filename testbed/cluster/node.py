"""The node's programs: containerd, kubelet, kube-proxy and CoreDNS.

Containerd and the kubelet share a mount namespace of their own. What they mount (images, volumes, the network
namespaces of pods) is seen nowhere else and ends with them, and the folders that are built into them lie
within the cluster's state.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from pathlib import Path

from testbed.cluster import layout, network
from testbed.cluster.config import render
from testbed.cluster.host import NODE_FOLDERS
from testbed.cluster.layout import home, kubeconfig_of, socket
from testbed.cluster.pause import REFERENCE as PAUSE
from testbed.plan import Plan

DNS_READY_PORT = 8181


def config_files(plan: Plan, nameservers: list[str]) -> Mapping[str, str]:
    """The configuration of the node's programs, by path below the cluster's folder."""
    own = str(home(plan))
    return {
        "config/containerd.toml": render("containerd.toml", home=own, socket=str(socket(plan)), pause=PAUSE),
        "cni/conf/10-boardhand.conflist": render("cni.conflist", home=own, pod_range=network.POD_RANGE),
        "config/kubelet.yaml": render(
            "kubelet.yaml",
            home=own,
            pki=str(layout.pki(plan)),
            socket=str(socket(plan)),
            cgroup=plan.cgroup,
            gateway=network.GATEWAY,
            resolv_conf=str(layout.config(plan) / "resolv.conf"),
        ),
        "config/resolv.conf": "".join(f"nameserver {server}\n" for server in nameservers),
        "config/Corefile": render(
            "Corefile",
            gateway=network.GATEWAY,
            ready=f"{plan.node_ip}:{DNS_READY_PORT}",
            kubeconfig=str(kubeconfig_of(plan, "coredns")),
            nameservers=" ".join(nameservers),
        ),
    }


def containerd(plan: Plan) -> list[str]:
    """Start this first: it makes the mount namespace."""
    binds = [f"mount --bind {shlex.quote(str(own))} {shown}" for own, shown in _node_folders(plan)]
    # Slave, then shared: mounts of the host come in, none go out, and volumes may still ask for propagation.
    script = " && ".join(["mount --make-rshared /", *binds, 'exec "$@"'])
    own_mounts = ["unshare", "--mount", "--propagation", "slave", "sh", "-c", script, "sh"]
    return [*own_mounts, "containerd", "--config", str(home(plan) / "config" / "containerd.toml")]


def make_folders(plan: Plan) -> None:
    """Make what containerd's mount namespace shows in place of the host's folders."""
    for own, _ in _node_folders(plan):
        own.mkdir(parents=True, exist_ok=True)


def kubelet(plan: Plan, binary: Path, containerd_pid: int) -> list[str]:
    return [
        *("nsenter", f"--mount=/proc/{containerd_pid}/ns/mnt"),
        str(binary),
        f"--config={home(plan) / 'config' / 'kubelet.yaml'}",
        f"--kubeconfig={kubeconfig_of(plan, 'kubelet')}",
        f"--hostname-override={plan.node_name}",
        f"--node-ip={network.GATEWAY}",
    ]


def kube_proxy(plan: Plan, binary: Path) -> list[str]:
    return [
        str(binary),
        f"--kubeconfig={kubeconfig_of(plan, 'kube-proxy')}",
        f"--hostname-override={plan.node_name}",
        "--proxy-mode=iptables",
        f"--cluster-cidr={network.POD_RANGE}",
        # Limits of connection tracking belong to the host and cannot be set from here.
        "--conntrack-max-per-core=0",
    ]


def coredns(plan: Plan, binary: Path) -> list[str]:
    return [str(binary), "-conf", str(home(plan) / "config" / "Corefile")]


def _node_folders(plan: Plan) -> list[tuple[Path, Path]]:
    return [(home(plan) / "node" / path.name, path) for path in NODE_FOLDERS]
