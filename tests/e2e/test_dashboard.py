"""The dashboard as people use it, in a real Chromium, on the real cluster: each sees and does what they may."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from testbed import dashboard, manifests
from testbed.dashboard import Dashboard
from testbed.watching import finished, run_of_card, wait_for_pool
from testbed.world import TRELLO_KEY, TRELLO_TOKEN, World
from tests.e2e import browsing
from tests.e2e.browsing import SECONDS, Person, signed_in
from tests.e2e.conftest import NAMESPACE, Scene, switch

pytestmark = pytest.mark.e2e

TITLE = "Cart total ignores quantity"
SCRIPTED_MODEL = "large"


@pytest.fixture(scope="module")
def served(up: World) -> Dashboard:
    return dashboard.up(up)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with browsing.browser() as made:
        yield made


@pytest.fixture
def owner(chromium: Browser, served: Dashboard) -> Iterator[Person]:
    with signed_in(chromium, served, "owner") as person:
        yield person
        assert person.wrong == []


@pytest.fixture
def developer(chromium: Browser, served: Dashboard) -> Iterator[Person]:
    with signed_in(chromium, served, "developer") as person:
        yield person
        assert person.wrong == []


@pytest.fixture
def onlooker(chromium: Browser, served: Dashboard) -> Iterator[Person]:
    with signed_in(chromium, served, "onlooker") as person:
        yield person


def posted(person: Person, path: str) -> int:
    """The status of a POST that the page has no button for, with the page's own proof."""
    answer: Any = person.page.evaluate(
        "path => fetch(path, {method: 'POST', headers: JSON.parse(document.body.getAttribute('hx-headers'))})"
        ".then(answer => answer.status)",
        path,
    )
    return int(answer)


def suspended(shop: Scene) -> bool:
    pool = shop.kubectl.get("codingagent", shop.name) or {}
    return bool(pool["spec"].get("suspend"))


def test_three_people_see_and_do_what_they_may(shop: Scene, owner: Person, developer: Person, onlooker: Person) -> None:
    shop.apply(shop.pool())
    at = f"/ns/{NAMESPACE}/pools"
    assert owner.goes("/") == 200
    expect(owner.page.get_by_role("link", name=NAMESPACE, exact=True)).to_be_visible()

    assert developer.goes(at) == 200
    expect(developer.page.get_by_role("link", name=shop.name, exact=True)).to_be_visible()
    expect(developer.page.get_by_role("link", name="New pool")).to_have_count(0)
    expect(developer.page.get_by_role("button", name=f"Suspend pool {shop.name}")).to_have_count(0)
    assert posted(developer, f"{at}/{shop.name}/suspend") == 403
    assert not suspended(shop)

    assert onlooker.goes(at) == 403
    expect(onlooker.page.get_by_role("main")).to_contain_text("may not")
    assert onlooker.goes("/ns/demo/pools") == 200
    assert posted(onlooker, f"{at}/{shop.name}/suspend") == 403

    assert owner.goes(at) == 200
    owner.page.get_by_role("button", name=f"Suspend pool {shop.name}").click()
    expect(owner.page.get_by_role("button", name=f"Resume pool {shop.name}")).to_be_visible()
    assert suspended(shop)
    owner.page.get_by_role("button", name=f"Resume pool {shop.name}").click()
    expect(owner.page.get_by_role("button", name=f"Suspend pool {shop.name}")).to_be_visible()
    assert not suspended(shop)


def typed(person: Person, fields: dict[str, str]) -> None:
    """Into the form's fields, by their ids."""
    for name, value in fields.items():
        person.page.locator(f"#{name}").fill(value)


def test_a_pool_made_in_the_form_takes_a_card_to_its_pull_request(shop: Scene, owner: Person) -> None:
    page, spec = owner.page, shop.pool()["spec"]
    shop.pools.append(shop.name)
    owner.goes(f"/ns/{NAMESPACE}/pools/new")
    page.locator("#name").fill(shop.name)
    page.locator("#board-type").select_option("trello")
    typed(owner, {"board-board": shop.board_id, "board-url": spec["board"]["url"]})
    page.locator("#board-secrets-key").press_sequentially(TRELLO_KEY)
    page.locator("#board-secrets-token").press_sequentially(TRELLO_TOKEN)
    expect(page.locator("#trial-board")).to_contain_text("The lists on this board are: ", timeout=SECONDS)
    expect(page.locator("#trial-board")).to_contain_text("Needs a person")
    typed(owner, {"board-columns-failed": "Needs a person", "board-pollSeconds": "1"})
    typed(owner, {"repository-url": spec["repository"]["url"], "forge-url": spec["forge"]["url"]})
    page.locator("#forge-type").select_option("gitea")
    typed(owner, {"repository-pushSecretRef-name": "git-push", "repository-readSecretRef-name": "git-read"})
    typed(owner, {"forge-secretRef-name": "forge"})
    for size, model in spec["models"].items():
        page.locator(f"#models-{size}-provider").select_option(model["provider"])
        typed(owner, {f"models-{size}-name": model["name"], f"models-{size}-baseURL": model["baseURL"]})
        typed(owner, {f"models-{size}-secretRef-name": "model"})
    typed(owner, {"workbench-image": spec["workbench"]["image"], "workbench-verify": spec["workbench"]["verify"][0]})
    assert owner.violations() == []
    assert owner.overflow() == []
    owner.pictured("form")
    page.get_by_role("button", name="Apply").click()
    page.wait_for_url(f"**/pools/{shop.name}", timeout=SECONDS)
    made = wait_for_pool(shop.kubectl, shop.name, "True", 60)
    board = made["spec"]["board"]
    assert set(board.get("sealed") or board["secretRef"]) >= ({"key", "token"} if "sealed" in board else {"name"})
    assert TRELLO_TOKEN not in str(made)

    card = shop.add_card(TITLE, "The cart total ignores quantity.")
    run = run_of_card(shop.kubectl, card, 60)["metadata"]["name"]
    owner.goes(f"/ns/{NAMESPACE}/board?pool={shop.name}")
    expect(page.locator(f"#column-working #run-{run}")).to_be_visible(timeout=SECONDS)
    page.get_by_role("link", name=TITLE).click()
    # The page is not loaded again from here on: everything comes as it happens.
    expect(page.locator("#steps")).to_contain_text("read_file", timeout=SECONDS)
    expect(page.locator("#run-state")).to_contain_text("Succeeded", timeout=SECONDS)
    expect(page.locator("#pull-request")).to_be_visible()
    status = finished(shop.kubectl, run, 60)["status"]
    assert page.locator("#pull-request").get_attribute("href") == status["pullRequest"]["url"]
    expect(page.get_by_role("main")).to_contain_text("Run on a clean export of the pushed commit.")
    expect(page.locator("details.file").first).to_be_visible(timeout=SECONDS)
    expect(page.locator("pre.diff").first).to_contain_text("quantity")
    assert "failed on the base" in page.locator("ul.evidence").inner_text()
    assert owner.violations() == []
    assert owner.overflow() == []
    owner.pictured("run")
    owner.pictured("run-dark", "dark")
    owner.goes(f"/ns/{NAMESPACE}/board?pool={shop.name}")
    expect(page.locator(f"#column-in-review #run-{run}")).to_be_visible(timeout=SECONDS)
    assert owner.violations() == []
    assert owner.overflow() == []
    owner.pictured("board")
    owner.goes(f"/ns/{NAMESPACE}/pools")
    assert owner.violations() == []
    assert owner.overflow() == []
    owner.pictured("pools")


def test_a_run_is_cancelled_by_who_may(shop: Scene, developer: Person, onlooker: Person) -> None:
    shop.apply(shop.pool())
    switch(shop.world.model_url, {"match": TITLE, "delay": 5})
    run = run_of_card(shop.kubectl, shop.add_card(TITLE), 60)["metadata"]["name"]
    at = f"/ns/{NAMESPACE}/runs/{run}"
    assert onlooker.goes("/ns/demo/board") == 200
    assert posted(onlooker, f"{at}/cancel") == 403
    page = developer.page
    developer.goes(at)
    expect(page.locator("#run-state")).to_contain_text("Working", timeout=SECONDS)
    page.on("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="Cancel").click()
    expect(page.locator("#run-state")).to_contain_text("Cancelled", timeout=SECONDS)
    assert finished(shop.kubectl, run, 60)["status"]["phase"] == "Cancelled"
    assert shop.pulls() == []


def test_a_failed_run_says_why_and_is_tried_again(shop: Scene, developer: Person) -> None:
    shop.apply(shop.pool())
    card, first = shop.ticket("A wrong fix on purpose")
    run, page = first["metadata"]["name"], developer.page
    developer.goes(f"/ns/{NAMESPACE}/runs/{run}")
    state = page.locator("#run-state")
    expect(state).to_contain_text("Failed: Red")
    expect(state).to_contain_text("The verify commands failed")
    expect(state).to_contain_text("exit code 1")
    expect(page.get_by_label("What the command printed that failed")).to_contain_text("assert")
    assert developer.violations() == []
    developer.pictured("failed")
    page.get_by_text("Retry", exact=True).first.click()
    page.get_by_label("Tell the agent (optional)").fill("Look at the quantity.")
    page.get_by_role("button", name="Retry").click()
    deadline = time.monotonic() + 60
    while len(runs := _runs_of(shop, card)) < 2:
        assert time.monotonic() < deadline, [one["metadata"]["name"] for one in runs]
        time.sleep(0.2)
    again = max(runs, key=lambda one: int(one["spec"]["attempt"]))
    assert again["spec"]["attempt"] == 2
    assert finished(shop.kubectl, again["metadata"]["name"], 180)["status"]["phase"] == "Failed"


def _runs_of(shop: Scene, card: str) -> list[dict[str, Any]]:
    return [run for run in shop.kubectl.list("ticketruns") if run["spec"]["ticket"]["id"] == card]


def test_all_is_reached_by_keyboard(shop: Scene, developer: Person) -> None:
    shop.kubectl.apply(manifests.run(NAMESPACE, f"keys-{shop.name}", shop.name, "By keyboard", "No pool takes it."))
    page = developer.page
    developer.goes(f"/ns/{NAMESPACE}/board")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the content"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    expect(page.locator(f"#open-keys-{shop.name}")).to_be_visible()
    reached = set()
    for _ in range(200):
        page.keyboard.press("Tab")
        reached.add(str(page.evaluate("document.activeElement.id")))
    shop.kubectl.delete("ticketrun", f"keys-{shop.name}")
    assert f"open-keys-{shop.name}" in reached
