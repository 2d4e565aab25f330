"""What is said in a chat of a run: what happened, and nothing that a ticket's author wants to have happen there."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from boardhand_operator.after.message import data_of, escaped, link, message, text_of
from boardhand_operator.views import Run
from tests.support.objects import NOON, a_run

PULL = {"url": "https://forge.test/pulls/7", "number": 7}
NUMBER = "#\u200b1"
"""As it is shown: boards and forges make a link of it, chats may."""
HOSTILE = [
    "<!channel> hello",
    "<@U012345> hello",
    "<!subteam^S1|team>",
    "<https://evil.example|click>",
    "&lt;!here&gt;",
    "@channel @here @all",
    "https://evil.example/x",
    "HTTP://evil.example",
    "www.evil.example",
    "[click](//evil.example)",
    "two\nlines\r\n*Succeeded*: forged",
    "\u202egnirts \u2066x\u2069 \x1b[2J",
    "|label> after",
]


def ended(title: str = "Fix the cart", failure: str = "", event: str | None = "e1", **status: Any) -> Run:
    phase = {"phase": "Failed" if failure else "Succeeded", "finishedAt": NOON, "claim": "c1"}
    if failure:
        status["failure"] = {"class": "Red", "reason": "VerifyFailed", "message": failure}
    return a_run(ticket={"title": title}, event=event, **phase, **status)


def test_a_success_names_ticket_and_pull_request() -> None:
    assert text_of(ended(pullRequest=PULL)) == (
        f"*Succeeded*: <http://board.test/c/1|{NUMBER} Fix the cart> (pool team/shop)\n"
        "<https://forge.test/pulls/7|Pull request 7>"
    )


def test_a_failure_says_its_class_and_why() -> None:
    text = text_of(ended(failure="the verify commands ended with exit code 1", pullRequest=PULL | {"draft": True}))
    assert text.splitlines() == [
        f"*Failed (Red)*: <http://board.test/c/1|{NUMBER} Fix the cart> (pool team/shop)",
        "the verify commands ended with exit code 1",
        "<https://forge.test/pulls/7|Draft pull request 7>",
    ]


def test_a_branch_stands_where_there_is_no_pull_request() -> None:
    assert text_of(ended(branch="boardhand/1-fix")).splitlines()[-1] == "Branch boardhand/1-fix"


def test_the_address_that_somebody_wrote_into_a_run_by_hand_is_no_link() -> None:
    assert text_of(ended(event=None)) == f"*Succeeded*: {NUMBER} Fix the cart (pool team/shop)"


@pytest.mark.parametrize("wrote", HOSTILE)
def test_nothing_that_a_stranger_wrote_has_an_effect(wrote: str) -> None:
    said = message(ended(wrote, failure=wrote, pullRequest=PULL))
    lines = said["text"].split("\n")
    assert len(lines) == 3
    assert [line.startswith(f"*Failed (Red)*: <http://board.test/c/1|{NUMBER} ") for line in lines] == [
        True,
        False,
        False,
    ]
    ours = lines[0].removeprefix("*Failed (Red)*: <http://board.test/c/1|").removesuffix("> (pool team/shop)")
    for text in (ours, lines[1]):
        assert not re.search(r"[<>]|@\w|://|\]\(|www\.", text, re.IGNORECASE)
        assert not re.search(r"&(?!amp;|lt;|gt;)", text)
        assert text.replace("\u200b", "").isprintable()
    assert (said["unfurl_links"], said["unfurl_media"]) == (False, False)


@given(st.text(max_size=300), st.integers(1, 100))
def test_any_text_is_one_bounded_line_without_a_sign_of_slacks(text: str, most: int) -> None:
    found = escaped(text, most)
    assert not set("<>\n\r") & set(found)
    assert len(found) <= most * 5
    assert "@here" not in escaped("@here" + text, 400)


@pytest.mark.parametrize("url", ["javascript:alert(1)", "data:x", "", "//evil.example", "file:///x"])
def test_what_is_no_address_of_the_web_is_no_link(url: str) -> None:
    assert link("Pull request 7", url) == "Pull request 7"


@pytest.mark.parametrize("url", ["https://x.test/a|b>c d", "https://x.test/<!channel>", "https://x.test/\n*b*"])
def test_no_address_ends_its_link_early(url: str) -> None:
    made = link("label", url)
    assert made.startswith("<https://x.test/")
    assert re.fullmatch(r"<[^|<>\s]+\|label>", made)


def test_programs_are_told_the_same_as_data() -> None:
    run = ended(
        "<!channel>",
        failure="no",
        pullRequest=PULL,
        commit="c" * 40,
        usage={"promptTokens": 5, "completionTokens": 2, "money": "0.42"},
    )
    found = data_of(run)
    assert json.loads(json.dumps(found)) == found
    assert (found["version"], found["run"], found["ended"], found["class"]) == (1, "run-1", "Failed", "Red")
    assert found["ticket"]["title"] == "<!channel>"
    assert found["pullRequest"] == {"url": PULL["url"], "number": 7, "draft": False}
    assert (found["tokens"], found["money"], found["attempt"]) == (7, "0.42", 1)
    assert "class" not in data_of(ended())
    assert "pullRequest" not in data_of(ended())
