"""An agent's log as text: bounded, without colours where it is piped, and without a way to the terminal."""

from __future__ import annotations

import io
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from boardhand_api.events import Step, parse_event
from boardhand_api.failures import FailureClass
from boardhand_api.result import Refusal, Result, Usage
from boardhand_runner.cli import main
from boardhand_runner.show import COLUMNS, lines_of
from boardhand_runner.transcript import Transcript

USED = Usage(prompt_tokens=1200, cached_tokens=1000, completion_tokens=80, money=Decimal("0.0012"))


def log(text: str = "Looking.", result: Result | None = None) -> str:
    out = io.StringIO()
    transcript = Transcript(out, ["sk-secret-1"])
    transcript.started("run-1")
    transcript.routed("coder", "A change.")
    call = [("read_file", '{"path": "a.py"}'), ("run", '{"command": "make sk-secret-1"}')]
    transcript.step(1, "coder", text, USED, call, ["1\tx", "exit code 2"], ["done", "failed"], [0.004, 1.25], 2.5)
    transcript.nudged("supervise", "SameCall", "Do something else.")
    transcript.ended(result or Result(title="Mend it", summary="Why.\nBecause.", commit="c" * 40, usage=USED, steps=1))
    return out.getvalue()


def test_a_step_carries_time_role_tool_arguments_digest_tokens_money_and_seconds() -> None:
    event = parse_event(log().splitlines()[2])

    assert isinstance(event, Step)
    assert (event.role, event.seconds, event.outcomes, event.tool_seconds) == (
        "coder", 2.5, ["done", "failed"], [0.004, 1.25]
    )  # fmt: skip
    assert event.calls[0] == 'read_file {"path": "a.py"}'
    assert event.usage.money == Decimal("0.0012")
    assert event.at.endswith("Z")
    assert len(event.results[0].split(" ")[0]) == 12


def test_show_prints_the_story(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "agent.log"
    file.write_text("not an event\n" + log())

    assert main(["show", str(file)]) == 0
    said = capsys.readouterr().out
    for word in (
        "goes to the coder: A change.", "1200 (1000 cached) + 80 tokens  $0.0012  2.5 s", 'read_file {"path": "a.py"}',
        "→ failed in 1.25 s", "exit code 2", "supervise says SameCall", "finished, commit cccccccccccc: Mend it",
        "Because.",
    ):  # fmt: skip
        assert word in said
    assert "\x1b" not in said
    assert "sk-secret-1" not in said


def test_a_limit_and_what_was_handed_over_are_both_told() -> None:
    failure = Refusal(failure_class=FailureClass.BUDGET, reason="StepsUsedUp", message="All 2 steps are used up.")
    result = Result(title="T", summary="S", commit="d" * 40, partial=True, failure=failure)
    events = [event for line in log(result=result).splitlines() if (event := parse_event(line))]
    said = "\n".join(lines_of(events, COLUMNS))

    assert "ended as Budget/StepsUsedUp: All 2 steps" in said
    assert "handed over unfinished, commit dddddddddddd" in said


@settings(deadline=None)
@given(st.text(max_size=300), st.integers(40, 120))
def test_lines_are_bounded_and_hold_nothing_a_terminal_obeys(text: str, columns: int) -> None:
    events = [event for line in log(text).splitlines() if (event := parse_event(line))]
    for line in lines_of(events, columns):
        assert len(line) <= columns
        assert line.isprintable()
    assert any("\x1b[1m" in line for line in lines_of(events, columns, colour=True))


@pytest.mark.parametrize("content", [None, "no events here\n"])
def test_a_file_that_is_no_log_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: str | None
) -> None:
    file = tmp_path / "x.log"
    if content is not None:
        file.write_text(content)

    assert main(["show", str(file)]) == 2
    assert str(file) in capsys.readouterr().err
