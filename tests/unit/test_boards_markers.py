from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from boardhand_operator.boards import Card, Comment
from boardhand_operator.boards.markers import claim_text, closing_text, find_claims, find_closing, lost_text
from boardhand_operator.boards.text import CUT, shorten, units
from boardhand_operator.boards.ticket import BYTES, ticket_of

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
TEXTS = st.text(max_size=200)
WORDS = st.text(min_size=1, max_size=60)


def said(text: str, id_: str = "c1", *, by_us: bool = True, after: float = 0) -> Comment:
    return Comment(id_, "Boardhand", "m1", text, NOON + timedelta(seconds=after), by_us)


@given(WORDS, WORDS, WORDS, TEXTS)
def test_a_claim_is_found_as_it_was_written(run: str, uid: str, event: str, pool: str) -> None:
    (found,) = find_claims([said(claim_text(run, uid, event, pool, "uid-pool"))])
    assert (found.run, found.uid, found.event, found.comment_id) == (run, uid, event, "c1")
    assert found.pool == "uid-pool"


@given(TEXTS, WORDS)
def test_a_closing_comment_is_found_by_its_run_alone(body: str, uid: str) -> None:
    comments = [said(closing_text(body, uid))]
    assert find_closing(comments, uid) == "c1"
    assert find_closing(comments, uid + "x") is None
    assert find_claims(comments) == []


@given(TEXTS, WORDS, WORDS)
def test_no_body_can_claim_or_close_for_another_run(body: str, uid: str, victim: str) -> None:
    forged = [claim_text("r", victim, "e", "p", "u"), closing_text("", victim), body]
    for inner in forged:
        comments = [said(closing_text(f"{body}\n{inner}", uid))]
        assert find_claims(comments) == []
        assert (find_closing(comments, victim) is None) == (victim != uid)


def test_marks_of_others_and_in_the_middle_do_not_count() -> None:
    text = claim_text("r", "u", "e", "p", "u")
    assert find_claims([said(text, by_us=False), said(f"{text}\nand more"), said(f"> {text.splitlines()[-1]}")]) == []
    assert find_closing([said(closing_text("b", "u"), by_us=False)], "u") is None


def test_the_earliest_claim_comes_first_and_ids_decide_a_draw() -> None:
    a, b, c = (claim_text(name, name, "e", "p", "u") for name in "abc")
    comments = [said(b, "2", after=1), said(c, "3"), said(a, "1", after=1)]
    assert [claim.uid for claim in find_claims(comments)] == ["c", "a", "b"]


@pytest.mark.parametrize(("first", "second"), [("9", "10"), ("999", "1000"), ("1", "2"), ("67a0ff", "67a100")])
def test_of_claims_in_one_second_the_lower_number_came_first(first: str, second: str) -> None:
    """Who wrote first saw no other claim, and works: so the other must see that one as the first, too."""
    comments = [said(claim_text(id_, id_, "e", "p", "u"), id_) for id_ in (second, first)]
    assert [claim.uid for claim in find_claims(comments)] == [first, second]


def test_a_lost_claim_is_no_claim_any_more() -> None:
    assert find_claims([said(lost_text("run-b", "run-a"))]) == []


@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=300), st.integers(min_value=60, max_value=200))
def test_a_shortened_text_fits_and_says_so(text: str, limit: int) -> None:
    short = shorten(text, limit)
    assert units(short) <= limit
    assert short == text or (short.endswith(CUT) and text.startswith(short.removesuffix(CUT)))


def test_a_limit_below_the_notice_is_an_error() -> None:
    with pytest.raises(ValueError, match="shorter than the notice"):
        shorten("x" * 20, 5)


@given(st.text(max_size=400), WORDS)
def test_a_cut_closing_comment_keeps_its_mark(body: str, uid: str) -> None:
    limit = 60 + units(closing_text("", uid))
    text = closing_text(body, uid, limit)
    assert units(text) <= limit
    assert find_closing([said(text)], uid) == "c1"


def card(**changes: object) -> Card:
    fields = {"id": "1", "key": "#1", "url": "u", "title": "T", "body": "b", "labels": ("x",), "event": "e"}
    whole = fields | {"entered_at": NOON, "column": "Ready", "comments": ()} | changes
    return Card(**whole)  # type: ignore[arg-type]


def test_a_ticket_holds_what_was_said_without_marks() -> None:
    comments = (
        said(claim_text("r", "u", "e", "p", "u")),
        said("please", by_us=False),
        said(closing_text("Here is the change.", "u")),
    )
    ticket = ticket_of(card(comments=comments))
    assert [comment.text for comment in ticket.comments] == ["please", "Here is the change."]
    assert (ticket.id, ticket.key, ticket.event, ticket.labels) == ("1", "#1", "e", ["x"])


def test_a_ticket_is_cut_to_what_a_run_holds() -> None:
    comments = tuple(said(f"{number} " + "y" * 20_000, by_us=False) for number in range(60))
    ticket = ticket_of(card(title="t\n" * 2000, body="🚀" * 100_000, comments=comments))
    assert len(ticket.title) <= 1024 and "\n" not in ticket.title
    assert len(ticket.body) <= 131072 and ticket.body.endswith(CUT)
    assert ticket.comments[-1].text.startswith("59 "), "the newest stay"
    assert BYTES - 20_000 < len(ticket.model_dump_json(by_alias=True).encode()) <= BYTES
    short = tuple(said(f"{number} y", by_us=False) for number in range(60))
    ticket = ticket_of(card(comments=short))
    assert len(ticket.comments) == 50 and ticket.comments[0].text.startswith("10 ")


def test_a_ticket_without_a_title_has_its_key() -> None:
    assert ticket_of(card(title=" \n ")).title == "#1"
