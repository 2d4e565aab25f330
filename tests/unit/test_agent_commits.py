"""What becomes part of the work's commit, and what does not although git takes it for a change."""

from __future__ import annotations

from pathlib import Path

import pytest

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
