"""Which way to a cluster is taken."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Mapping

from testbed.cluster import layout
from testbed.cluster.embedded import EmbeddedCluster
from testbed.cluster.given import GivenCluster
from testbed.cluster.kind import KindCluster
from testbed.cluster.provider import Provider
from testbed.plan import Plan


def docker_answers() -> bool:
    """Whether a Docker engine is there and lets us use it."""
    if shutil.which("docker") is None:
        return False
    try:
        asked = subprocess.run(["docker", "info"], capture_output=True, timeout=10, check=False)
    except subprocess.TimeoutExpired:
        return False
    return asked.returncode == 0


def choose(plan: Plan, env: Mapping[str, str], docker: Callable[[], bool] = docker_answers) -> Provider:
    """The cluster of KUBECONFIG if it is set, else kind where Docker answers, else the embedded one.

    A KUBECONFIG that is the testbed's own, as `up` prints it for the shell, does not count as given.
    """
    if env.get("KUBECONFIG") not in (None, "", str(layout.admin_kubeconfig(plan))):
        return GivenCluster(plan, env)
    if docker():
        return KindCluster(plan)
    return EmbeddedCluster(plan)
