"""Policies that are enforced on the cluster: a whole run in mode Proxy goes by way of Squid and nowhere beside it, and
the chart's own pods reach what they must."""

from __future__ import annotations

import os
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from testbed import world
from testbed.cluster.selection import choose
from testbed.enforcer import Enforcer
from testbed.images.build import ensure_image
from testbed.manifests import VERIFY
from testbed.world import SYSTEM, World
from tests.e2e.conftest import Scene

pytestmark = pytest.mark.e2e

# What a hostile change would try: by the proxy, past the proxy, and by asking names.
TRIED = """python3 - {board} <<'EOF'
import socket, sys, urllib.error, urllib.request
url = sys.argv[1]
failures = []
try:
    urllib.request.urlopen(url, timeout=5)
    failures.append("the proxy let it through")
except urllib.error.HTTPError as refused:
    if refused.code != 403:
        failures.append(f"the proxy said {{refused.code}}")
try:
    urllib.request.build_opener(urllib.request.ProxyHandler({{}})).open(url, timeout=3)
    failures.append("past the proxy it was reached")
except OSError:
    pass
try:
    socket.getaddrinfo("kubernetes.default.svc.cluster.local", 443)
    failures.append("a name was told")
except OSError:
    pass
print(failures)
sys.exit(bool(failures))
EOF"""


# Run in the operator's own pod.
REACHED = """
import socket, sys
for target in sys.argv[1:]:
    host, port = target.rsplit(":", 1)
    try:
        socket.create_connection((host, int(port)), 3).close()
        print(target)
    except OSError:
        pass
"""


@pytest.fixture(scope="module")
def proxied(up: World) -> Iterator[World]:
    """The testbed with the chart's proxy, and policies for the chart's own pods."""
    image = ensure_image("egress")
    reference = choose(up.plan, os.environ).load_image(image.archive, image.reference)
    ports = [int(place(url).rpartition(":")[2]) for url in (up.trello_url, up.forge.base_url)]
    policy = {"enabled": True, "operator": {"to": [{"cidr": f"{up.plan.host_ip}/32", "ports": ports}]}}
    world.install(up, egressProxy={"enabled": True, "image": reference}, networkPolicy=policy)
    yield up
    world.install(up)


def place(url: str) -> str:
    return urlsplit(url).netloc


def test_a_run_goes_by_the_proxy_and_is_told_what_it_was_refused(proxied: World, shop: Scene) -> None:
    hosts = [place(url) for url in (proxied.forge.base_url, proxied.model_url)]
    board = place(proxied.trello_url)
    body = shop.pool(egress={"mode": "Proxy", "hosts": hosts})
    body["spec"]["workbench"]["verify"] = [TRIED.format(board=f"http://{board}/"), VERIFY["python-shop"]]
    with Enforcer(shop.kubectl):
        shop.apply(body)
        _, run = shop.ticket("Cart total ignores quantity")
    status = run["status"]
    assert status["phase"] == "Succeeded", status
    assert status["egress"]["refused"] == [board]
    (pull,) = shop.pulls()
    assert "## Network" in pull["body"] and f"`{board}`" in pull["body"]


def test_the_operator_reaches_what_its_policy_names_and_helm_finds_it_ready(proxied: World) -> None:
    named = [place(proxied.trello_url), place(proxied.forge.base_url)]
    asked = [*named, place(proxied.model_url), "169.254.169.254:443"]
    kubectl = proxied.kubectl(SYSTEM)
    with Enforcer(kubectl):
        words = ("exec", f"deployment/{world.RELEASE}", "--", "/opt/boardhand/bin/python", "-c", REACHED, *asked)
        assert kubectl(*words).split() == named
        assert "Phase:          Succeeded" in world.helm(proxied, "test", world.RELEASE, "--timeout", "90s")
    # Without a network plugin nothing holds it back; a machine in a cloud even has such an address.
    assert {*named, place(proxied.model_url)} <= set(kubectl(*words).split())
