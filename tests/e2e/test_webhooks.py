"""A webhook from the board through the node's network to the operator: a card is a run at once, polls or no polls."""

from __future__ import annotations

import httpx
import pytest

from testbed.callback import callback_url, wait_for_webhook
from testbed.watching import run_of_card
from tests.e2e.conftest import NAMESPACE, Scene

pytestmark = pytest.mark.e2e

RUN_SECONDS = 5
"""From the card to its run, although polls are ten minutes apart."""


def test_a_card_is_a_run_at_once(shop: Scene) -> None:
    body = shop.pool()
    name = body["metadata"]["name"]
    callback = callback_url(shop.world, NAMESPACE, name)
    assert callback is not None, "the host reaches no address of the operator's webhooks"
    body["spec"]["board"] |= {"pollSeconds": 600, "webhook": {"callbackUrl": callback}}
    shop.apply(body)
    wait_for_webhook(shop.kubectl, name, 30)

    card = shop.add_card("Cart total ignores quantity")
    run_of_card(shop.kubectl, card, RUN_SECONDS)

    with httpx.Client(timeout=10, trust_env=False) as http:
        forged = http.post(callback, content=b"{}", headers={"x-trello-webhook": "Zm9yZ2Vk"})
        unknown = http.post(callback + "-no", content=b"{}", headers={"x-trello-webhook": "Zm9yZ2Vk"})
    assert (forged.status_code, forged.content) == (unknown.status_code, unknown.content) == (401, b"")

    run = shop.outcome(card)
    assert run["status"]["phase"] == "Succeeded", run["status"]
    assert shop.board.moves(card) == ["In Progress", "In Review"]
