"""A card travels from the sprint backlog to a pull request, each step seen."""

from __future__ import annotations

import pytest

from testbed import manifests
from testbed.watching import condition, finished, run_of_card
from tests.e2e.conftest import NAMESPACE, Scene

pytestmark = pytest.mark.e2e

_TITLE = "Cart total ignores quantity"


def test_a_card_becomes_a_pull_request(shop: Scene) -> None:
    shop.apply(shop.pool())
    card = shop.add_card(_TITLE, "The cart total ignores quantity.")
    name = run_of_card(shop.kubectl, card, 60)["metadata"]["name"]
    phases: list[str] = []
    run = finished(shop.kubectl, name, 180, phases.append)
    status = run["status"]

    assert status["phase"] == "Succeeded", status
    order = ["Queued", "Claimed", "Preparing", "Working", "Publishing", "Verifying", "Succeeded"]
    assert [phase for phase in phases if phase] == [phase for phase in order if phase in phases]
    assert {"Working", "Succeeded"} <= set(phases)

    assert shop.board.moves(card) == ["In Progress", "In Review"]
    claim, closing = shop.board.comments(card)
    assert f"run {name}" in claim
    pull = shop.pulls()[0]
    assert len(shop.pulls()) == 1
    assert pull["html_url"] in closing
    opened = {"url": pull["html_url"], "number": pull["number"], "draft": False, "state": "Open"}
    assert opened.items() <= status["pullRequest"].items()

    assert status["branch"].startswith("boardhand/")
    assert shop.branches() == sorted(["main", status["branch"]])
    assert pull["head"]["sha"] == status["commit"]
    assert pull["base"]["ref"] == "main"
    for said in (manifests.VERIFY["python-shop"], "Exit code 0", "tests ran", "/c/"):
        assert said in pull["body"]

    assert status["verdict"]["passed"] is True
    assert status["verdict"]["exitCode"] == 0
    assert status["verdict"]["tests"]["ran"] > status["verdict"]["tests"].get("failed", 0) == 0
    assert status["specialist"] == "bugfixer"
    assert status["usage"]["promptTokens"] > 0
    assert float(status["usage"]["money"]) > 0
    assert condition(run, "Ready")["status"] == "True"
    assert condition(run, "Reconciling")["status"] == "False"

    assert shop.events(name) == ["Succeeded"]

    jobs = [job for job in shop.kubectl.list("jobs") if job["metadata"]["ownerReferences"][0]["name"] == name]
    assert [job["metadata"]["name"] for job in jobs] == [f"{name}-1"]


def test_what_kubectl_shows(shop: Scene) -> None:
    shop.apply(shop.pool())
    _, run = shop.ticket(_TITLE)
    name = run["metadata"]["name"]

    pools = shop.kubectl("get", "codingagents", shop.name)
    assert {"READY", "REASON", "WORKING", "QUEUED", "REPOSITORY"} <= set(pools.split())
    runs = shop.kubectl("get", "ticketruns", name)
    assert run["status"]["pullRequest"]["url"] in runs
    assert "Succeeded" in runs
    explained = shop.kubectl("explain", "ticketrun.status.verdict")
    assert "the first command that failed" in " ".join(explained.split())
    told = shop.kubectl("describe", "ticketrun", name)
    story = ["the change is proved", f"pull request {run['status']['pullRequest']['url']}", "is in In Review"]
    assert story == sorted(story, key=told.rindex)


def test_stages_see_only_their_secrets(shop: Scene) -> None:
    shop.apply(shop.pool())
    _, run = shop.ticket(_TITLE)
    job = shop.kubectl.get("job", f"{run['metadata']['name']}-1")
    assert job is not None
    spec = job["spec"]["template"]["spec"]
    containers = {entry["name"]: entry for entry in [*spec["initContainers"], *spec["containers"]]}
    secret_volumes = {volume["name"] for volume in spec["volumes"] if "secret" in volume}
    seen = {
        name: {mount["name"] for mount in entry["volumeMounts"]} & secret_volumes for name, entry in containers.items()
    }
    assert seen == {
        "checkout": {"git-read"},
        "workbench": set(),
        "agent": {"model-large", "model-small"},
        "publish": {"git-push"},
        "verify": set(),
    }
    assert spec["automountServiceAccountToken"] is False


def test_an_analyst_answers_on_the_card_and_pushes_nothing(shop: Scene) -> None:
    shop.apply(shop.pool())
    card, run = shop.ticket("Please explain how the cart computes its total")
    status = run["status"]

    assert status["phase"] == "Succeeded", status
    assert status["specialist"] == "analyst"
    assert shop.branches() == ["main"]
    assert shop.pulls() == []
    assert "pullRequest" not in status
    assert "shop/cart.py" in shop.board.comments(card)[-1]
    assert shop.board.moves(card) == ["In Progress", "In Review"]


def test_a_run_applied_by_hand_needs_no_board(shop: Scene) -> None:
    shop.apply(shop.pool(on_board=False))
    name = f"by-hand-{shop.name}"
    shop.kubectl.apply(manifests.run(NAMESPACE, name, shop.name, "Add a discount code to the cart", "SAVE10."))
    run = finished(shop.kubectl, name, 180)

    assert run["status"]["phase"] == "Succeeded", run["status"]
    assert run["status"]["specialist"] == "coder"
    assert [pull["html_url"] for pull in shop.pulls()] == [run["status"]["pullRequest"]["url"]]


def test_an_analysis_by_hand_has_neither_publish_nor_verify(shop: Scene) -> None:
    shop.apply(shop.pool(on_board=False))
    name = f"analyse-{shop.name}"
    title = "Please explain how the cart computes its total"
    shop.kubectl.apply(manifests.run(NAMESPACE, name, shop.name, title, "", task="Analyse"))
    run = finished(shop.kubectl, name, 180)

    assert run["status"]["phase"] == "Succeeded", run["status"]
    assert "shop/cart.py" in run["status"]["summary"]
    job = shop.kubectl.get("job", f"{name}-1")
    assert job is not None
    spec = job["spec"]["template"]["spec"]
    assert [entry["name"] for entry in spec["initContainers"]] == ["checkout", "workbench"]
    assert [entry["name"] for entry in spec["containers"]] == ["agent"]
    assert shop.branches() == ["main"]


def test_going_in_circles_is_stuck(shop: Scene) -> None:
    shop.apply(shop.pool())
    card, run = shop.ticket("Go round in circles")

    assert run["status"]["failure"]["class"] == "Stuck"
    assert "**Stuck**" in shop.board.comments(card)[-1]
    assert shop.board.column_of(card) == "Needs a person"
    assert shop.branches() == ["main"]


def test_a_question_goes_on_the_card(shop: Scene) -> None:
    shop.apply(shop.pool())
    card, run = shop.ticket("Show prices with their sign: which currency is open")

    assert run["status"]["failure"]["class"] == "NeedsInfo"
    assert "currency" in shop.board.comments(card)[-1]
    assert shop.board.column_of(card) == "Needs a person"
    assert shop.branches() == ["main"]
