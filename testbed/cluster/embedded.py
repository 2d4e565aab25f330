"""A whole Kubernetes on this machine: real programs in a network namespace, without a container engine."""

from __future__ import annotations

import hashlib
import http.client
import json
import os
import shutil
import socket
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

from testbed.artefact import locked
from testbed.cluster import api, certificates, cgroups, control_plane, host, layout, network, node
from testbed.cluster.binaries import ensure, link_programs
from testbed.cluster.config import render
from testbed.cluster.packages import ensure_packages
from testbed.cluster.pause import REFERENCE as PAUSE
from testbed.cluster.pause import ensure_pause
from testbed.cluster.processes import Processes
from testbed.cluster.provider import Cluster
from testbed.plan import Plan, cache_dir
from testbed.shell import TestbedError, run, say, wait_for

_TOOLS = ("kubernetes", "etcd", "coredns", "helm")
_USERS = ("controller-manager", "scheduler", "kube-proxy", "coredns", "kubelet")
_DEFAULT_ACCOUNT = "/api/v1/namespaces/default/serviceaccounts/default"


class EmbeddedCluster:
    """Provider of the embedded cluster; needs Linux, Debian and root."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._processes = Processes(layout.home(plan), plan.cgroup)

    def up(self) -> Cluster:
        """Bring the cluster up, or find it up; what a killed attempt left is removed first."""
        _require_root()
        ensure_packages()
        tools = {name: ensure(name) for name in _TOOLS}
        pause = ensure_pause()
        with _one_at_a_time():
            if self._is_healthy(tools):
                say(f"cluster {self._plan.name} is up already")
            else:
                self._remove()
                self._start(tools, pause)
        return Cluster(
            self._plan, layout.admin_kubeconfig(self._plan), self._plan.host_ip, layout.home(self._plan) / "bin"
        )

    def load_image(self, archive: Path, reference: str) -> str:
        """Import an oci-archive into containerd; the same file is imported once."""
        note = layout.home(self._plan) / "images" / reference.replace("/", "_")
        stat = archive.stat()
        mark = f"{archive} {stat.st_size} {stat.st_mtime_ns}\n"
        if not note.exists() or note.read_text() != mark:
            say(f"loading {reference}")
            self._import(archive, reference)
            note.parent.mkdir(exist_ok=True)
            note.write_text(mark)
        return reference

    def down(self) -> None:
        """Remove every trace of the cluster; safe to call when there is none."""
        _require_root()
        with _one_at_a_time():
            self._remove()

    def status(self) -> dict[str, bool]:
        """Whether each of the cluster's programs lives; empty when there is no cluster."""
        return {name: process.alive for name, process in self._processes.recorded().items()}

    def _is_healthy(self, tools: dict[str, Path]) -> bool:
        mark = self._mark()
        return (
            mark.exists()
            and mark.read_text() == _fingerprint(tools)
            and all(self.status().values())
            and api.node_is_ready(self._plan)
        )

    def _mark(self) -> Path:
        """Written last, with what it was made of: a cluster without it is half-built, one with another is outdated."""
        return layout.home(self._plan) / "ready"

    def _start(self, tools: dict[str, Path], pause: Path) -> None:
        plan, binaries = self._plan, tools["kubernetes"]
        say(f"starting cluster {plan.name}")
        nameservers = network.host_nameservers()
        host.join(plan)
        network.up(plan)
        cgroups.create(plan.cgroup)
        self._write_files(nameservers)
        links = {"kubectl": binaries, "helm": tools["helm"]}
        bin_dir = link_programs(layout.home(plan) / "bin", links)
        self._run_inside("etcd", control_plane.etcd(plan, tools["etcd"] / "etcd"))
        self._run_inside("kube-apiserver", control_plane.api_server(plan, binaries / "kube-apiserver"))
        containerd = self._run_inside("containerd", node.containerd(plan))
        self._wait("containerd", lambda: _answers(plan), 30)
        self._import(pause, PAUSE)
        self._wait("the API server", lambda: api.found(plan, "/readyz"), 90)
        say("the API server is ready")
        self._run_inside("kubelet", node.kubelet(plan, binaries / "kubelet", containerd))
        self._run_inside(
            "kube-controller-manager",
            control_plane.controller_manager(plan, binaries / "kube-controller-manager"),
        )
        self._run_inside("kube-scheduler", control_plane.scheduler(plan, binaries / "kube-scheduler"))
        self._run_inside("kube-proxy", node.kube_proxy(plan, binaries / "kube-proxy"))
        self._apply(bin_dir, "coredns-rbac.yaml")
        self._run_inside("coredns", node.coredns(plan, tools["coredns"] / "coredns"))
        self._wait("the node", lambda: api.node_is_ready(plan), 90)
        self._wait("cluster DNS", lambda: _dns_is_ready(plan), 30)
        self._wait("the default service account", lambda: api.found(plan, _DEFAULT_ACCOUNT), 30)
        self._mark().write_text(_fingerprint(tools))
        say(f"cluster {plan.name} is ready; kubeconfig: {layout.admin_kubeconfig(plan)}")

    def _write_files(self, nameservers: list[str]) -> None:
        plan = self._plan
        files = dict(node.config_files(plan, nameservers))
        files["config/audit.yaml"] = render("audit.yaml")
        for path, text in files.items():
            target = layout.home(plan) / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text)
        node.make_folders(plan)
        pki = layout.pki(plan)
        certificates.Authority().write(pki, certificates.subjects(plan))
        certificates.write_service_account_keys(pki)
        server = control_plane.server(plan)
        for user in _USERS:
            certificates.write_kubeconfig(layout.kubeconfig_of(plan, user), server, pki, user)
        certificates.write_kubeconfig(layout.admin_kubeconfig(plan), server, pki, "admin")

    def _run_inside(self, name: str, command: list[str]) -> int:
        return self._processes.start(name, [*network.inside(self._plan), *command]).pid

    def _wait(self, what: str, ready: Callable[[], bool], seconds: float) -> None:
        def alive_and_ready() -> bool:
            self._processes.require_alive()
            return ready()

        wait_for(what, alive_and_ready, seconds)

    def _apply(self, bin_dir: Path, file: str) -> None:
        command: list[str | Path] = [bin_dir / "kubectl", "--kubeconfig", layout.admin_kubeconfig(self._plan)]
        run([*command, "create", "--validate=false", "-f", "-"], stdin=render(file))

    def _import(self, archive: Path, reference: str) -> None:
        ctr: list[str | Path] = ["ctr", "--address", layout.socket(self._plan), "--namespace", "k8s.io", "images"]
        run([*ctr, "import", archive])
        if reference not in run([*ctr, "list", "--quiet"]).split():
            raise TestbedError(f"{archive} does not hold an image named {reference}; name it so when it is built")

    def _remove(self) -> None:
        """Kill, then take away; in this order nothing can come back, and a killed removal can be repeated."""
        plan = self._plan
        cgroups.kill(plan.cgroup)
        cgroups.remove(plan.cgroup)
        network.down(plan)
        host.leave(plan)
        layout.admin_kubeconfig(plan).unlink(missing_ok=True)
        if layout.home(plan).exists():
            shutil.rmtree(layout.home(plan))
        if plan.state.exists() and not any(plan.state.iterdir()):
            plan.state.rmdir()


def _require_root() -> None:
    if os.geteuid() != 0:
        raise TestbedError(
            "the embedded cluster needs root (namespaces, mounts, iptables); run as root, give a cluster with"
            " KUBECONFIG=…, start a Docker engine, or run `make try`, which needs no cluster"
        )


def _one_at_a_time() -> AbstractContextManager[None]:
    """Clusters share the record of the host's former state."""
    return locked(cache_dir() / "embedded.lock")


def _fingerprint(tools: dict[str, Path]) -> str:
    """Programs by their versions, and what the API server is to write down of requests."""
    audited = hashlib.sha256(render("audit.yaml").encode()).hexdigest()
    return json.dumps({name: folder.name for name, folder in tools.items()} | {"audit": audited}) + "\n"


def _answers(plan: Plan) -> bool:
    with socket.socket(socket.AF_UNIX) as client:
        return client.connect_ex(str(layout.socket(plan))) == 0


def _dns_is_ready(plan: Plan) -> bool:
    connection = http.client.HTTPConnection(plan.node_ip, node.DNS_READY_PORT, timeout=2)
    try:
        connection.request("GET", "/ready")
        return connection.getresponse().status == http.HTTPStatus.OK
    except OSError:
        return False
    finally:
        connection.close()
