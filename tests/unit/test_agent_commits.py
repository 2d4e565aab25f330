"""What becomes part of the work's commit, and what does not although git takes it for a change."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from boardhand_runner import git, repository
from boardhand_runner.errors import Infrastructure
from boardhand_runner.git import BASE_REF, Git
from boardhand_runner.repository import Repository
from boardhand_runner.settings import Settings
from tests.support.benches import lay_out

CRLF = {"notes.txt": "a\r\nb\r\n", "run.sh": "a\r\nb\r\n", "mixed.sh": "a\r\nb\n", "app.py": "x = 1\n"}


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A repository with line ends that its .gitattributes forbids, and that nobody mended when that was added."""
    settings = lay_out(tmp_path / "run", CRLF)
    (settings.work / ".gitattributes").write_text("*.txt text\n*.sh text eol=lf\n")
    git = Git(settings, work_tree=settings.work)
    git.run("add", ".gitattributes")
    git.run("commit", "-q", "-m", "attributes")
    git.run("update-ref", BASE_REF, "HEAD")
    for name in CRLF:
        (settings.work / name).unlink()
    git.run("checkout", "--force", "HEAD", "--", ".")
    assert "notes.txt" in git.text("status", "--porcelain")
    return settings


def test_line_ends_that_nobody_touched_are_no_change(settings: Settings) -> None:
    repository = Repository(settings)
    repository.settle()

    assert repository.commit("Nothing") is None


def test_a_change_beside_them_is_committed_alone(settings: Settings) -> None:
    (settings.work / "app.py").write_text("x = 2\n")
    (settings.work / "run.sh").write_bytes(b"a\r\nb\r\nc\r\n")
    (settings.work / "mixed.sh").chmod(0o755)
    (settings.work / "notes.txt").unlink()
    repository = Repository(settings)
    assert repository.commit("Work")

    changed = [(change.path, change.after) for change in repository.changes()]
    assert changed == [("app.py", "x = 2\n"), ("mixed.sh", "a\nb\n"), ("notes.txt", None), ("run.sh", "a\nb\nc\n")]
    assert repository.commit("Again") is not None
    assert Git(settings).text("rev-list", "--count", f"{BASE_REF}..HEAD") == "1"


def test_a_change_of_many_files_is_read_by_few_processes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = lay_out(tmp_path / "run", {f"{number}.txt": f"a\n\n{number}\n" for number in range(30)})
    for number in range(30):
        (settings.work / f"{number}.txt").write_bytes(b"" if number == 7 else b"\xef\xbb\xbfb\xff %d" % number)
    repository = Repository(settings)
    assert repository.commit("Work")
    started: list[str] = []
    execute = git.execute

    def counted(said: Sequence[str], *more: Any) -> git.Completed:
        started.append(said[0])
        return execute(said, *more)

    monkeypatch.setattr(git, "execute", counted)

    found = {change.path: (change.before, change.after) for change in repository.changes()}
    assert found["3.txt"] == ("a\n\n3\n", "b\ufffd 3")
    assert found["7.txt"] == ("a\n\n7\n", "")
    assert len(found) == 30
    assert len(started) < 6


def test_an_object_that_is_missing_is_said(settings: Settings) -> None:
    with pytest.raises(Infrastructure, match=r"f{40} is missing"):
        list(Git(settings).contents(["f" * 40]))


STUMBLES = """\
#!/bin/sh
[ "$1" != add ] || [ -e {marks}/{times} ] || {{
    for n in 1 2 3; do [ -e {marks}/$n ] || {{ : >{marks}/$n; break; }}; done
    echo "fatal: unable to stat 'bundle.tmp': No such file or directory" >&2
    exit 128
}}
PATH={path} exec git "$@"
"""
"""Git as it ends where a file goes between its two looks at it."""


@pytest.mark.parametrize(("times", "committed"), [(3, True), ("never", False)])
def test_files_that_a_command_left_running_writes_and_removes_hold_nothing_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, times: int | str, committed: bool
) -> None:
    settings = lay_out(tmp_path / "run", {"app.py": "x = 1\n"})
    (settings.work / "app.py").write_text("x = 2\n")
    (tmp_path / "git").write_text(STUMBLES.format(marks=tmp_path, times=times, path=os.environ["PATH"]))
    (tmp_path / "git").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.setattr(repository, "_PAUSES", (0.0,) * 3)

    if committed:
        assert Repository(settings).commit("Work")
    else:
        with pytest.raises(Infrastructure, match="unable to stat"):
            Repository(settings).commit("Work")


@pytest.mark.slow
def test_files_that_are_called_as_a_revision_is_are_files(tmp_path: Path) -> None:
    settings = lay_out(tmp_path / "run", {"HEAD": "x\n", BASE_REF: "x\n", "gone.py": "x = 1\n"})
    work = Repository(settings)
    (settings.work / "HEAD").write_text("y\n")
    (settings.work / "gone.py").unlink()
    head = work.commit("Work")

    assert head == work.commit("Again")
    assert [change.path for change in work.changes()] == ["HEAD", "gone.py"]
    assert "HEAD    | 2 +-" in work.change()
    with work.trial.on_base(["HEAD", "gone.py"]):
        assert (settings.work / "gone.py").exists()
    assert not (settings.work / "gone.py").exists()
    work.start_over()
    assert (settings.work / "HEAD").read_text() == "x\n"


def test_a_change_of_any_size_is_told_as_far_as_memory_allows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = lay_out(tmp_path / "run", {"app.py": "x = 1\n"})
    (settings.work / "app.py").write_text("x = 2\n")
    (settings.work / "test.log").write_text("line\n" * 100_000)
    work = Repository(settings)
    assert work.commit("Work")
    assert work.change().endswith("+line\n" * 2 + "+line")
    monkeypatch.setattr(repository, "_CHANGE_BYTES", 50_000)

    change = work.change()
    assert change.startswith(" app.py   |      2 +-\n test.log | 100000 +")
    assert len(change) <= 50_000
