"""Commands in comments, judged: who may, what is meant, what is done and said. Pure."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from boardhand_api.failures import FailureClass
from boardhand_operator.boards import Card, Comment
from boardhand_operator.boards.markers import claim_text, find_replies, reply_text, without_marker
from boardhand_operator.boards.ticket import ticket_of
from boardhand_operator.pools.commands import Answer, Command, concerns, granted, judge, may, parse
from boardhand_operator.views import Pool, Run
from tests.support.objects import a_pool, a_run

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
SUSPENDED = {"suspend": True}


def card(*comments: Comment, labels: tuple[str, ...] = (), column: str = "Failed") -> Card:
    return Card("card-1", "#1", "http://b.test/1", "Title", "", labels, "event-1", NOON, column, comments)


def ours(minute: int, text: str, by_us: bool = True) -> Comment:
    return Comment(f"c-{minute}", "Boardhand", "us", text, NOON + timedelta(minutes=minute), by_us)


def claimed(minute: int, pool: Pool) -> Comment:
    return ours(minute, claim_text("run-1", "uid-run-1", "event-1", pool.name, pool.uid))


def ended(minute: int, cls: FailureClass = FailureClass.STUCK, money: float | None = None, **more: Any) -> Run:
    finished = (NOON + timedelta(minutes=minute)).isoformat()
    status = {"phase": "Failed", "finishedAt": finished, "failure": {"class": cls.value, "reason": "R"}}
    run = a_run(name=f"run-{minute}", created=finished, **(status | more))
    return Run(run.body, run.spec.model_copy(update={"money": Decimal(str(money)) if money else None}), run.status)


def pool(money: float | None = 10, attempts: int = 3, **spec: Any) -> Pool:
    commands = {} if money is None else {"money": money}
    return a_pool(policy={"commands": commands}, limits={"attempts": attempts}, **spec)


POOL = pool()


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("/boardhand retry", Command("retry")),
        ("  /Boardhand   RETRY  please\nthanks", Command("retry", "please")),
        ("/boardhand budget 5 USD", Command("budget", "5 USD")),
        ("/boardhand", Command("")),
        ("/boardhand retry\r\nmore", Command("retry")),
        ("please /boardhand retry", None),
        ("thanks\n/boardhand retry", None),
        ("/boardhandy retry", None),
        ("\n/boardhand retry", None),
        ("/boardhand " + "x" * 300, None),
        ("", None),
    ],
)
def test_a_command_is_the_first_line(text: str, command: Command | None) -> None:
    assert parse(text) == command


@given(st.text(max_size=400))
def test_whatever_is_said_can_be_read_and_answered(text: str) -> None:
    for said in (text, f"/boardhand {text}", f"/boardhand budget {text}"):
        if command := parse(said):
            answer = judge(command, POOL, card(), [], NOON)
            reply = ours(1, reply_text(answer.text, "c-9", answer.money))
            assert [one.to for one in find_replies([reply])] == ["c-9"]
            assert parse(reply.text) is None


@pytest.mark.parametrize(
    ("author", "named", "allowed"),
    [
        ("id-ada", None, True),
        ("id-eve", None, False),
        ("id-ada", ["ada"], True),
        ("id-ada", ["@Ada"], True),
        ("id-ada", ["id-ada"], True),
        ("id-bob", ["ada"], False),
        ("id-eve", ["id-eve", "eve"], False),
        ("id-ada", [], False),
    ],
)
def test_members_may_and_a_pool_can_narrow_them(author: str, named: list[str] | None, allowed: bool) -> None:
    assert may(author, {"id-ada": "ada", "id-bob": "bob"}, named) is allowed


def test_retry_begins_the_next_attempt() -> None:
    answer = judge(Command("retry"), POOL, card(), [ended(1)], NOON)
    assert answer.again
    assert answer.text == "Attempt 2 of 3: the ticket is in **Sprint Backlog** and is taken when it is its turn."
    assert judge(Command("retry"), POOL, card(), [], NOON).text.startswith("Attempt 1 of 3")
    suspended = judge(Command("retry"), pool(suspend=True), card(), [ended(1)], NOON)
    assert suspended.again
    assert "is suspended" in suspended.text


@pytest.mark.parametrize(
    ("runs", "said"),
    [
        ([ended(1), a_run(name="run-9", phase="Working")], "Run `run-9` of this ticket has not ended yet"),
        ([ended(1), ended(2), ended(3)], "No attempt is left: 3 of 3 are spent"),
    ],
)
@pytest.mark.parametrize("command", [Command("retry"), Command("budget", "2")])
def test_there_is_no_next_attempt(command: Command, runs: list[Run], said: str) -> None:
    answer = judge(command, POOL, card(), runs, NOON)
    assert answer.text.startswith(said)
    assert answer == Answer(answer.text)


def test_a_ticket_that_the_pool_does_not_take_is_not_moved() -> None:
    labelled = pool(board={"type": "fake", "board": "b1", "secretRef": {"name": "s"}, "label": "ai"})
    assert "lacks the label `ai`" in judge(Command("retry"), labelled, card(), [], NOON).text
    assert judge(Command("retry"), labelled, card(labels=("ai",)), [], NOON).again


def test_stop_ends_what_is_under_way() -> None:
    working = a_run(name="run-9", phase="Working")
    assert judge(Command("stop"), POOL, card(), [ended(1), working], NOON).cancel == (working,)
    other = a_run(name="run-8", phase="Working", pool="other")
    assert judge(Command("stop"), POOL, card(), [other], NOON).text == "No run of this ticket is under way."
    stopped = ended(1, FailureClass.CANCELLED)
    told = Run(stopped.body, stopped.spec.model_copy(update={"cancel": True}), stopped.status)
    assert judge(Command("stop"), POOL, card(), [told], NOON).text == "Run `run-1` was told to stop, and has ended."


@pytest.mark.parametrize(
    ("argument", "most", "money", "said"),
    [
        ("5", 10, Decimal(5), "may use 5 US dollars"),
        ("$2.50", 10, Decimal("2.50"), "may use 2.50 US dollars"),
        ("10 USD", 10, Decimal(10), "may use 10 US dollars"),
        ("10.01", 10, None, "At most 10 US dollars"),
        ("0", 10, None, "Say how much"),
        ("-5", 10, None, "Say how much"),
        ("1e3", 10, None, "Say how much"),
        ("", 10, None, "Say how much"),
        ("5", None, None, "takes no amounts from comments"),
    ],
)
def test_a_budget_is_for_the_next_attempt_and_has_a_most(
    argument: str, most: float | None, money: Decimal | None, said: str
) -> None:
    answer = judge(Command("budget", argument), pool(most), card(), [ended(1)], NOON)
    assert (answer.money, answer.again) == (money, money is not None)
    assert said in answer.text


def test_nothing_waits_for_approval_and_the_unknown_is_answered_with_what_is_known() -> None:
    assert judge(Command("approve"), POOL, card(), [], NOON).text == "Nothing waits for an approval."
    answer = judge(Command("ret`ry"), POOL, card(), [], NOON)
    assert answer.text.startswith("I do not know `retˋry`. I know `/boardhand retry`")
    assert judge(Command(""), POOL, card(), [], NOON).text.startswith("I know")


def test_an_amount_holds_until_the_next_claim() -> None:
    reply = ours(5, reply_text("Attempt 2.", "c-4", Decimal("7.5")))
    assert granted([claimed(1, POOL), reply], [ended(1)], POOL) == Decimal("7.5")
    assert granted([claimed(1, POOL), reply, claimed(6, POOL)], [ended(1), ended(6, money=7.5)], POOL) is None
    assert granted([reply], [], pool(4)) == Decimal(4)
    assert granted([reply], [], pool(None)) is None
    assert granted([ours(5, reply.text, by_us=False)], [], POOL) is None
    later = ours(7, reply_text("Attempt 2.", "c-6", Decimal(3)))
    assert granted([later, reply, ours(8, reply_text("No.", "c-7"))], [], POOL) == Decimal(3)


@pytest.mark.parametrize(
    ("cls", "money"), [(FailureClass.INFRASTRUCTURE, 7.5), (FailureClass.CANCELLED, 7.5), (FailureClass.RED, None)]
)
def test_an_amount_stays_with_an_attempt_that_was_not_spent(cls: FailureClass, money: float | None) -> None:
    reply = ours(5, reply_text("Attempt 2.", "c-4", Decimal("7.5")))
    assert granted([reply, claimed(6, POOL)], [ended(6, cls, 7.5)], POOL) == money


def test_one_of_several_pools_answers() -> None:
    other = a_pool(name="other", namespace="team-b")
    sharing = [POOL, other]
    assert [concerns(one, card(claimed(1, other)), [], sharing) for one in sharing] == [False, True]
    assert [concerns(one, card(claimed(1, other), claimed(2, POOL)), [], sharing) for one in sharing] == [True, False]
    waiting = [a_run(pool="other", phase="Queued")]
    assert [concerns(one, card(), waiting, sharing) for one in sharing] == [False, True]
    assert [concerns(one, card(), [], sharing) for one in sharing] == [True, False]
    labelled = a_pool(board={"type": "fake", "board": "b1", "secretRef": {"name": "s"}, "label": "ai"})
    assert [concerns(one, card(), [], [labelled, other]) for one in (labelled, other)] == [False, True]
    gone = a_pool(name="gone")
    assert concerns(POOL, card(claimed(1, gone)), [], [POOL])


def test_an_answer_is_no_comment_for_the_agent() -> None:
    reply = ours(1, reply_text("Attempt 2 of 3.", "c-9"))
    assert without_marker(reply) == ""
    assert ticket_of(card(reply)).comments == []
