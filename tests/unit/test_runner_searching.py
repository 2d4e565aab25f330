"""A search through very many files: most are told apart by their paths alone, and that must lead nobody astray."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from boardhand_runner.errors import ToolError
from boardhand_runner.settings import Settings
from boardhand_runner.tools import files, searching
from boardhand_runner.tools.files import WorkTree

SECRET = "sesame-open-0123"


@pytest.fixture(params=["rg", "grep"])
def work(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A work tree in which the second file is already one of very many; the secret lies beside it."""
    which = shutil.which
    if request.param == "grep":
        monkeypatch.setattr(shutil, "which", lambda name: None if name == "rg" else which(name))
    monkeypatch.setattr(files, "BATCH", 1)
    settings = Settings(root=tmp_path / "root", termination_log=tmp_path / "termination")
    settings.work.mkdir(parents=True)
    settings.git_dir.parent.mkdir()
    settings.secrets.mkdir()
    (settings.secrets / "b.txt").write_text(SECRET)
    subprocess.run(["git", "init", "-q", f"--separate-git-dir={settings.git_dir}", str(settings.work)], check=True)
    (settings.work / "a.txt").write_text("nothing\n")
    yield settings.work


def tree_of(work: Path) -> WorkTree:
    """With what is there tracked, so that it stays listed whatever takes its place."""
    layout = Settings(root=work.parent, termination_log=work / "termination")
    subprocess.run(["git", f"--git-dir={layout.git_dir}", f"--work-tree={work}", "add", "--all"], check=True)
    return WorkTree(layout)


def test_hits_come_in_the_order_of_their_paths_and_names_are_taken_as_they_are(work: Path) -> None:
    for name in ("-e", "b c.txt", "d/ü.txt", "d/z.txt", "zz"):
        (work / name).parent.mkdir(exist_ok=True)
        (work / name).write_text("hay\nneedle\n")
    found = tree_of(work).search("need.e")
    assert found.splitlines() == [
        "-e:2:needle",
        "b c.txt:2:needle",
        "d/z.txt:2:needle",
        "d/ü.txt:2:needle",
        "zz:2:needle",
    ]


def test_command_lines_stay_short(work: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(searching, "_ARGUMENT_BYTES", 60)
    for number in range(12):
        (work / f"f{number:02}").write_text("needle\n" if number % 5 == 1 else "hay\n")
    assert tree_of(work).search("needle") == "f01:1:needle\nf06:1:needle\nf11:1:needle"


def test_folders_and_files_that_became_links_out_of_the_tree_show_nothing(work: Path) -> None:
    for name in ("b.txt", "d/b.txt"):
        (work / name).parent.mkdir(exist_ok=True)
        (work / name).write_text("sesame is no secret here\n")
    tree = tree_of(work)
    shutil.rmtree(work / "d")
    (work / "d").symlink_to("../secrets")
    (work / "b.txt").unlink()
    (work / "b.txt").symlink_to("../secrets/b.txt")
    assert tree.search("sesame") == "No line matches sesame in **."


def test_links_within_the_tree_are_searched(work: Path) -> None:
    (work / "b.txt").write_text("needle\n")
    (work / "link").symlink_to("b.txt")
    assert tree_of(work).search("needle") == "b.txt:1:needle\nlink:1:needle"


def test_what_became_a_pipe_or_a_folder_or_went_holds_nothing_up(work: Path) -> None:
    for name in ("b.txt", "c.txt", "d.txt", "e.txt"):
        (work / name).write_text("needle\n")
    tree = tree_of(work)
    for name in ("b.txt", "c.txt", "d.txt"):
        (work / name).unlink()
    os.mkfifo(work / "b.txt")
    (work / "c.txt").mkdir()
    (work / "c.txt" / "inner").symlink_to("../../secrets/b.txt")
    assert tree.search("needle") == "e.txt:1:needle"


def test_a_pattern_that_is_none_is_refused(work: Path) -> None:
    (work / "b.txt").write_text("text\n")
    with pytest.raises(ToolError, match="pattern is refused"):
        tree_of(work).search("(")


@pytest.mark.parametrize("pattern", ["a" * 150_000, "é" * 80_000])
def test_a_pattern_that_no_program_can_be_given_is_refused(work: Path, pattern: str) -> None:
    (work / "b.txt").write_text("text\n")
    with pytest.raises(ToolError, match="pattern is too long"):
        tree_of(work).search(pattern)
