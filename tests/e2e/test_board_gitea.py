"""An issue of a real Gitea travels to a pull request there; Gitea's own call wakes the pool, polls or no polls."""

from __future__ import annotations

import httpx
import pytest

from testbed import manifests
from testbed.callback import callback_url, wait_for_webhook
from testbed.forge.issues import IssueDesk
from testbed.watching import finished, run_of_card
from tests.e2e.conftest import NAMESPACE, Scene

pytestmark = pytest.mark.e2e

POLL_SECONDS = 600
RUN_SECONDS = 5
"""From the issue to its run, although polls are ten minutes apart."""


def test_an_issue_becomes_a_pull_request(shop: Scene) -> None:
    desk = IssueDesk(shop.world.forge, shop.repository)
    desk.prepare()
    callback = callback_url(shop.world, NAMESPACE, shop.name)
    assert callback is not None
    body = shop.pool(on_board=False)
    board = manifests.gitea_issues(shop.world.forge, shop.repository, callback)
    body["spec"]["board"] = board | {"pollSeconds": POLL_SECONDS}
    shop.apply(body)
    wait_for_webhook(shop.kubectl, shop.name, 30)
    (hook,) = desk.hooks()
    assert (hook["config"]["url"], hook["active"]) == (callback, True)

    card = desk.add_card("Cart total ignores quantity", "The cart total ignores **quantity**.")
    name = run_of_card(shop.kubectl, card, RUN_SECONDS)["metadata"]["name"]
    with httpx.Client(timeout=10, trust_env=False) as http:
        forged = http.post(callback, content=b"{}", headers={"x-gitea-signature": "0" * 64})
    assert forged.status_code == 401
    run = finished(shop.kubectl, name, 60)
    status = run["status"]

    assert status["phase"] == "Succeeded", status
    assert run["spec"]["ticket"]["url"] == f"{desk.page}/{card}"
    (pull,) = shop.pulls()
    opened = {"url": pull["html_url"], "number": pull["number"], "draft": False, "state": "Open"}
    assert opened.items() <= status["pullRequest"].items()
    assert (pull["head"]["ref"], pull["head"]["sha"]) == (status["branch"], status["commit"])
    assert shop.branches() == sorted(["main", status["branch"]])
    assert f"{desk.page}/{card}" in pull["body"]

    assert desk.moves(card) == ["Sprint Backlog", "In Progress", "In Review"]
    assert desk.column_of(card) == "In Review"
    claim, closing = desk.comments(card)
    assert f"run {name}" in claim
    assert pull["html_url"] in closing
