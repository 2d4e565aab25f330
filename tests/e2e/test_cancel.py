"""Runs that are called off while their agent works: the Job is gone at once, the card is told."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest

from testbed import manifests
from testbed.watching import finished, run_of_card
from tests.e2e.conftest import Scene, switch

pytestmark = pytest.mark.e2e

FAILED = "Needs a person"
TITLE = "Cart total ignores quantity"
GONE_SECONDS = 5
"""From the moment a run is called off; a moved card is seen with the next poll, here a second later."""


def _until(what: str, seen: Callable[[], Any], seconds: float) -> float:
    begin = time.monotonic()
    while not seen():
        assert time.monotonic() - begin < seconds, f"not seen within {seconds} s: {what}"
        time.sleep(0.1)
    return time.monotonic() - begin


def _working(shop: Scene) -> tuple[str, str]:
    """A card, and its run with the agent at work."""
    shop.apply(shop.pool())
    switch(shop.world.model_url, {"match": TITLE, "delay": 5})
    card = shop.add_card(TITLE)
    name = run_of_card(shop.kubectl, card, 60)["metadata"]["name"]

    def phase() -> bool:
        run = shop.kubectl.get("ticketrun", name) or {}
        return bool(run.get("status", {}).get("phase") == "Working")

    _until("the agent at work", phase, 60)
    return card, name


def _job_is_gone(shop: Scene, name: str) -> None:
    _until("the Job gone", lambda: shop.kubectl.get("job", f"{name}-1") is None, GONE_SECONDS)


def _told(shop: Scene, card: str, words: str, moves: list[str]) -> None:
    _until("the closing comment", lambda: len(shop.board.comments(card)) > 1, 30)
    _until("the last move", lambda: shop.board.moves(card) == moves, 30)
    claim, closing = shop.board.comments(card)
    assert "took this ticket" in claim
    assert "**Cancelled**" in closing
    assert words in closing
    assert shop.pulls() == []


def test_a_cancelled_run(shop: Scene) -> None:
    card, name = _working(shop)
    shop.kubectl("patch", "ticketrun", name, "--type", "merge", "-p", '{"spec":{"cancel":true}}')
    _job_is_gone(shop, name)
    run = finished(shop.kubectl, name, 30)
    assert run["status"]["phase"] == "Cancelled"
    _told(shop, card, "spec.cancel", ["In Progress", FAILED])


def test_a_moved_card(shop: Scene) -> None:
    card, name = _working(shop)
    shop.board.move(shop.board_id, card, "In Review")
    # One poll later, one second here, beside the five.
    _until("the Job gone", lambda: shop.kubectl.get("job", f"{name}-1") is None, GONE_SECONDS + 2)
    run = finished(shop.kubectl, name, 30)
    assert (run["status"]["phase"], run["status"]["failure"]["reason"]) == ("Cancelled", "TicketMoved")
    _told(shop, card, "moved to In Review", ["In Progress", "In Review"])


def test_a_deleted_run(shop: Scene) -> None:
    card, name = _working(shop)
    shop.kubectl("delete", "ticketrun", name, "--wait=false")
    _job_is_gone(shop, name)
    _told(shop, card, name, ["In Progress", FAILED])
    runs = [run for run in shop.kubectl.list("ticketruns") if run["spec"]["ticket"]["id"] == card]
    assert runs == []


def test_a_run_by_hand(shop: Scene) -> None:
    shop.apply(shop.pool(on_board=False))
    name = f"by-hand-{shop.name}"
    shop.kubectl.apply(manifests.run(shop.kubectl.namespace, name, shop.name, TITLE, ""))
    _until("its Job", lambda: shop.kubectl.get("job", f"{name}-1"), 60)
    shop.kubectl("patch", "ticketrun", name, "--type", "merge", "-p", '{"spec":{"cancel":true}}')
    _job_is_gone(shop, name)
    assert finished(shop.kubectl, name, 30)["status"]["phase"] == "Cancelled"
