"""Jira's pure parts: which event put an issue into its status, dates in queries, and comments that fit."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from boardhand_operator.boards.jira import jql
from boardhand_operator.boards.jira.fitting import fitting
from boardhand_operator.boards.jira.log import Entry, entered, moment
from boardhand_operator.boards.markers import closing_text, find_closing
from boardhand_operator.boards.text import units
from boardhand_operator.comment import Comment

START = datetime(2026, 1, 1, tzinfo=UTC)


def issue(status: str) -> dict[str, Any]:
    return {"id": "10100", "fields": {"status": {"id": status, "name": f"S{status}"}, "created": START.isoformat()}}


def change(number: int, seconds: int, field: str, to: str) -> dict[str, Any]:
    item = {"field": field, "fieldId": field, "from": None, "to": to}
    return {"id": str(number), "created": (START + timedelta(seconds=seconds)).isoformat(), "items": [item]}


MOVES = st.lists(
    st.tuples(st.sampled_from(["status", "labels", "summary", "project"]), st.sampled_from("123")), max_size=8
)


@given(moves=MOVES, shuffled=st.randoms())
def test_the_event_is_the_newest_change_of_status_or_project(moves: list[tuple[str, str]], shuffled: Any) -> None:
    log = [change(100 + number, number, *move) for number, move in enumerate(moves)]
    status = next((to for field, to in reversed(moves) if field == "status"), "1")
    last = max((number for number, (field, _) in enumerate(moves) if field in ("status", "project")), default=None)
    shuffled.shuffle(log)
    found = entered(issue(status), log)
    if last is None:
        assert found == Entry(START, 0, "created-10100")
    else:
        assert found == Entry(START + timedelta(seconds=last), 100 + last, str(100 + last))


def test_an_issue_read_before_a_change_and_a_changelog_read_after_it_do_not_fit() -> None:
    log = [change(101, 1, "status", "1"), change(102, 2, "status", "2")]
    assert entered(issue("1"), log, strict=True) is None
    assert entered(issue("2"), log, strict=True) == entered(issue("2"), log)
    # As after a migration of workflows, which changes statuses without a word.
    assert entered(issue("1"), log) == Entry(START + timedelta(seconds=2), 102, "102")


def test_two_changes_of_one_moment_are_told_apart() -> None:
    log = [change(9, 1, "status", "1"), change(10, 1, "status", "1")]
    found = entered(issue("1"), log)
    assert found and found.event == "10"


def test_dates_are_read_in_all_their_forms() -> None:
    assert moment("2023-06-24T19:24:50.123+0200") == datetime(2023, 6, 24, 17, 24, 50, 123000, UTC)
    assert moment(1492070429) == moment(1492070429000) == datetime(2017, 4, 13, 8, 0, 29, tzinfo=UTC)


# Queries

ZONES = ["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "Pacific/Apia"]


@given(
    at=st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1)),
    zone=st.sampled_from(ZONES),
    fold=st.sampled_from([0, 1]),
)
def test_a_moment_in_a_query_is_never_later_than_meant(at: datetime, zone: str, fold: int) -> None:
    wanted = at.replace(tzinfo=UTC)
    text = jql.since(wanted, zone).partition('"')[2].rstrip('"')
    asked = datetime.strptime(text, "%Y-%m-%d %H:%M").replace(tzinfo=ZoneInfo(zone), fold=fold)
    assert wanted - timedelta(hours=2, minutes=1) < asked.astimezone(UTC) <= wanted


@pytest.mark.parametrize("zone", ["", "Mars/Olympus", "../../etc/passwd"])
def test_a_zone_that_nobody_knows(zone: str) -> None:
    assert jql.since(START, zone) == 'updated >= "2025-12-31 12:00"'


def test_queries() -> None:
    assert jql.in_columns("SHOP", ["1", "2"]) == 'project = "SHOP" AND status in (1, 2) ORDER BY key ASC'
    assert jql.in_columns("SHOP", ["1"], "x") == 'project = "SHOP" AND (status in (1) OR x) ORDER BY key ASC'
    both = jql.filtered('A"B\\', ["1"], "a = b OR c = d", ["2"])
    assert both == 'project = "A\\"B\\\\" AND ((status in (1) AND (a = b OR c = d)) OR status in (2)) ORDER BY key ASC'
    assert jql.filtered("A", ["1"], "x", []) == 'project = "A" AND (status in (1) AND (x)) ORDER BY key ASC'


# Comments


@given(body=st.text(max_size=300), limit=st.integers(120, 400))
def test_a_comment_that_is_cut_keeps_its_mark(body: str, limit: int) -> None:
    text = fitting(closing_text(body, "uid-1"), limit)
    assert units(text) <= limit
    comment = Comment("7", "Boardhand", "me", text, START, by_us=True)
    assert find_closing([comment], "uid-1") == "7"


def test_a_comment_without_a_mark_is_cut_at_its_end() -> None:
    assert fitting("short", 100) == "short"
    cut = fitting("x" * 200, 100)
    assert units(cut) == 100 and cut.endswith("longer text)*")
