"""One load cluster: up, down, and what may befall it."""

from __future__ import annotations

import json
import re
import shutil
import signal
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any

import yaml

from boardhand_api.pod import Stage
from testbed.cluster import binaries
from testbed.cluster.certificates import Authority, write_kubeconfig, write_service_account_keys
from testbed.load import objects, programs, stages
from testbed.load.api import GROUP, Api
from testbed.load.ports import free_ports, is_free
from testbed.load.processes import Programs
from testbed.load.programs import OPERATOR_USER, SUBJECTS, USERS, Layout
from testbed.shell import TestbedError, wait_for

_ROOT = Path(__file__).resolve().parents[2]
_CRDS = ("codingagents", "ticketruns")
_READY_SECONDS = 90.0
_METRIC = re.compile(
    r'^apiserver_flowcontrol_(\w+)\{[^}]*flow_schema="boardhand-([^"]+)"[^}]*\} ([0-9.e+-]+)$', re.MULTILINE
)
"""What priority and fairness counts of the operator's requests: name, kind of request, number."""
DELAYS = {Stage.CHECKOUT: 0.3, Stage.AGENT: 0.3, Stage.PUBLISH: 0.1, Stage.VERIFY: 0.3}
"""Seconds that a simulated pod is in each stage."""


class LoadCluster:
    """A real control plane with simulated nodes, in a folder of its own. A context manager: up, and down again.

    state: its folder, made anew by `up` and removed by `down`; what a killed run left there is ended first.
    pods: whether controllers, scheduler and kwok run; without them Jobs are stored and nothing comes of them.
    audited: whether every request of the operator is written to `layout.audit_log`.
    rights: Roles and bindings of the operator's service account; None: it may do everything.
    Methods raise TestbedError saying what did not work.
    """

    def __init__(
        self,
        state: Path,
        *,
        pods: bool = True,
        delays: Mapping[Stage, float] = DELAYS,
        audited: bool = False,
        rights: Iterable[Mapping[str, Any]] | None = None,
    ) -> None:
        api, etcd, peer, kubelet = free_ports(4)
        self.layout = Layout(state, api, etcd, peer, kubelet)
        self.programs = Programs(state)
        self._pods = pods
        self._delays = dict(delays)
        self._audited = audited
        self._rights = [objects.cluster_admin(OPERATOR_USER)] if rights is None else list(rights)
        self._api: Api | None = None

    @property
    def api(self) -> Api:
        """The API server, asked as its administrator."""
        self._api = self._api or Api(self.layout)
        return self._api

    @property
    def operator_kubeconfig(self) -> Path:
        """Of the operator's own user, whose requests are counted."""
        return self.layout.kubeconfig("operator")

    def __enter__(self) -> LoadCluster:
        with ExitStack() as half_made:
            half_made.callback(self.down)
            self.up()
            half_made.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.down()

    def up(self) -> Path:
        """Start everything; the administrator's kubeconfig."""
        self.down()
        self._write_files()
        self._start("etcd", programs.etcd(self.layout, self._binary("etcd", "etcd")))
        self.start_api_server()
        self._prepare()
        if self._pods:
            at = self.layout
            self._start(
                "controller-manager",
                programs.controller_manager(at, self._binary("kubernetes", "kube-controller-manager")),
            )
            self._start("scheduler", programs.scheduler(at, self._binary("kubernetes", "kube-scheduler")))
            self._start("kwok", programs.kwok(at, self._binary("kwok", "kwok")))
        return self.layout.kubeconfig("admin")

    def down(self) -> None:
        """End every process and remove the folder. Doing it twice is doing it once."""
        if self._api is not None:
            self._api.close()
            self._api = None
        # The API server waits for etcd when it ends, so it goes first; nothing here is worth a slow farewell.
        for name in self.programs.recorded():
            self.programs.end(name, signal.SIGKILL)
        shutil.rmtree(self.layout.state, ignore_errors=True)

    def start_api_server(self) -> None:
        """Start the API server and wait until it is ready; what etcd holds is there again."""
        binary = self._binary("kubernetes", "kube-apiserver")
        self._start("apiserver", programs.api_server(self.layout, binary, self._audited))
        self.wait_ready()

    def kill_api_server(self) -> None:
        """End the API server as a crash would."""
        self.programs.end("apiserver", signal.SIGKILL)
        # Its last threads hold the port for a moment longer than the process is to be seen.
        wait_for("the API server's port", lambda: is_free(self.layout.api_port), 10, every=0.02)

    def wait_ready(self) -> None:
        """Wait until the API server is ready; raises TestbedError with its last words where it ends."""

        def ready() -> bool:
            self.require_alive()
            return self.api.ready()

        wait_for("the load cluster's API server", ready, _READY_SECONDS, every=0.1)

    def require_alive(self) -> None:
        """Raise TestbedError with the last words of a program that ended."""
        for name, process in self.programs.recorded().items():
            if not process.alive:
                raise TestbedError(f"{name} has ended\n{self.programs.last_words(name)}")

    def add_nodes(self, count: int) -> list[str]:
        """So many simulated nodes more; their names."""
        known = {node["metadata"]["name"] for node in self.api.list("/api/v1/nodes")}
        fresh = (name for number in range(len(known) + count) if (name := f"node-{number}") not in known)
        names = [next(fresh) for _ in range(count)]
        for name in names:
            self.api.create("/api/v1/nodes", objects.node(name, self.layout))
        return names

    def vanish(self, node: str) -> None:
        """The node's object is deleted. Its pods stand still, and are failed and removed after about a minute."""
        self.api.delete(f"/api/v1/nodes/{node}")

    def apply(self, *bodies: Mapping[str, Any]) -> None:
        """Make namespaces, Secrets and pools."""
        for body in bodies:
            name = body["metadata"]["name"]
            space = body["metadata"].get("namespace")
            path = {
                "Namespace": f"/api/v1/namespaces/{name}",
                "Secret": f"/api/v1/namespaces/{space}/secrets/{name}",
                "CodingAgent": f"{GROUP}/namespaces/{space}/codingagents/{name}",
            }[body["kind"]]
            self.api.apply(path, body)

    def namespace(self, name: str) -> None:
        """A namespace with every Secret that `objects.pool` refers to."""
        self.apply(objects.namespace(name), *objects.secrets(name))

    def metrics(self) -> str:
        """The API server's own metrics."""
        return self.api.text("/metrics")

    def operator_requests(self) -> dict[str, int]:
        """The operator's requests since the API server started, by kind (see `objects.COUNTED`), watches among them."""
        counted = dict.fromkeys(objects.COUNTED, 0)
        for name, kind, number in _METRIC.findall(self.metrics()):
            if name == "dispatched_requests_total":
                counted[kind] += int(float(number))
        return counted

    def operator_waits(self) -> tuple[float, int]:
        """Seconds that the operator's requests waited for a seat, all together, and how many were refused (429)."""
        found = [(name, float(number)) for name, _, number in _METRIC.findall(self.metrics())]
        waited = sum(number for name, number in found if name == "request_wait_duration_seconds_sum")
        return waited, int(sum(number for name, number in found if name == "rejected_requests_total"))

    def _write_files(self) -> None:
        at = self.layout
        Authority().write(at.pki, SUBJECTS)
        write_service_account_keys(at.pki)
        for user in USERS:
            write_kubeconfig(at.kubeconfig(user), at.server, at.pki, user)
        (at.state / "kwok.yaml").write_text(stages.configuration(self._delays))
        policy = {
            "apiVersion": "audit.k8s.io/v1",
            "kind": "Policy",
            "omitStages": ["RequestReceived"],
            "rules": [{"level": "Metadata", "users": [OPERATOR_USER]}, {"level": "None"}],
        }
        (at.state / "audit.json").write_text(json.dumps(policy))

    def _prepare(self) -> None:
        """What must be there before the operator starts."""
        for name in _CRDS:
            body = yaml.safe_load((_ROOT / "crds" / f"{name}.boardhand.dev.yaml").read_text())
            self.api.apply(f"/apis/apiextensions.k8s.io/v1/customresourcedefinitions/{name}.boardhand.dev", body)
        for schema in objects.flow_schemas():
            path = "/apis/flowcontrol.apiserver.k8s.io/v1/flowschemas"
            self.api.apply(f"{path}/{schema['metadata']['name']}", schema)
        self.apply(objects.namespace(programs.OPERATOR_NAMESPACE))
        for body in self._rights:
            self._give(body)
        wait_for("the definitions of our kinds", self._served, _READY_SECONDS, every=0.1)

    def _give(self, body: Mapping[str, Any]) -> None:
        """A Role, a ClusterRole or a binding, with the namespace that it is for."""
        space = body["metadata"].get("namespace")
        if space:
            self.apply(objects.namespace(space))
        place = f"namespaces/{space}/" if space else ""
        path = f"{place}{body['kind'].lower()}s/{body['metadata']['name']}"
        self.api.apply(f"/apis/rbac.authorization.k8s.io/v1/{path}", body)

    def _served(self) -> bool:
        try:
            return all(self.api.get(f"{GROUP}/{name}")["items"] == [] for name in _CRDS)
        except TestbedError:
            return False

    def _start(self, name: str, command: list[str]) -> None:
        self.programs.start(name, command)

    @staticmethod
    def _binary(tool: str, program: str) -> Path:
        return binaries.ensure(tool) / program


def in_parallel(work: Iterable[Any], do: Any, threads: int = 8) -> list[Any]:
    """`do` of each piece of work, several side by side; raises what the first that failed raised."""
    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(do, work))
