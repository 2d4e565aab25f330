"""supervise: each way of going in circles has its own name and bound, and honest work sets none of them off."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from boardhand_runner.history import Call, Outcome, Turn
from boardhand_runner.nodes.supervise import FAULTS, MESSAGES, Verdict, supervise
from boardhand_runner.prompts import nudge_text


def call(name: str, arguments: str = "{}", result: str = "ok", **more: object) -> Turn:
    return Turn(text=False, calls=(Call(name, arguments, result, **more),))  # type: ignore[arg-type]


def edit(what: str) -> Turn:
    return call("edit_file", what, "edited", changed=True)


TEST = call("run", '{"command": "pytest"}', "1 failed")
EMPTY = Turn(text=False)
PROSE = Turn(text=True)
CUT = Turn(text=True, cut_off=True)
UNKNOWN = call("grep", outcome=Outcome.UNKNOWN)
BAD = call("read_file", "{", outcome=Outcome.BAD)


@pytest.mark.parametrize(
    ("turn", "reason"),
    [
        (EMPTY, "EmptyAnswer"),
        (PROSE, "NoToolCall"),
        (CUT, "CutOff"),
        (UNKNOWN, "UnknownTool"),
        (BAD, "BadArguments"),
    ],
)
def test_a_faulty_answer_is_nudged_by_its_own_name_and_then_ends_the_run(turn: Turn, reason: str) -> None:
    verdicts = [supervise([edit("a")] + [turn] * times) for times in range(1, FAULTS + 1)]

    assert [verdict.reason for verdict in verdicts] == [reason] * FAULTS
    assert [verdict.stuck for verdict in verdicts] == [False] * (FAULTS - 1) + [True]


def test_faults_of_different_kinds_in_a_row_end_the_run_too() -> None:
    mixed = [EMPTY, PROSE, EMPTY, PROSE, BAD, PROSE]

    assert supervise(mixed[:5]) == Verdict("BadArguments", 1, False)
    assert supervise(mixed).stuck


def test_a_good_answer_forgives_the_faults_before_it() -> None:
    assert supervise([EMPTY, EMPTY, edit("a"), EMPTY]) == Verdict("EmptyAnswer", 1, False)


def test_one_good_call_makes_a_good_answer() -> None:
    both = Turn(text=False, calls=UNKNOWN.calls + TEST.calls)

    assert supervise([both]) == Verdict()


def test_the_same_call_with_the_same_result() -> None:
    assert supervise([TEST] * 2) == Verdict()
    assert supervise([TEST] * 3) == Verdict("SameCall", 3, False)
    assert supervise([TEST] * 5) == Verdict("SameCall", 5, True)


def test_polling_that_sees_something_new_is_no_repeat() -> None:
    polls = [call("run", '{"command": "curl"}', f"answer {number}") for number in range(20)]

    assert supervise(polls) == Verdict()


def test_alternating_pairs_even_where_each_changes_a_file() -> None:
    there, back = edit("a to b"), edit("b to a")

    assert supervise([there, back] * 2) == Verdict()
    assert supervise([there, back] * 3) == Verdict("AlternatingPair", 6, False)
    assert supervise(([there, back] * 5)[:9]) == Verdict("AlternatingPair", 9, True)


def test_the_same_test_command_after_each_edit_is_honest_work() -> None:
    work = [turn for number in range(30) for turn in (edit(f"change {number}"), TEST)]

    assert supervise(work) == Verdict()


def test_reading_in_a_circle_is_no_progress() -> None:
    files = [call("read_file", name) for name in ("a", "b", "c")]

    assert supervise(files * 3) == Verdict()
    assert supervise(files + files * 3) == Verdict("NoProgress", 9, False)
    assert supervise(files + files * 4) == Verdict("NoProgress", 12, True)


def test_a_change_makes_everything_worth_reading_again() -> None:
    files = [call("read_file", name) for name in ("a", "b", "c", "d")]

    assert supervise((files * 2 + [edit("x")]) * 4 + files * 2) == Verdict()


@given(st.lists(st.integers(), min_size=1, max_size=60, unique=True))
def test_work_in_which_every_answer_sees_something_new_is_never_disturbed(numbers: list[int]) -> None:
    assert supervise([call("read_file", str(number)) for number in numbers]) == Verdict()


@given(st.lists(st.sampled_from([EMPTY, PROSE, CUT, UNKNOWN, BAD, TEST]), min_size=40, max_size=60))
def test_without_anything_new_every_history_ends(history: list[Turn]) -> None:
    assert any(supervise(history[:length]).stuck for length in range(1, len(history) + 1))


@pytest.mark.parametrize("reason", MESSAGES)
def test_every_reason_has_its_nudge(reason: str) -> None:
    assert nudge_text(reason, "f", tools="read_file, run", count=2)
