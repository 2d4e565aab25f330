"""New tests on the old sources: the work tree becomes that for a while, and is put back exactly, interrupted or not."""

from __future__ import annotations

import os
import subprocess
import time
from pathlib import Path

import pytest

from boardhand_runner.evidence.change import FileChange
from boardhand_runner.report_files import fresh_reports
from boardhand_runner.repository import Repository
from boardhand_runner.settings import Settings
from tests.support.benches import lay_out

FILES = {"app.py": "x = 1\n", "old.py": "gone = True\n", "tests/test_app.py": "def test_a():\n    assert True\n"}
SOURCES = ["app.py", "new.py", "old.py"]


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    settings = lay_out(tmp_path / "run", FILES)
    work = settings.work
    (work / "app.py").write_text("x = 2\n")
    (work / "new.py").write_text("y = 1\n")
    (work / "old.py").unlink()
    (work / "tests" / "test_app.py").write_text("def test_b():\n    assert x == 2\n")
    (work / "link").symlink_to("app.py")
    for file in work.rglob("*.py"):
        os.utime(file, (time.time() - 60,) * 2)
    assert Repository(settings).commit("work")
    return settings


def tree(settings: Settings) -> dict[str, str]:
    files = (file for file in settings.work.rglob("*") if file.is_file() and file.name != ".git")
    return {str(file.relative_to(settings.work)): file.read_text() for file in files}


def test_the_change_file_by_file(settings: Settings) -> None:
    changes = {change.path: change for change in Repository(settings).changes()}
    assert changes["app.py"] == FileChange("app.py", "x = 1\n", "x = 2\n")
    assert changes["new.py"] == FileChange("new.py", None, "y = 1\n")
    assert changes["old.py"] == FileChange("old.py", "gone = True\n", None)
    assert set(changes) == {*SOURCES, "tests/test_app.py", "link"}


def test_sources_of_the_base_under_the_new_tests_and_back(settings: Settings) -> None:
    repository, before = Repository(settings), tree(settings)
    with repository.trial.on_base(SOURCES):
        assert (settings.work / "app.py").read_text() == "x = 1\n"
        assert (settings.work / "old.py").exists()
        assert not (settings.work / "new.py").exists()
        assert "test_b" in (settings.work / "tests" / "test_app.py").read_text()
        (settings.work / "left behind").write_text("x")
        (settings.work / "app.py").write_text("spoilt\n")
    assert tree(settings) == before
    head = repository.commit("again")
    assert head
    assert repository.changes() == Repository(settings).changes()
    assert tree(settings) == before


@pytest.mark.parametrize("locked", [False, True])
def test_an_interrupted_trial_is_put_back_before_the_next_commit(settings: Settings, locked: bool) -> None:
    before, head = tree(settings), Repository(settings).commit("same")
    interrupted = Repository(settings).trial.on_base(SOURCES)
    interrupted.__enter__()
    if locked:
        (settings.git_dir / "boardhand-trial.index.lock").write_text("")
    assert tree(settings) != before
    assert Repository(settings).commit("later") == head
    assert tree(settings) == before


def test_a_trial_cut_short_within_the_swap_is_put_back(settings: Settings) -> None:
    """Killed when the files were written and the index was not."""
    before, index = tree(settings), settings.git_dir / "boardhand-trial.index"
    index.write_bytes((settings.git_dir / "index").read_bytes())
    (settings.work / "app.py").write_text("x = 1\n")
    (settings.work / "old.py").write_text("gone = True\n")
    (settings.work / "new.py").unlink()
    Repository(settings).trial.end()
    assert tree(settings) == before
    assert not index.exists()


def test_what_fails_within_a_trial_puts_it_back(settings: Settings) -> None:
    before = tree(settings)
    with pytest.raises(RuntimeError), Repository(settings).trial.on_base(SOURCES):
        raise RuntimeError
    assert tree(settings) == before


def test_two_versions_of_a_file_never_share_a_second(settings: Settings) -> None:
    file = settings.work / "app.py"
    os.utime(file)
    first = int(file.stat().st_mtime)
    with Repository(settings).trial.on_base(SOURCES):
        second = int(file.stat().st_mtime)
    assert first < second < int(file.stat().st_mtime)


@pytest.mark.slow
def test_a_change_of_more_files_than_a_command_line_takes_is_tried_and_put_back(tmp_path: Path) -> None:
    settings = lay_out(tmp_path / "run", FILES)
    (settings.work / "app.py").write_text("x = 2\n")
    repository, deep = Repository(settings), settings.work.joinpath(*["d" * 200] * 12)
    assert repository.commit("work")

    with repository.trial.on_base(["app.py", *(f"{'x' * 200}/{number}" for number in range(11_000))]):
        assert (settings.work / "app.py").read_text() == FILES["app.py"]
        deep.mkdir(parents=True)
        for number in range(1_000):
            (deep / f"{number}").touch()
    assert (settings.work / "app.py").read_text() == "x = 2\n"
    assert list(deep.iterdir()) == []


def test_folders_without_end_hide_no_report_and_break_nothing(tmp_path: Path) -> None:
    (tmp_path / "junit.xml").write_text("<testsuite/>")
    folder = os.open(tmp_path, os.O_RDONLY)
    for _ in range(1_200):
        os.mkdir("d", dir_fd=folder)
        inner = os.open("d", os.O_RDONLY, dir_fd=folder)
        os.close(folder)
        folder = inner
    os.close(folder)
    try:
        assert list(fresh_reports(tmp_path, 0)) == [b"<testsuite/>"]
    finally:
        # Python's own removal of folders goes by recursion, too.
        subprocess.run(["rm", "-rf", str(tmp_path / "d")], check=True)


def test_report_files_are_fresh_regular_and_inside(tmp_path: Path) -> None:
    work, outside = tmp_path / "work", tmp_path / "outside"
    reports = work / "target" / "surefire-reports"
    reports.mkdir(parents=True)
    outside.mkdir()
    (outside / "TEST-secret.xml").write_text("secret")
    (reports / "TEST-a.xml").write_text("fresh")
    (work / "junit.xml").write_text("also")
    (work / "pom.xml").write_text("no report")
    (reports / "TEST-link.xml").symlink_to(outside / "TEST-secret.xml")
    (work / "test-results").symlink_to(outside)
    os.mkfifo(reports / "TEST-pipe.xml")
    (reports / "TEST-old.xml").write_text("old")
    os.utime(reports / "TEST-old.xml", (1, 1))
    assert set(fresh_reports(work, time.time() - 30)) == {b"fresh", b"also"}
