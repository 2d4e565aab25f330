"""What stages answer: it always fits where the kubelet keeps it, and comes back as it was said."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from boardhand_api.events import EVENT_BYTES, Ended, Nudged, Routed, Started, Step, last_result, parse_event
from boardhand_api.failures import FailureClass, class_of_exit_code, exit_code_of
from boardhand_api.result import (
    POD_TERMINATION_BYTES,
    TERMINATION_BYTES,
    Checked,
    Published,
    Refusal,
    Result,
    Usage,
    termination_message,
)

TEXT = st.text(st.characters(codec="utf-8"), max_size=60)
MONEY = st.none() | st.decimals(0, 10**6, places=6)
USAGES = st.builds(
    Usage,
    prompt_tokens=st.integers(0, 10**9),
    cached_tokens=st.integers(0, 10**9),
    completion_tokens=st.integers(0, 10**9),
    money=MONEY,
    seconds=st.floats(0, 10**6),
)
REFUSALS = st.builds(
    Refusal,
    failure_class=st.sampled_from(FailureClass),
    reason=TEXT,
    message=st.text(st.characters(codec="utf-8"), max_size=300),
)
SUMMARIES = st.one_of(
    st.text(st.characters(codec="utf-8"), max_size=500),
    st.builds(
        lambda letter, number: letter * number,
        st.sampled_from(["a", "\u0001", '"', "\\", "é", "\u2028", "\U0001f600", "line\n"]),
        st.integers(0, 4000),
    ),
)
RESULTS = st.builds(
    Result,
    specialist=st.sampled_from(["", "coder", "bugfixer", "analyst"]),
    base_commit=st.none() | st.just("a" * 40),
    commit=st.none() | st.just("b" * 40),
    title=TEXT,
    summary=SUMMARIES,
    partial=st.booleans(),
    failure=st.none() | REFUSALS,
    usage=USAGES,
    steps=st.integers(0, 1000),
)


@given(RESULTS)
@settings(deadline=None)
def test_a_results_message_fits_and_only_the_summary_is_shortened(result: Result) -> None:
    message = termination_message(result)
    assert len(message.encode()) <= TERMINATION_BYTES
    back = Result.model_validate_json(message)
    assert result.summary.startswith(back.summary)
    assert back.model_copy(update={"summary": result.summary, "cut": None}) == result
    assert back.cut == (back.summary != result.summary)
    if len(result.model_dump_json(by_alias=True, exclude_none=True).encode()) <= TERMINATION_BYTES - len(
        ',"cut":false'
    ):
        assert back.cut is False


@given(RESULTS, st.integers(2, 13))
@settings(deadline=None, max_examples=50)
def test_a_message_fits_the_share_of_a_pod_with_many_containers(result: Result, containers: int) -> None:
    room = min(TERMINATION_BYTES, POD_TERMINATION_BYTES // containers)
    message = termination_message(result, room)
    assert len(message.encode()) <= room
    back = Result.model_validate_json(message)
    whole = result.model_copy(update={"cut": False})
    assert (back == whole) == (back.cut is False)
    kept = {"summary": result.summary, "title": result.title, "failure": result.failure}
    assert back.model_copy(update={**kept, "cut": False}) == whole


def test_a_shortened_summary_uses_most_of_the_room() -> None:
    message = termination_message(Result(summary="a" * 20000))
    assert TERMINATION_BYTES * 0.8 < len(message.encode()) <= TERMINATION_BYTES


@pytest.mark.parametrize("letter", ["x", '"', "é", "\u0001", "\U0001f600"])
@pytest.mark.parametrize("model", [Checked, Published, Result])
def test_a_message_fits_with_every_field_at_its_longest(model: type[Checked | Published | Result], letter: str) -> None:
    refusal = Refusal(failure_class=FailureClass.INFRASTRUCTURE, reason=letter * 64, message=letter * 1000)
    longest: dict[str, Any] = {"failure": refusal}
    for name, size in {"branch": 250, "base_commit": 64, "commit": 64, "title": 300, "specialist": 32}.items():
        if name in model.model_fields:
            longest[name] = letter * size
    if model is Result:
        longest["summary"] = letter * 20000
    message = termination_message(model(**longest))
    assert len(message.encode()) <= TERMINATION_BYTES
    assert model.model_validate_json(message).failure is not None


@pytest.mark.parametrize("letter", ["x", '"', "…", "\U0001f600"])
@pytest.mark.parametrize("room", [1024, TERMINATION_BYTES])
def test_commands_told_from_a_repository_fit_however_long_they_are(letter: str, room: int) -> None:
    checked = Checked(base_commit="b" * 40, setup=["venv", f"pip install {letter * 5000}"], verify=["a", letter * 90])
    message = termination_message(checked, room)
    back = Checked.model_validate_json(message)

    assert len(message.encode()) <= room
    assert (back.base_commit, back.setup[0], back.setup[1][:11]) == (checked.base_commit, "venv", "pip install")
    assert back.verify == checked.verify

    back = Checked.model_validate_json(termination_message(Checked(verify=["a", letter * 5000, "c"]), room))
    assert (len(back.verify), back.verify[0], back.verify[2]) == (3, "a", "c")


@given(st.builds(Published, branch=st.none() | TEXT, commit=st.none() | TEXT, failure=st.none() | REFUSALS))
def test_what_publish_did_comes_back(published: Published) -> None:
    assert Published.model_validate_json(termination_message(published)) == published


@given(USAGES, USAGES)
def test_usage_adds_up_and_money_is_known_where_both_know_it(one: Usage, other: Usage) -> None:
    both = one.plus(other)
    assert both.prompt_tokens == one.prompt_tokens + other.prompt_tokens
    assert both.completion_tokens == one.completion_tokens + other.completion_tokens
    if one.money is None or other.money is None:
        assert both.money is None
    else:
        assert both.money == one.money + other.money


def test_money_stays_exact_and_is_never_negative() -> None:
    usage = Usage(money=Decimal("0.1")).plus(Usage(money=Decimal("0.2")))
    assert usage.wire()["money"] == "0.3"
    assert Usage.model_validate_json('{"money": "0.3"}').money == Decimal("0.3")
    for wrong in ('{"money": "-1"}', '{"money": "NaN"}', '{"money": "Infinity"}', '{"promptTokens": -1}'):
        with pytest.raises(ValidationError):
            Usage.model_validate_json(wrong)


def test_fields_of_a_newer_program_are_ignored() -> None:
    assert Result.model_validate_json('{"version": 9, "title": "t", "colour": "red"}') == Result(version=9, title="t")


# The table of exit codes


@pytest.mark.parametrize("cls", FailureClass)
def test_a_class_survives_as_an_exit_code(cls: FailureClass) -> None:
    assert class_of_exit_code(exit_code_of(cls)) is cls
    assert 40 <= exit_code_of(cls) <= 48


def test_every_other_code_is_the_surroundings_breaking_down() -> None:
    table = {exit_code_of(cls) for cls in FailureClass}
    assert len(table) == len(FailureClass)
    others = {class_of_exit_code(code) for code in range(1, 256) if code not in table}
    assert others == {FailureClass.INFRASTRUCTURE}


# The log

AT = "2026-01-01T12:00:00Z"
EVENTS = st.one_of(
    st.builds(Started, at=st.just(AT), run=TEXT),
    st.builds(Routed, at=st.just(AT), specialist=TEXT),
    st.builds(Step, at=st.just(AT), number=st.integers(0, 99), role=TEXT, text=TEXT, calls=st.lists(TEXT, max_size=3)),
    st.builds(Nudged, at=st.just(AT), by=TEXT, reason=TEXT),
    st.builds(Ended, at=st.just(AT), result=RESULTS),
)
JSONS = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from(["result", "step"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["event", "at", "result", "number", "usage", "version"]), inner, max_size=5)
    ),
    max_leaves=10,
)


@given(EVENTS)
@settings(deadline=None)
def test_an_event_is_one_line_and_comes_back(event: Started | Routed | Step | Nudged | Ended) -> None:
    line = event.model_dump_json(by_alias=True, exclude_none=True)
    assert "\n" not in line
    if len(line) <= EVENT_BYTES:
        assert parse_event(line) == event
        assert parse_event(line.encode()) == event


@given(st.text() | st.text(st.characters()) | st.binary() | JSONS.map(json.dumps))
def test_no_line_raises(line: str | bytes) -> None:
    event = parse_event(line)
    assert event is None or event.event in ("started", "routed", "step", "nudged", "result")


@given(st.text() | st.text(st.characters()) | st.lists(JSONS.map(json.dumps), max_size=4).map("\n".join))
def test_no_log_raises(log: str) -> None:
    result = last_result(log)
    assert result is None or '"result"' in log


@pytest.mark.parametrize(
    "line", ["[" * 60_000, '{"event":' * 5_000, "x" * (EVENT_BYTES + 1), "\ud800", '{"a": "\ud800"}']
)
def test_lines_made_to_break_a_reader_are_no_events(line: str) -> None:
    assert parse_event(line) is None


@given(RESULTS, st.text(st.characters(codec="utf-8"), max_size=200))
@settings(deadline=None)
def test_only_the_last_line_is_the_result(result: Result, noise: str) -> None:
    line = Ended(at=AT, result=result).model_dump_json(by_alias=True, exclude_none=True)
    found = result if len(line) <= EVENT_BYTES else None
    assert last_result(f"{noise}\n{line}\n") == found
    assert last_result(line) == found
    assert last_result(f"{line}\nand then something else") is None


def test_whatever_stages_tell_adds_up_to_what_can_be_recorded() -> None:
    """Else a run whose tries tell enough would never be recorded at all."""
    most = Usage(
        prompt_tokens=10**15, cached_tokens=10**15, completion_tokens=10**15, money=Decimal(10**9), seconds=1e9
    )
    assert most.plus(most) == most
