"""The parts of the load cluster that need no process: stages, fates, objects, ports."""

from __future__ import annotations

import json
import socket

import pytest
import yaml

from boardhand_api.events import last_result
from boardhand_api.failures import FailureClass
from boardhand_api.model import Model
from boardhand_api.order import Order, OrderLimits
from boardhand_api.pod import Stage
from boardhand_api.pool import CodingAgentSpec
from boardhand_api.result import Published, Result
from boardhand_api.run import Task
from boardhand_api.ticket import Ticket
from boardhand_operator.decide.outcome import judge
from testbed.load import fate, objects, ports, stages
from testbed.load.fate import Fate, green, red, refused


def pod_of(given: Fate) -> dict[str, object]:
    """A pod as kwok leaves it: its chain ends with the first stage that fails."""
    rows = []
    for stage in (Stage.CHECKOUT, Stage.AGENT, Stage.PUBLISH, Stage.VERIFY):
        end = given.ends.get(stage)
        if end is None:
            break
        ended = fate.told(end) | {"startedAt": "2026-11-23T00:00:00Z"}
        rows.append({"name": stage.value, "state": {"terminated": ended}})
        if end.exit_code:
            break
    return {"metadata": {}, "status": {"initContainerStatuses": rows[:3], "containerStatuses": rows[3:]}}


@pytest.fixture
def given() -> Order:
    """An order as the operator writes it for a hand-made run."""
    return Order(
        run="shop-7",
        task=Task.AUTO,
        ticket=Ticket(id="7", title="Add a total"),
        repository="http://forge.test/load/one.git",
        base_branch="main",
        branch="boardhand/shop-7-add-a-total",
        large=Model(name="none-large"),
        small=Model(name="none-small"),
        limits=OrderLimits(
            steps=1, tokens=1000, deadline_seconds=60, command_timeout_seconds=60, model_patience_seconds=1
        ),
    )


def test_a_green_pod_is_judged_a_success(given: Order) -> None:
    outcome = judge(None, pod_of(green(given)), None, ["make test"])
    assert outcome.failure is None
    assert outcome.verdict is not None
    assert outcome.verdict.tests is not None
    assert (outcome.verdict.tests.ran, outcome.published.branch) == (1, given.branch)
    assert outcome.published.commit == outcome.result.commit == fate.commit_of(given)


def test_a_red_pod_and_one_that_gives_up_are_judged_so(given: Order) -> None:
    for made, expected in (
        (red(given), FailureClass.RED),
        (refused(given, FailureClass.NEEDS_INFO, "Question", "Which?"), FailureClass.NEEDS_INFO),
    ):
        failure = judge(None, pod_of(made), None, ["make test"]).failure
        assert failure is not None
        assert failure.failure_class is expected


def test_the_annotation_holds_every_end_but_that_of_the_push(given: Order) -> None:
    made = green(given)
    told = json.loads(made.annotation())
    assert set(told) == {"checkout", "agent", "verify"}
    assert Result.model_validate_json(told["agent"]["message"]).commit == fate.commit_of(given)
    assert Published.model_validate_json(made.ends[Stage.PUBLISH].message).branch == given.branch


def test_the_log_ends_with_the_result(given: Order) -> None:
    log = green(given).log()
    assert log is not None
    found = last_result(log)
    assert found is not None
    assert found.commit == fate.commit_of(given)
    assert Fate().log() is None


def test_each_stage_of_the_pod_is_left_by_one_stage_of_kwok() -> None:
    documents = list(yaml.safe_load_all(stages.configuration({Stage.AGENT: 1.5})))
    assert documents[0]["kind"] == "KwokConfiguration"
    named = {entry["metadata"]["name"]: entry["spec"] for entry in documents[1:]}
    assert {f"pod-leaves-{stage}" for stage in ("checkout", "agent", "publish", "verify")} < set(named)
    assert named["pod-leaves-agent"]["delay"] == {"durationMilliseconds": 1500}
    assert "delay" not in named["pod-leaves-verify"]
    words = " ".join(str(spec) for spec in named.values())
    assert not {"LEFT", "NEXT", "ENDING", "ROWS"} & set(words.replace('"', " ").split())


def test_a_pool_is_one_that_the_operator_accepts() -> None:
    made = objects.pool("load", "p", "board", "http://board.test", "http://forge.test", repository="load/one")
    spec = CodingAgentSpec.model_validate(made["spec"])
    assert spec.board is not None
    assert (spec.board.url, spec.repository.url) == ("http://board.test/1", "http://forge.test/load/one.git")
    alone = CodingAgentSpec.model_validate(objects.pool("load", "p", None, "", None, suspend=True)["spec"])
    assert (alone.board, alone.forge, alone.suspend) == (None, None, True)


def test_the_first_schema_that_fits_a_request_counts_it() -> None:
    made = objects.flow_schemas()
    order_of = {schema["metadata"]["name"]: schema["spec"]["matchingPrecedence"] for schema in made}
    assert len(set(order_of.values())) == len(made)
    assert max(order_of, key=lambda name: order_of[name]) == "boardhand-other"
    assert order_of["boardhand-watches"] < min(n for name, n in order_of.items() if name != "boardhand-watches")
    # Service accounts' own is 9000: a larger number would never be reached.
    assert max(order_of.values()) < 9000


def test_free_ports_are_different_and_nobody_listens_there() -> None:
    found = ports.free_ports(5)
    assert len(set(found)) == 5
    for port in found:
        with socket.socket() as listener:
            listener.bind(("127.0.0.1", port))
