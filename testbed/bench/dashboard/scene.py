"""What a row of the dashboard happens on: a real API server with thousands of runs, and the dashboard as a process.

Visitors come by the proxy's way of signing in, so that each has a session of their own and rights that are asked for.
"""

from __future__ import annotations

import json
import secrets
import signal
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from testbed.bench.scale.etcd import etcd_of
from testbed.load import LoadCluster
from testbed.load.api import GROUP, Json
from testbed.load.ports import free_ports
from testbed.load.programs import OPERATOR_NAMESPACE
from testbed.plan import state_home
from testbed.shell import TestbedError, wait_for

NAMESPACE = "load"
RUNS = f"{GROUP}/namespaces/{NAMESPACE}/ticketruns"
VIEWERS = "viewers"
"""The group whose members may look."""
_NAME = "dashboard"
_ROOT = Path(__file__).resolve().parents[3]
_RBAC = "/apis/rbac.authorization.k8s.io/v1"
_KEY = f"/registry/boardhand.dev/ticketruns/{NAMESPACE}/"
_BATCH = 100
_READY_SECONDS = 60
_PHASES = ("Succeeded",) * 14 + ("Failed",) * 3 + ("Queued",) * 2 + ("Working",)


@dataclass
class Scene:
    """The cluster, and the dashboard before it."""

    cluster: LoadCluster
    port: int
    secret: str

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def board(self) -> str:
        return f"{self.url}/ns/{NAMESPACE}/board"

    def headers(self, person: str) -> dict[str, str]:
        """By which this person is let in."""
        return {
            "X-Boardhand-Proxy": self.secret,
            "X-Forwarded-User": person,
            "X-Forwarded-Groups": VIEWERS,
        }

    def start(self) -> None:
        """Start the dashboard anew, with nothing in memory."""
        self.stop()
        state = self.cluster.layout.state
        environment = {
            "PYTHONPATH": f"{_ROOT / 'crds'}:{_ROOT / 'operator'}",
            "BOARDHAND_SERVER": self.cluster.layout.server,
            "BOARDHAND_SERVER_CA": str(self.cluster.layout.pki / "ca.crt"),
            "BOARDHAND_DASHBOARD_AUTH": "proxy",
            "BOARDHAND_DASHBOARD_LISTEN": f"127.0.0.1:{self.port}",
            "BOARDHAND_PROXY_SECRET_FILE": str(state / "proxy-secret"),
            "BOARDHAND_PROXY_TOKEN_FILE": str(state / "proxy-token"),
            "BOARDHAND_PROXY_GROUPS": VIEWERS,
        }
        self.cluster.programs.start(_NAME, [sys.executable, "-m", "boardhand_dashboard"], environment)
        wait_for("the dashboard", self._up, _READY_SECONDS, every=0.05)

    def stop(self) -> None:
        self.cluster.programs.end(_NAME, signal.SIGTERM)

    def _up(self) -> bool:
        process = self.cluster.programs.recorded()[_NAME]
        if not process.alive:
            raise TestbedError(f"the dashboard has ended\n{self.cluster.programs.last_words(_NAME)}")
        try:
            return httpx.get(f"{self.url}/healthz", timeout=2, trust_env=False).is_success
        except httpx.HTTPError:
            return False

    def rss_mb(self) -> float:
        """Resident memory of the dashboard, in 10^6 bytes."""
        process = self.cluster.programs.recorded()[_NAME]
        for line in Path(f"/proc/{process.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) * 1024 / 1e6
        raise TestbedError("the dashboard: no VmRSS in its status")


@contextmanager
def scene(runs: int) -> Iterator[Scene]:
    """A cluster with so many runs; the dashboard is not started. All of it is gone afterwards."""
    with LoadCluster(state_home() / "bench-dashboard", pods=False) as cluster:
        cluster.namespace(NAMESPACE)
        secret = secrets.token_urlsafe(16)
        (cluster.layout.state / "proxy-secret").write_text(secret)
        (cluster.layout.state / "proxy-token").write_text(_token(cluster))
        _fill(cluster, runs)
        (port,) = free_ports(1)
        made = Scene(cluster, port, secret)
        try:
            yield made
        finally:
            made.stop()


def _token(cluster: LoadCluster) -> str:
    """Of an account that may impersonate viewers; members of their group may look at the runs."""
    accounts = f"/api/v1/namespaces/{OPERATOR_NAMESPACE}/serviceaccounts"
    cluster.api.create(accounts, {"metadata": {"name": _NAME}})
    impersonate = {"apiGroups": [""], "resources": ["users", "groups"], "verbs": ["impersonate"]}
    looking = {"apiGroups": ["boardhand.dev"], "resources": ["*"], "verbs": ["get", "list", "watch"]}
    account = {"kind": "ServiceAccount", "name": _NAME, "namespace": OPERATOR_NAMESPACE}
    group = {"kind": "Group", "name": VIEWERS, "apiGroup": "rbac.authorization.k8s.io"}
    for name, rule, subject in (("impersonator", impersonate, account), (VIEWERS, looking, group)):
        role = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": name}
        cluster.api.create(f"{_RBAC}/clusterroles", {"metadata": {"name": name}, "rules": [rule]})
        binding = {"metadata": {"name": name}, "roleRef": role, "subjects": [subject]}
        cluster.api.create(f"{_RBAC}/clusterrolebindings", binding)
    asked = {"spec": {"expirationSeconds": 86400}}
    return str(cluster.api.create(f"{accounts}/{_NAME}/token", asked)["status"]["token"])


def run(name: str, title: str) -> Json:
    """A TicketRun that waits."""
    spec: dict[str, Any] = {"pool": "web", "ticket": {"id": name, "key": f"SHOP-{name}", "title": title}}
    return {
        "apiVersion": "boardhand.dev/v1alpha1",
        "kind": "TicketRun",
        "metadata": {"name": name, "namespace": NAMESPACE},
        "spec": spec,
    }


def _fill(cluster: LoadCluster, count: int) -> None:
    """So many runs in all phases, written to etcd itself: to the API server they are thousands of requests."""
    cluster.api.create(RUNS, run("first", "A basket keeps its total"))
    with etcd_of(cluster) as etcd:
        text = etcd.read(f"{_KEY}first")
        for first in range(1, count, _BATCH):
            numbers = range(first, min(count, first + _BATCH))
            etcd.put({f"{_KEY}kept-{number:05}": _copy(json.loads(text), number) for number in numbers})
        if (there := etcd.count(_KEY)) != count:
            raise TestbedError(f"etcd has {there} runs, not {count}")
    wait_for("the runs at the API server", lambda: _known(cluster) == count, _READY_SECONDS)


def _copy(body: Json, number: int) -> str:
    name, phase = f"kept-{number:05}", _PHASES[number % len(_PHASES)]
    body["metadata"] |= {"name": name, "uid": str(uuid.uuid4())}
    body["spec"]["ticket"] |= {"id": name, "key": f"SHOP-{number}"}
    at = f"2026-11-{1 + number // 1440 % 20:02}T{number // 60 % 24:02}:{number % 60:02}:00Z"
    body["status"] = {"phase": phase, "startedAt": at}
    if phase in ("Succeeded", "Failed"):
        body["status"] |= {"finishedAt": at, "summary": "It is done. " * 60, "usage": {"money": "0.25"}}
    if phase == "Failed":
        body["status"]["failure"] = {"class": "Red", "reason": "VerifyFailed", "message": "2 tests failed."}
    elif phase == "Succeeded":
        address = f"https://forge.example/shop/pulls/{number}"
        body["status"]["pullRequest"] = {"url": address, "number": number, "state": "Merged" if number % 3 else "Open"}
    return json.dumps(body, separators=(",", ":"))


def _known(cluster: LoadCluster) -> int:
    # With a selector the API server does not say how many are left.
    whole = cluster.api.get(f"{RUNS}?limit=1")
    return len(whole["items"]) + int(whole["metadata"].get("remainingItemCount") or 0)
