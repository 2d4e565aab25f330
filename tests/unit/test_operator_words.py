"""What people read: a sentence for every class, measured facts as measured, and no way out of code or link."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from boardhand_api.failures import FailureClass
from boardhand_api.result import TestCounts, Usage
from boardhand_api.run_status import Verdict
from boardhand_api.taming import GAP
from boardhand_operator.texts.words import (
    closing_comment,
    code,
    link,
    pull_request_body,
    pull_request_title,
    usage_line,
    verdict_lines,
)
from tests.support.objects import a_pool, a_run

POOL = a_pool()
GREEN = {"passed": True, "exitCode": 0, "commands": ["pytest -q"], "tests": {"ran": 3}}
HOSTILE = st.text(st.sampled_from(list("ab `*_[]()<>!\\#&|~-\n\r\t\u2028:/")), min_size=1, max_size=40).filter(
    str.strip
)


def tokens(markdown: str) -> Iterator[Token]:
    """All tokens of a CommonMark text, inline ones too."""
    for token in MarkdownIt("commonmark").parse(markdown):
        yield token
        yield from token.children or []


def of_kind(markdown: str, kind: str) -> list[Token]:
    return [token for token in tokens(markdown) if token.type == kind]


@given(HOSTILE)
def test_code_is_one_piece_of_code_whatever_it_says(text: str) -> None:
    (only,) = of_kind(f"before {code(text)} after", "code_inline")
    assert only.content == " ".join(text.split()).replace("`", "\u02cb")


@given(HOSTILE, st.sampled_from(["", "?a=(b)", ") [evil](http://evil.test", " \n# x", "<>", "\\", "#c1", "%20"]))
def test_a_link_is_one_link_with_its_whole_text(title: str, rest: str) -> None:
    markdown = link(title, "http://board.test/c/1" + rest)
    inline = [token for token in tokens(markdown) if token.type == "inline"]
    (only,) = inline
    kinds = {token.type for token in only.children or []}
    assert kinds <= {"link_open", "text", "text_special", "link_close"}
    assert [token.type for token in only.children or []].count("link_open") == 1
    assert (only.children or [])[0].type == "link_open"
    assert (only.children or [])[-1].type == "link_close"
    said = "".join(token.content for token in only.children or [])
    assert said.replace(GAP, "") == " ".join(title.split())
    href = str((only.children or [])[0].attrs["href"])
    assert href.startswith("http://board.test/c/1")
    assert not set(href) & set(" \n()<>")


@pytest.mark.parametrize("url", ["", "javascript:alert(1)", "/c/1", "data:text/html,x"])
def test_what_is_no_web_address_is_no_link(url: str) -> None:
    assert of_kind(link("Fix the cart", url), "link_open") == []
    assert link("Fix *the* cart", url) == r"Fix \*the\* cart"


@given(HOSTILE, HOSTILE)
def test_no_title_or_command_changes_the_structure_of_a_pull_request(title: str, command: str) -> None:
    run = a_run(
        ticket={"title": title}, summary="Because.", phase="Verifying", verdict={**GREEN, "commands": [command]}
    )
    body = pull_request_body(run, POOL)
    shape = [token.type for token in MarkdownIt("commonmark").parse(body)]
    plain = pull_request_body(a_run(summary="Because.", phase="Verifying", verdict=GREEN), POOL)
    assert shape == [token.type for token in MarkdownIt("commonmark").parse(plain)]
    assert "\n" not in pull_request_title(run)
    assert len(pull_request_title(run)) <= 200


def test_the_models_title_leads_and_the_tickets_stands_in() -> None:
    assert pull_request_title(a_run(title="Round the total")) == "Round the total"
    assert pull_request_title(a_run()) == "Fix the cart"


def test_a_pull_request_says_why_what_was_proved_for_which_ticket_and_at_what_cost() -> None:
    usage = {"promptTokens": 1200, "completionTokens": 30, "money": "0.0123", "seconds": 61.4}
    run = a_run(summary="Because.", verdict=GREEN, specialist="bugfixer", usage=usage, partial=True)
    body = pull_request_body(run, POOL)
    assert body.startswith("Ticket: ")
    assert "\n\n> This is unfinished work" in body
    assert body.endswith("## Why\n\nBecause.")
    assert "Verify **passed**: `pytest -q`\n\nExit code 0; 3 tests ran." in body
    assert r"[\#1 Fix the cart](http://board.test/c/1)" in body.replace(GAP, "")
    assert "Run `run-1` of pool `shop`, attempt 1, bugfixer specialist." in body
    assert "1,200 prompt tokens, 30 completion tokens, 0.0123 USD, 61 s." in body


@pytest.mark.parametrize("cls", FailureClass)
def test_every_class_is_told_in_a_sentence_of_its_own(cls: FailureClass) -> None:
    said = {other: first_line(other) for other in FailureClass}
    assert said[cls].startswith(f"**{cls}** (Told): ")
    sentence = said[cls].split(": ", 1)[1]
    assert sentence.endswith(".")
    assert "{" not in sentence
    assert [other for other in FailureClass if said[other].endswith(sentence)] == [cls]


def first_line(cls: FailureClass) -> str:
    run = a_run(failure={"class": cls.value, "reason": "Told", "message": "One.\nTwo."})
    comment = closing_comment(run, POOL)
    assert "\n\n> One.\n> Two.\n\n" in comment
    return comment.split("\n", 1)[0]


def test_a_class_that_returns_the_ticket_says_where_it_is() -> None:
    for cls in (FailureClass.INFRASTRUCTURE, FailureClass.CONFIGURATION):
        assert "**Sprint Backlog**" in first_line(cls)
    assert "No attempt is spent" in first_line(FailureClass.INFRASTRUCTURE)


@pytest.mark.parametrize(
    ("status", "wanted", "unwanted"),
    [
        (
            {"verdict": GREEN, "pullRequest": {"url": "http://f/1", "number": 1}},
            "\n\nPull request: http://f/1",
            "Draft",
        ),
        (
            {"pullRequest": {"url": "http://f/1", "number": 1, "draft": True}},
            "Draft pull request: http://f/1",
            "branch",
        ),
        ({"summary": "It rounds down."}, "It rounds down.", "proved"),
        (
            {"branch": "boardhand/1-x", "failure": {"class": "Red", "reason": "R"}},
            "The branch `boardhand/1-x` is left as it is.",
            "Done",
        ),
    ],
)
def test_the_closing_comment_says_what_there_is(status: dict[str, Any], wanted: str, unwanted: str) -> None:
    comment = closing_comment(a_run(**status), POOL)
    assert wanted in comment
    assert unwanted not in comment
    assert comment.endswith("Run `run-1`, attempt 1. No model was used.")


def test_the_verdict_is_told_with_its_commands_and_counts() -> None:
    tests = TestCounts(ran=5, failed=2, skipped=1)
    first, second = verdict_lines(Verdict(passed=False, exit_code=3, commands=["make lint", "make test"], tests=tests))
    assert first == "Verify **failed**: `make lint`, then `make test`"
    assert second.startswith("Exit code 3; 5 tests ran, 2 failed, 1 skipped.")
    assert "no test count is known" in verdict_lines(Verdict(passed=True, exit_code=0))[1]


def test_what_a_run_cost_is_told_as_far_as_it_is_known() -> None:
    assert usage_line(None) == "No model was used."
    assert "cost not known" in usage_line(Usage(prompt_tokens=1))
    assert "(7 cached)" in usage_line(Usage(prompt_tokens=9, cached_tokens=7, money=Decimal("0.5")))
    assert "2 completion tokens (11 of these by estimate), cost not known" in usage_line(
        Usage(prompt_tokens=9, completion_tokens=2, estimated_tokens=11)
    )
    assert "0.5000 USD" in usage_line(Usage(money=Decimal("0.5")))


@pytest.mark.parametrize(
    ("cls", "reason", "attempt", "said"),
    [
        ("Red", "VerifyFailed", 1, "For attempt 2 of 3 say `/boardhand retry`, or move the ticket back to **Sprint"),
        ("NeedsInfo", "Question", 2, "For attempt 3 of 3 say"),
        ("Stuck", "NoProgress", 3, "No attempt is left: the pool `shop` allows 3."),
        ("Refused", "AttemptsExhausted", 4, "No attempt is left"),
        ("Cancelled", "CancelRequested", 1, "For attempt 1 of 3 say"),
        ("Cancelled", "TicketMoved", 1, None),
        ("Infrastructure", "NodeLost", 1, None),
        ("Configuration", "ImagePull", 1, None),
    ],
)
def test_the_closing_comment_says_how_the_next_attempt_begins(
    cls: str, reason: str, attempt: int, said: str | None
) -> None:
    run = a_run(attempt=attempt, failure={"class": cls, "reason": reason, "message": "One."})
    comment = closing_comment(run, POOL)
    assert said in comment if said else "ttempt 2" not in comment and "/boardhand" not in comment
    if said and said.startswith("For"):
        quiet = closing_comment(run, a_pool(policy={"commands": {"authors": []}}))
        assert "/boardhand" not in quiet
        assert "move the ticket back to **Sprint Backlog**" in quiet
