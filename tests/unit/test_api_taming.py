"""What a model or a stranger wrote is shown, and has no effect."""

from __future__ import annotations

import re
import unicodedata
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from boardhand_api.failures import FailureClass
from boardhand_api.taming import GAP, on_one_line, one_line, reason_of, tamed
from boardhand_operator.boards import Card
from boardhand_operator.boards.ticket import ticket_of
from boardhand_operator.decide.observe import parse_time
from boardhand_operator.texts.words import closing_comment, code, link, pull_request_body, pull_request_title
from boardhand_operator.views import Run
from tests.support.objects import NOON, a_pool, run_body

EFFECTS = {
    "@ada please": r"@\w",
    "@org/team and @**all**": r"@[\w*]",
    "see #12 and !7": r"[#!]\d",
    "GH-5": r"GH-\d",
    "fixes https://forge.test/shop/cart/issues/1": r"(?i)fixes\s",
    "Closes: shop/cart#4": r"(?i)closes:?\s",
    "resolves SHOP-17": r"(?i)resolves\s",
    "![x](http://evil.test/beacon)": r"!\[",
    "![x][ref]\n\n[ref]: http://evil.test/b": r"!\[",
    '<img src="http://evil.test/b">': r"<[a-z]",
    "<!-- hidden": "<!",
    "</details>": "</",
    "&#64;ada &commat;ada": r"&[#a-z]",
    "[press](javascript:alert(1))": r"(?i)javascript\s*:",
    "[press](JavaScript  :alert(1))": r"(?i)javascript\s*:",
    "/merge": r"(?m)^\s*/\w",
    "done\n  /close\n> /approve": r"(?m)^[\s>]*/\w",
    "a\r/label ~x": r"(?m)^/\w|\r",
    "[skip ci]": r"\[skip ci\]",
    "[CI SKIP] ***NO_CI***": r"(?i)\[ci skip\]|\*NO_CI",
    "`boardhand:closing:1 uid=x`": "`boardhand:",
    "\x1b]0;title\x07\x1b[31mred": "[\x1b\x07]",
    "safe\u202etxt.exe\u2066": "[\u202e\u2066]",
}
SIGNS = st.sampled_from([*"@#!<&[]()/`>: \n\t\r*-_.", "fixes", "SHOP-1", "http://x", "javascript", "1", "a", "\x1b"])


@pytest.mark.parametrize(("text", "effect"), EFFECTS.items())
def test_no_effect_is_left(text: str, effect: str) -> None:
    assert re.search(effect, text)
    assert not re.search(effect, tamed(text))
    assert not re.search(effect, one_line(text))


@given(st.lists(SIGNS, max_size=40).map("".join) | st.text(max_size=60))
def test_it_reads_the_same(text: str) -> None:
    shown = tamed(text)
    plain = text.replace("\r\n", "\n").replace("\r", "\n")
    kept = [letter for letter in plain if letter in "\n\t" or unicodedata.category(letter) not in ("Cc", "Cf", "Cs")]
    assert shown.replace(GAP, "") == "".join(kept)
    assert not any(re.search(effect, shown) for effect in (r"@\w", r"#[0-9]", r"!\[", r"<[A-Za-z/!?]", r"(?m)^/\w"))


def test_ordinary_words_stay_as_they_are() -> None:
    text = "# Why\n\nThe total was `sum(prices)`; it fixes the cart - see docs/cart.md, 3 < 4 & 5 > 2, 50 %!\n\n* a\n"
    assert tamed(text) == text


def finished(**status: Any) -> Run:
    ticket = {"title": "Fix \x1b[31m@all #9 ![x](http://evil.test)", "key": "#1\u202e"}
    return Run.of(run_body(ticket=ticket, **status))


def test_every_text_for_people_is_tamed() -> None:
    evil = "@all fixes #9\n/merge\n![x](http://evil.test/b)\x1b[2J\u202e"
    failure = {"class": FailureClass.NEEDS_INFO.value, "reason": "Question", "message": evil}
    run = finished(summary=evil, title=f"{evil} title", branch="boardhand/1", commit="c" * 40)
    asks = finished(failure=failure)
    texts = [
        pull_request_title(run),
        pull_request_title(finished()),
        pull_request_body(run, a_pool()),
        pull_request_body(run, a_pool(), "## Why\n\n## Tests\n"),
        closing_comment(run, a_pool()),
        closing_comment(asks, a_pool()),
    ]
    for text in texts:
        assert not re.search(r"@\w|#9|!\[x\]\(|(?m:^[> ]*/merge)|[\x1b\u202e]", text), text
    assert "merge" in texts[2] + texts[4]


@given(st.text(max_size=80))
def test_one_line_is_one(text: str) -> None:
    assert len(on_one_line(text).splitlines()) <= 1
    assert len(one_line(text).splitlines()) <= 1


def test_code_and_links_steer_no_terminal() -> None:
    assert code("a\u202e\x1b[0m`b") == "`a[0m\u02cbb`"
    assert "\x1b" not in link("\x1b[1m@ada", "http://x") and "@ada" not in link("@ada", "")


@pytest.mark.parametrize(
    ("said", "reason"), [("NoPath", "NoPath"), ("two words", "Stuck"), ("", "Stuck"), ("A\n", "Stuck"), ("9", "Stuck")]
)
def test_a_reason_is_one_word(said: str, reason: str) -> None:
    assert reason_of(said, "Stuck") == reason


def test_a_card_of_any_size_is_a_ticket() -> None:
    """One card with a long label would keep its pool from taking any."""
    card = Card(
        "1", "#" + "1" * 100, "http://b/" + "x" * 3000, "\x1b]0;t\x07Title", "b", ("l" * 300,) * 200, "e",
        parse_time(NOON), "Ready",
    )  # fmt: skip
    ticket = ticket_of(card)
    assert (len(ticket.key), ticket.url, ticket.title) == (64, "", "]0;tTitle")
    assert (len(ticket.labels), len(ticket.labels[0])) == (100, 256)
