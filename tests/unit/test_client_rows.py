"""Rows, stages, steps and sentences: whatever objects and logs hold, and never with an effect."""

from __future__ import annotations

import time
import unicodedata
from dataclasses import fields
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from boardhand_api.events import DiffPiece, Ended, Nudged, Step
from boardhand_api.failures import FailureClass
from boardhand_api.pod import Stage
from boardhand_api.result import Refusal, Result, Usage
from boardhand_api.run_status import Phase
from boardhand_client import sentences
from boardhand_client.diffs import diff_of
from boardhand_client.fields import number, web
from boardhand_client.rows import Column, PoolRow, RunRow, column_of
from boardhand_client.steps import Call, End, Line, Note, StepRow, entries, entry
from boardhand_client.streams import lines, stamped
from boardhand_client.timeline import StageRow, StageState, stages_of
from tests.support.objects import IMPLEMENT_STAGES, NOON, ended, pod_body, pool_body, run_body, running, waiting

JSONISH = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
PARTS = ("metadata", "spec", "status")
PULL = {"url": "http://forge.test/pulls/1", "number": 1}


def row(**status: Any) -> RunRow:
    return RunRow.of(run_body(**status))


@settings(max_examples=40, deadline=None)
@given(st.fixed_dictionaries({}, optional=dict.fromkeys(PARTS, JSONISH)))
def test_whatever_an_object_holds_it_is_a_row(body: dict[str, Any]) -> None:
    for made in (RunRow.of(body), PoolRow.of(body)):
        texts = [getattr(made, one.name) for one in fields(made)]
        assert all(text.isprintable() for text in texts if isinstance(text, str))


def test_a_row_says_what_the_run_says() -> None:
    usage = {"promptTokens": 100, "completionTokens": 10, "money": "0.25", "seconds": 61.5}
    failure = {"class": "Red", "reason": "VerifyFailed", "message": "2 of 9 tests failed"}
    found = row(
        phase="Failed", usage=usage, failure=failure, tries=2, finishedAt=NOON, verdict={"passed": False, "exitCode": 1}
    )
    assert (found.tokens, found.money, found.seconds, found.failure, found.verdict) == (110, 0.25, 61.5, "Red", False)
    assert (found.name, found.pool, found.key, found.title, found.attempt) == ("run-1", "shop", "#1", "Fix the cart", 1)


def test_what_a_waiting_run_waits_for_is_its_reason_and_a_phase_is_none() -> None:
    def condition(reason: str) -> list[dict[str, Any]]:
        return [{"type": "Reconciling", "status": "True", "reason": reason, "message": "all places are taken"}]

    waits = row(phase="Queued", position=3, conditions=condition("NoPlace"))
    assert (waits.reason, waits.message, waits.position) == ("NoPlace", "all places are taken", 3)
    assert row(phase="Working", conditions=condition("Working")).reason == ""


@pytest.mark.parametrize(
    ("status", "column"),
    [
        ({}, Column.WAITING),
        ({"phase": "Queued"}, Column.WAITING),
        ({"phase": "Claimed"}, Column.WORKING),
        ({"phase": "Verifying"}, Column.WORKING),
        ({"phase": "Succeeded", "pullRequest": PULL}, Column.IN_REVIEW),
        ({"phase": "Succeeded", "pullRequest": PULL | {"state": "Open"}}, Column.IN_REVIEW),
        ({"phase": "Succeeded", "pullRequest": PULL | {"state": "Merged"}}, Column.DONE),
        ({"phase": "Succeeded", "pullRequest": PULL | {"state": "Closed"}}, Column.DONE),
        ({"phase": "Succeeded"}, Column.DONE),
        ({"phase": "Failed"}, Column.FAILED),
        ({"phase": "Cancelled"}, Column.CANCELLED),
    ],
)
def test_each_run_stands_in_one_column(status: dict[str, Any], column: Column) -> None:
    assert column_of(row(**status)) is column


@pytest.mark.parametrize(
    "address",
    [
        "javascript:alert(1)",
        "data:text/html,x",
        "//evil.test",
        "http://a\nb",
        'http://a"onclick=',
        "http://a b",
        "",
        None,
        7,
    ],
)
def test_what_is_no_address_of_the_web_is_none(address: object) -> None:
    assert web(address) == ""
    assert web("https://forge.test/a/b?c=d#e") == "https://forge.test/a/b?c=d#e"


@pytest.mark.slow
def test_ten_thousand_rows_are_made_in_a_moment() -> None:
    body = run_body(phase="Succeeded", pullRequest=PULL)
    began = time.process_time()
    rows = [RunRow.of(body) for _ in range(10_000)]
    assert time.process_time() - began < 0.8
    assert rows[0].pool is rows[-1].pool


@pytest.mark.parametrize(("observed", "ready"), [(1, True), (2, False)])
def test_a_pool_is_ready_for_its_present_spec_alone(observed: int, ready: bool) -> None:
    body = pool_body(budget={"day": "5"})
    body["status"]["conditions"][0]["observedGeneration"] = observed
    found = PoolRow.of(body)
    assert (found.ready, found.day_most, found.board_type) == (ready, 5.0, "fake")


def test_stages_are_told_from_the_pod_while_there_is_one() -> None:
    states = {
        Stage.CHECKOUT: ended(0),
        Stage.WORKBENCH: running(),
        Stage.AGENT: running(),
        Stage.PUBLISH: waiting(),
        Stage.VERIFY: waiting(),
    }
    rows = stages_of(run_body(), pod_body(states))
    assert [one.name for one in rows] == list(IMPLEMENT_STAGES)
    assert [one.state for one in rows] == [
        StageState.DONE, StageState.RUNNING, StageState.RUNNING, StageState.WAITING, StageState.WAITING,
    ]  # fmt: skip
    assert rows[2].seconds(datetime(2026, 1, 1, 12, 1, tzinfo=UTC)) == 60
    assert rows[3].seconds(datetime.now(UTC)) is None


def test_what_a_run_that_failed_never_reached_did_not_run() -> None:
    states = {Stage.CHECKOUT: ended(0), Stage.WORKBENCH: ended(137), Stage.AGENT: ended(44), Stage.PUBLISH: waiting()}
    rows = {one.name: one for one in stages_of(run_body(), pod_body(states, phase="Failed"))}
    assert rows[Stage.AGENT].state is StageState.FAILED and rows[Stage.AGENT].exit_code == 44
    assert rows[Stage.WORKBENCH].state is StageState.DONE
    assert rows[Stage.PUBLISH].state is StageState.NOT_RUN


def test_without_a_pod_stages_are_told_from_the_status() -> None:
    written = [
        {"name": "checkout", "startedAt": NOON, "finishedAt": "2026-01-01T12:00:05Z", "exitCode": 0},
        {"name": "agent", "startedAt": NOON},
        {"name": "publish"},
    ]
    assert stages_of(run_body(stages=written), None) == [
        StageRow(Stage.CHECKOUT, StageState.DONE, NOON, "2026-01-01T12:00:05Z", 0),
        StageRow(Stage.AGENT, StageState.FAILED, NOON, reason="Lost"),
        StageRow(Stage.PUBLISH, StageState.NOT_RUN),
    ]


def test_a_step_has_its_calls_with_what_came_of_them() -> None:
    step = Step(
        at=NOON, number=3, role="coder", text="I look.", calls=['read {"path": "a"}', "run ls"],
        results=["0123456789ab one\ntwo", "ba9876543210 x"], outcomes=["done", "failed"], tool_seconds=[0.1],
        usage=Usage(prompt_tokens=10, completion_tokens=2), seconds=1.5,
    )  # fmt: skip
    found = entry(step.model_dump_json())
    assert isinstance(found, StepRow) and (found.number, found.role, found.money) == (3, "coder", None)
    assert found.calls == (
        Call("read", '{"path": "a"}', "one\ntwo", "done", 0.1),
        Call("run", "ls", "x", "failed", None),
    )


def test_the_end_and_what_is_no_event() -> None:
    failure = Refusal(failure_class=FailureClass.STUCK, reason="NoProgress", message="it went in circles")
    end = entry(Ended(at=NOON, result=Result(failure=failure, steps=4)).model_dump_json(by_alias=True))
    assert isinstance(end, End) and end.failure == "Stuck/NoProgress: it went in circles"
    nudge = Nudged(at=NOON, by="gate", reason="Red", text="1 failed\u2028x")
    log = f"{nudge.model_dump_json()}\n\nnot json\x1b[31m\n"
    assert entries(log) == [Note(NOON, "nudged", "gate says Red: 1 failed\u2028x"), Line("not json[31m")]


@given(st.text(max_size=300))
def test_no_line_of_a_log_steers_anything(line: str) -> None:
    found = entry(line)
    assert isinstance(found, Line)
    assert all(unicodedata.category(letter) not in ("Cf", "Cs") for letter in found.text)
    assert not {"\x1b", "\r", "\x07", "\x08"} & set(found.text)


def _pieces(*texts: str, cut: bool = False) -> list[str]:
    pieces = [
        DiffPiece(event="diff", number=at, of=len(texts), text=text, cut=cut and at == len(texts))
        for at, text in enumerate(texts, 1)
    ]
    return [piece.model_dump_json() for piece in pieces]


def test_the_diff_is_joined_in_its_order_and_says_what_is_missing() -> None:
    found = diff_of(["pushed", *reversed(_pieces("--- a\n", "+++ b\n"))])
    assert found is not None and (found.text, found.cut) == ("--- a\n+++ b\n", False)
    cut, missing = diff_of(_pieces("a", "b", cut=True)), diff_of(_pieces("a", "b", "c")[1:])
    assert cut and cut.cut and missing and missing.cut
    assert diff_of(["nothing"]) is None


@pytest.mark.parametrize("failure", list(FailureClass))
def test_each_class_has_a_sentence(failure: FailureClass) -> None:
    assert sentences.failure(failure).endswith(".")
    assert sentences.failure("") == ""


@pytest.mark.parametrize("phase", list(Phase))
def test_each_phase_has_a_sentence(phase: Phase) -> None:
    assert sentences.phase(row(phase=phase.value)).endswith(".")


def test_a_sentence_says_more_than_the_phase_where_more_is_known() -> None:
    merged = PULL | {"state": "Merged"}
    assert "merged" in sentences.phase(row(phase="Succeeded", pullRequest=merged))
    assert "review" in sentences.phase(row(phase="Succeeded", pullRequest=PULL))
    stopped = {"class": "Cancelled", "reason": "TicketMoved"}
    assert "moved the ticket" in sentences.phase(row(phase="Cancelled", failure=stopped))


class Content:
    def __init__(self, pieces: list[bytes]) -> None:
        self._pieces = pieces

    async def iter_any(self) -> Any:
        for piece in self._pieces:
            yield piece


@given(st.binary(max_size=60), st.lists(st.integers(0, 60), max_size=4), st.none() | st.integers(1, 9))
async def test_lines_are_the_same_however_the_stream_is_cut(data: bytes, cuts: list[int], longest: int | None) -> None:
    edges = [0, *sorted(cut for cut in cuts if cut <= len(data)), len(data)]
    pieces = [data[start:end] for start, end in pairwise(edges)]
    found = [line async for line in lines(Content(pieces), longest)]
    whole = data.split(b"\n")
    if not whole[-1]:
        whole.pop()
    assert found == [line[:longest] for line in whole]


@pytest.mark.parametrize(
    ("line", "at"),
    [
        (b"2026-01-01T12:00:00Z a b", "2026-01-01T12:00:00.000000000"),
        (b"2026-01-01T12:00:00.25Z a b", "2026-01-01T12:00:00.250000000"),
        (b"2026-01-01T14:00:00.25+02:00 a b", "2026-01-01T12:00:00.250000000"),
        (b"a b", ""),
    ],
)
def test_stamps_are_told_in_one_zone(line: bytes, at: str) -> None:
    assert stamped(line) == (at, "a b")


@pytest.mark.parametrize(
    "value", ["NaN", "Infinity", "-inf", "1e999", pytest.param(10**400, id="huge"), float("nan"), "no", None, []]
)
def test_what_cannot_be_counted_with_is_no_number(value: object) -> None:
    assert number(value) is None
    assert RunRow.of({"status": {"usage": {"seconds": value, "money": value}}}).seconds == 0.0
