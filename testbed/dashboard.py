"""The dashboard on the testbed's cluster, by the chart, with three people who may not the same."""

from __future__ import annotations

import os
import re
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from testbed import world
from testbed.cluster.certificates import Authority, Subject
from testbed.cluster.selection import choose
from testbed.images.build import ensure_image
from testbed.kubectl import Kubectl
from testbed.shell import TestbedError
from testbed.world import NAMESPACES, RELEASE, SYSTEM, World

Json = dict[str, Any]
TLS = "dashboard-tls"
_SECONDS = 30
_BOARDHAND = "boardhand.dev"
_READ = ["get", "list", "watch"]
PEOPLE = ("owner", "developer", "onlooker")
"""Who may what. owner: everything with pools, runs and Secrets of the whole cluster. developer: in e2e, look at pools,
make, cancel and retry runs, read their logs. onlooker: in demo, look at pools and runs."""


HISTORY_ACCOUNT = f"system:serviceaccount:{SYSTEM}:{RELEASE}-history"


@dataclass(frozen=True)
class Dashboard:
    """A dashboard that answers."""

    address: str
    """https://HOST:PORT."""
    authority: Path
    """PEM of who signed its certificate: nobody that a browser knows."""
    tokens: dict[str, str]
    """Bearer tokens of the PEOPLE, good for two hours."""

    @contextmanager
    def browser(self) -> Iterator[httpx.Client]:
        """Something like a browser, with cookies of its own, before the dashboard."""
        trusted = ssl.create_default_context(cafile=str(self.authority))
        with httpx.Client(base_url=self.address, verify=trusted, trust_env=False) as client:
            yield client

    @contextmanager
    def signed_in(self, person: str) -> Iterator[httpx.Client]:
        """The same, for one of the PEOPLE. Raises TestbedError where their token is refused."""
        with self.browser() as client:
            door = hidden(client.get("/login").text, "door")
            form = {"door": door, "token": self.tokens[person]}
            answer = client.post("/login", data=form, headers={"Origin": self.address})
            if answer.status_code != httpx.codes.SEE_OTHER:
                raise TestbedError(f"{person} may not sign in at {self.address}: {answer.status_code}")
            yield client


def hidden(page: str, name: str) -> str:
    """The value of a form's hidden field. Raises TestbedError where the page has none of this name."""
    found = re.search(rf'name="{name}" value="([^"]*)"', page)
    if found is None:
        raise TestbedError(f"the page has no field {name}")
    return found[1]


def up(here: World, **more: object) -> Dashboard:
    """Install it, or find it installed. more: further values of the chart's `dashboard`. Raises TestbedError."""
    image = ensure_image("dashboard")
    reference = choose(here.plan, os.environ).load_image(image.archive, image.reference)
    kubectl = here.kubectl(SYSTEM)
    hosts = _hosts(here, kubectl)
    folder = here.plan.service_state / "dashboard"
    if kubectl.get("secret", TLS) is None or not (folder / "ca.crt").exists():
        kubectl.apply(_certificate(folder, hosts))
    values: Json = {
        "enabled": True,
        "image": reference,
        "tlsSecret": TLS,
        "service": {"type": "NodePort"},
        "history": {"volume": {"enabled": False}},
    }
    world.install(here, dashboard=values | more)
    tokens = {name: _person(here, name) for name in PEOPLE}
    return Dashboard(_address(kubectl, hosts, folder / "ca.crt"), folder / "ca.crt", tokens)


def _hosts(here: World, kubectl: Kubectl) -> list[str]:
    """The embedded cluster's node is reached by its end of the link, whatever it calls its own address."""
    nodes = kubectl.list("nodes")
    return [here.plan.node_ip, *(str(one["address"]) for node in nodes for one in node["status"]["addresses"])]


def _address(kubectl: Kubectl, hosts: list[str], authority: Path) -> str:
    """Where it answers. Raises TestbedError where it does not."""
    service = kubectl.get("service", f"{RELEASE}-dashboard") or {}
    port = service["spec"]["ports"][0]["nodePort"]
    deadline = time.monotonic() + _SECONDS
    while time.monotonic() < deadline:
        for host in hosts:
            if _answers(f"https://{host}:{port}/healthz", authority):
                return f"https://{host}:{port}"
        time.sleep(0.5)
    raise TestbedError(f"no dashboard answers at port {port} of {', '.join(hosts)} after {_SECONDS} s")


def _answers(url: str, authority: Path) -> bool:
    trusted = ssl.create_default_context(cafile=str(authority))
    try:
        return httpx.get(url, timeout=3, trust_env=False, verify=trusted).status_code == httpx.codes.OK
    except httpx.TransportError:
        return False


def _certificate(folder: Path, hosts: list[str]) -> Json:
    Authority().write(folder, [Subject("server", "boardhand-dashboard", hosts=hosts)])
    data = {"tls.crt": (folder / "server.crt").read_text(), "tls.key": (folder / "server.key").read_text()}
    meta = {"name": TLS, "namespace": SYSTEM}
    return {"apiVersion": "v1", "kind": "Secret", "type": "kubernetes.io/tls", "metadata": meta, "stringData": data}


def _person(here: World, name: str) -> str:
    """The token of somebody with these rights."""
    kubectl = here.kubectl(SYSTEM)
    kubectl.apply({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": name, "namespace": SYSTEM}})
    for body in _rights(name):
        here.kubectl(body["metadata"].get("namespace", SYSTEM)).apply(body)
    return kubectl("create", "token", name, "--duration", "2h").strip()


def _rights(name: str) -> list[Json]:
    if name == "owner":
        rules = [
            _rule(_BOARDHAND, ["codingagents", "ticketruns"], [*_READ, "create", "patch", "delete"]),
            _rule("", ["pods"], _READ),
            _rule("", ["pods/log"], ["get"]),
            _rule("", ["secrets"], ["get", "create", "patch"]),
        ]
        return _bound(name, rules, None)
    if name == "developer":
        rules = [
            _rule(_BOARDHAND, ["codingagents"], _READ),
            _rule(_BOARDHAND, ["ticketruns"], [*_READ, "create", "patch"]),
            _rule("", ["pods"], _READ),
            _rule("", ["pods/log"], ["get"]),
        ]
        return _bound(name, rules, NAMESPACES[1])
    return _bound(name, [_rule(_BOARDHAND, ["codingagents", "ticketruns"], _READ)], NAMESPACES[0])


def _rule(group: str, resources: list[str], verbs: list[str]) -> Json:
    return {"apiGroups": [group], "resources": resources, "verbs": verbs}


def _bound(name: str, rules: list[Json], namespace: str | None) -> list[Json]:
    """A role with these rules and who has it. namespace: None for all."""
    kind = "Role" if namespace else "ClusterRole"
    meta = {"name": f"dashboard-{name}"} | ({"namespace": namespace} if namespace else {})
    api = "rbac.authorization.k8s.io"
    subject = {"kind": "ServiceAccount", "name": name, "namespace": SYSTEM}
    return [
        {"apiVersion": f"{api}/v1", "kind": kind, "metadata": meta, "rules": rules},
        {
            "apiVersion": f"{api}/v1",
            "kind": f"{kind}Binding",
            "metadata": meta,
            "roleRef": {"apiGroup": api, "kind": kind, "name": meta["name"]},
            "subjects": [subject],
        },
    ]
