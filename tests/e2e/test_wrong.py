"""When it goes wrong: each row of the table of failures, on the real cluster."""

from __future__ import annotations

import time

import pytest

from testbed import manifests
from testbed.shell import TestbedError
from testbed.watching import condition, run_of_card, wait_for_pool
from tests.e2e.conftest import NAMESPACE, Scene, switch

pytestmark = pytest.mark.e2e

_TITLE = "Cart total ignores quantity"
_LIMITS = {"concurrency": 2, "deadlineSeconds": 400, "retrySeconds": 2, "modelPatienceSeconds": 150}


def test_a_wrong_fix_is_red_and_a_draft(shop: Scene) -> None:
    shop.apply(shop.pool())
    card, run = shop.ticket("A wrong fix on purpose")
    status = run["status"]

    assert status["phase"] == "Failed"
    assert status["failure"]["class"] == "Red"
    assert status["verdict"]["passed"] is False
    assert status["verdict"]["exitCode"] != 0
    (pull,) = shop.pulls()
    assert status["pullRequest"]["draft"] is True
    assert pull["draft"] is True
    assert "**failed**" in pull["body"]
    assert "**Red**" in shop.board.comments(card)[-1]
    assert shop.board.column_of(card) == "Needs a person"


def test_a_wrong_fix_opens_nothing_where_the_policy_says_so(shop: Scene) -> None:
    shop.apply(shop.pool(policy={"onRed": "Nothing"}))
    card, run = shop.ticket("A wrong fix on purpose")

    assert run["status"]["failure"]["class"] == "Red"
    assert shop.pulls() == []
    assert "is left as it is" in shop.board.comments(card)[-1]


def test_steps_used_up_hand_over_a_draft_that_says_so(shop: Scene) -> None:
    shop.apply(shop.pool(limits=_LIMITS | {"steps": 3}))
    card, run = shop.ticket(_TITLE)
    status = run["status"]

    assert status["phase"] == "Failed"
    assert status["failure"]["class"] == "Budget"
    assert status["failure"]["reason"] == "StepsUsedUp"
    (pull,) = shop.pulls()
    assert pull["draft"] is True
    opened = {"url": pull["html_url"], "number": pull["number"], "draft": True, "state": "Open"}
    assert opened.items() <= status["pullRequest"].items()
    assert pull["head"]["sha"] == status["commit"]
    assert "All 3 steps" in pull["body"]
    comment = shop.board.comments(card)[-1]
    assert "**Budget**" in comment
    assert pull["html_url"] in comment
    assert shop.board.column_of(card) == "Needs a person"


def test_steps_used_up_leave_nothing_where_the_policy_says_so(shop: Scene) -> None:
    shop.apply(shop.pool(limits=_LIMITS | {"steps": 3}, policy={"onLimit": "Nothing"}))
    card, run = shop.ticket(_TITLE)

    assert run["status"]["failure"]["class"] == "Budget"
    assert "pullRequest" not in run["status"]
    assert shop.pulls() == []
    assert shop.branches() == ["main"]
    assert "**Budget**" in shop.board.comments(card)[-1]
    assert shop.board.column_of(card) == "Needs a person"


def test_a_model_that_fails_for_a_while_is_waited_for(shop: Scene) -> None:
    shop.apply(shop.pool(limits=_LIMITS))
    switch(shop.world.model_url, {"match": "waited for by the run", "status": 500, "seconds": 60})
    started = time.monotonic()
    card, run = shop.ticket(_TITLE, "This one is waited for by the run.")

    assert run["status"]["phase"] == "Succeeded", run["status"]
    assert run["status"]["tries"] == 1
    assert time.monotonic() - started > 60
    assert shop.board.moves(card) == ["In Progress", "In Review"]


def test_a_model_that_stays_down_is_infrastructure_and_spends_no_attempt(shop: Scene) -> None:
    limits = _LIMITS | {"modelPatienceSeconds": 3, "tries": 2, "retrySeconds": 1}
    shop.apply(shop.pool(limits=limits))
    switch(shop.world.model_url, {"match": "never comes back", "status": 500})
    card, run = shop.ticket(_TITLE, "This model never comes back.")
    status = run["status"]

    assert status["phase"] == "Failed"
    assert status["failure"]["class"] == "Infrastructure"
    assert status["tries"] == 2
    assert shop.board.column_of(card) == "Sprint Backlog"
    assert "No attempt is spent" in shop.board.comments(card)[-1]
    assert shop.pulls() == []

    switch(shop.world.model_url, None)
    again = run_of_card(shop.kubectl, card, 60, after=run["metadata"]["name"])
    assert again["spec"]["attempt"] == 1


def test_a_wrong_token_makes_the_pool_not_ready_and_touches_no_card(shop: Scene) -> None:
    card = shop.add_card(_TITLE)
    name = f"wrong-{shop.name}"
    shop.kubectl.apply(manifests.secret(NAMESPACE, name, key="f00d", token="wrong"))
    body = shop.pool()
    body["spec"]["board"]["secretRef"]["name"] = name
    pool = shop.apply(body, ready="False")

    ready = condition(pool, "Ready")
    assert ready["reason"] == "CredentialsRefused"
    assert name in ready["message"]
    assert "`token`" in ready["message"]
    assert shop.board.column_of(card) == "Sprint Backlog"
    assert shop.board.comments(card) == []

    body["spec"]["board"]["secretRef"]["name"] = "trello"
    shop.apply(body)
    assert shop.outcome(card)["status"]["phase"] == "Succeeded"


def test_a_missing_column_is_named_with_those_there_are(shop: Scene) -> None:
    body = shop.pool()
    body["spec"]["board"]["columns"]["review"] = "Reviews"
    ready = condition(shop.apply(body, ready="False"), "Ready")
    assert "Reviews" in ready["message"]
    assert "In Review" in ready["message"]


def test_an_image_that_cannot_be_pulled_is_the_pools_configuration(shop: Scene) -> None:
    body = shop.pool()
    body["spec"]["workbench"]["image"] = "localhost/boardhand/no-such-image:1"
    shop.apply(body)
    card, run = shop.ticket(_TITLE)

    assert run["status"]["failure"]["class"] == "Configuration"
    assert run["status"]["failure"]["reason"] == "ImagePull"
    ready = condition(wait_for_pool(shop.kubectl, shop.name, "False", 30), "Ready")
    assert ready["reason"] == "ImagePull"
    assert "no-such-image" in ready["message"]
    assert shop.board.column_of(card) == "Sprint Backlog"

    shop.apply(shop.pool())
    again = run_of_card(shop.kubectl, card, 60, after=run["metadata"]["name"])
    assert again["spec"]["attempt"] == 1


def test_a_missing_verify_command_is_the_pools_configuration(shop: Scene) -> None:
    body = shop.pool()
    body["spec"]["workbench"]["verify"] = ["no-such-command --all"]
    shop.apply(body)
    card, run = shop.ticket(_TITLE)

    assert run["status"]["failure"]["class"] == "Configuration"
    assert "no-such-command" in run["status"]["failure"]["message"]
    assert condition(wait_for_pool(shop.kubectl, shop.name, "False", 30), "Ready")["reason"] == "VerifyCommandMissing"
    assert shop.board.column_of(card) == "Sprint Backlog"
    assert shop.branches() == ["main"]


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        (("policy", "onRed"), "Maybe", ("spec.policy.onRed", "Draft", "Nothing")),
        (("limits", "concurrency"), 0, ("spec.limits.concurrency", "greater than or equal to 1")),
        (("models", "large", "provider"), "oracle", ("spec.models.large.provider", "openai", "mistral")),
        (("repository", "url"), "ftp://x", ("spec.repository.url", "https?")),
        (("forge",), None, ("spec.forge is required",)),
    ],
)
def test_a_bad_field_is_refused_by_the_api_server(
    shop: Scene, path: tuple[str, ...], value: object, said: tuple[str, ...]
) -> None:
    body = shop.pool()
    target = body["spec"]
    for step in path[:-1]:
        target = target.setdefault(step, {})
    if value is None:
        target.pop(path[-1])
    else:
        target[path[-1]] = value
    with pytest.raises(TestbedError) as refused:
        shop.kubectl.apply(body)
    for words in said:
        assert words in str(refused.value)


def test_a_run_never_changes(shop: Scene) -> None:
    shop.apply(shop.pool(on_board=False, suspend=True), ready="False")
    name = f"fixed-{shop.name}"
    body = manifests.run(NAMESPACE, name, shop.name, "Add a discount code to the cart", "")
    shop.kubectl.apply(body)
    body["spec"]["ticket"]["title"] = "Something else"
    with pytest.raises(TestbedError, match="spec is immutable"):
        shop.kubectl.apply(body)
    shop.kubectl.delete("ticketrun", name)
