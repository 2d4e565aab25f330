"""What a try cost, from what is known of it: all that it may have used where nobody can tell."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from boardhand_api.failures import FailureClass
from boardhand_api.limits import Budget
from boardhand_api.pod import Stage
from boardhand_api.pool_status import Spending
from boardhand_api.result import Result, Usage, termination_message
from boardhand_operator.decide.actions import Book, Decision, Launch, Record, RemoveJob
from boardhand_operator.money.budget import Purse
from boardhand_operator.money.charge import used, with_booking
from tests.support.objects import Json, a_run, ended, pod_body, running, waiting


def result(money: str | None = "2", resumed: bool = False) -> Result:
    return Result(usage=Usage(prompt_tokens=5, money=Decimal(money) if money else None), resumed=resumed)


def told(money: str | None = "2", code: int = 0, resumed: bool = False) -> Json:
    return ended(code, termination_message(result(money, resumed)))


def pod(agent: Json | None, checkout: Json | None = None, **kwargs: Any) -> Json:
    states = {Stage.CHECKOUT: checkout or ended(0)} | ({Stage.AGENT: agent} if agent else {})
    return pod_body(states, **kwargs)


def dollars(seen: Json | None, logged: Result | None = None, **status: Any) -> str | None:
    money = used(a_run(**({"tries": 1, "job": "run-1-1"} | status)).status, seen, logged)
    return None if money is None else str(money)


@pytest.mark.parametrize(
    ("seen", "money"),
    [
        (pod(told("2"), phase="Succeeded"), "2"),
        (pod(told("2", code=41), phase="Failed"), "2"),
        (pod(told("0"), phase="Failed"), "0"),
        (pod(told("2"), reason="Evicted", phase="Failed"), "2"),
        (pod(told(None), phase="Succeeded"), None),
        (pod(ended(137, reason="OOMKilled"), phase="Failed"), None),
        (pod(ended(0, "nonsense"), phase="Succeeded"), None),
        (pod(running()), None),
        (pod(running(), reason="Evicted", phase="Failed"), None),
        (None, None),
        (pod(waiting(), checkout=ended(46), phase="Failed"), "0"),
        (pod(waiting(), checkout=running()), None),
        (pod(waiting(), checkout=running(), reason="NodeLost", phase="Failed"), None),
        (pod(waiting("ImagePullBackOff")), "0"),
        (pod(None, checkout=waiting("ImagePullBackOff")), "0"),
    ],
)
def test_only_what_an_agent_told_or_never_could_use_is_believed(seen: Json | None, money: str | None) -> None:
    assert dollars(seen) == money


def test_the_log_leads() -> None:
    assert dollars(pod(ended(0, "cut off"), phase="Succeeded"), result("3")) == "3"


@pytest.mark.parametrize(
    ("tries", "before", "total", "resumed", "money"),
    [
        (2, "2", "5", True, "3"),
        (2, "5", "4", True, "0"),
        (2, "2", "5", False, "5"),
        (2, None, "5", True, "5"),
        (3, "2", "5", True, "5"),
    ],
)
def test_of_a_run_that_went_on_only_what_came_new_counts_where_that_is_known(
    tries: int, before: str | None, total: str, resumed: bool, money: str
) -> None:
    usage: dict[str, Any] = {"usage": {"money": before}} if before else {}
    assert dollars(pod(told(total, resumed=resumed), phase="Succeeded"), tries=tries, **usage) == money


ENDS = Decision((Record({"finishedAt": "2026-01-01T12:00:00Z"}), RemoveJob("run-1-1")))
AGAIN = Decision((Record({"job": None, "retryAt": "2026-01-01T12:00:00Z"}),), 30)
RICH = Purse(Budget(day=Decimal(10)))
HELD = Purse(None, spending=Spending(reserved={"uid-run-1/1": Decimal(5)}))
OTHERS = Purse(None, spending=Spending(reserved={"uid-run-10/1": Decimal(5)}))


@pytest.mark.parametrize("decision", [ENDS, AGAIN], ids=["ends", "again"])
@pytest.mark.parametrize("held", [RICH, HELD], ids=["budget", "reserved"])
def test_a_try_that_ends_is_booked_before_it_is_written_of(decision: Decision, held: Purse) -> None:
    run = a_run(phase="Working", tries=1, job="run-1-1")
    booked = with_booking(decision, run, held, pod(told("2"), phase="Succeeded"), None)
    assert booked.actions == (Book(1, Decimal(2)), *decision.actions)
    assert booked.again == decision.again


@pytest.mark.parametrize(
    ("decision", "held", "status"),
    [
        (ENDS, OTHERS, {"tries": 1, "job": "run-1-1"}),
        (ENDS, Purse(), {"tries": 1, "job": "run-1-1"}),
        (Decision((Launch(2),)), RICH, {"tries": 1}),
        (Decision((Record({"phase": "Working"}),)), HELD, {"tries": 1, "job": "run-1-1"}),
        (Decision((Record({"phase": "Queued"}),)), RICH, {}),
    ],
    ids=["others", "no budget", "begins", "under way", "waits"],
)
def test_nothing_else_is_booked(decision: Decision, held: Purse, status: dict[str, Any]) -> None:
    assert with_booking(decision, a_run(**status), held, None, None) == decision


@pytest.mark.parametrize(
    ("failure", "reason", "status", "money"),
    [
        (FailureClass.CANCELLED, "ClaimedElsewhere", {}, Decimal(0)),
        (FailureClass.CONFIGURATION, "JobInvalid", {}, Decimal(0)),
        (FailureClass.CANCELLED, "CancelRequested", {}, None),
        (FailureClass.CONFIGURATION, "ImagePull", {"tries": 1}, None),
    ],
)
def test_a_reservation_left_open_is_given_back_only_where_there_was_no_job(
    failure: FailureClass, reason: str, status: dict[str, Any], money: Decimal | None
) -> None:
    said = {"failure": {"class": failure.value, "reason": reason}, "finishedAt": "2026-01-01T12:00:00Z"}
    decision = with_booking(Decision((Record({}),)), a_run(**said, **status), HELD, None, None)
    assert decision.actions == (Book(1, money), Record({}))
