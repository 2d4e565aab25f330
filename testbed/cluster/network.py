"""The cluster's network namespace, its link to the host, and its way out."""

from __future__ import annotations

import shlex
import shutil
from collections.abc import Sequence
from pathlib import Path

from testbed.plan import Plan
from testbed.shell import TestbedError, run

POD_RANGE = "10.88.0.0/16"
SERVICE_RANGE = "10.96.0.0/16"
API_SERVICE_IP = "10.96.0.1"
GATEWAY = "10.88.0.1"
"""The bridge's address: the node's for the pods, and where cluster DNS answers."""
BRIDGE = "br0"

_RESOLV_CONFS = (Path("/etc/resolv.conf"), Path("/run/systemd/resolve/resolv.conf"))


def inside(plan: Plan) -> list[str]:
    """The words before a command that runs it on the cluster's network.

    `ip netns exec` would mount a new /sys, which hides the control groups.
    """
    return ["nsenter", f"--net=/run/netns/{plan.netns}"]


def up(plan: Plan) -> None:
    """Make the namespace, its link, its bridge, and let it out through the host."""
    run(["ip", "netns", "add", plan.netns])
    run(["ip", "-batch", "-"], stdin=_host_commands(plan))
    run([*inside(plan), "ip", "-batch", "-"], stdin=_node_commands(plan))
    forward = "/proc/sys/net/ipv4/ip_forward"
    Path(forward).write_text("1")
    run([*inside(plan), "sh", "-c", f"echo 1 > {forward}"])
    for rule in host_rules(plan):
        run(["iptables", "-w", "30", *rule])


def down(plan: Plan) -> None:
    """Remove the rules, the link and the namespace; what is not there is passed over."""
    for table in ("nat", "filter") if shutil.which("iptables-save") else ():
        saved = run(["iptables-save", "-t", table])
        for rule in rules_of(plan, saved):
            run(["iptables", "-w", "30", "-t", table, *rule])
    if Path("/sys/class/net", plan.veth_host).exists():
        run(["ip", "link", "del", plan.veth_host])
    if Path("/run/netns", plan.netns).exists():
        run(["ip", "netns", "del", plan.netns])


def host_rules(plan: Plan) -> list[list[str]]:
    """Arguments of iptables for the three rules on the host, each with a comment that names the cluster."""
    link = f"{plan.host_ip}/30"
    mark = ["-m", "comment", "--comment", _comment(plan)]
    return [
        ["-t", "nat", "-A", "POSTROUTING", "-s", link, "!", "-o", plan.veth_host, *mark, "-j", "MASQUERADE"],
        ["-t", "filter", "-I", "FORWARD", "-i", plan.veth_host, *mark, "-j", "ACCEPT"],
        ["-t", "filter", "-I", "FORWARD", "-o", plan.veth_host, *mark, "-j", "ACCEPT"],
    ]


def rules_of(plan: Plan, saved: str) -> list[list[str]]:
    """From what iptables-save printed, the arguments that delete the rules of this cluster."""
    rules = (shlex.split(line) for line in saved.splitlines() if line.startswith("-A "))
    return [["-D", *rule[1:]] for rule in rules if _comment(plan) in rule]


def tables(saved: str) -> list[str]:
    """The names of the tables in what iptables-save printed."""
    return [line[1:] for line in saved.splitlines() if line.startswith("*")]


def is_bare(saved: str) -> bool:
    """Whether what iptables-save printed of a table is as it is before anybody used it."""
    lines = [line for line in saved.splitlines() if not line.startswith(("#", "*", "COMMIT"))]
    return all(line.startswith(":") and line.split()[1] == "ACCEPT" for line in lines)


def remove_bare_tables(keep: Sequence[str]) -> None:
    """Remove the tables our rules made, unless somebody else uses them by now."""
    known = run(["nft", "list", "tables", "ip"])
    for table in ("nat", "filter"):
        # A table that nft does not list is one of iptables-legacy, which the kernel keeps.
        ours = table not in keep and f"table ip {table}\n" in known
        if ours and is_bare(run(["iptables-save", "-t", table])):
            run(["nft", "delete", "table", "ip", table])


def nameservers(resolv_conf: str) -> list[str]:
    """The servers of a resolv.conf that can be asked from another network namespace (none on loopback)."""
    lines = (line.split() for line in resolv_conf.splitlines())
    servers = [words[1] for words in lines if len(words) >= 2 and words[0] == "nameserver"]
    return [server for server in servers if not server.startswith("127.") and server != "::1"]


def host_nameservers() -> list[str]:
    """The host's name servers, for the pods' questions about the outside.

    Raises TestbedError when the host only has one on its own loopback.
    """
    for path in _RESOLV_CONFS:
        if path.exists() and (found := nameservers(path.read_text())):
            return found
    raise TestbedError(
        "/etc/resolv.conf names no server that is reachable from the cluster's network; add a nameserver line"
        " with an address that is not 127.x"
    )


def _comment(plan: Plan) -> str:
    return f"boardhand-cluster:{plan.name}"


def _host_commands(plan: Plan) -> str:
    return f"""\
link add {plan.veth_host} type veth peer name {plan.veth_node} netns {plan.netns}
address add {plan.host_ip}/30 dev {plan.veth_host}
link set {plan.veth_host} up
"""


def _node_commands(plan: Plan) -> str:
    return f"""\
link set lo up
address add {plan.node_ip}/30 dev {plan.veth_node}
link set {plan.veth_node} up
route add default via {plan.host_ip}
link add {BRIDGE} type bridge
address add {GATEWAY}/16 dev {BRIDGE}
link set {BRIDGE} up
"""
