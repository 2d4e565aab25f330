"""Pure: the NetworkPolicy of a pool, from what it may reach and from what nobody may.

https://kubernetes.io/docs/concepts/services-networking/network-policies/
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from boardhand_api import API_VERSION
from boardhand_api.egress import Destination, EgressMode
from boardhand_api.pod import LABEL_POOL
from boardhand_operator.errors import Misconfigured
from boardhand_operator.names import label_value
from boardhand_operator.views import Pool

Json = dict[str, Any]
Net = ipaddress.IPv4Network | ipaddress.IPv6Network

ALWAYS_CLOSED = (
    # Link-local, with the metadata services of AWS, Azure, Google and Oracle at 169.254.169.254.
    "169.254.0.0/16",
    "fe80::/10",
    # Metadata elsewhere: Alibaba, Azure's wire server, Oracle's classic one, and over IPv6 AWS, Google and Oracle.
    "100.100.100.200/32",
    "168.63.129.16/32",
    "192.0.0.192/32",
    "fd00:ec2::254/128",
    "fd20:ce::254/128",
    "fd00:c1::a9fe:a9fe/128",
    # Where NAT64 has 169.254.0.0/16.
    "64:ff9b::a9fe:0/112",
)
"""What no pod of a run may reach, whatever its pool says."""
_ANYWHERE = ("0.0.0.0/0", "::/0")
_NAMESPACE_NAME = "kubernetes.io/metadata.name"
"""Kubernetes gives every namespace this label with its name."""


@dataclass(frozen=True)
class Proxy:
    """The proxy that the chart deployed."""

    host: str
    """Its Service's name."""
    port: int
    namespace: str
    instance: str
    """The chart's release."""
    key: bytes
    """With it runs are vouched for."""

    @property
    def labels(self) -> dict[str, str]:
        """Its pods'."""
        return {"app.kubernetes.io/component": "egress-proxy", "app.kubernetes.io/instance": self.instance}


@dataclass(frozen=True)
class Network:
    """What the operator was told of the cluster's network."""

    closed: tuple[str, ...] = ()
    """Further ranges that no run may reach: the API server's addresses, the nodes'."""
    dns_namespace: str = "kube-system"
    """Where cluster DNS's pods are; they have the label k8s-app=kube-dns."""
    dns_addresses: tuple[str, ...] = ()
    """Ranges of name servers that are no such pods; of closed ones too."""
    proxy: Proxy | None = None
    """Absent: no pool can have mode Proxy."""


def policy_name(pool: Pool) -> str:
    """What the pool's NetworkPolicy is called."""
    return f"boardhand-{label_value(pool.name)}"


def build_policy(pool: Pool, network: Network) -> Json:
    """The NetworkPolicy of the pool, owned by it: nothing comes in, and out goes what the pool says.

    Raises Misconfigured where the pool names a range that is none, or that is always closed.
    """
    labels = {"app.kubernetes.io/name": "boardhand", "app.kubernetes.io/component": "run"}
    labels[LABEL_POOL] = label_value(pool.name)
    owner = {"apiVersion": API_VERSION, "kind": "CodingAgent", "name": pool.name, "uid": pool.uid}
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {
            "name": policy_name(pool),
            "namespace": pool.namespace,
            "labels": labels,
            "ownerReferences": [owner | {"controller": True, "blockOwnerDeletion": False}],
        },
        "spec": {
            "podSelector": {
                "matchLabels": {name: labels[name] for name in ("app.kubernetes.io/component", LABEL_POOL)}
            },
            "policyTypes": ["Ingress", "Egress"],
            **_egress(pool, network),
        },
    }


def _egress(pool: Pool, network: Network) -> Json:
    """Without a rule nothing goes out; the API server keeps no empty list."""
    egress, closed = pool.spec.egress, _closed(network)
    rules: list[Json] = [_dns(network)] if egress.asks_dns else []
    if egress.mode is EgressMode.PROXY:
        rules.append(_proxy(network))
    if egress.mode is EgressMode.OPEN:
        rules.append({"to": [_block(ipaddress.ip_network(range_), closed) for range_ in _ANYWHERE]})
    rules += [_destination(one, f"spec.egress.to[{at}]", closed) for at, one in enumerate(egress.to)]
    return {"egress": rules} if rules else {}


def _closed(network: Network) -> list[Net]:
    both = [ipaddress.ip_network(range_) for range_ in (*ALWAYS_CLOSED, *network.closed)]
    old = [net for net in both if isinstance(net, ipaddress.IPv4Network)]
    new = [net for net in both if isinstance(net, ipaddress.IPv6Network)]
    return [*ipaddress.collapse_addresses(old), *ipaddress.collapse_addresses(new)]


def _dns(network: Network) -> Json:
    pods = _pods(network.dns_namespace, {"k8s-app": "kube-dns"})
    servers = [{"ipBlock": {"cidr": range_}} for range_ in network.dns_addresses]
    # 5353 is where OpenShift's pods of cluster DNS listen.
    return {"to": [pods, *servers], "ports": [_port(number, kind) for kind in ("UDP", "TCP") for number in (53, 5353)]}


def _pods(namespace: str, labels: dict[str, str] | None) -> Json:
    peer: Json = {"namespaceSelector": {"matchLabels": {_NAMESPACE_NAME: namespace}}}
    return peer | ({"podSelector": {"matchLabels": labels}} if labels else {})


def _proxy(network: Network) -> Json:
    proxy = network.proxy
    if proxy is None:
        text = "spec.egress.mode: there is no proxy; install the chart with egressProxy.enabled, or choose another mode"
        raise Misconfigured("EgressProxyMissing", text)
    return {"to": [_pods(proxy.namespace, proxy.labels)], "ports": [_port(proxy.port)]}


def _destination(one: Destination, where: str, closed: Iterable[Net]) -> Json:
    peer = _pods(one.namespace, one.pods) if one.namespace else _block(_range(one, where, closed), closed)
    return {"to": [peer]} | ({"ports": [_port(number) for number in one.ports]} if one.ports else {})


def _range(one: Destination, where: str, closed: Iterable[Net]) -> Net:
    try:
        net = ipaddress.ip_network(one.cidr or "")
    except ValueError as wrong:
        text = f"{where}.cidr: {wrong}: give a range, such as 203.0.113.0/24"
        raise Misconfigured("EgressUnreadable", text) from wrong
    if isinstance(net, ipaddress.IPv6Network) and net[0].ipv4_mapped:
        # The API server takes them in no policy, and on the wire they are addresses of IPv4.
        raise Misconfigured("EgressUnreadable", f"{where}.cidr: {net} is of IPv4: write it as such")
    for shut in closed:
        if _within(net, shut):
            text = f"{where}.cidr: {net} is in {shut}, which is closed to every run: take it out"
            raise Misconfigured("EgressClosed", text)
    return net


def _block(net: Net, closed: Iterable[Net]) -> Json:
    shut = [str(one) for one in closed if _within(one, net)]
    return {"ipBlock": {"cidr": str(net)} | ({"except": shut} if shut else {})}


def _within(inner: Net, outer: Net) -> bool:
    if isinstance(inner, ipaddress.IPv4Network) and isinstance(outer, ipaddress.IPv4Network):
        return inner.subnet_of(outer)
    if isinstance(inner, ipaddress.IPv6Network) and isinstance(outer, ipaddress.IPv6Network):
        return inner.subnet_of(outer)
    return False


def _port(number: int, protocol: str = "TCP") -> Json:
    return {"port": number, "protocol": protocol}
