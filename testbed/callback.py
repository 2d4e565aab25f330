"""Where a board or forge on the host calls the operator: the webhooks' Service, on the node's own port."""

from __future__ import annotations

import time

import httpx

from testbed.kubectl import Kubectl
from testbed.shell import TestbedError
from testbed.watching import condition
from testbed.world import SYSTEM, World

SERVICE = "boardhand-webhooks"


def callback_url(world: World, namespace: str, pool: str) -> str | None:
    """The pool's address for webhooks as the host reaches it, or None where it reaches none."""
    kubectl = world.kubectl(SYSTEM)
    service = kubectl.get("service", SERVICE)
    if service is None:
        return None
    (port, *_) = service["spec"]["ports"]
    # The embedded cluster's node is reached by its end of the link, whatever it calls its own address.
    hosts = [world.plan.node_ip]
    for node in kubectl.list("nodes"):
        hosts += [entry["address"] for entry in node["status"]["addresses"]]
    urls = (f"http://{host}:{port.get('nodePort')}/webhooks/{namespace}/{pool}" for host in hosts)
    return next((url for url in urls if _answers(url)), None)


def _answers(url: str) -> bool:
    try:
        return httpx.head(url, timeout=3, trust_env=False).status_code == httpx.codes.OK
    except httpx.TransportError:
        return False


def wait_for_webhook(kubectl: Kubectl, pool: str, seconds: float) -> None:
    """Poll until the board calls for the pool; raises TestbedError with the condition's words where it does not."""
    deadline = time.monotonic() + seconds
    while (found := condition(kubectl.get("codingagent", pool) or {}, "Webhook")).get("status") != "True":
        if time.monotonic() > deadline:
            raise TestbedError(f"pool {pool}: no webhook after {seconds:.0f} s: {found or 'no condition yet'}")
        time.sleep(0.2)
