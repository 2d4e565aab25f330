"""Edits: the properties every edit keeps, and what a miss answers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from boardhand_runner.errors import ToolError
from boardhand_runner.tools import edit

LINES = st.lists(st.text(st.characters(exclude_characters="\r\n", exclude_categories=["Cs"]), max_size=12), max_size=8)
ENDINGS = st.sampled_from(["\n", "\r\n"])


@given(before=st.text(max_size=40), old=st.text(min_size=1, max_size=10), after=st.text(max_size=40), new=st.text())
def test_a_unique_text_is_replaced_and_nothing_else_touched(before: str, old: str, after: str, new: str) -> None:
    text = before + old + after
    try:
        changed = edit.replace_unique(text, old, new)
    except ToolError:
        assert old == new or sum(text.startswith(old, at) for at in range(len(text))) > 1
        return
    assert changed.startswith(before)
    assert changed.endswith(after)
    middle = changed[len(before) : len(changed) - len(after)]
    assert middle in (new, edit.with_ending(new, "\r\n"))


@given(lines=LINES, ending=ENDINGS, last=st.booleans(), bom=st.booleans(), data=st.data())
def test_inserted_lines_are_found_where_they_were_put(
    lines: list[str], ending: str, last: bool, bom: bool, data: st.DataObject
) -> None:
    body = ending.join(lines) + (ending if last and lines else "")
    text = (edit.BOM if bom else "") + body
    existing = edit.split_lines(body)
    line = data.draw(st.integers(0, len(existing)))
    changed = edit.insert_after(text, line, "one\ntwo\n")
    assert changed.startswith(edit.BOM) == text.startswith(edit.BOM)
    shown = [part.rstrip("\r\n") for part in edit.split_lines(changed.removeprefix(edit.BOM))]
    assert shown[line : line + 2] == ["one", "two"]
    assert shown[:line] + shown[line + 2 :] == [part.rstrip("\r\n") for part in existing]
    if existing:
        assert changed.endswith("\n") == text.endswith("\n")


@given(lines=LINES, ending=ENDINGS, sent=ENDINGS, new=LINES, data=st.data())
def test_an_edit_of_whole_lines_leaves_a_file_with_one_ending(
    lines: list[str], ending: str, sent: str, new: list[str], data: st.DataObject
) -> None:
    """Whatever endings the model sends. The lines are numbered, so that each stands there once."""
    numbered = [f"{number} {line}" for number, line in enumerate([*lines, "last"])]
    first = data.draw(st.integers(0, len(numbered) - 1))
    after = data.draw(st.integers(first + 1, len(numbered)))
    text = "".join(line + ending for line in numbered)
    old = "".join(line + sent for line in numbered[first:after])
    fresh = [f"new {line}" for line in new]
    changed = edit.replace_unique(text, old, "".join(line + sent for line in fresh))
    assert changed == "".join(line + ending for line in [*numbered[:first], *fresh, *numbered[after:]])


def test_line_endings_of_the_file_are_kept_whatever_the_model_sends() -> None:
    text = "a = 1\r\nb = 2\r\nc = 3\r\n"
    assert edit.replace_unique(text, "a = 1\nb = 2\n", "a = 0\nb = 0\n") == "a = 0\r\nb = 0\r\nc = 3\r\n"
    assert edit.replace_unique(text, "b = 2", "b = 2\nd = 4") == "a = 1\r\nb = 2\r\nd = 4\r\nc = 3\r\n"
    assert edit.replace_unique("a\nb\n", "a\r\nb\r\n", "c\r\n") == "c\n"


def test_a_file_without_a_last_newline_stays_so() -> None:
    assert edit.insert_after("a\nb", 2, "c\n") == "a\nb\nc"
    assert edit.insert_after("", 0, "c") == "c\n"


@pytest.mark.parametrize("line", [-1, 3])
def test_a_line_that_is_not_there_is_named(line: int) -> None:
    with pytest.raises(ToolError, match=r"0 \(before the first\) to 2"):
        edit.insert_after("a\nb\n", line, "c")


def test_several_occurrences_are_named_by_their_lines() -> None:
    with pytest.raises(ToolError, match=r"2 times \(lines 1, 3\)"):
        edit.replace_unique("x = 1\ny\nx = 1\n", "x = 1", "x = 2")


def test_a_miss_shows_the_nearest_lines() -> None:
    text = "".join(f"line {n}\n" for n in range(1, 40)) + "def total(items, tax):\n    return sum(items)\n"
    with pytest.raises(ToolError) as caught:
        edit.replace_unique(text, "def total(items):\n    return 0\n", "def total(items):\n    return 1\n")
    assert "40\tdef total(items, tax):\n41\t    return sum(items)" in str(caught.value)
    assert "line 30" not in str(caught.value)


def test_a_miss_says_when_the_edit_is_already_there() -> None:
    with pytest.raises(ToolError, match=r"already is \(line 2\)"):
        edit.replace_unique("a\nreturn left + right\n", "return left - right", "return left + right")


def test_a_miss_of_something_unlike_anything_says_so() -> None:
    with pytest.raises(ToolError, match="read the file again"):
        edit.replace_unique("alpha\nbeta\n", "0123456789", "x")


@pytest.mark.parametrize(("old", "new", "says"), [("", "x", "empty"), ("a", "a", "the same")])
def test_an_edit_that_means_nothing_is_refused(old: str, new: str, says: str) -> None:
    with pytest.raises(ToolError, match=says):
        edit.replace_unique("a\n", old, new)
