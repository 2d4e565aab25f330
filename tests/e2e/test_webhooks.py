"""A webhook from the board through the node's network to the operator: a card is a run at once, polls or no polls."""

from __future__ import annotations

import httpx
import pytest

from testbed.shell import wait_for
from testbed.watching import run_of_card
from testbed.world import SYSTEM, World
from tests.e2e.conftest import NAMESPACE, Scene

pytestmark = pytest.mark.e2e

RUN_SECONDS = 5
"""From the card to its run, although polls are ten minutes apart."""


def _callback(world: World, pool: str) -> str:
    """The pool's address at the node's port, as the stand-in on the host reaches it."""
    kubectl = world.kubectl(SYSTEM)
    service = kubectl.get("service", "boardhand-webhooks") or {}
    (node, *_) = kubectl.list("nodes")
    # The embedded cluster's node is reached by its end of the link, whatever it calls its own address.
    hosts = [world.plan.node_ip, *(entry["address"] for entry in node["status"]["addresses"])]
    urls = [f"http://{host}:{service['spec']['ports'][0]['nodePort']}/webhooks/{NAMESPACE}/{pool}" for host in hosts]
    return next(url for url in urls if _answers(url))


def _answers(url: str) -> bool:
    try:
        return httpx.head(url, timeout=3, trust_env=False).status_code == httpx.codes.OK
    except httpx.TransportError:
        return False


def _subscribed(shop: Scene, pool: str) -> bool:
    status = (shop.kubectl.get("codingagent", pool) or {}).get("status") or {}
    return any(one["type"] == "Webhook" and one["status"] == "True" for one in status.get("conditions") or [])


def test_a_card_is_a_run_at_once(shop: Scene) -> None:
    body = shop.pool()
    name = body["metadata"]["name"]
    callback = _callback(shop.world, name)
    body["spec"]["board"] |= {"pollSeconds": 600, "webhook": {"callbackUrl": callback}}
    shop.apply(body)
    wait_for("the board's webhook", lambda: _subscribed(shop, name), 30)

    card = shop.add_card("Cart total ignores quantity")
    run_of_card(shop.kubectl, card, RUN_SECONDS)

    with httpx.Client(timeout=10, trust_env=False) as http:
        forged = http.post(callback, content=b"{}", headers={"x-trello-webhook": "Zm9yZ2Vk"})
        unknown = http.post(callback + "-no", content=b"{}", headers={"x-trello-webhook": "Zm9yZ2Vk"})
    assert (forged.status_code, forged.content) == (unknown.status_code, unknown.content) == (401, b"")

    run = shop.outcome(card)
    assert run["status"]["phase"] == "Succeeded", run["status"]
    assert shop.board.moves(card) == ["In Progress", "In Review"]
