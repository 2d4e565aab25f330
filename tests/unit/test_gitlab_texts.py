"""No text becomes an order to GitLab, and lines of a difference are counted right."""

from __future__ import annotations

import difflib
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from boardhand_operator.forges.gitlab.lines import position, shown
from boardhand_operator.forges.gitlab.said import _MARK, marked, unmarked
from boardhand_operator.reviews import Judgement, LineComment
from boardhand_operator.vendors.gitlab.texts import harmless

ORDER = re.compile(r"^/(?:merge|close|label|remove_due_date)(?: [^\n]*)?(?:\s*\n|$)", re.MULTILINE | re.IGNORECASE)
"""As GitLab looks for quick actions, once it took the carriage returns out."""
PIECES = st.sampled_from(
    ["/merge", "/Close", "/label ~x", "/remove_due_date", "\n", "\r", "\r\n", " ", "/", "a", "\t", "\\"]
)
TEXTS = st.lists(PIECES, max_size=20).map("".join)
LINES = st.lists(st.sampled_from(["a", "b", "-c", "+d", "", "@@ x"]), max_size=12)
REFS = {"base_sha": "1", "start_sha": "2", "head_sha": "3"}


@given(TEXTS)
def test_nothing_of_ours_is_an_order(text: str) -> None:
    sent = harmless(text)
    assert not ORDER.search(sent.replace("\r", ""))
    assert harmless(sent) == sent == sent.rstrip()


@given(st.text(max_size=200))
def test_words_are_kept(text: str) -> None:
    kept = "".join(text.split()).replace("\\", "")
    assert "".join(harmless(text).split()).replace("\\", "") == kept


def test_paths_are_no_orders() -> None:
    assert harmless("/usr/bin/env\n/etc\n a /merge") == "/usr/bin/env\n\\/etc\n a /merge"


@given(LINES, LINES)
def test_lines_that_the_difference_shows(old: list[str], new: list[str]) -> None:
    diff = "\n".join(list(difflib.unified_diff(old, new, lineterm="", n=1))[2:])
    found = list(shown(diff))
    numbers = [number for _, number in found]
    assert numbers == sorted(set(numbers))
    assert all(1 <= number <= len(new) for number in numbers)
    for before, number in found:
        assert before is None or old[before - 1] == new[number - 1]
    changed = {
        at + 1
        for kind, _, _, start, end in difflib.SequenceMatcher(None, old, new).get_opcodes()
        if kind != "equal"
        for at in range(start, end)
    }
    assert changed <= {number for before, number in found if before is None}


def test_a_file_that_is_too_large_shows_no_line() -> None:
    diffs = [{"old_path": "a", "new_path": "b", "diff": ""}]
    assert position(diffs, REFS, LineComment("b", 1, "x")) is None
    assert position(diffs, REFS, LineComment("a", 1, "x")) is None
    whole = position(diffs, REFS, LineComment("b", 0, "x"))
    assert whole == {**REFS, "old_path": "a", "new_path": "b", "position_type": "file"}


@given(st.text(max_size=100), st.sampled_from(list(Judgement)))
def test_a_review_of_ours_is_found_by_its_mark(text: str, judgement: Judgement) -> None:
    sent = marked(harmless(unmarked(text)), judgement)
    found = _MARK.search(sent)
    assert found and found[1] == judgement.value
    assert not _MARK.search(unmarked(sent))


@pytest.mark.parametrize("odd", ["\f", "\u2028", "a\fb", "\x1c", "\x85 +", "\r"])
def test_only_line_feeds_end_a_line_of_a_difference(odd: str) -> None:
    """Form feeds stand on lines of their own in older sources, and would move every remark behind them."""
    assert list(shown(f"@@ -1,3 +1,4 @@\n one\n {odd}\n+new\n last\n")) == [(1, 1), (2, 2), (None, 3), (3, 4)]
