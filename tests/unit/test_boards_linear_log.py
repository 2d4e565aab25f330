"""By which event a Linear issue is in its state, and who said what."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from boardhand_operator.boards.linear.log import comment, in_order, is_there, placed

STATES = ["ready", "doing", "done"]
START = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
Act = tuple[str, int]


def issue(state: str) -> dict[str, Any]:
    return {"id": "i", "createdAt": START.isoformat(), "state": {"id": state, "name": state}}


def entry(number: int, **fields: Any) -> dict[str, Any]:
    at = (START + timedelta(seconds=number + 1)).isoformat()
    plain = {"fromStateId": None, "toStateId": None, "archived": None, "trashed": None}
    return {"id": f"h{number}", "createdAt": at} | plain | fields


def lived(acts: list[Act]) -> tuple[str, list[dict[str, Any]], str]:
    """The state after these acts, their history, and the event that put the issue there."""
    state, event, history = "ready", "created:i", []
    for number, (kind, where) in enumerate(acts):
        if kind == "move" and STATES[where] != state:
            history.append(entry(number, fromStateId=state, toStateId=STATES[where]))
            state, event = STATES[where], f"h{number}"
        elif kind == "archive":
            history.append(entry(number, archived=True))
            history.append(entry(number + 1000, archived=False))
            event = f"h{number + 1000}"
        elif kind == "edit":
            history.append(entry(number))
    return state, history, event


moves = st.tuples(st.sampled_from(["move", "edit"]), st.integers(0, 2))


@given(st.lists(moves, max_size=12), st.randoms())
def test_the_last_move_is_the_event_in_whatever_order_history_comes(acts: list[Act], dice: Any) -> None:
    state, history, event = lived(acts)
    dice.shuffle(history)
    assert placed(issue(state), history).event == event


@given(st.lists(moves, max_size=6))
def test_coming_back_from_the_archive_is_an_event(acts: list[Act]) -> None:
    state, history, event = lived([*acts, ("archive", 0)])
    assert placed(issue(state), history).event == event


def test_an_issue_in_the_archive_or_the_bin_is_not_there() -> None:
    assert is_there({"trashed": None, "archivedAt": None})
    assert not is_there({"trashed": True, "archivedAt": None})
    assert not is_there({"trashed": None, "archivedAt": START.isoformat()})


def said(number: int, **fields: Any) -> dict[str, Any]:
    at = (START + timedelta(seconds=number)).isoformat()
    plain = {"user": None, "botActor": None, "externalUser": None}
    return {"id": f"c{number}", "body": "words", "createdAt": at} | plain | fields


def test_what_an_integration_said_has_no_account_and_is_not_ours() -> None:
    for fields, name in (
        ({"botActor": {"name": "Slack"}}, "Slack"),
        ({"externalUser": {"id": "x", "name": "Eve"}}, "Eve"),
        ({}, "somebody who left"),
    ):
        found = comment(said(1, **fields))
        assert (found.author, found.author_id, found.by_us) == (name, "", False)


@given(st.permutations(range(6)))
def test_comments_come_once_and_oldest_first(order: list[int]) -> None:
    found = in_order([*(said(number) for number in order), said(3)])
    assert [one.id for one in found] == [f"c{number}" for number in range(6)]
