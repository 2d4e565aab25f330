"""NetworkPolicies as a plugin that enforces them reads them: which flows a set of policies lets pass.

The rules are those of the API's own description (networking.k8s.io/v1): policies add up, and a pod that none selects is
open. An ipBlock is taken to mean every address, pods' too.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]


@dataclass(frozen=True)
class End:
    """One end of a flow: an address, and of a pod its labels and its namespace's."""

    address: str
    labels: Mapping[str, str] | None = None
    namespace: Mapping[str, str] = field(default_factory=dict)


def selects(selector: Json, labels: Mapping[str, str]) -> bool:
    """Whether a selector with matchLabels alone selects these labels; an empty one selects all."""
    assert selector.keys() <= {"matchLabels"}, selector
    return labels.items() >= (selector.get("matchLabels") or {}).items()


def egress(policies: Iterable[Json], pod: Mapping[str, str], to: End, port: int, protocol: str = "TCP") -> bool:
    """Whether a pod with these labels, in the policies' namespace, may open this connection."""
    return _allowed(policies, "Egress", pod, to, port, protocol)


def ingress(policies: Iterable[Json], pod: Mapping[str, str], source: End, port: int, protocol: str = "TCP") -> bool:
    """Whether `source` may open this connection to such a pod."""
    return _allowed(policies, "Ingress", pod, source, port, protocol)


def _allowed(policies: Iterable[Json], kind: str, pod: Mapping[str, str], other: End, port: int, protocol: str) -> bool:
    own = [one for one in policies if selects(one["spec"]["podSelector"], pod) and kind in one["spec"]["policyTypes"]]
    if not own:
        return True
    rules = [rule for one in own for rule in one["spec"].get(kind.lower()) or []]
    side = "to" if kind == "Egress" else "from"
    return any(_peers(rule.get(side), other) and _ports(rule.get("ports"), port, protocol) for rule in rules)


def _peers(peers: list[Json] | None, other: End) -> bool:
    return not peers or any(_peer(one, other) for one in peers)


def _peer(peer: Json, other: End) -> bool:
    if block := peer.get("ipBlock"):
        return _within(other.address, block["cidr"]) and not any(
            _within(other.address, one) for one in block.get("except") or []
        )
    if other.labels is None:
        return False
    return selects(peer.get("namespaceSelector") or {}, other.namespace) and selects(
        peer.get("podSelector") or {}, other.labels
    )


def _within(address: str, cidr: str) -> bool:
    given = ipaddress.ip_address(address)
    # On the wire an address of IPv4 that is written as one of IPv6 is what it is.
    mapped = given.ipv4_mapped if isinstance(given, ipaddress.IPv6Address) else None
    return (mapped or given) in ipaddress.ip_network(cidr)


def _ports(ports: list[Json] | None, port: int, protocol: str) -> bool:
    return not ports or any((one["port"], one["protocol"]) == (port, protocol) for one in ports)
