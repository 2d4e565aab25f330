"""What a run's containers may do, and reach, as they find it themselves: a hostile change's commands on a real node."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from testbed.cluster.control_plane import API_PORT
from testbed.cluster.network import API_SERVICE_IP, GATEWAY, inside
from testbed.enforcer import Enforcer
from testbed.kubectl import Kubectl
from testbed.manifests import VERIFY
from testbed.shell import TestbedError, wait_for
from tests.e2e.conftest import Scene

pytestmark = pytest.mark.e2e

Json = dict[str, Any]
_TITLE = "Cart total ignores quantity"
METADATA = "169.254.169.254"
TESTS = VERIFY["python-shop"]

REACH = """python3 - {targets} <<'EOF'
import socket, sys
reached = []
for target in sys.argv[1:]:
    host, port = target.rsplit(":", 1)
    try:
        socket.create_connection((host, int(port)), 2).close()
        reached.append(target)
    except OSError:
        pass
print("reached:", *reached)
sys.exit(bool(reached))
EOF"""

_LISTENER = """
import socket, sys
server = socket.create_server((sys.argv[1], 80))
while True:
    server.accept()[0].close()
"""

BOMB = """python3 - <<'EOF'
import os, signal, sys, time
children = []
try:
    for _ in range(3000):
        child = os.fork()
        if child == 0:
            time.sleep(60)
            os._exit(0)
        children.append(child)
except BlockingIOError:
    pass
for child in children:
    os.kill(child, signal.SIGKILL)
print("started", len(children))
sys.exit(len(children) == 3000)
EOF"""

WALLS = [
    "grep -q '^NoNewPrivs:.1' /proc/self/status",
    "grep -q '^Seccomp:.2' /proc/self/status",
    'test -z "$(grep ^Cap /proc/self/status | grep -v 0000000000000000)"',
    'test "$(id -u)" = 10001',
    "! touch /var/tmp/here 2>/dev/null",
    "touch /tmp/here $HOME/here",
    "test ! -e /var/run/secrets/kubernetes.io",
    'test -z "$(env | grep _SERVICE_HOST | grep -v ^KUBERNETES_)"',
    "! ls /proc/*/environ | xargs -r grep -l apiKey 2>/dev/null",
]


def attacked(scene: Scene, *commands: str, **spec: Any) -> Json:
    """The run of a ticket in a pool that has these commands as its proof; the workbench runs them too."""
    body = scene.pool(**spec)
    body["spec"]["workbench"]["verify"] = [*commands, TESTS]
    scene.apply(body)
    _, run = scene.ticket(_TITLE)
    return run


def test_a_container_has_no_rights_no_account_and_nothing_to_write_but_its_own(shop: Scene) -> None:
    run = attacked(shop, *WALLS)
    assert run["status"]["phase"] == "Succeeded", run["status"]


def test_where_the_pool_says_so_the_toolchain_writes_its_own_folders(shop: Scene) -> None:
    run = attacked(shop, "touch /var/tmp/here", pod={"writableRoot": True})
    assert run["status"]["phase"] == "Succeeded", run["status"]


def test_a_bomb_of_processes_ends_with_its_command(shop: Scene) -> None:
    run = attacked(shop, BOMB, pod={"processes": 600})
    assert run["status"]["phase"] == "Succeeded", run["status"]


def test_whoever_fills_the_disk_loses_the_pod_and_spends_the_attempt(shop: Scene) -> None:
    body = shop.pool(pod={"disk": "64Mi"})
    body["spec"]["workbench"]["verify"] = ["head -c 200M /dev/zero >/tmp/full; sleep 240; true"]
    shop.apply(body)
    _, run = shop.ticket(_TITLE)
    failure = run["status"]["failure"]
    assert (failure["class"], failure["reason"]) == ("Budget", "DiskFull"), failure
    assert run["status"]["tries"] == 1


@contextmanager
def metadata_service(kubectl: Kubectl) -> Iterator[None]:
    """Something that answers where a cloud has its metadata, on the embedded cluster's node."""
    prefix = inside(kubectl.cluster.plan)
    subprocess.run([*prefix, "ip", "addr", "add", f"{METADATA}/32", "dev", "lo"], check=True)
    server = subprocess.Popen([*prefix, "python3", "-c", _LISTENER, METADATA])
    try:
        yield
    finally:
        server.kill()
        server.wait()
        subprocess.run([*prefix, "ip", "addr", "del", f"{METADATA}/32", "dev", "lo"], check=True)


def neighbour(scene: Scene, command: str) -> Json:
    """A pod of the namespace that is no run, and so in no pool's policy."""
    image = scene.pool()["spec"]["workbench"]["image"]
    drop = {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}
    box = {"name": "box", "image": image, "command": ["sh", "-c", command], "securityContext": drop}
    security = {"runAsNonRoot": True, "runAsUser": 10001, "seccompProfile": {"type": "RuntimeDefault"}}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": f"neighbour-{scene.name}", "namespace": scene.kubectl.namespace},
        "spec": {"containers": [box], "securityContext": security, "automountServiceAccountToken": False},
    }


def address_of(scene: Scene, pod: str) -> str:
    def address() -> str:
        return str(((scene.kubectl.get("pod", pod) or {}).get("status") or {}).get("podIP") or "")

    wait_for(f"the address of pod {pod}", lambda: bool(address()), 30)
    return address()


def reached_from(scene: Scene, pod: str, targets: list[str]) -> list[str]:
    """Which of the targets a command in this pod reaches."""
    try:
        said = scene.kubectl("exec", pod, "--", "sh", "-c", REACH.format(targets=" ".join(targets)) + "\ntrue")
    except TestbedError:
        # It has not begun.
        return []
    (line,) = [line for line in said.splitlines() if line.startswith("reached:")]
    return line.split()[1:]


def test_a_run_reaches_what_its_pool_says_and_never_metadata_or_the_cluster(shop: Scene) -> None:
    """With a plugin that enforces policies: on the embedded cluster a stand-in. The same places are open to a pod that
    no policy is for, so what is closed to the run is closed by its policy."""
    plan, other = shop.world.plan, f"neighbour-{shop.name}"
    node = [f"{METADATA}:80", f"{API_SERVICE_IP}:443", f"{plan.node_ip}:{API_PORT}", f"{GATEWAY}:10250"]
    shop.kubectl.apply(neighbour(shop, "exec python3 -m http.server 8080 -d /tmp"))
    pod = f"{address_of(shop, other)}:8080"
    try:
        with metadata_service(shop.kubectl), Enforcer(shop.kubectl):
            wait_for("the neighbour", lambda: reached_from(shop, other, [pod]) == [pod], 30)
            assert reached_from(shop, other, node) == node

            run = attacked(shop, REACH.format(targets=" ".join(node)))
            assert run["status"]["phase"] == "Succeeded", run["status"]

            # Open is open for the rest, the neighbour among it, until the pool says otherwise.
            run = attacked(shop, f"! {REACH.format(targets=pod)}")
            assert run["status"]["phase"] == "Succeeded", run["status"]
            only = {"mode": "Restricted", "dns": False, "to": [{"cidr": f"{plan.host_ip}/32"}]}
            run = attacked(shop, REACH.format(targets=" ".join([pod, f"{GATEWAY}:53", *node])), egress=only)
            assert run["status"]["phase"] == "Succeeded", run["status"]
    finally:
        shop.kubectl.delete("pod", other)


def test_the_policy_is_there_before_the_first_pod_and_put_back(shop: Scene) -> None:
    shop.apply(shop.pool())
    policy = shop.kubectl.get("networkpolicy", f"boardhand-{shop.name}")
    assert policy is not None
    assert [owner["name"] for owner in policy["metadata"]["ownerReferences"]] == [shop.name]
    blocks = [peer["ipBlock"] for rule in policy["spec"]["egress"] for peer in rule["to"] if "ipBlock" in peer]
    (everything,) = [block for block in blocks if block["cidr"] == "0.0.0.0/0"]
    assert {"169.254.0.0/16", f"{API_SERVICE_IP}/32", f"{shop.world.plan.node_ip}/32"} <= set(everything["except"])
    shop.kubectl.delete("networkpolicy", policy["metadata"]["name"])
    wait_for("the policy", lambda: shop.kubectl.get("networkpolicy", f"boardhand-{shop.name}") is not None, 90)
