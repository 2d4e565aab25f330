"""Where the embedded cluster keeps its files."""

from __future__ import annotations

from pathlib import Path

from testbed.plan import Plan
from testbed.shell import TestbedError

_LONGEST_SOCKET_PATH = 107


def home(plan: Plan) -> Path:
    """Everything of the embedded cluster but the kubeconfig for its users."""
    return plan.state / "cluster"


def admin_kubeconfig(plan: Plan) -> Path:
    return plan.state / "kubeconfig"


def kubeconfig_of(plan: Plan, user: str) -> Path:
    """The kubeconfig of one of the cluster's own programs."""
    return home(plan) / "kubeconfigs" / user


def pki(plan: Plan) -> Path:
    return home(plan) / "pki"


def config(plan: Plan) -> Path:
    return home(plan) / "config"


def logs(plan: Plan) -> Path:
    """One file a program, `audit.log` of the API server, and `pods/` of the kubelet."""
    return home(plan) / "logs"


def socket(plan: Plan) -> Path:
    """Containerd's socket. Raises TestbedError when the state folder's path is too long for one."""
    path = home(plan) / "containerd.sock"
    if len(str(path)) > _LONGEST_SOCKET_PATH:
        raise TestbedError(
            f"{path}: longer than the {_LONGEST_SOCKET_PATH} characters a socket's path may have;"
            " set XDG_STATE_HOME to a shorter folder"
        )
    return path
