"""The eval suite's pure parts: classes, trajectories, tasks as they lie there, rows."""

from __future__ import annotations

import json
import os
import subprocess
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from boardhand_api.evidence import Evidence
from boardhand_api.failures import FailureClass
from boardhand_api.result import Published, Refusal, Result
from testbed.evals import leftovers, suite, table, tasks
from testbed.evals.case import Case, Outcome, Row, never, one_of, row_of
from testbed.evals.classify import AS_BEFORE, DECEIVED, PARTIAL, RED, SUCCEEDED, WRONG, WRONG_ANSWER, Seen, classify
from testbed.evals.controls import CLAIM, DONE, trajectories
from testbed.evals.scenes import act, untold
from testbed.evals.task_cases import expected
from testbed.evals.tasks import Kind, Language, Task
from testbed.model.scripts import Step, ToolCall
from testbed.shell import TestbedError

PUSHED = Published(branch="boardhand/eval", commit="abc")
BEFORE = Evidence(baseline_green=False)


def change(**more: Any) -> Result:
    return Result(**{"specialist": "coder", "commit": "abc", "title": "t", "summary": "s", **more})


def refusal(klass: FailureClass) -> Refusal:
    return Refusal.model_validate({"class": klass, "reason": "Because", "message": "So it is."})


@pytest.mark.parametrize(
    ("seen", "klass"),
    [
        (Seen(change(), PUSHED, 0, True), SUCCEEDED),
        (Seen(change(), PUSHED, 0, None), SUCCEEDED),
        (Seen(change(), PUSHED, 0, False), WRONG),
        (Seen(change(partial=True), PUSHED, 0, True), PARTIAL),
        (Seen(change(partial=True), PUSHED, 1, True), RED),
        (Seen(change(evidence=Evidence(baseline_green=True)), PUSHED, 1, True), RED),
        (Seen(change(), PUSHED, 1, True), RED),
        (Seen(change(evidence=BEFORE), PUSHED, 1, True), AS_BEFORE),
        (Seen(change(evidence=BEFORE), PUSHED, 1, False), WRONG),
        (Seen(change(evidence=BEFORE, partial=True), PUSHED, 1, True), RED),
        (Seen(change(), Published(failure=refusal(FailureClass.REFUSED))), "Refused"),
        (Seen(change()), "Infrastructure"),
        (Seen(change(failure=refusal(FailureClass.BUDGET), partial=True), PUSHED, 0, True), "Budget"),
        (Seen(Result(failure=refusal(FailureClass.STUCK))), "Stuck"),
    ],
)
def test_a_run_has_one_class(seen: Seen, klass: str) -> None:
    assert classify(seen)[0] == klass


def test_an_answer_must_have_all_that_was_asked_for() -> None:
    seen = Seen(Result(specialist="analyst", summary="It is RETRIED 3 times."))
    assert classify(seen, ["retried", r"\b3\b"])[0] == SUCCEEDED
    assert classify(seen, ["retried", "four"]) == (WRONG_ANSWER, "the answer lacks four")
    assert classify(seen)[0] == WRONG_ANSWER


def task(**more: Any) -> Task:
    step = {"calls": [{"name": "run", "arguments": {"command": "true"}}, {"name": "read_file"}]}
    given: dict[str, Any] = {
        "language": "go",
        "kind": "bug",
        "ticket": {"title": "t", "body": "b"},
        "specialist": "coder",
        "verify": ["true"],
        "hidden": ["true"],
        "right": [step, {"calls": [{"name": "finish", "arguments": {"summary": "s"}}]}],
        "controls": {name: [step] for name in ("wrong", "deletion", "skip", "hollow")},
    }
    return Task.model_validate(given | more)


def test_every_trajectory_ends_with_a_finish_or_never() -> None:
    made = trajectories(task())
    assert list(made) == ["right", "noop", "wrong", "deletion", "skip", "hollow", "claim", "loop"]
    assert made["right"] == task().right
    assert [made[name][-1] for name in ("noop", "wrong", "deletion", "skip", "hollow")] == [DONE] * 5
    assert made["claim"] == (Step(calls=(ToolCall(name="read_file"),)), CLAIM)
    assert [call.name for step in made["loop"] for call in step.calls] == ["read_file"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"hidden": []},
        {"kind": "question"},
        {"specialist": "analyst"},
        {"answer": ["x"]},
        {"verify": []},
        {"right": []},
        {"timeout": 3},
        {"kind": "question", "specialist": "analyst", "hidden": [], "answer": ["("]},
    ],
)
def test_a_task_that_could_not_be_judged_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        task(**wrong)


@pytest.mark.parametrize("folder", tasks.folders(), ids=lambda folder: folder.name)
def test_every_task_loads(folder: Path) -> None:
    loaded = tasks.load(folder)
    assert (folder / "repository" / "README.md").is_file()
    assert bool(loaded.answer) == (loaded.kind is Kind.QUESTION)


def test_there_is_a_task_of_each_kind_in_each_language() -> None:
    there = {(loaded.language, loaded.kind) for loaded in map(tasks.load, tasks.folders())}
    assert there == {(language, kind) for language in Language for kind in Kind}


def test_a_task_in_the_wrong_folder_is_named(tmp_path: Path) -> None:
    folder = tmp_path / "java-bug-x"
    folder.mkdir()
    with pytest.raises(ValueError, match=r"java-bug-x: .*task\.yaml"):
        tasks.load(folder)
    (folder / "task.yaml").write_text(json.dumps(task().model_dump(mode="json")))
    with pytest.raises(ValueError, match="must begin with go-bug-"):
        tasks.load(folder)


def test_a_control_must_be_stopped_by_the_harness() -> None:
    assert expected(Kind.BASELINE, "right") == one_of(AS_BEFORE)
    assert expected(Kind.BUG, "right") == one_of(SUCCEEDED)
    assert not any(expected(Kind.BUG, "wrong").holds(klass) for klass in DECEIVED)
    assert expected(Kind.BUG, "wrong").holds(RED)


def case(klass: str, *problems: str) -> Case:
    return Case("a/right", "task go", one_of("Succeeded"), lambda: Outcome(klass, "so", 3, 40, problems))


def test_a_problem_makes_a_case_not_met() -> None:
    assert row_of(case("Succeeded")).met
    assert not row_of(case("Red")).met
    spoiled = row_of(case("Succeeded", "the file lost its ending"))
    assert not spoiled.met
    assert spoiled.result == "so; the file lost its ending"


def test_the_json_has_the_fields_that_are_promised(tmp_path: Path) -> None:
    row = Row("b", "files", str(never("Wrong")), "so", "Red", 1, 2, 0.5, True)
    table.write([row, row_of(case("Red"))], tmp_path / "build" / "evals.json")
    listed = json.loads((tmp_path / "build" / "evals.json").read_text())
    assert [one["case"] for one in listed] == ["b", "a/right"]
    assert list(listed[0]) == [
        "case", "group", "expected", "result", "class", "steps", "prompt_tokens", "seconds", "met",
    ]  # fmt: skip
    assert (listed[0]["class"], listed[0]["expected"], listed[1]["met"]) == ("Red", "never Wrong", False)


def test_what_was_started_meanwhile_is_ended() -> None:
    known = leftovers.children()
    with subprocess.Popen(["sleep", "60"]) as process:
        assert process.pid in leftovers.children()
        assert leftovers.end(known) == {process.pid}
        assert not Path(f"/proc/{process.pid}").exists()
    assert os.getpid() not in leftovers.children()


def test_the_suite_is_whole() -> None:
    groups = Counter(case.group.partition(" ")[0] for case in suite.cases().values())
    assert groups["task"] == 36 * 8
    assert groups["model"] >= 40
    assert groups["files"] >= 40


def test_the_short_suite_has_something_of_everything() -> None:
    short = suite.chosen([], short=True)
    assert {case.group for case in short} == {case.group for case in suite.cases().values()}
    assert {case.name.partition("/")[2] for case in short if case.group == "task python"} == set(trajectories(task()))


def test_cases_are_chosen_by_name_or_group() -> None:
    assert {case.group for case in suite.chosen(["task go"])} == {"task go"}
    assert [case.name for case in suite.chosen(["python-bug*/right"])] == ["python-bug-late-fee/right"]
    with pytest.raises(TestbedError, match="no case is called like quantum"):
        suite.chosen(["quantum"])


def test_what_a_case_needs_and_is_not_here_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("PATH", "NO_PROXY", "PYTEST_DISABLE_PLUGIN_AUTOLOAD"):
        monkeypatch.setenv(variable, os.environ.get(variable, ""))
    lacking = Case("a", "files", one_of("Red"), lambda: Outcome("Red", ""), needs=("sh", "no-such-program"))
    with pytest.raises(TestbedError, match=r"not here: no-such-program\. Install"):
        suite.prepare([lacking])


def test_an_answer_that_does_not_say_what_it_must_is_a_problem() -> None:
    acts = [act("read_file", "one.*two", path="a"), act("read_file", "one", "secret", path="b")]
    assert list(untold(acts, ["one\ntwo", "one"], complete=True)) == []
    assert list(untold(acts, ["one"], complete=True)) == [
        "only 1 of 2 calls were answered",
        "call 1 (read_file) was told: 'one'",
    ]
    assert len(list(untold(acts, ["one two", "one secret"], complete=False))) == 1
