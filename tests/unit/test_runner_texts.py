"""Texts from outside: whatever they hold, they can be told."""

from __future__ import annotations

import io
import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from boardhand_runner.texts import as_on_a_screen, encodable
from boardhand_runner.transcript import Transcript

ANYTHING = st.text(st.characters(exclude_categories=[]))
"""Lone surrogates and control characters, too."""


@given(ANYTHING)
def test_whatever_comes_is_utf_8_afterwards_and_stays_what_it_is(text: str) -> None:
    told = encodable(text)
    assert encodable(told) == told
    assert told.encode("utf-8").decode("utf-8") == told


@given(ANYTHING)
def test_nothing_that_moves_a_cursor_is_left(text: str) -> None:
    shown = as_on_a_screen(text)
    assert not [char for char in shown if char != "\n" and char != "\t" and (char < " " or char == "\x7f")]
    assert as_on_a_screen(shown) == shown


@given(st.text(st.characters(exclude_categories=["Cc", "Cs"], include_characters="\n\t")))
def test_plain_text_is_left_alone(text: str) -> None:
    assert as_on_a_screen(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[1;31mred\x1b[0m plain\x1b[2K", "red plain"),
        ("\x1b]0;title\x07text \x1b]8;;http://a\x1b\\link\x1b]8;;\x1b\\", "text link"),
        ("10%\r55%\r100%\nnext\r\nlast\r", "100%\nnext\nlast"),
        ("a\0b\ab", "a\ufffdbb"),
        ("\x1b(Bplain\x1b7\x1b", "plain"),
    ],
)
def test_a_screen_shows(text: str, shown: str) -> None:
    assert as_on_a_screen(text) == shown


def test_a_name_that_is_no_text_is_written_to_the_log() -> None:
    out = io.StringIO()
    Transcript(out).nudged("gate", "LeftOut", "caf\udce9.txt")
    assert json.loads(out.getvalue())["text"] == "caf\\udce9.txt"


def test_a_long_line_takes_a_time_that_grows_with_it_and_not_with_its_square() -> None:
    began = time.process_time()

    assert as_on_a_screen("a" * 200_000) == "a" * 200_000
    assert as_on_a_screen(f"{'a' * 200_000}\rb\r") == "b"
    assert time.process_time() - began < 1
