"""A second cluster beside the default one comes, is repaired, and goes without a trace. Needs root and Debian."""

import os
import signal
from pathlib import Path

import pytest

from testbed.cluster import layout
from testbed.cluster.embedded import EmbeddedCluster
from testbed.cluster.processes import Processes
from testbed.cluster.snapshot import snapshot
from testbed.plan import Plan
from testbed.shell import run, wait_for

pytestmark = pytest.mark.e2e


def test_a_cluster_is_repaired_and_goes_without_a_trace() -> None:
    plan = Plan("side")
    cluster = EmbeddedCluster(plan)
    cluster.down()
    before = snapshot(plan)
    try:
        up = cluster.up()
        kubectl: list[str | Path] = [up.bin_dir / "kubectl", "--kubeconfig", up.kubeconfig]
        assert "v1.34." in run([*kubectl, "get", "nodes"])
        processes = Processes(layout.home(plan), plan.cgroup).recorded()
        assert set(processes) >= {"etcd", "kube-apiserver", "kubelet", "containerd"}

        assert cluster.up() == up
        assert Processes(layout.home(plan), plan.cgroup).recorded() == processes

        os.kill(processes["kube-apiserver"].pid, signal.SIGKILL)
        wait_for("the API server's end", lambda: not processes["kube-apiserver"].alive, 10)
        assert cluster.status()["kube-apiserver"] is False
        cluster.up()
        assert all(cluster.status().values())
        assert snapshot(plan) != before
    finally:
        cluster.down()
    assert snapshot(plan) == before
