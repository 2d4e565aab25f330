"""Jira's two markups from Markdown and back: our marks survive, no text is lost, any document is read."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from boardhand_operator.boards.jira import adf_read, wiki_read
from boardhand_operator.boards.jira.adf_write import document
from boardhand_operator.boards.jira.wiki_write import escaped, wiki
from boardhand_operator.boards.markers import claim_text, closing_text, find_claims, find_closing, reply_text
from boardhand_operator.comment import Comment
from boardhand_operator.pools.commands import parse
from tests.contract.jira_requests import problems_of

NAMES = st.text(min_size=1, max_size=30)
TEXTS = st.text(max_size=200)
MARKDOWN = st.lists(
    st.sampled_from(
        ["# h\n", "- a\n", "  - b\n", "1. c\n", "> q\n", "```\n", "`x`", "**b**", "*i*", "[t](u)", "| a |\n| - |\n",
         "\n", "\n\n", "    code\n", "---\n", "~~s~~", "![i](j)", "<b>", "word ", "ü🚀", "\\", "{x}", "_", "*"]
    ),
    max_size=25,
).map("".join)  # fmt: skip
ROUND_TRIPS = [
    pytest.param(lambda text: adf_read.markdown(document(text)), id="adf"),
    pytest.param(lambda text: wiki_read.markdown(wiki(text)), id="wiki"),
]


def said(text: str) -> Comment:
    return Comment("1", "Boardhand", "me", text, datetime(2026, 1, 1, tzinfo=UTC), by_us=True)


@pytest.mark.parametrize("round_trip", ROUND_TRIPS)
@given(run=NAMES, uid=NAMES, event=NAMES, pool=NAMES)
def test_a_claim_survives(round_trip: Any, run: str, uid: str, event: str, pool: str) -> None:
    (found,) = find_claims([said(round_trip(claim_text(run, uid, event, pool, uid)))])
    assert (found.run, found.uid, found.event, found.pool) == (run, uid, event, uid)


@pytest.mark.parametrize("round_trip", ROUND_TRIPS)
@given(body=TEXTS | MARKDOWN, uid=NAMES)
def test_the_mark_of_a_closing_comment_survives_whatever_its_text_leaves_open(
    round_trip: Any, body: str, uid: str
) -> None:
    assert find_closing([said(round_trip(closing_text(body, uid)))], uid) == "1"


@given(text=TEXTS | MARKDOWN)
def test_what_is_written_is_a_document_of_the_format(text: str) -> None:
    assert problems_of(document(text)) == []


@given(text=MARKDOWN)
def test_no_word_is_lost(text: str) -> None:
    for round_trip in ROUND_TRIPS:
        back = round_trip.values[0](text)  # type: ignore[operator]
        assert re.findall(r"word|ü🚀", back) == re.findall(r"word|ü🚀", text)


@given(text=TEXTS)
@example(text="\x1f* ")
def test_escaped_text_is_read_as_it_is(text: str) -> None:
    plain = re.sub(r"^\s*(h[1-6]\.|bq\.|\{|----).*|\r", "", text, flags=re.MULTILINE)
    assert wiki_read.markdown(escaped(plain)) == plain


@given(text=TEXTS)
def test_any_wiki_text_is_read(text: str) -> None:
    assert isinstance(wiki_read.markdown(text), str)


ANY = st.recursive(
    st.none() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3)
    | st.fixed_dictionaries(
        {},
        optional={
            "type": st.sampled_from(["paragraph", "text", "bulletList", "listItem", "table", "media", "date", "x"]),
            "text": inner,
            "attrs": inner | st.dictionaries(st.sampled_from(["level", "url", "timestamp"]), st.text(max_size=3)),
            "marks": st.lists(st.fixed_dictionaries({"type": st.sampled_from(["code", "link", "em"])}), max_size=2),
            "content": st.lists(inner, max_size=3),
        },
    ),
    max_leaves=12,
)  # fmt: skip


@given(stored=ANY)
def test_any_document_is_read(stored: Any) -> None:
    assert isinstance(adf_read.markdown(stored), str)


def test_a_document_without_end_is_read_as_far_as_it_goes() -> None:
    node: dict[str, Any] = {"type": "paragraph", "content": [{"type": "text", "text": "deep"}]}
    for kind in ["listItem", "bulletList"] * 400:
        node = {"type": kind, "content": [node]}
    read = adf_read.markdown(
        {"type": "doc", "content": [{"type": "paragraph", "content": [{"type": "text", "text": "top"}]}, node]}
    )
    assert read.startswith("top")
    assert "(…)" in read


def test_a_command_of_a_person_is_understood_in_both() -> None:
    stored = {
        "type": "doc",
        "content": [{"type": "paragraph", "content": [{"type": "text", "text": "/boardhand retry"}]}],
    }
    for text in (adf_read.markdown(stored), wiki_read.markdown("/boardhand retry\r\n")):
        command = parse(text)
        assert command is not None and command.word == "retry"


@pytest.mark.parametrize(
    ("stored", "markdown"),
    [
        ("h1. Title\n\ntext", "# Title\n\ntext"),
        ("* a\n** b\n# c\n# d\n#* e\n# f", "- a\n  - b\n1. c\n2. d\n   - e\n3. f"),
        ("{code:java|title=A.java}\nint a; // *no*\n{code}", "```java\nint a; // *no*\n```"),
        ("{noformat}\n`x` ```\n{noformat}", "````\n`x` ```\n````"),
        ("{code}one{code}", "```\none\n```"),
        ("{code}never ends", "{code}never ends"),
        ("{quote}\na\nb\n{quote}", "> a\n> b"),
        ("{panel:title=Mind}\na\n{panel}", "> **Mind**\n>\n> a"),
        ("||k||v||\n|a|*b*|", "| k | v |\n| --- | --- |\n| a | **b** |"),
        ("see [the page|https://x.example/a_b_c] or [https://y.example]", "see [the page](https://x.example/a_b_c) or https://y.example"),
        ("[~ada] {color:red}red{color} !a.png|thumbnail!", "@ada red ![a.png](a.png)"),
        ("2020-01-02 a-b-c snake_case_name 2*3*4", "2020-01-02 a-b-c snake_case_name 2*3*4"),
        ("-gone- {{a-b}} \\*kept\\*", "~~gone~~ `a-b` *kept*"),
        ("bq. said", "> said"),
        ("----", "---"),
        (None, ""),
    ],
)  # fmt: skip
def test_wiki_markup_is_markdown(stored: str | None, markdown: str) -> None:
    assert wiki_read.markdown(stored) == markdown


@pytest.mark.parametrize(
    ("markdown", "stored"),
    [
        ("- a\n  - b\n\n1. c\n2. d", "* a\n** b\n\n# c\n# d"),
        ("```python\nx = {code}\n```", "{noformat}\nx = {code}\n{noformat}"),
        ("```brainfuck\nx\n```", "{code}\nx\n{code}"),
        ("a [b](https://x.example) ![c](d.png)", "a [b|https://x.example] [c|d.png]"),
        ("| a | b |\n| - | - |\n| 1 | x\\|y |", "||a||b||\n|1|x\\|y|"),
        ("> q\n\n---", "{quote}\nq\n{quote}\n\n----"),
        ("use {braces} and \\*stars\\* in a-b", "use \\{braces\\} and \\*stars* in a-b"),
    ],
)
def test_markdown_is_wiki_markup(markdown: str, stored: str) -> None:
    assert wiki(markdown) == stored


def test_a_reply_survives() -> None:
    for round_trip in ROUND_TRIPS:
        text = round_trip.values[0](reply_text("Retried.", "10001", None))  # type: ignore[operator]
        assert text.endswith("`boardhand:command:1 comment=10001`")
