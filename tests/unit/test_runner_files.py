"""The file tools on a real work tree, and the ways out of it that are none."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from boardhand_runner.errors import ToolError
from boardhand_runner.settings import Settings
from boardhand_runner.tools import files
from boardhand_runner.tools.files import WorkTree
from boardhand_runner.tools.worktree import Confined

SECRET = "sesame-open-0123"


@pytest.fixture
def layout(tmp_path: Path) -> Settings:
    layout = Settings(root=tmp_path / "root", termination_log=tmp_path / "termination")
    layout.work.mkdir(parents=True)
    layout.git_dir.parent.mkdir()
    subprocess.run(
        ["git", "init", "-q", f"--separate-git-dir={layout.git_dir}", str(layout.work)], check=True, capture_output=True
    )
    layout.large_secret.mkdir(parents=True)
    (layout.large_secret / "apiKey").write_text(SECRET)
    return layout


@pytest.fixture
def tree(layout: Settings) -> WorkTree:
    return WorkTree(layout)


@pytest.fixture
def work(layout: Settings) -> Path:
    return layout.work


@pytest.fixture(params=["rg", "grep"])
def searcher(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Both programs where both are installed; where rg is not, grep alone stands for it."""
    if request.param == "grep":
        which = shutil.which
        monkeypatch.setattr(shutil, "which", lambda name: None if name == "rg" else which(name))
    yield request.param


def test_reading_numbers_the_lines_and_says_how_to_go_on(tree: WorkTree, work: Path) -> None:
    (work / "a.txt").write_text("".join(f"line {n}\n" for n in range(1, 11)))
    assert tree.read_file("a.txt", 2, 2) == "2\tline 2\n3\tline 3\n[7 more lines; go on with start_line=4]"
    assert tree.read_file("a.txt", 10) == "10\tline 10"
    with pytest.raises(ToolError, match="lines 1 to 10"):
        tree.read_file("a.txt", 11)


def test_long_lines_and_long_files_are_cut(tree: WorkTree, work: Path) -> None:
    (work / "a.txt").write_text("x" * 1500 + "\n" + "y" * 900 + "\n" + ("z" * 900 + "\n") * 300)
    shown = tree.read_file("a.txt", 1, 5000)
    assert "[500 more characters]" in shown
    assert len(shown) < files.SHOWN_CHARACTERS + 2000
    assert "go on with start_line=" in shown


@pytest.mark.parametrize(
    ("data", "says"), [(b"a\0b", "binary"), (b"caf\xe9", "not UTF-8"), (b"x" * 2_000_001, "larger than")]
)
def test_what_is_no_text_is_refused(tree: WorkTree, work: Path, data: bytes, says: str) -> None:
    (work / "a").write_bytes(data)
    with pytest.raises(ToolError, match=says):
        tree.read_file("a")


def test_a_pointer_to_a_large_file_is_told_as_such(tree: WorkTree, work: Path) -> None:
    (work / "logo.png").write_text("version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 5\n")
    shown = tree.read_file("logo.png").splitlines()
    assert shown[0].endswith("spec/v1")
    assert "logo.png is kept in Git LFS" in shown[-1]


def test_an_edit_keeps_mode_mark_and_endings(tree: WorkTree, work: Path) -> None:
    (work / "run.sh").write_bytes(b"\xef\xbb\xbfone\r\ntwo")
    (work / "run.sh").chmod(0o755)
    assert tree.edit_file("run.sh", "one\n", "1\n") == "run.sh is changed at line 1."
    tree.insert_lines("run.sh", 0, "zero")
    assert (work / "run.sh").read_bytes() == b"\xef\xbb\xbfzero\r\n1\r\ntwo"
    assert (work / "run.sh").stat().st_mode & 0o777 == 0o755


def test_writing_makes_folders_and_leaves_nothing_beside(tree: WorkTree, work: Path) -> None:
    assert tree.write_file("a/b/c.txt", "x\ny\n") == "a/b/c.txt is created: 2 lines."
    assert tree.write_file("a/b/c.txt", "z") == "a/b/c.txt is overwritten: 1 lines."
    assert [path.name for path in (work / "a/b").iterdir()] == ["c.txt"]


@pytest.mark.parametrize("path", ["src/lib/a.py", "./src/lib/a.py", ":(top)/lib/x", "lib/*.py"])
def test_a_file_that_no_commit_will_have_is_said_to_be_one(tree: WorkTree, work: Path, path: str) -> None:
    assert files.IGNORED not in tree.write_file(path, "x\n")
    (work / ".gitignore").write_text("lib/\n")

    assert tree.write_file(path, "x\n") == f"{path} is overwritten: 1 lines. {files.IGNORED}"
    assert files.IGNORED not in tree.write_file("src/library.py", "x\n")
    subprocess.run(["git", "add", "--force", "."], cwd=work, check=True)
    assert files.IGNORED not in tree.write_file(path, "y\n")


def test_listing_leaves_out_what_git_ignores(tree: WorkTree, work: Path) -> None:
    for name in ("src/a.py", "src/deep/b.py", "src/c.txt", "node_modules/x.py"):
        tree.write_file(name, "x")
    tree.write_file(".gitignore", "node_modules/\n")
    assert tree.list_files() == ".gitignore\nsrc/a.py\nsrc/c.txt\nsrc/deep/b.py"
    assert tree.list_files("**/*.py") == "src/a.py\nsrc/deep/b.py"
    assert tree.list_files("src/*.py") == "src/a.py"
    assert tree.list_files("src/deep") == "src/deep/b.py"
    assert tree.list_files(".") == tree.list_files()
    assert tree.list_files("*.go") == "No file matches *.go."


def test_searching_names_path_and_line(tree: WorkTree, work: Path, searcher: str) -> None:
    tree.write_file("src/a.py", "import os\n\ndef total(x):\n    return x\n")
    tree.write_file("src/b c.py", "total(1): 2\n")
    (work / "blob.bin").write_bytes(b"total\0\1")
    (work / "gone").symlink_to("nowhere")
    assert tree.search(r"total\(") == "src/a.py:3:def total(x):\nsrc/b c.py:1:total(1): 2"
    assert tree.search("total", "src/*c.py") == "src/b c.py:1:total(1): 2"
    assert tree.search("nothing like it") == "No line matches nothing like it in **."
    with pytest.raises(ToolError, match="pattern is refused"):
        tree.search("(")


def test_many_hits_are_cut(tree: WorkTree, searcher: str) -> None:
    tree.write_file("a.txt", "hit\n" * 1000)
    found = tree.search("hit").splitlines()
    assert len(found) == files.HITS + 1
    assert "narrow" in found[-1]


def test_a_search_goes_through_more_files_than_there_are_descriptors(
    tree: WorkTree, work: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "BATCH", 10)
    for number in range(35):
        (work / f"f{number:02}").write_text("needle\n" if number == 33 else "hay\n")
    assert tree.search("needle") == "f33:1:needle"


@pytest.mark.parametrize(
    ("path", "says"),
    [
        ("/etc/passwd", "relative"),
        ("../secrets/model-large/apiKey", r"may not contain `\.\.`"),
        ("a/../../b", r"may not contain `\.\.`"),
        (".git", "off limits"),
        (".git/config", "off limits"),
        ("sub/.GIT/hooks/x", "off limits"),
        ("", "empty"),
        ("a\0b", "NUL"),
        ("a\ud83db", "half of a surrogate pair"),
        ("d/" * 1800 + "a.txt", "too long"),
        ("missing.txt", "No such file"),
        (".", "folder"),
    ],
)
def test_paths_that_lead_elsewhere_are_refused(tree: WorkTree, work: Path, path: str, says: str) -> None:
    (work / "sub").mkdir()
    with pytest.raises(ToolError, match=says):
        tree.read_file(path)


@pytest.mark.parametrize(
    "target", ["/", "../secrets", "../secrets/model-large/apiKey", "sub/../../secrets", "self", "../git/repository"]
)
def test_links_that_lead_out_are_refused_for_reading_and_writing(
    tree: WorkTree, layout: Settings, work: Path, target: str
) -> None:
    (work / "sub").mkdir()
    (work / "self").symlink_to(target)
    for path in ("self", "self/model-large/apiKey", "self/config", "sub/../self"):
        with pytest.raises(ToolError):
            tree.read_file(path)
        with pytest.raises(ToolError):
            tree.write_file(path, "x")
    assert SECRET not in tree.search("sesame")
    assert (layout.large_secret / "apiKey").read_text() == SECRET


def test_links_within_the_tree_are_followed_and_kept(tree: WorkTree, work: Path) -> None:
    (work / "docs").mkdir()
    (work / "docs/real.md").write_text("text\n")
    (work / "docs/up").symlink_to("../docs")
    (work / "link.md").symlink_to("docs/up/real.md")
    assert tree.read_file("link.md") == "1\ttext"
    tree.edit_file("link.md", "text", "changed")
    assert (work / "link.md").is_symlink()
    assert (work / "docs/real.md").read_text() == "changed\n"


def test_pipes_are_neither_read_nor_replaced(tree: WorkTree, work: Path) -> None:
    os.mkfifo(work / "pipe")
    with pytest.raises(ToolError, match="not a regular file"):
        tree.read_file("pipe")
    with pytest.raises(ToolError, match="not a regular file"):
        tree.write_file("pipe", "x")


def test_swapping_a_folder_for_a_link_wins_nothing(layout: Settings, work: Path) -> None:
    """What the workbench could do meanwhile: the same name is by turns a folder and a link to the secrets."""
    (work / "inside").mkdir()
    (work / "inside/apiKey").write_text("harmless")
    (work / "swap").symlink_to(layout.large_secret)
    (work / "spare").symlink_to("inside")
    stop = threading.Event()

    def swap() -> None:
        while not stop.is_set():
            os.rename(work / "swap", work / "turn")
            os.rename(work / "spare", work / "swap")
            os.rename(work / "turn", work / "spare")

    swapper = threading.Thread(target=swap)
    swapper.start()
    try:
        confined, seen = Confined(work), set()
        for _ in range(3000):
            try:
                seen.add(confined.read("swap/apiKey", 100))
            except ToolError:
                continue
    finally:
        stop.set()
        swapper.join()
    assert seen == {b"harmless"}


PARTS = st.sampled_from(["a", "b", "..", ".", "out", "up", "", ".git", "f", "loop"])


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=200)
@given(parts=st.lists(PARTS, max_size=6), absolute=st.booleans())
def test_no_path_reaches_the_secret(layout: Settings, parts: list[str], absolute: bool) -> None:
    work = layout.work
    if not (work / "a").exists():
        (work / "a/b").mkdir(parents=True)
        (work / "a/out").symlink_to("../../secrets/model-large")
        (work / "a/b/up").symlink_to("../..")
        (work / "loop").symlink_to("loop")
        (layout.large_secret / "f").write_text(SECRET)
        (work / "f").write_text("inside")
    path = ("/" if absolute else "") + "/".join(parts)
    confined = Confined(work)
    with contextlib.suppress(ToolError):
        assert confined.read(path, 100) == b"inside"
    with contextlib.suppress(ToolError):
        confined.write(path, b"inside")
    assert (layout.large_secret / "f").read_text() == SECRET
    assert sorted(os.listdir(layout.large_secret)) == ["apiKey", "f"]


TARGETS = [
    "..",
    "../..",
    ".",
    "/",
    "a",
    "b/..",
    "c/../..",
    "../secrets",
    "a/../../secrets/model-large",
    "b/c/../apiKey",
]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150)
@given(
    links=st.dictionaries(st.sampled_from(["a", "b", "c", "d/e"]), st.sampled_from(TARGETS)),
    parts=st.lists(
        st.sampled_from(["a", "b", "c", "d", "e", "secrets", "model-large", "apiKey"]), min_size=1, max_size=6
    ),
)
def test_no_links_lead_to_the_secret(layout: Settings, links: dict[str, str], parts: list[str]) -> None:
    shutil.rmtree(layout.work)
    (layout.work / "d").mkdir(parents=True)
    for name, target in links.items():
        (layout.work / name).symlink_to(target)
    before = sorted(layout.root.rglob("*"))
    confined, path = Confined(layout.work), "/".join(parts)
    with contextlib.suppress(ToolError):
        assert SECRET.encode() not in confined.read(path, 100)
    with contextlib.suppress(ToolError):
        confined.write(path, b"inside")
    assert (layout.large_secret / "apiKey").read_text() == SECRET
    new = set(layout.root.rglob("*")) - set(before)
    assert all(one.is_relative_to(layout.work) for one in new)


@pytest.mark.parametrize("pattern", ["a\0", "\ud83d"])
def test_a_pattern_that_no_program_takes_is_refused(tree: WorkTree, pattern: str) -> None:
    with pytest.raises(ToolError, match="NUL or half of a surrogate pair"):
        tree.search(pattern)


def test_listing_leaves_out_what_is_removed_or_behind_a_link(tree: WorkTree, work: Path) -> None:
    for name in ("gone.txt", "kept.txt", "sub/hosts"):
        tree.write_file(name, "x\n")
    subprocess.run(["git", "-C", str(work), "add", "--all"], check=True)
    (work / "gone.txt").unlink()
    shutil.rmtree(work / "sub")
    (work / "sub").symlink_to("/etc")
    assert tree.list_files("**").split("\n") == ["kept.txt", "sub"]
