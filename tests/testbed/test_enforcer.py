"""What nft is told of a policy: each pod that is chosen goes through its rules, and past them is nothing."""

from __future__ import annotations

from typing import Any

from boardhand_operator.specs.network import Network, build_policy
from testbed.enforcer import script
from tests.support.objects import a_pool

Json = dict[str, Any]
RUN = {"app.kubernetes.io/component": "run", "boardhand.dev/pool": "shop"}


def pod(address: str, labels: Json, namespace: str = "team", phase: str = "Running") -> Json:
    about = {"name": f"pod-{address}", "namespace": namespace, "labels": labels}
    return {"kind": "Pod", "metadata": about, "status": {"podIP": address, "phase": phase}}


def space(name: str) -> Json:
    return {"kind": "Namespace", "metadata": {"name": name, "labels": {"kubernetes.io/metadata.name": name}}}


def told(**egress: Any) -> str:
    policy = build_policy(a_pool(egress=egress), Network(closed=("10.96.0.1/32",), dns_addresses=("10.88.0.1/32",)))
    dns = pod("10.88.0.7", {"k8s-app": "kube-dns"}, "kube-system")
    others = [pod("10.88.0.5", RUN, phase="Pending"), pod("10.88.0.6", {}), pod("10.88.0.8", RUN, phase="Succeeded")]
    return script([policy, dns, *others, space("team"), space("kube-system")])


def test_pods_that_are_chosen_go_through_their_rules_and_no_others() -> None:
    text = told(mode="Restricted", to=[{"cidr": "192.0.2.0/24", "ports": [443]}])
    assert [line.strip() for line in text.splitlines() if "jump" in line and "pods" not in line] == [
        "ip saddr 10.88.0.5 jump egress1;",
        "ip daddr 10.88.0.5 jump ingress1;",
    ]
    rules = [
        line.strip() for line in text.split("chain egress1 {")[1].split("}\nchain")[0].splitlines() if line.strip()
    ]
    assert rules == [
        *(f"ip daddr {{ 10.88.0.7 }} {kind} dport {port} return;" for kind in ("udp", "tcp") for port in (53, 5353)),
        *(f"ip daddr 10.88.0.1/32 {kind} dport {port} return;" for kind in ("udp", "tcp") for port in (53, 5353)),
        "ip daddr 192.0.2.0/24 tcp dport 443 return;",
        "reject;",
    ]


def test_what_is_open_leaves_out_what_is_closed() -> None:
    (line,) = [line for line in told(dns=False).splitlines() if "0.0.0.0/0" in line]
    assert "10.96.0.1/32" in line and "169.254.0.0/16" in line
