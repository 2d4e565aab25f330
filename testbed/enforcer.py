"""NetworkPolicies enforced on the embedded cluster, so that tests see by real packets what a policy lets pass.

A stand-in for a network plugin: one node, IPv4, nftables made anew of what the API server says every half second. A pod
is open until its address is known there.
"""

from __future__ import annotations

import ipaddress
import json
import threading
from collections.abc import Iterable, Mapping
from types import TracebackType
from typing import Any

from testbed.cluster.network import GATEWAY, POD_RANGE, inside
from testbed.kubectl import Kubectl
from testbed.shell import run

Json = dict[str, Any]

_TABLE = "inet boardhand_policies"
_EVERY_SECONDS = 0.5


class Enforcer:
    """Enforces the policies of all namespaces for as long as its context lasts."""

    def __init__(self, kubectl: Kubectl) -> None:
        self._kubectl = kubectl
        self._inside = inside(kubectl.cluster.plan)
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._work, daemon=True)

    def __enter__(self) -> Enforcer:
        self._enforce()
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join()
        run([*self._inside, "nft", "delete", "table", *_TABLE.split()])

    def _work(self) -> None:
        while not self._over.wait(_EVERY_SECONDS):
            self._enforce()

    def _enforce(self) -> None:
        kinds = "networkpolicies,pods,namespaces"
        found = json.loads(self._kubectl("get", kinds, "--all-namespaces", "-o", "json"))["items"]
        run([*self._inside, "nft", "-f", "-"], stdin=script(found))


def script(found: Iterable[Json]) -> str:
    """What nft is told for these policies, pods and namespaces. Pure."""
    of_kind: dict[str, list[Json]] = {"NetworkPolicy": [], "Pod": [], "Namespace": []}
    for one in found:
        of_kind[one["kind"]].append(one)
    spaces = {one["metadata"]["name"]: one["metadata"].get("labels") or {} for one in of_kind["Namespace"]}
    # A run works while its pod is Pending: its stages are init containers.
    pods = [one for one in of_kind["Pod"] if _address(one) and one["status"]["phase"] in ("Pending", "Running")]
    jumps: list[str] = []
    chains: list[str] = []
    for number, pod in enumerate(pods):
        own = [one for one in of_kind["NetworkPolicy"] if _chosen(one, pod)]
        for kind, way, far, near in (("Egress", "to", "daddr", "saddr"), ("Ingress", "from", "saddr", "daddr")):
            if not (on := [one for one in own if kind in one["spec"]["policyTypes"]]):
                continue
            chain = f"{kind.lower()}{number}"
            jumps.append(f"ip {near} {_address(pod)} jump {chain}")
            allowed = [rule for one in on for rule in one["spec"].get(kind.lower()) or []]
            lines = [line for rule in allowed for line in _lines(rule, way, far, pods, spaces, pod)]
            chains.append(_chain(chain, [*lines, *(_unknown(pods) if kind == "Ingress" else []), "reject"]))
    hooks = [_chain(hook, [f"type filter hook {hook} priority -10", "jump pods"]) for hook in ("forward", "input")]
    body = [*chains, _chain("pods", ["ct state established,related return", *jumps]), *hooks]
    return "\n".join([f"table {_TABLE}", f"delete table {_TABLE}", f"table {_TABLE} {{", *body, "}\n"])


def _unknown(pods: list[Json]) -> list[str]:
    """Who came a moment ago is not turned away by others' policies: his first connection would be over by then."""
    known = ", ".join([GATEWAY, *(_address(pod) for pod in pods)])
    return [f"ip saddr {POD_RANGE} ip saddr != {{ {known} }} return"]


def _chain(name: str, lines: Iterable[str]) -> str:
    return "\n".join([f"chain {name} {{", *(f"  {line};" for line in lines), "}"])


def _address(pod: Json) -> str:
    return str(pod.get("status", {}).get("podIP") or "")


def _chosen(policy: Json, pod: Json) -> bool:
    here = policy["metadata"]["namespace"] == pod["metadata"]["namespace"]
    return here and _selects(policy["spec"]["podSelector"], pod["metadata"].get("labels") or {})


def _selects(selector: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    return labels.items() >= (selector.get("matchLabels") or {}).items()


def _lines(rule: Json, way: str, far: str, pods: list[Json], spaces: Mapping[str, Json], own: Json) -> list[str]:
    peers = [one for peer in rule.get(way) or [] for one in _peer(peer, far, pods, spaces, own)]
    if not rule.get(way):
        peers = [""]
    ports = [f"{one.get('protocol', 'TCP').lower()} dport {one['port']}" for one in rule.get("ports") or []] or [""]
    return [" ".join(filter(None, (peer, port, "return"))) for peer in peers for port in ports]


def _peer(peer: Json, far: str, pods: list[Json], spaces: Mapping[str, Json], own: Json) -> list[str]:
    if block := peer.get("ipBlock"):
        net = ipaddress.ip_network(block["cidr"])
        shut = f"ip {far} != {{ {', '.join(block['except'])} }}" if block.get("except") else ""
        return [f"ip {far} {net} {shut}".strip()] if net.version == 4 else []
    addresses = []
    for pod in pods:
        space, labels = pod["metadata"]["namespace"], pod["metadata"].get("labels") or {}
        here = (
            _selects(peer["namespaceSelector"], spaces[space])
            if "namespaceSelector" in peer
            else (space == own["metadata"]["namespace"])
        )
        if here and _selects(peer.get("podSelector") or {}, labels):
            addresses.append(_address(pod))
    return [f"ip {far} {{ {', '.join(addresses)} }}"] if addresses else []
