"""Mode Proxy on the cluster: a whole run by way of Squid, where the policy is enforced, and nothing beside it."""

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
from testbed.world import World
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


@pytest.fixture(scope="module")
def proxied(up: World) -> Iterator[World]:
    """The testbed with the chart's proxy."""
    image = ensure_image("egress")
    reference = choose(up.plan, os.environ).load_image(image.archive, image.reference)
    world.install(up, egressProxy={"enabled": True, "image": reference})
    yield up
    world.install(up)


def test_a_run_goes_by_the_proxy_and_is_told_what_it_was_refused(proxied: World, shop: Scene) -> None:
    hosts = [urlsplit(url).netloc for url in (proxied.forge.base_url, proxied.model_url)]
    board = urlsplit(proxied.trello_url).netloc
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
