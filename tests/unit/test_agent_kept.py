"""What a pool keeps for people: told before the work, refused by the tools, put back before anything is committed."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from boardhand_api.failures import FailureClass
from boardhand_api.policy import PROTECTED
from boardhand_runner.errors import ToolError
from boardhand_runner.nodes.gate import ROUNDS
from boardhand_runner.nodes.kept import KEPT_CHARACTERS, SMALL_KEPT_CHARACTERS, kept_text, protected_of, put_back
from boardhand_runner.prompts import opening
from boardhand_runner.repository import Repository
from boardhand_runner.tools.files import WorkTree
from tests.support.benches import LIMITS, lay_out, order
from tests.support.runs import EDIT, FINISH, Run
from tests.support.scripted import calls

CI = ".github/workflows/ci.yml"
FILES = {
    "total.sh": "total() { echo $1; }\n",
    "check.sh": ". ./total.sh; echo ok 1 - all; echo 1..1\n",
    CI: "on: push\n",
    "CODEOWNERS": "* @ada\n",
}


def run_(command: str) -> Any:
    return calls(("run", {"command": command}))


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return Run(lay_out(tmp_path / "run", FILES))


# What is told


def test_the_usual_paths_are_told_in_a_sentence_and_others_by_their_patterns() -> None:
    assert "CI configuration of any kind" in kept_text(order(), KEPT_CHARACTERS)
    some = order(protected_paths=["deploy/**", "*.tf"], allow_protected=["deploy/dev/**"])
    assert kept_text(some, KEPT_CHARACTERS) == "deploy/**, *.tf; but deploy/dev/** may be"
    assert kept_text(order(protected_paths=[]), KEPT_CHARACTERS) == ""
    assert kept_text(order(protected_paths=list(PROTECTED[:-1])), SMALL_KEPT_CHARACTERS).endswith(" more")


@settings(max_examples=20)
@given(st.lists(st.text("ab/*", min_size=1, max_size=200), max_size=100), st.integers(10, 1000))
def test_however_many_there_are_the_prompt_stays_short(patterns: list[str], room: int) -> None:
    told = kept_text(order(protected_paths=patterns, allow_protected=patterns), room)
    assert len(told) <= 2 * max(room, 202) + 40


@pytest.mark.parametrize("name", ["coder", "bugfixer", "small"])
def test_who_changes_files_is_told_before(name: str) -> None:
    values: dict[str, object] = dict.fromkeys(("ticket", "plan", "earlier", "notes", "map", "workdir"), "")
    values |= {"specialist": "coder", "planning": False, "submodules": [], "verify": []}
    baseline = type("B", (), {"green": True, "text": ""})
    for kept in ("deploy/**", ""):
        system, _ = opening(name, "fence", values | {"baseline": baseline, "kept": kept})
        assert ("deploy/**" in str(system.content)) is bool(kept)
        assert ("refused" in str(system.content)) is bool(kept)


# What the tools refuse


def test_no_tool_writes_one_and_each_says_why(tmp_path: Path) -> None:
    laid = lay_out(tmp_path / "run", FILES)
    tree = WorkTree(laid, protected_of(order(allow_protected=["CODEOWNERS"])))
    told = r"ci\.yml is kept for people \(spec\.policy\.protectedPaths\).*say with finish"
    with pytest.raises(ToolError, match=told):
        tree.write_file(CI, "on: pull_request\n")
    with pytest.raises(ToolError, match=told):
        tree.edit_file(CI, "push", "pull_request")
    with pytest.raises(ToolError, match=told):
        tree.insert_lines(CI, 0, "# ours")
    with pytest.raises(ToolError, match="is kept for people"):
        tree.write_file(".GitHub/workflows//./new.yml", "on: push\n")
    assert (laid.work / CI).read_text() == FILES[CI]
    assert "on: push" in tree.read_file(CI)
    assert "changed" in tree.edit_file("CODEOWNERS", "@ada", "@bob")
    assert "created" in tree.write_file("docs/workflows/new.md", "new\n")


# What is put back


def changed_by_hand(work: Path) -> None:
    (work / CI).write_text("on: pull_request\n")
    (work / ".gitlab-ci.yml").write_text("new: true\n")
    (work / ".circleci").mkdir()
    (work / ".circleci/config.yml").write_text("new: true\n")
    (work / "total.sh").write_text("total() { echo 2; }\n")


def test_what_a_command_changed_is_put_back_and_the_rest_stays(tmp_path: Path) -> None:
    laid = lay_out(tmp_path / "run", FILES)
    repository, work = Repository(laid), laid.work
    changed_by_hand(work)
    found = sorted(one.path for one in repository.uncommitted())
    assert found == [".circleci/config.yml", CI, ".gitlab-ci.yml", "total.sh"]
    repository.put_back([path for path in found if path != "total.sh"])
    assert [one.path for one in repository.uncommitted()] == ["total.sh"]
    assert (work / CI).read_text() == FILES[CI]
    assert not (work / ".gitlab-ci.yml").exists()


@pytest.mark.parametrize("change", ["rm -r .github && ln -s /etc .github", "mv CODEOWNERS OTHERS"])
def test_one_that_is_gone_or_led_elsewhere_is_put_back(tmp_path: Path, change: str) -> None:
    laid = lay_out(tmp_path / "run", FILES)
    subprocess.run(change, shell=True, check=True, cwd=laid.work)
    repository = Repository(laid)
    assert put_back(order(), repository)
    assert put_back(order(), repository) == []
    assert (laid.work / CI).read_text() == FILES[CI]
    assert (laid.work / "CODEOWNERS").read_text() == FILES["CODEOWNERS"]
    assert not (laid.work / ".github").is_symlink()


@pytest.mark.slow
def test_the_agent_is_told_of_it_and_no_commit_has_it(run: Run) -> None:
    result = run([EDIT, run_(f"echo more >>{CI}"), FINISH, FINISH])
    assert result.failure is None
    assert run.nudges == ["Protected"]
    assert CI in run.said_to_large(3)
    assert run.git("log", "--format=", "--name-only", "HEAD", "--", ".github") == run.git(
        "log", "--format=", "--name-only", result.base_commit or "", "--", ".github"
    )
    assert "total.sh" in run.git("log", "-1", "--format=", "--name-only")


@pytest.mark.slow
def test_who_insists_is_not_told_for_ever(run: Run) -> None:
    steps = [run_(f"echo {at} >>{CI}") for at in range(ROUNDS + 1)]
    result = run([EDIT, *(one for step in steps for one in (step, FINISH))])
    assert result.failure is None
    assert run.nudges == ["Protected"] * ROUNDS
    assert (run.settings.work / CI).read_text() == FILES[CI]


@pytest.mark.slow
def test_nothing_but_that_is_no_change(run: Run) -> None:
    result = run([run_(f"echo more >>{CI}"), FINISH, FINISH, FINISH])
    assert run.nudges == ["Protected", "NoChange"]
    assert result.failure
    assert (result.failure.failure_class, result.failure.reason) == (FailureClass.STUCK, "NoChange")


@pytest.mark.slow
def test_what_a_limit_ends_is_handed_over_without_it(run: Run) -> None:
    steps = LIMITS.model_copy(update={"steps": 2})
    result = run([EDIT, run_(f"echo more >>{CI}"), FINISH], limits=steps)
    assert result.partial
    assert f"**Not in this change:** {CI} is kept for people" in result.summary
    assert ".github" not in run.git("log", "-1", "--format=", "--name-only")
