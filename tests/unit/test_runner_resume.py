"""A run that loses its pod, at every place where it can be lost: what comes of it is what would have come anyway."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from collections import Counter
from contextlib import closing
from itertools import count
from pathlib import Path
from typing import Any, get_args, get_type_hints

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from langchain_core.messages import BaseMessage

from boardhand_api.events import Anew, Resumed
from boardhand_api.failures import FailureClass
from boardhand_api.result import Result
from boardhand_api.run import Task
from boardhand_runner.errors import Infrastructure
from boardhand_runner.git import Git
from boardhand_runner.persistence import lock
from boardhand_runner.persistence.checkpoint import ALLOWED, FILE, FORMAT
from boardhand_runner.repository import Repository
from boardhand_runner.state import State
from tests.support.benches import LIMITS
from tests.support.resuming import Fuse, Pods
from tests.support.runs import FILES
from tests.support.scripted import calls

# Twice made, each of these edits would be there twice.
ANSWERS = [
    calls(
        ("insert_lines", {"path": "total.sh", "line": 0, "text": "# Twice."}),
        ("insert_lines", {"path": "total.sh", "line": 0, "text": "# As asked."}),
        ("edit_file", {"path": "AGENTS.md", "old": "Shell only.", "new": "Shell only.\nNo Python."}),
    ),
    calls(
        ("edit_file", {"path": "total.sh", "old": "echo $1", "new": "echo $(($1 * 2))"}),
        ("run", {"command": "sh check.sh"}),
    ),
    calls(("finish", {"summary": "It doubles."})),
]
ASKED = ["Route", "0", "1", "2", "PullRequestText"]


@pytest.fixture(scope="module")
def origin(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bare repository."""
    seed, bare = tmp_path_factory.mktemp("seed"), tmp_path_factory.mktemp("bare") / "origin.git"
    for name, text in FILES.items():
        (seed / name).parent.mkdir(parents=True, exist_ok=True)
        (seed / name).write_text(text)
    environment = {"PATH": os.environ["PATH"], "HOME": str(seed)}
    identity = ["-c", "user.name=T", "-c", "user.email=t@t"]
    for command in (
        ["init", "-q", "-b", "main"],
        ["add", "--all"],
        [*identity, "commit", "-q", "-m", "base"],
        ["clone", "-q", "--bare", str(seed), str(bare)],
    ):
        subprocess.run(["git", *command], cwd=seed, env=environment, check=True)
    return bare


Unbroken = tuple[Pods, Result, list[str]]


@pytest.fixture(scope="module")
def unbroken(tmp_path_factory: pytest.TempPathFactory, origin: Path) -> Unbroken:
    """The run, its result, and the places where a pod could have been lost."""
    run, fuse = pods(tmp_path_factory.mktemp("unbroken"), origin), Fuse()
    result = run.pod(fuse)
    assert result is not None
    assert result.failure is None
    assert run.asked == ASKED
    return run, result, fuse.passed


def pods(root: Path, origin: Path, **changes: Any) -> Pods:
    return Pods(root, origin, ANSWERS, **({"task": Task.AUTO} | changes))


def tree(run: Pods) -> str:
    return Git(run.settings).text("rev-parse", "HEAD^{tree}")


def said(result: Result) -> dict[str, Any]:
    """All but what differs between two runs of the same: names of commits, and what they took."""
    return result.model_dump(exclude={"base_commit", "commit", "usage", "steps", "resumed"})


def held_to(run: Pods, result: Result | None, unbroken: Unbroken, lost: int) -> None:
    """The same came of it, and no pod that was lost cost more than one answer twice."""
    whole, expected, _ = unbroken
    assert result is not None
    assert said(result) == said(expected)
    assert tree(run) == tree(whole)
    assert result.commit == Git(run.settings).text("rev-parse", "HEAD")
    assert Git(run.settings).text("rev-list", "--count", "refs/boardhand/base..HEAD") == "1"
    assert len(run.asked) <= len(ASKED) + lost
    assert set(ASKED) == set(run.asked)
    assert max(Counter(run.asked).values()) <= 1 + lost
    # What was paid and lost is counted, too: all but an answer that never came to be booked.
    assert expected.usage.prompt_tokens <= result.usage.prompt_tokens <= 100 * len(run.asked)


_numbers = count()


@pytest.mark.slow
@given(data=st.data())
@settings(max_examples=3, deadline=None)
def test_a_run_may_lose_its_pod_anywhere(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory, origin: Path, unbroken: Unbroken
) -> None:
    run, lost = pods(tmp_path_factory.mktemp(f"lost-{next(_numbers)}"), origin), 0
    for at in data.draw(st.lists(st.integers(0, len(unbroken[2]) - 1), min_size=1, max_size=2)):
        lost += run.pod(Fuse(at)) is None
    held_to(run, run.pod(), unbroken, lost)


@pytest.mark.parametrize(("place", "time"), [("after call", 2), ("after answer 1", 1), ("after commit", 1)])
def test_what_was_done_and_not_noted_is_not_done_twice(
    tmp_path: Path, origin: Path, unbroken: Unbroken, place: str, time: int
) -> None:
    at = [number for number, name in enumerate(unbroken[2]) if name == place][time - 1]
    run = pods(tmp_path, origin)
    assert run.pod(Fuse(at)) is None
    held_to(run, run.pod(), unbroken, lost=1)
    (resumed,) = [event for event in run.events[1] if isinstance(event, Resumed)]
    assert (resumed.step, resumed.node) == {"after call": (1, "tools"), "after answer 1": (2, "coder")}.get(
        place, (3, "gate")
    )


def test_a_finished_run_answers_again_without_a_model(tmp_path: Path, origin: Path, unbroken: Unbroken) -> None:
    """As where the pod was lost while its work was published."""
    run = pods(tmp_path, origin)
    first = run.pod()
    again = run.pod()
    assert first is not None
    assert again is not None
    assert run.asked == ASKED
    assert again.commit == first.commit
    assert (first.resumed, again.resumed) == (False, True)
    assert again.usage.model_copy(update={"seconds": 0}) == first.usage.model_copy(update={"seconds": 0})
    assert again.usage.seconds > first.usage.seconds
    with closing(sqlite3.connect(run.settings.state / FILE)) as database:
        assert database.execute("SELECT count(*) FROM checkpoints").fetchone() == (1,)


def test_limits_hold_over_the_pods(tmp_path: Path, origin: Path, unbroken: Unbroken) -> None:
    run = pods(tmp_path, origin, limits=LIMITS.model_copy(update={"steps": 2}), on_limit="Nothing")
    assert run.pod(Fuse(unbroken[2].index("after answer 1"))) is None
    result = run.pod()
    assert result is not None
    assert result.failure is not None
    assert (result.failure.failure_class, result.failure.reason) == (FailureClass.BUDGET, "StepsUsedUp")
    assert run.asked == ["Route", "0", "1", "1"]


@pytest.mark.parametrize("harm", ["truncated", "another version", "no database"])
def test_a_checkpoint_that_cannot_be_read_is_named_and_the_run_starts_at_its_base(
    tmp_path: Path, origin: Path, unbroken: Unbroken, harm: str
) -> None:
    run = pods(tmp_path, origin)
    assert run.pod(Fuse(unbroken[2].index("after answer 1"))) is None
    damage(run.settings.state / FILE, harm)
    result = run.pod()
    (anew,) = [event for event in run.events[1] if isinstance(event, Anew)]
    assert "checkpoint" in anew.text
    assert run.asked == ["Route", "0", "1", *ASKED]
    assert result is not None
    assert said(result) == said(unbroken[1])
    assert tree(run) == tree(unbroken[0])
    # What the first pod used is not forgotten with its checkpoint.
    assert result.usage.prompt_tokens == 700


def damage(file: Path, harm: str) -> None:
    if harm == "another version":
        with closing(sqlite3.connect(file)) as database:
            database.execute(f"PRAGMA user_version = {FORMAT % 1000 + 1}")
        return
    data = file.read_bytes()
    for beside in file.parent.glob(f"{FILE}-*"):
        beside.unlink()
    file.write_bytes(data[: len(data) // 2] if harm == "truncated" else b"nothing of the kind" * 100)


# The clone


@pytest.fixture
def cloned(tmp_path: Path, origin: Path) -> Pods:
    """A run whose first pod has cloned, changed a file and left a state."""
    run = pods(tmp_path, origin)
    run.check_out()
    (run.settings.work / "total.sh").write_text("changed")
    (run.settings.state / "used.json").write_text("{}")
    return run


def test_a_clone_with_the_locks_of_a_killed_git_is_gone_on_from(cloned: Pods) -> None:
    settings = cloned.settings
    for name in ("index.lock", "HEAD.lock", "refs/heads/boardhand/t1-double.lock", "objects/ab/tmp_obj_x"):
        file = settings.git_dir / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()
    cloned.check_out()
    assert (settings.work / "total.sh").read_text() == "changed"
    assert (settings.state / "used.json").exists()
    assert Repository(settings).commit("Change it") == Git(settings).text("rev-parse", "HEAD")
    assert Git(settings).text("show", "HEAD:total.sh") == "changed"


@pytest.mark.parametrize("harm", ["half made", "another run's", "no repository", "a garbled index", "a garbled mark"])
def test_a_clone_that_is_not_this_runs_or_not_whole_is_made_anew(cloned: Pods, harm: str) -> None:
    settings = cloned.settings
    mark = settings.git_dir.parent / "clone.json"
    if harm == "half made":
        mark.unlink()
    elif harm == "another run's":
        mark.write_text(mark.read_text().replace("run-1", "run-2"))
    elif harm == "no repository":
        (settings.git_dir / "HEAD").write_text("")
    elif harm == "a garbled index":
        (settings.git_dir / "index").write_bytes(b"DIRC nothing of the kind")
    else:
        mark.write_text('{"run": "run-1"')
    cloned.check_out()
    assert (settings.work / "total.sh").read_text() == FILES["total.sh"]
    assert [file.name for file in settings.state.iterdir()] == ["lock"]
    assert Git(settings, work_tree=settings.work).text("status", "--porcelain") == ""


def test_one_pod_works_at_a_time(tmp_path: Path, origin: Path) -> None:
    run = pods(tmp_path, origin)
    with lock.held(run.settings), pytest.raises(Infrastructure, match="earlier pod"), lock.held(run.settings, 0.1):
        pass
    with lock.held(run.settings, 0.1):
        pass


# What a checkpoint may hold


def test_every_class_that_a_state_may_hold_is_allowed_in_a_checkpoint() -> None:
    found, todo = set[type](), list(get_type_hints(State).values())
    while todo:
        kind = todo.pop()
        todo += get_args(kind)
        if not isinstance(kind, type) or not kind.__module__.startswith("boardhand") or kind in found:
            continue
        found.add(kind)
        todo += get_type_hints(kind).values()
    assert found == set(ALLOWED)
    assert not issubclass(BaseMessage, ALLOWED)


@pytest.mark.slow
def test_without_persistence_nothing_of_it_is_imported() -> None:
    heavy = ("sqlite3", "aiosqlite", "langgraph.checkpoint.sqlite", "boardhand_runner.persistence.checkpoint")
    code = f"import sys, boardhand_runner.agent, boardhand_runner.work; print([n for n in {heavy} if n in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
