"""Files whose names are no UTF-8: what is told of them can be sent to a model, and kept in an answer."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from boardhand_runner.errors import Configuration
from boardhand_runner.prompts import nudge_text, opening
from boardhand_runner.repository import Repository
from tests.support.benches import lay_out
from tests.support.runs import EDIT, FILES, FINISH, Run
from tests.support.scripted import calls

ODD = os.fsdecode(b"caf\xe9")
FENCE = "run-7"


def test_no_word_to_a_model_holds_what_no_request_can() -> None:
    system, user = opening("analyst", FENCE, {"ticket": ODD, "earlier": "", "notes": "", "map": f"9 files: {ODD}"})
    told = [system.text, user.text, nudge_text("LeftOut", FENCE, left=[f"{ODD} is a Git repository of its own"])]

    assert [text.encode("utf-8").count(rb"caf\udce9") for text in told] == [0, 2, 1]


def test_a_failure_about_such_a_file_can_be_answered() -> None:
    refusal = Configuration("SubmoduleUnknown", f"Submodule {ODD}: .gitmodules has no usable url for it.").refusal()

    assert rb"caf\\udce9" in refusal.model_dump_json().encode()


@pytest.mark.slow
def test_a_repository_of_such_files_is_worked_on(tmp_path: Path) -> None:
    run = Run(lay_out(tmp_path / "run", {**FILES, **{f"{ODD}{number}.py": "x = 1\n" for number in range(9)}}))
    nest = 'd=$(printf "n\\351st"); mkdir "$d" && cd "$d" && git init -q && echo x >f'
    result = run([EDIT, calls(("run", {"command": nest})), FINISH])

    assert result.failure is None
    assert r"n\udce9st is a Git repository of its own" in result.summary
    assert all(run.said_to_large(at).encode("utf-8") for at in range(len(run.large.asked)))


@pytest.mark.slow
def test_new_tests_are_tried_on_such_sources_as_they_were(tmp_path: Path) -> None:
    long = os.fsdecode(b"\xe9" * 200)
    settings = lay_out(tmp_path / "run", {ODD: "1\n", long: "1\n", f"gone-{ODD}": "1\n", "a.txt": "1\n"})
    repository = Repository(settings)
    for name in (ODD, long):
        (settings.work / name).write_text("2\n")
    (settings.work / f"gone-{ODD}").unlink()
    head = repository.commit("Work")

    with repository.trial.on_base([change.path for change in repository.changes()]):
        assert {(settings.work / name).read_text() for name in (ODD, long, f"gone-{ODD}")} == {"1\n"}
    assert {(settings.work / name).read_text() for name in (ODD, long)} == {"2\n"}
    assert repository.commit("Again") == head
