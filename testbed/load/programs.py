"""The programs of a load cluster with their flags, and who has a certificate there. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from testbed.cluster.certificates import Subject

OPERATOR_NAMESPACE = "boardhand-system"
OPERATOR_USER = f"system:serviceaccount:{OPERATOR_NAMESPACE}:boardhand"
"""The operator of a load cluster has a certificate instead of a token, but the name and groups that its service account
would have: so the API server's priority and fairness treat it as they would in a real cluster."""
_CONTROLLERS = (
    "job-controller",
    "garbage-collector-controller",
    "namespace-controller",
    "pod-garbage-collector-controller",
    "ttl-after-finished-controller",
)
_ADMISSION_OFF = (
    # Its default account would have to be made first; our pods mount no token.
    "ServiceAccount",
    # No node controller runs that would take the taint of a new node away.
    "TaintNodesByCondition",
)


@dataclass(frozen=True)
class Layout:
    """Folders and ports of one load cluster."""

    state: Path
    api_port: int
    etcd_port: int
    etcd_peer_port: int
    kubelet_port: int
    """Where nodes say that logs are served; `Player` serves them."""

    @property
    def server(self) -> str:
        return f"https://127.0.0.1:{self.api_port}"

    @property
    def pki(self) -> Path:
        return self.state / "pki"

    @property
    def audit_log(self) -> Path:
        return self.state / "logs" / "audit.log"

    def kubeconfig(self, user: str) -> Path:
        """The kubeconfig of one of `SUBJECTS`, by its file's name."""
        return self.state / "kubeconfigs" / user


SUBJECTS = (
    Subject("apiserver", "kube-apiserver", hosts=["127.0.0.1", "localhost", "kubernetes.default.svc"]),
    Subject("kubelet-server", "kubelet", hosts=["127.0.0.1", "localhost"]),
    Subject("admin", "boardhand-admin", ["system:masters"]),
    Subject("controller-manager", "system:kube-controller-manager"),
    Subject("scheduler", "system:kube-scheduler"),
    Subject("kwok", "boardhand:kwok", ["system:masters"]),
    Subject("operator", OPERATOR_USER, ["system:serviceaccounts", f"system:serviceaccounts:{OPERATOR_NAMESPACE}"]),
)
USERS = ("admin", "controller-manager", "scheduler", "kwok", "operator")


def etcd(at: Layout, binary: Path) -> list[str]:
    """Without fsync: what a testbed stores need not outlive a power cut."""
    client = f"http://127.0.0.1:{at.etcd_port}"
    return [
        str(binary),
        f"--data-dir={at.state / 'etcd'}",
        f"--listen-client-urls={client}",
        f"--advertise-client-urls={client}",
        f"--listen-peer-urls=http://127.0.0.1:{at.etcd_peer_port}",
        "--quota-backend-bytes=8589934592",
        "--unsafe-no-fsync",
        "--log-level=warn",
    ]


def api_server(at: Layout, binary: Path, audited: bool) -> list[str]:
    """audited: every request of the operator is written down before it is answered, at some cost of speed."""
    audit = [
        f"--audit-policy-file={at.state / 'audit.json'}",
        f"--audit-log-path={at.audit_log}",
    ]
    return [
        str(binary),
        "--bind-address=127.0.0.1",
        f"--secure-port={at.api_port}",
        "--advertise-address=127.0.0.1",
        # An address of loopback may not stand among a service's endpoints.
        "--endpoint-reconciler-type=none",
        f"--etcd-servers=http://127.0.0.1:{at.etcd_port}",
        "--service-cluster-ip-range=10.96.0.0/16",
        "--authorization-mode=RBAC",
        f"--disable-admission-plugins={','.join(_ADMISSION_OFF)}",
        f"--client-ca-file={at.pki / 'ca.crt'}",
        f"--tls-cert-file={at.pki / 'apiserver.crt'}",
        f"--tls-private-key-file={at.pki / 'apiserver.key'}",
        f"--service-account-key-file={at.pki / 'sa.pub'}",
        f"--service-account-signing-key-file={at.pki / 'sa.key'}",
        "--service-account-issuer=https://kubernetes.default.svc",
        f"--kubelet-certificate-authority={at.pki / 'ca.crt'}",
        "--kubelet-preferred-address-types=InternalIP",
        # A killed and restarted server is to answer at once.
        "--shutdown-delay-duration=0s",
        *(audit if audited else ()),
    ]


def controller_manager(at: Layout, binary: Path) -> list[str]:
    """Only the controllers that a Job's life needs, and without the limits that a small cluster wants."""
    return [
        str(binary),
        f"--kubeconfig={at.kubeconfig('controller-manager')}",
        "--use-service-account-credentials",
        f"--controllers={','.join(_CONTROLLERS)}",
        f"--root-ca-file={at.pki / 'ca.crt'}",
        f"--service-account-private-key-file={at.pki / 'sa.key'}",
        "--leader-elect=false",
        "--secure-port=0",
        "--kube-api-qps=1000",
        "--kube-api-burst=2000",
        "--concurrent-job-syncs=20",
    ]


def scheduler(at: Layout, binary: Path) -> list[str]:
    return [
        str(binary),
        f"--kubeconfig={at.kubeconfig('scheduler')}",
        "--leader-elect=false",
        "--secure-port=0",
        "--kube-api-qps=1000",
        "--kube-api-burst=2000",
    ]


def kwok(at: Layout, binary: Path) -> list[str]:
    return [
        str(binary),
        f"--kubeconfig={at.kubeconfig('kwok')}",
        "--manage-all-nodes=true",
        f"--config={at.state / 'kwok.yaml'}",
        "--v=WARN",
    ]
