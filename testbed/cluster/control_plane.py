"""The control plane's programs and their flags, as they were found to work (docs of each: its `--help`)."""

from __future__ import annotations

from pathlib import Path

from testbed.cluster import layout, network
from testbed.cluster.layout import kubeconfig_of
from testbed.plan import Plan

_ETCD = "http://127.0.0.1:2379"
API_PORT = 6443


def server(plan: Plan) -> str:
    """Where the API server answers, for the host and for everything in the cluster."""
    return f"https://{plan.node_ip}:{API_PORT}"


def etcd(plan: Plan, binary: Path) -> list[str]:
    """Without fsync: what a testbed stores need not outlive a power cut."""
    return [
        str(binary),
        f"--data-dir={layout.home(plan) / 'etcd'}",
        f"--listen-client-urls={_ETCD}",
        f"--advertise-client-urls={_ETCD}",
        "--listen-peer-urls=http://127.0.0.1:2380",
        "--unsafe-no-fsync",
        "--log-level=warn",
    ]


def api_server(plan: Plan, binary: Path) -> list[str]:
    pki = layout.pki(plan)
    return [
        str(binary),
        "--bind-address=0.0.0.0",
        f"--secure-port={API_PORT}",
        f"--advertise-address={plan.node_ip}",
        f"--etcd-servers={_ETCD}",
        f"--service-cluster-ip-range={network.SERVICE_RANGE}",
        "--authorization-mode=Node,RBAC",
        "--allow-privileged=true",
        f"--client-ca-file={pki / 'ca.crt'}",
        f"--tls-cert-file={pki / 'apiserver.crt'}",
        f"--tls-private-key-file={pki / 'apiserver.key'}",
        f"--service-account-key-file={pki / 'sa.pub'}",
        f"--service-account-signing-key-file={pki / 'sa.key'}",
        "--service-account-issuer=https://kubernetes.default.svc",
        f"--kubelet-client-certificate={pki / 'apiserver-kubelet-client.crt'}",
        f"--kubelet-client-key={pki / 'apiserver-kubelet-client.key'}",
        f"--kubelet-certificate-authority={pki / 'ca.crt'}",
        # The node's name resolves nowhere.
        "--kubelet-preferred-address-types=InternalIP",
        f"--audit-policy-file={layout.config(plan) / 'audit.yaml'}",
        f"--audit-log-path={layout.logs(plan) / 'audit.log'}",
        "--audit-log-maxsize=200",
        "--audit-log-maxbackup=1",
    ]


def controller_manager(plan: Plan, binary: Path) -> list[str]:
    pki = layout.pki(plan)
    return [
        str(binary),
        f"--kubeconfig={kubeconfig_of(plan, 'controller-manager')}",
        "--bind-address=127.0.0.1",
        "--use-service-account-credentials",
        f"--root-ca-file={pki / 'ca.crt'}",
        f"--service-account-private-key-file={pki / 'sa.key'}",
        "--leader-elect=false",
    ]


def scheduler(plan: Plan, binary: Path) -> list[str]:
    return [
        str(binary),
        f"--kubeconfig={kubeconfig_of(plan, 'scheduler')}",
        "--bind-address=127.0.0.1",
        "--leader-elect=false",
    ]
