"""How large a change may be, and that finding out costs little."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from boardhand_runner.errors import Refused
from boardhand_runner.git import Git
from boardhand_runner.stages.publishing import objects, trees
from tests.support.pushing import Bench, bench


@pytest.fixture
def run(tmp_path: Path) -> Bench:
    return bench(tmp_path)


def test_every_version_of_every_file_counts(run: Bench) -> None:
    run.commit({"big": "x" * 3000})
    run.commit({"big": "y" * 3000})
    head = run.commit({"big": None})
    with pytest.raises(Refused, match=r"ChangeTooLarge.*spec\.policy\.changeBytes allows 6000"):
        run.publish(change_bytes=6000)
    assert run.publish(change_bytes=10_000).commit == head


def test_one_file_has_a_limit_of_its_own(run: Bench) -> None:
    run.commit({"docs/big.bin": b"x" * 5001})
    head = run.commit({"docs/big.bin": None})
    with pytest.raises(Refused, match=r"FileTooLarge.*docs/big\.bin has 5001 bytes.*spec\.policy\.fileBytes"):
        run.publish(file_bytes=5000)
    assert run.publish(file_bytes=5001).commit == head


def test_files_are_counted_over_all_commits_and_once_each(run: Bench) -> None:
    run.commit({f"f{number}": "x" for number in range(5)})
    run.commit({f"f{number}": "y" for number in range(5)})
    head = run.commit({"f0": None, "app.py": "x = 9\n"})
    with pytest.raises(Refused, match=r"TooManyFiles.*more than 5 files.*spec\.policy\.changeFiles"):
        run.publish(change_files=5)
    assert run.publish(change_files=6).commit == head


def test_objects_are_counted_before_they_are_looked_at(run: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    run.commit({f"f{number}": str(number) for number in range(5)})
    monkeypatch.setattr(objects, "OBJECTS", 5)
    with pytest.raises(Refused, match="ChangeTooLarge"):
        run.publish()


def test_a_bomb_of_few_objects_is_never_unpacked(run: Bench) -> None:
    """Ten folders in each of ten levels, all of them the same one: ten thousand million files of some hundred bytes."""
    git = run.agent
    name, entry = git.run("hash-object", "-w", "--stdin", stdin=b"boom\n").text, "100644 blob {}\tf{}"
    for _ in range(11):
        rows = "".join(f"{entry.format(name, number)}\n" for number in range(10))
        name, entry = git.run("mktree", stdin=rows.encode()).text, "040000 tree {}\td{}"
    git.run("update-ref", "HEAD", git.text("commit-tree", "-p", "HEAD", "-m", "bomb", name))
    began = time.monotonic()
    with pytest.raises(Refused, match="TooManyFiles"):
        run.publish()
    assert time.monotonic() - began < 30
    assert not list(run.layout.proof.iterdir())


@pytest.mark.slow
def test_folders_without_end_are_refused(run: Bench) -> None:
    git = run.agent
    name = git.run("hash-object", "-w", "--stdin", stdin=b"deep").text
    mode = "100644 blob"
    for _ in range(trees.FOLDERS_DEEP + 1):
        name, mode = git.run("mktree", stdin=f"{mode} {name}\td\n".encode()).text, "040000 tree"
    git.run("update-ref", "HEAD", git.text("commit-tree", "-p", "HEAD", "-m", "deep", name))
    with pytest.raises(Refused, match="FoldersTooDeep"):
        run.publish()


@pytest.mark.slow
def test_a_zip_bomb_is_refused_by_what_it_says_of_itself(run: Bench) -> None:
    run.agent.run("config", "core.bigFileThreshold", "1g")
    run.commit({"bomb": b"\0" * 30_000_000})
    packed = sum(file.stat().st_size for file in (run.layout.git_dir / "objects").rglob("*") if file.is_file())
    assert packed < 200_000
    with pytest.raises(Refused, match="FileTooLarge"):
        run.publish()


@pytest.mark.slow
def test_a_patch_that_grows_without_end_ends_with_its_time(run: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two versions of a file, changed for each other again and again, are two objects and any length of a patch."""
    versions = [str(number) * 2_000_000 for number in range(2)]
    for number in range(12):
        run.commit({"toggled": versions[number % 2]})
    monkeypatch.setattr("boardhand_runner.stages.publishing.secrecy.SCAN_SECONDS", 0.2)
    with pytest.raises(Refused, match="ScanTooLong"):
        run.publish()


def test_a_stream_that_is_left_is_ended(run: Bench) -> None:
    with Git(run.layout).stream("log", "--format=%H") as stream:
        assert stream.read(1)
    with pytest.raises(LookupError), Git(run.layout).stream("log") as stream:
        raise LookupError
