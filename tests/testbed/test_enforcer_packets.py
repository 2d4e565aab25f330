"""The enforcer's rules by real packets: a run's pod, a neighbour and the node, in a network of their own."""

from __future__ import annotations

import subprocess

import pytest

from boardhand_operator.specs.network import Network, build_policy
from testbed.cluster.packages import ensure_packages
from testbed.enforcer import script
from tests.support.objects import a_pool
from tests.testbed.test_enforcer import RUN, pod, space

pytestmark = pytest.mark.slow

METADATA, API, OUTSIDE, NEIGHBOUR, OWN = "169.254.169.254", "10.96.0.1", "203.0.113.9", "10.88.0.6", "10.88.0.5"
LISTEN = """
import socket, sys, threading
def serve(server):
    while True:
        server.accept()[0].close()
for address in sys.argv[1:]:
    threading.Thread(target=serve, args=(socket.create_server((address, 80)),)).start()
"""
TRY = """
import socket, sys
for address in sys.argv[1:]:
    try:
        socket.create_connection((address, 80), 2).close()
        print("reached", address)
    except OSError:
        print("closed", address)
"""
SCENE = f"""
set -e
ip link set lo up
ip link add br0 type bridge
ip addr add 10.88.0.1/16 dev br0
ip link set br0 up
for address in {METADATA} {API} {OUTSIDE}; do ip addr add $address/32 dev lo; done
number=5
pods=
for name in own neighbour; do
    unshare --net sleep 30 & pods="$pods $!"
    sleep 0.3
    ip link add v$number type veth peer name eth0 netns $!
    ip link set v$number master br0 up
    nsenter --net --target $! sh -c "ip link set lo up; ip addr add 10.88.0.$number/16 dev eth0; ip link set eth0 up
        ip route add default via 10.88.0.1; exec python3 -c '$LISTEN' 10.88.0.$number" & pods="$pods $!"
    [ $name = neighbour ] || own=${{pods#* }}
    number=$((number + 1))
done
set -- $pods
python3 -c "$LISTEN" {METADATA} {API} {OUTSIDE} & pods="$pods $!"
sleep 1.5
nsenter --net --target $1 python3 -c "$TRY" {METADATA} {API} {OUTSIDE} {NEIGHBOUR}
nft -f -
nsenter --net --target $1 python3 -c "$TRY" {METADATA} {API} {OUTSIDE} {NEIGHBOUR}
nsenter --net --target $3 python3 -c "$TRY" {OWN} {METADATA}
kill -9 $pods
"""


def tried(**egress: object) -> list[str]:
    """What is reached: by the run's pod before there is a policy, and with it; then by its neighbour."""
    ensure_packages(("nftables", "iproute2", "util-linux"))
    policy = build_policy(a_pool(egress=egress), Network(closed=(f"{API}/32",)))
    rules = script([policy, pod(OWN, RUN, phase="Pending"), pod(NEIGHBOUR, {}), space("team")])
    done = subprocess.run(
        ["unshare", "--map-root-user", "--net", "--pid", "--fork", "--mount-proc", "--kill-child", "sh", "-c", SCENE],
        input=rules,
        env={"LISTEN": LISTEN, "TRY": TRY, "PATH": "/usr/sbin:/usr/bin:/sbin:/bin"},
        capture_output=True,
        text=True,
        timeout=60,
    )
    lines = [line for line in done.stdout.splitlines() if line.startswith(("reached", "closed"))]
    assert len(lines) == 10, done.stderr
    return lines


def test_open_closes_metadata_and_the_api_server_and_lets_nobody_in() -> None:
    lines = tried()
    assert lines[:4] == [f"reached {one}" for one in (METADATA, API, OUTSIDE, NEIGHBOUR)]
    assert lines[4:8] == [f"closed {METADATA}", f"closed {API}", f"reached {OUTSIDE}", f"reached {NEIGHBOUR}"]
    assert lines[8:] == [f"closed {OWN}", f"reached {METADATA}"]


def test_restricted_reaches_what_is_named() -> None:
    lines = tried(mode="Restricted", dns=False, to=[{"cidr": f"{OUTSIDE}/32", "ports": [80]}])
    assert lines[4:8] == [f"closed {METADATA}", f"closed {API}", f"reached {OUTSIDE}", f"closed {NEIGHBOUR}"]
