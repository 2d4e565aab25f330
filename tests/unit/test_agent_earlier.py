"""What the next attempt is shown of the last ones, and what an attempt that is ended leaves to it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from boardhand_api.failures import FailureClass
from boardhand_api.model import CallFormat, Model, Profile
from boardhand_api.run import Earlier
from boardhand_runner.models import Mind
from boardhand_runner.models.profiles import abilities_of
from boardhand_runner.nodes.ticket import earlier_text
from boardhand_runner.prompts import opening
from boardhand_runner.state import Check
from tests.support.benches import LIMITS, lay_out
from tests.support.runs import EDIT, FILES, FINISH, Run
from tests.support.scripted import calls

RED = Earlier(
    attempt=1,
    failure_class=FailureClass.RED,
    reason="VerifyFailed",
    message="the verify commands ended with exit code 1",
    specialist="coder",
    summary="I doubled it twice.",
    output="total.sh: expected 4, got 8",
    tampering=["TestDeleted tests/test_old.sh"],
)
ASKED = Earlier(attempt=2, failure_class=FailureClass.NEEDS_INFO, reason="Question", message="Twice or thrice?")


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return Run(lay_out(tmp_path / "run", FILES))


def test_the_first_request_of_the_second_attempt_has_what_the_first_one_learnt(run: Run) -> None:
    result = run([EDIT, FINISH], attempt=2, earlier=[RED])
    assert result.failure is None
    _, told = (str(message.content) for message in run.large.asked[0])
    fence = told.split("\n")[0].removeprefix("<ticket ").removesuffix(">")
    inside = told.partition(f"<earlier {fence}>\n")[2].partition(f"\n</earlier {fence}>")[0]
    assert "Attempt 1 (coder) failed: Red, VerifyFailed" in inside
    assert "I doubled it twice." in inside
    assert "total.sh: expected 4, got 8" in inside
    assert "TestDeleted tests/test_old.sh" in inside
    assert "expected 4, got 8" in run.said_to_large(-1)


def test_a_first_attempt_is_told_of_none(run: Run) -> None:
    run([EDIT, FINISH])
    assert "earlier" not in run.said_to_large(0).lower()


class SmallRun(Run):
    def _mind(self, model: Model, secret: Path) -> Mind:
        mind = super()._mind(model, secret)
        small = abilities_of(Model(name="local", profile=Profile(name="small-local", calls=CallFormat.NATIVE)))
        return mind if model.name == "small" else replace(mind, abilities=small)


def test_a_small_window_is_told_a_cut_of_it(tmp_path: Path) -> None:
    run = SmallRun(lay_out(tmp_path / "run", FILES))
    long = RED.model_copy(update={"summary": "s" * 4000, "output": "o" * 4000})
    run([calls(("ask", {"question": "Which?"}))], attempt=2, earlier=[long, ASKED])
    told = run.said_to_large(0)
    assert "Twice or thrice?" in told
    assert told.count("s" * 100) < 20
    assert len(told) < 6_000


def test_a_question_is_told_with_where_its_answer_is() -> None:
    assert "Look for the answer in the ticket and its comments" in earlier_text([ASKED], 1000)


@given(
    st.lists(st.builds(Earlier, attempt=st.integers(1, 9), summary=st.text(max_size=900)), max_size=3),
    st.integers(800, 20_000),
)
def test_the_newest_is_told_and_the_whole_has_its_room(earlier: list[Earlier], room: int) -> None:
    told = earlier_text(earlier, room)
    assert len(told) <= room
    if earlier:
        assert f"Attempt {earlier[-1].attempt}" in told


@pytest.mark.parametrize("name", ["coder", "bugfixer", "analyst", "small"])
def test_every_specialist_has_it_fenced(name: str) -> None:
    values = {
        "specialist": "coder",
        "ticket": "T",
        "plan": "",
        "planning": False,
        "earlier": "It said so.",
        "notes": "",
        "map": "",
        "workdir": "",
        "kept": "",
        "submodules": [],
        "verify": ["make test"],
        "baseline": Check(True, ""),
    }
    _, user = opening(name, "run-7", values)
    assert "<earlier run-7>\nIt said so.\n</earlier run-7>" in str(user.content)


PLAN = calls(("todo", {"items": [{"text": "Find the total", "state": "done"}, {"text": "Double it"}]}))


def test_an_agent_that_was_ended_leaves_its_plan(run: Run) -> None:
    result = run([PLAN, calls(("run", {"command": "true"}))])
    assert result.failure
    assert result.failure.failure_class is FailureClass.STUCK
    assert "1 of 2 done" in result.summary
    assert "[ ] Double it" in result.summary


def test_unfinished_work_has_the_plan_beside_its_change(run: Run) -> None:
    result = run([PLAN, EDIT, PLAN], limits=LIMITS.model_copy(update={"steps": 3}))
    assert result.partial
    assert "**Unfinished:**" in result.summary
    assert "[ ] Double it" in result.summary
