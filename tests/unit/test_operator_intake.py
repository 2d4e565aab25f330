"""From a card to a TicketRun: what it is called, which attempt it is, and when a ticket has to wait."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from boardhand_api.failures import FailureClass
from boardhand_api.pod import LABEL_POOL, LABEL_TICKET
from boardhand_api.run import TicketRunSpec
from boardhand_operator.boards import Card
from boardhand_operator.boards.ticket import ticket_of
from boardhand_operator.decide.conditions import stamp
from boardhand_operator.pools.intake import build_run, label_for, name_for, next_attempt, wait_until
from boardhand_operator.views import Run
from tests.support.objects import a_pool, a_run

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
CARD = Card("card-1", "#1", "http://board.test/c/1", "Fix the cart", "Body", ("bug",), "event-1", NOON, "Ready")
POOL = a_pool(limits={"retrySeconds": 30})


def ended(cls: FailureClass | None, minute: int = 0, **status: Any) -> Run:
    """A run that finished in this minute, with this class."""
    failure = {"failure": {"class": cls.value, "reason": "R"}} if cls else {}
    finished = stamp(NOON + timedelta(minutes=minute))
    phase = "Failed" if cls else "Succeeded"
    return a_run(name=f"run-{minute}", finishedAt=finished, **({"phase": phase} | failure | status))


INFRA, STUCK = FailureClass.INFRASTRUCTURE, FailureClass.STUCK


def test_a_card_becomes_a_run_of_its_event() -> None:
    body = build_run(POOL, CARD, ticket_of(CARD), [ended(STUCK)])
    assert body["metadata"]["name"] == name_for(POOL, CARD)
    assert body["metadata"]["name"].startswith("fake-1-")
    assert body["metadata"]["namespace"] == POOL.namespace
    assert body["metadata"]["labels"] == {LABEL_POOL: "shop", LABEL_TICKET: label_for(POOL, CARD)}
    spec = TicketRunSpec.model_validate(body["spec"])
    assert (spec.pool, spec.attempt, spec.ticket.event, spec.ticket.id) == ("shop", 2, "event-1", "card-1")


@pytest.mark.parametrize(
    ("labels", "priority"), [((), 0), (("bug",), 0), (("urgent",), 100), (("later",), -5), (("later", "urgent"), 100)]
)
def test_the_highest_priority_of_the_cards_labels_counts(labels: tuple[str, ...], priority: int) -> None:
    board = {"type": "fake", "board": "b1", "secretRef": {"name": "s"}, "priorities": {"urgent": 100, "later": -5}}
    card = Card(**{**vars(CARD), "labels": labels})
    assert build_run(a_pool(board=board), card, ticket_of(card))["spec"]["priority"] == priority


def test_another_event_of_the_card_is_another_run_of_the_same_ticket() -> None:
    back = Card(**{**vars(CARD), "event": "event-2"})
    assert name_for(POOL, back) != name_for(POOL, CARD)
    assert label_for(POOL, back) == label_for(POOL, CARD)


def test_two_pools_of_a_namespace_on_one_column_mean_the_same_run() -> None:
    assert name_for(a_pool(name="other"), CARD) == name_for(POOL, CARD)


def test_a_pool_without_a_board_takes_no_card() -> None:
    with pytest.raises(ValueError, match="pool shop has no board"):
        name_for(a_pool(board=False), CARD)


@pytest.mark.parametrize(
    ("classes", "attempt"),
    [
        ([], 1),
        ([STUCK], 2),
        ([STUCK, FailureClass.RED, None], 4),
        ([INFRA, FailureClass.CONFIGURATION, FailureClass.CANCELLED], 1),
        ([INFRA, STUCK, INFRA], 2),
    ],
)
def test_an_attempt_that_was_not_the_tickets_fault_does_not_count(
    classes: list[FailureClass | None], attempt: int
) -> None:
    assert next_attempt([ended(cls, at) for at, cls in enumerate(classes)]) == attempt


def test_a_run_that_has_not_finished_is_no_attempt_yet() -> None:
    assert next_attempt([a_run(phase="Working")]) == 1


@pytest.mark.parametrize(
    ("classes", "seconds"),
    [
        ([], None),
        ([STUCK], None),
        ([None], None),
        ([INFRA, STUCK], None),
        ([INFRA], 60),
        ([STUCK, INFRA], 60),
        ([INFRA, INFRA, INFRA], 240),
        ([INFRA] * 12, 3600),
        ([INFRA] * 40, 3600),
    ],
)
def test_a_ticket_put_back_waits_longer_each_time_in_a_row(
    classes: list[FailureClass | None], seconds: int | None
) -> None:
    earlier = [ended(cls, at) for at, cls in enumerate(classes)]
    last = NOON + timedelta(minutes=len(classes) - 1)
    expected = last + timedelta(seconds=seconds) if seconds else None
    assert wait_until(POOL, earlier) == expected


@given(st.permutations([ended(cls, at) for at, cls in enumerate([STUCK, INFRA, None, INFRA, INFRA])]))
def test_the_order_in_which_runs_are_listed_does_not_matter(earlier: list[Run]) -> None:
    assert wait_until(POOL, earlier) == NOON + timedelta(minutes=4, seconds=120)
    assert next_attempt(earlier) == 3
