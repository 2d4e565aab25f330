"""Names that follow from what they name: valid whatever is named, the same for the same, others for others."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from boardhand_api.ticket import Ticket
from boardhand_operator.names import branch_name, job_name, label_value, run_name, ticket_label

TEXT = st.text(min_size=1, max_size=80)
NAME = st.from_regex(r"[a-z0-9]([a-z0-9.-]{0,250}[a-z0-9])?", fullmatch=True)
SUBDOMAIN = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
LABEL = re.compile(r"[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?")
REF_FORBIDDEN = re.compile(r"[\x00-\x20\x7f~^:?*\[\\]|\.\.|@\{|//|\.lock(/|$)|(^|/)\.|[./]$")
"""What git-check-ref-format refuses."""


@given(st.sampled_from(["trello", "jira", "A Board of Somebody's"]), TEXT, TEXT, TEXT, TEXT)
def test_a_runs_name_is_valid_and_the_same_for_the_same_event(
    kind: str, board: str, ticket: str, event: str, key: str
) -> None:
    name = run_name(kind, board, ticket, event, key)
    assert SUBDOMAIN.fullmatch(name)
    assert len(name) <= 63
    assert LABEL.fullmatch(name)
    assert name == run_name(kind, board, ticket, event, key)
    assert name != run_name(kind, board, ticket, event + "x", key)
    assert name != run_name(kind, board + "x", ticket, event, key)
    assert LABEL.fullmatch(ticket_label(kind, board, ticket))
    assert ticket_label(kind, board, ticket) != ticket_label(kind, board, ticket + "x")


@given(TEXT, TEXT)
def test_parts_that_run_together_are_told_apart(one: str, other: str) -> None:
    assert run_name("t", "b", one + other, "e", "") != run_name("t", "b", one, other + "e", "")


@given(NAME, st.integers(1, 20))
def test_a_jobs_name_leaves_room_for_its_pods(run: str, number: int) -> None:
    name = job_name(run, number)
    assert len(name) <= 57
    assert LABEL.fullmatch(name)
    assert name.endswith(f"-{number}")
    assert name != job_name(run, number + 1)


@given(st.text("ab.-", max_size=30), st.text("ab.-", max_size=30))
def test_long_names_that_begin_alike_make_different_jobs_and_labels(one: str, other: str) -> None:
    long, longer = ("x" * 60 + tail + "z" for tail in (one, other))
    assert (job_name(long, 1) == job_name(longer, 1)) == (one == other)
    assert (label_value(long) == label_value(longer)) == (one == other)


@given(NAME)
def test_a_labels_value_is_valid(name: str) -> None:
    value = label_value(name)
    assert len(value) <= 63
    assert LABEL.fullmatch(value)
    assert len(name) > 63 or value == name


@given(TEXT, st.text(max_size=64), st.text(min_size=1, max_size=200), st.integers(1, 20))
def test_a_branch_is_a_valid_reference(id_: str, key: str, title: str, attempt: int) -> None:
    branch = branch_name(Ticket(id=id_, key=key, title=title), attempt)
    assert branch.startswith("boardhand/")
    assert len(branch) > len("boardhand/")
    assert len(branch) <= 100
    assert not REF_FORBIDDEN.search(branch)
    assert branch.isascii()


@pytest.mark.parametrize(
    ("ticket", "attempt", "branch"),
    [
        (
            Ticket(id="67a0", key="#12", title="Totals are wrong, by 1 cent!"),
            1,
            "boardhand/12-totals-are-wrong-by-1-cent",
        ),
        (Ticket(id="67a0", key="#12", title="Totals are wrong"), 3, "boardhand/12-totals-are-wrong-3"),
        (Ticket(id="by-hand", title="Ä"), 1, "boardhand/by-hand"),
    ],
)
def test_a_branch_is_readable(ticket: Ticket, attempt: int, branch: str) -> None:
    assert branch_name(ticket, attempt) == branch
