"""What the next attempt is told of the last ones, from their status to its order."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from boardhand_api import pod
from boardhand_api.failures import FailureClass
from boardhand_api.run import Earlier, TicketRunSpec
from boardhand_api.ticket import Ticket, TicketComment
from boardhand_operator.boards import Card
from boardhand_operator.boards.ticket import ticket_of
from boardhand_operator.decide.conditions import stamp
from boardhand_operator.decide.outcome import judge
from boardhand_operator.pools.intake import build_run
from boardhand_operator.pools.lessons import TOLD, lessons
from boardhand_operator.specs.order import build_order
from boardhand_operator.views import Run
from tests.support.objects import IMPLEMENT_STAGES, a_pool, a_run, ended, job_body, pod_body

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
CARD = Card("card-1", "#1", "http://board.test/c/1", "Fix the cart", "Body", (), "event-9", NOON, "Ready")
VERDICT = {"passed": False, "exitCode": 1, "commands": ["pytest -q"], "output": "E   assert 1 == 2"}


def run(minute: int, cls: FailureClass | None, attempt: int = 1, **status: Any) -> Run:
    failure = {"failure": {"class": cls.value, "reason": "R", "message": "because"}} if cls else {}
    finished = {"finishedAt": stamp(NOON + timedelta(minutes=minute)), "phase": "Failed" if cls else "Succeeded"}
    return a_run(name=f"run-{minute}", attempt=attempt, **(finished | failure | status))


def test_a_red_attempt_tells_its_summary_its_output_and_where_its_change_is() -> None:
    found = [{"kind": "TestDeleted", "path": "tests/a.py"}, {"kind": "CiChanged", "path": "ci.yaml", "asked": True}]
    red = run(
        1,
        FailureClass.RED,
        specialist="bugfixer",
        summary="I changed the sum.",
        verdict=VERDICT,
        branch="boardhand/1-fix",
        pullRequest={"url": "http://forge.test/1", "number": 1, "draft": True},
        evidence={"tampering": found},
    )
    assert lessons([red]) == [
        Earlier(
            attempt=1,
            failure_class=FailureClass.RED,
            reason="R",
            message="because",
            specialist="bugfixer",
            summary="I changed the sum.",
            output="E   assert 1 == 2",
            tampering=["TestDeleted tests/a.py"],
            branch="boardhand/1-fix",
            pull_request="http://forge.test/1",
        )
    ]


def test_the_newest_three_that_tell_something_are_told_in_order() -> None:
    runs = [
        run(4, FailureClass.STUCK, 3),
        run(1, FailureClass.RED, 1),
        run(5, FailureClass.INFRASTRUCTURE, 4),
        run(6, FailureClass.CANCELLED, 4),
        run(2, FailureClass.BUDGET, 2),
        run(7, None, 4),
        a_run(name="under-way", phase="Working"),
    ]
    assert [(one.attempt, one.failure_class) for one in lessons(runs)] == [
        (2, FailureClass.BUDGET),
        (3, FailureClass.STUCK),
        (4, None),
    ]
    assert len(lessons(runs)) == TOLD
    interrupted = run(8, FailureClass.CANCELLED, 4, summary="I had found it.")
    assert lessons([*runs, interrupted])[-1].summary == "I had found it."


@given(st.text(max_size=60), st.integers(0, 30_000))
def test_hostile_texts_are_bounded_and_steer_nothing(text: str, length: int) -> None:
    long = (text + "\x1b[2J\u202e") * (length // (len(text) + 5) + 1)
    verdict = VERDICT | {"output": long}
    status: dict[str, Any] = {"verdict": verdict, "summary": long, "branch": long, "specialist": long}
    status["failure"] = {"class": "Red", "reason": long or "R", "message": long}
    spec = TicketRunSpec.model_validate(
        build_run(a_pool(), CARD, ticket_of(CARD), [run(1, FailureClass.RED, **status)])["spec"]
    )
    (told,) = spec.earlier
    assert not set("\x1b\u202e") & set(told.summary + told.output + told.message)
    assert len(told.model_dump_json()) < 60_000


def test_a_first_attempt_is_told_nothing() -> None:
    assert build_run(a_pool(), CARD, ticket_of(CARD))["spec"]["earlier"] == []


def order_of(earlier: int, comments: int, body: str = "") -> tuple[list[int], int, int]:
    """Which earlier attempts, how many comments and how much of the body stay."""
    said = [TicketComment(author="ada", text="c" * 16384)] * comments
    ticket = Ticket(id="1", title="t", body=body, comments=said)
    told = [Earlier(attempt=at, summary="s" * 4000, output="\n" * 4000) for at in range(1, earlier + 1)]
    order = build_order("run", a_pool().spec, TicketRunSpec(pool="shop", ticket=ticket, earlier=told))
    assert len(order.model_dump_json(by_alias=True).encode()) <= pod.ORDER_BYTES
    return [one.attempt for one in order.earlier], len(order.ticket.comments), len(order.ticket.body)


@pytest.mark.parametrize(("comments", "kept"), [(11, ([1, 2, 3], 11, 0)), (12, ([3], 12, 0)), (20, ([3], 12, 0))])
def test_what_older_attempts_told_goes_before_comments(comments: int, kept: tuple[list[int], int, int]) -> None:
    assert order_of(3, comments) == kept


def test_the_last_lesson_goes_before_the_description() -> None:
    assert order_of(3, 1, "b" * 131_072) == ([1, 2, 3], 1, 131_072)
    attempts, comments, body = order_of(3, 1, "€" * 131_072)
    assert (attempts, comments) == ([], 0)
    assert 0 < body < 131_072


def test_an_amount_of_the_run_goes_before_the_pools() -> None:
    pool = a_pool(limits={"money": 2})
    ticket = Ticket(id="1", title="t")
    assert build_order("run", pool.spec, TicketRunSpec(pool="shop", ticket=ticket)).limits.money == 2
    more = TicketRunSpec.model_validate({"pool": "shop", "ticket": ticket.wire(), "money": 7.5})
    assert build_order("run", pool.spec, more).limits.money == 7.5
    assert more.wire()["money"] == 7.5


def test_what_verify_printed_stands_in_the_verdict() -> None:
    said = "command 1 exit 1 seconds 2\nsummary == 1 failed in 1s ==\noutput\nE \x1b[31massert\x1b[0m\u202e\nFAILED\n"
    codes = {stage: ended(0, "{}") for stage in IMPLEMENT_STAGES}
    codes[pod.Stage.AGENT] = ended(0, '{"specialist": "coder", "summary": "s"}')
    codes[pod.Stage.PUBLISH] = ended(0, '{"branch": "b", "commit": "c"}')
    codes[pod.Stage.VERIFY] = ended(1, said)
    outcome = judge(job_body(failed="BackoffLimitExceeded"), pod_body(codes, phase="Failed"), None, ["pytest"])
    assert outcome.verdict
    assert (outcome.verdict.output, outcome.verdict.tests and outcome.verdict.tests.failed) == (
        "E [31massert[0m\nFAILED",
        1,
    )
