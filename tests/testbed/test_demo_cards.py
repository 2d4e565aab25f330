"""What the demo takes for right, and what it names as wrong."""

from __future__ import annotations

from typing import Any

import pytest
from rich.console import Console

from testbed.demo_cards import Journey, Ticket, outcomes

CHANGE = Ticket("coder", "Add a discount code", "15 %.")
QUESTION = Ticket("analyst", "Explain the total", "How?", answered=True)
PULL = {"url": "http://forge/pulls/1", "number": 1, "draft": False}


def journey(ticket: Ticket, after: str = "In Review", comments: list[str] | None = None, **status: Any) -> Journey:
    base = {"phase": "Succeeded", "specialist": ticket.specialist, "summary": "It sums prices.\n\nIn cart.py."}
    run = {"metadata": {"name": "run-1"}, "status": base | status}
    return Journey(
        ticket, run, "Sprint Backlog", after, ["Taken.", "It sums prices.\n\nDone."] if comments is None else comments
    )


def test_a_change_with_its_pull_request_and_a_question_with_its_answer_are_right() -> None:
    assert journey(CHANGE, pullRequest=PULL).wrong(scripted=True) == []
    assert journey(QUESTION).wrong(scripted=True) == []


@pytest.mark.parametrize(
    ("seen", "named"),
    [
        (journey(CHANGE), "no pull request"),
        (journey(CHANGE, pullRequest=PULL | {"draft": True}), "no pull request"),
        (journey(CHANGE, pullRequest=PULL, phase="Failed"), "phase Failed"),
        (journey(CHANGE, after="Needs a person", pullRequest=PULL), "card in Needs a person"),
        (journey(CHANGE, pullRequest=PULL, specialist="bugfixer"), "specialist bugfixer"),
        (journey(QUESTION, pullRequest=PULL), "a pull request for a question"),
        (journey(QUESTION, comments=["Taken."]), "no answer on the card"),
        (journey(QUESTION, summary=""), "no answer on the card"),
    ],
)
def test_what_is_wrong_is_named(seen: Journey, named: str) -> None:
    assert seen.wrong(scripted=True) == [named]


def test_a_real_model_may_choose_its_specialist() -> None:
    assert journey(CHANGE, pullRequest=PULL, specialist="bugfixer").wrong(scripted=False) == []


def test_the_table_counts_and_shows_each_card() -> None:
    console = Console(width=120)
    with console.capture() as captured:
        console.print(outcomes([journey(CHANGE, pullRequest=PULL), journey(QUESTION, summary="")], scripted=True))
    shown = captured.get()
    assert "1 of 2 cards are done" in shown
    assert "http://forge/pulls/1" in shown
    assert "no answer on the card" in shown
