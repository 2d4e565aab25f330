"""A model that refuses a prompt for its length: masked harder and asked again once, then the run ends as Stuck."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from langchain_core.exceptions import ContextOverflowError
from langchain_core.messages import ToolMessage

from boardhand_api.failures import FailureClass
from tests.support.benches import lay_out
from tests.support.runs import EDIT, FILES, FINISH, Run
from tests.support.scripted import calls

LONG = "line\n" * 3_000
READ = calls(("read_file", {"path": "long.txt"}))


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return Run(lay_out(tmp_path / "run", FILES | {"long.txt": LONG, "other.txt": LONG}))


def test_older_observations_are_left_out_and_the_model_asked_again(run: Run) -> None:
    other = calls(("read_file", {"path": "other.txt"}))
    result = run([READ, other, ContextOverflowError("too long"), EDIT, FINISH])

    assert result.failure is None
    assert run.nudges == ["ContextOverflow"]
    refused, again = (run.large.asked[at] for at in (2, 3))
    assert len(again) == len(refused)
    assert again[:2] == refused[:2]
    assert "left out by the harness: read_file" in str(again[3].content)
    assert isinstance(again[5], ToolMessage) and "line" in str(again[5].content)
    assert "left out by the harness: read_file" in str(run.large.asked[4][3].content)


def test_a_prompt_refused_twice_is_stuck(run: Run) -> None:
    refused: list[Any] = [READ, ContextOverflowError("too long")]
    result = run(refused)

    assert result.failure is not None
    assert (result.failure.failure_class, result.failure.reason) == (FailureClass.STUCK, "ContextOverflow")
    assert len(run.large.asked) == 3


def test_an_observation_never_fills_the_window(run: Run) -> None:
    (run.settings.work / "huge.txt").write_text("word " * 11 + "\n")
    look = calls(("read_file", {"path": "long.txt", "limit": 3000}))
    run([look, EDIT, FINISH])
    seen = run.large.asked[1][-1].text

    assert len(seen) < 16_000
    assert "characters left out" in seen
