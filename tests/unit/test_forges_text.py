"""Texts for forges, as properties: what fits, headings, queries, and the list of refs."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from boardhand_operator.boards.text import units
from boardhand_operator.forges.bitbucket.at import quoted
from boardhand_operator.forges.git import _branches
from boardhand_operator.forges.headings import headed, unheaded
from boardhand_operator.forges.text import CUT, fitting, one_line
from boardhand_operator.reviews import Judgement
from testbed.bitbucket.call import _TERM

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=300)
COMMIT = st.from_regex(r"[0-9a-f]{40}", fullmatch=True)
BRANCH = st.from_regex(r"[a-zA-Z0-9ü🚀#%&+][a-zA-Z0-9ü🚀#%&+/ -]{0,30}[a-z]", fullmatch=True)


@given(TEXT, st.integers(60, 200))
def test_a_text_fits_and_keeps_its_head(text: str, limit: int) -> None:
    made = fitting(text, limit)
    assert units(made) <= limit
    assert made == text or (made.endswith(CUT) and text.startswith(made.removesuffix(CUT)))


@given(TEXT, st.integers(10, 200))
def test_a_title_is_one_line_and_cutting_it_again_changes_nothing(title: str, limit: int) -> None:
    made = one_line(title, limit)
    assert made and units(made) <= limit and made.splitlines() == [made]
    assert one_line(made, limit) == made


@given(TEXT.map(str.strip), st.sampled_from(Judgement))
def test_a_headed_text_is_read_back(text: str, judgement: Judgement) -> None:
    assert unheaded(headed(judgement, text)) == (judgement, text.lstrip("\r\n"))


@pytest.mark.parametrize("text", ["", "Review: approved", "**Review: perhaps**\n\nx", "x\n**Review: approved**"])
def test_other_texts_have_no_heading(text: str) -> None:
    assert unheaded(text) is None


@given(TEXT)
def test_a_quoted_text_is_one_term_of_the_query(text: str) -> None:
    found = _TERM.findall(f'name={quoted(text)} AND state="OPEN"')
    assert [(name, re.sub(r"\\(.)", r"\1", value, flags=re.DOTALL)) for name, value in found] == [
        ("name", text),
        ("state", "OPEN"),
    ]


@given(st.dictionaries(BRANCH, COMMIT, max_size=5))
def test_the_list_of_refs_is_read_back(branches: dict[str, str]) -> None:
    rows = [f"{'0' * 40} capabilities^{{}}\0report-status symref=HEAD:refs/heads/main"]
    rows += [f"{commit} refs/heads/{name}" for name, commit in branches.items()]
    rows += [f"{commit} refs/tags/{name}" for name, commit in branches.items()]
    lines = [f"{len(row.encode()) + 5:04x}{row}\n" for row in rows]
    assert _branches("001e# service=git-upload-pack\n0000" + "".join(lines) + "0000") == branches
