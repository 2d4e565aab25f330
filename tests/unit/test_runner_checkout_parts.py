"""Checkout in monorepos, and the commands it tells where the pool leaves them to the repository."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from boardhand_api.order import Order
from boardhand_runner.errors import Configuration, Infrastructure
from boardhand_runner.fifo_workbench import FifoWorkbench
from boardhand_runner.git import Git
from boardhand_runner.prompts import opening
from boardhand_runner.repository import Repository
from boardhand_runner.settings import Settings
from boardhand_runner.stages import checkout, publish
from boardhand_runner.stages.commands import with_commands
from boardhand_runner.state import Check
from tests.support.benches import empty
from tests.unit.test_runner_git import git, order_for

SHELLS = [name for name in ("dash", "bash", "busybox") if shutil.which(name)]
POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:" + "0" * 64 + "\nsize 5\n"
FILES = {
    "go.mod": "module x\n",
    "services/api/package.json": '{"scripts": {"test": "node --test"}}',
    "services/web/pom.xml": "<project/>",
    "services/README.md": "Two services.\n",
    "docs/guide.md": "Read me.\n",
    "assets/logo.bin": POINTER,
    ".gitattributes": "*.bin filter=lfs diff=lfs merge=lfs -text\n",
}
CheckOut = Callable[..., Order]


@pytest.fixture
def origin(tmp_path: Path) -> Path:
    """A bare repository with three projects, a pointer to a large file, and a submodule."""
    seed, bare = tmp_path / "seed", tmp_path / "origin.git"
    seed.mkdir()
    git(seed, "init", "-q", "-b", "main")
    for name, text in FILES.items():
        (seed / name).parent.mkdir(parents=True, exist_ok=True)
        (seed / name).write_text(text)
    git(seed, "add", ".")
    git(seed, "update-index", "--add", "--cacheinfo", f"160000,{'1' * 40},vendored")
    git(seed, "commit", "-q", "-m", "all")
    git(seed, "clone", "-q", "--bare", str(seed), str(bare))
    return bare


@pytest.fixture
def layout(tmp_path: Path) -> Settings:
    return empty(tmp_path / "root")


@pytest.fixture
def check_out(origin: Path, layout: Settings) -> CheckOut:
    def check_out(**more: Any) -> Order:
        order = order_for(str(origin), **more)
        checked = checkout.main(layout, order)
        assert (checked.base_commit, checked.failure) == (Git(layout).text("rev-parse", "HEAD"), None)
        return order.model_copy(update={"setup": checked.setup, "verify": checked.verify}) if checked.verify else order

    return check_out


def files_below(folder: Path) -> set[str]:
    return {str(file.relative_to(folder)) for file in folder.rglob("*") if file.is_file()} - {".git"}


def test_the_root_tells_its_commands_for_agent_and_proof(check_out: CheckOut, layout: Settings) -> None:
    told = check_out(verify=[])
    assert (told.setup, told.verify) == (["go mod download"], ["go build ./...", "go test ./..."])
    assert with_commands(layout, told.model_copy(update={"setup": [], "verify": []})) == told
    assert json.loads(layout.commands.read_text()) == {"setup": told.setup, "verify": told.verify}


@pytest.mark.parametrize(
    ("folder", "command"), [("services/api", "CI=true npm test"), ("services/web", "mvn -B -ntp verify")]
)
def test_the_work_folder_tells_its_own(check_out: CheckOut, folder: str, command: str) -> None:
    assert check_out(verify=[], workdir=folder).verify == [command]


def test_set_up_commands_of_the_pool_stay(check_out: CheckOut) -> None:
    assert check_out(verify=[], setup=["./get-ready"]).setup == ["./get-ready"]


def test_commands_of_the_pool_are_not_told_again(check_out: CheckOut, layout: Settings) -> None:
    order = check_out(setup=["a"], verify=["b"])
    assert with_commands(layout, order) is order
    assert not layout.commands.exists()


def test_nothing_to_verify_names_what_was_looked_for_and_the_field(check_out: CheckOut) -> None:
    with pytest.raises(Configuration) as failed:
        check_out(verify=[], workdir="docs")
    assert failed.value.reason == "NothingToVerify"
    for words in ("the folder docs", "pom.xml", "go.mod", "Makefile", "spec.workbench.verify"):
        assert words in failed.value.refusal().message


def test_an_analysis_needs_nothing_to_verify(check_out: CheckOut, layout: Settings) -> None:
    order = check_out(verify=[], workdir="docs", task="Analyse")
    assert with_commands(layout, order).verify == []


def test_an_agent_without_checkouts_commands_is_told(layout: Settings) -> None:
    with pytest.raises(Infrastructure, match="CommandsMissing"):
        with_commands(layout, order_for("http://forge.test/x.git", verify=[]))


@pytest.mark.parametrize(
    ("field", "value", "named"),
    [
        ("workdir", "services/gone", "services/gone"),
        ("workdir", "go.mod", "go.mod"),
        ("workdir", ".git", ".git"),
        ("sparse", ["services", "lib"], "lib"),
    ],
)
def test_a_folder_that_is_not_there_is_named(check_out: CheckOut, field: str, value: object, named: str) -> None:
    with pytest.raises(Configuration, match=rf"FolderMissing.* {named} .*spec\.repository\.{field}"):
        check_out(**{field: value})


def test_a_sparse_work_tree_holds_its_folders_and_the_proof_the_whole_commit(
    check_out: CheckOut, layout: Settings
) -> None:
    check_out(sparse=["docs"], workdir="services/api")
    root = {"go.mod", ".gitattributes"}
    assert files_below(layout.work) == root | {"docs/guide.md", "services/README.md", "services/api/package.json"}

    (layout.work / "assets").mkdir()
    (layout.work / "assets/built.txt").write_text("made by the baseline\n")
    repository = Repository(layout)
    repository.settle()
    (layout.work / "docs/guide.md").write_text("Read me twice.\n")
    (layout.work / "tools").mkdir()
    (layout.work / "tools/new.sh").write_text("true\n")
    commit = repository.commit("Two files")
    assert commit
    assert git(layout.git_dir, "diff", "--name-status", "HEAD~", "HEAD").split() == [
        "M",
        "docs/guide.md",
        "A",
        "tools/new.sh",
    ]
    publish.export(layout, commit)
    assert files_below(layout.proof) == FILES.keys() | {"tools/new.sh"}
    assert (layout.proof / "docs/guide.md").read_text() == "Read me twice.\n"


def test_pointers_to_large_files_stay_pointers(check_out: CheckOut, layout: Settings) -> None:
    check_out()
    assert (layout.work / "assets/logo.bin").read_text() == POINTER
    assert Repository(layout).commit("Nothing") is None


# What the workbench plants must not run where the keys are.


def plant(folder: Path, mark: Path) -> None:
    """A repository whose filter leaves a mark when git looks for changes in it."""
    folder.mkdir(exist_ok=True)
    git(folder, "init", "-q")
    (folder / "f").write_text("1")
    (folder / ".gitattributes").write_text("* filter=x\n")
    git(folder, "add", ".")
    git(folder, "commit", "-q", "-m", "planted")
    git(folder, "config", "filter.x.clean", f"touch {mark}; cat")
    (folder / "f").write_text("2")


@pytest.mark.parametrize("name", ["vendored", "planted"])
@pytest.mark.parametrize("sparse", [[], ["docs"]], ids=["whole", "sparse"])
def test_a_planted_repository_runs_nothing_and_is_not_committed(
    check_out: CheckOut, layout: Settings, tmp_path: Path, name: str, sparse: list[str]
) -> None:
    check_out(sparse=sparse)
    repository, mark = Repository(layout), tmp_path / "mark"
    (layout.work / ".gitmodules").write_text(f'[submodule "x"]\n\tpath = {name}\n\turl = ./x\n\tignore = none\n')
    plant(layout.work / name, mark)
    for round_ in ("one", "two"):
        (layout.work / "docs/guide.md").write_text(round_)
        assert repository.commit(round_)
        (layout.work / name / "f").write_text(f"{round_} more")
        repository.change()
        Git(layout, work_tree=layout.work).run("status", "--porcelain")
        Git(layout, work_tree=layout.work).run("diff", "HEAD")
    assert not mark.exists()
    links = [row for row in git(layout.git_dir, "ls-tree", "-r", "HEAD").splitlines() if row.startswith("160000")]
    assert links == [f"160000 commit {'1' * 40}\tvendored"]


# Where commands run


@pytest.fixture(params=SHELLS)
def shell(request: pytest.FixtureRequest) -> list[str]:
    return ["busybox", "sh"] if request.param == "busybox" else [request.param]


def proved(shell: list[str], layout: Settings, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*shell, str(layout.verify_script), *arguments],
        env=os.environ | {"TERMINATION_LOG": str(layout.termination_log), "TMPDIR": str(layout.home)},
        capture_output=True,
        text=True,
        timeout=30,
    )


def test_verify_runs_in_the_work_folder_what_checkout_told(
    shell: list[str], layout: Settings, check_out: CheckOut
) -> None:
    order = check_out(verify=[], setup=["pwd; echo 'it''s' set"], workdir="services/api")
    layout.commands_script.write_text(
        layout.commands_script.read_text().replace("CI=true npm test", "cat package.json; exit 3")
    )
    publish.export(layout, Git(layout).text("rev-parse", "HEAD"))
    done = proved(shell, layout, "--require-tests", "--workdir", order.workdir)
    assert done.returncode == 3, done.stderr
    assert done.stdout.splitlines()[1] == str(layout.proof / order.workdir)
    assert FILES["services/api/package.json"] in done.stdout
    assert layout.termination_log.read_text().splitlines()[0].startswith("setup 1 exit 0 ")


def test_a_work_folder_that_became_a_link_proves_nothing(shell: list[str], layout: Settings) -> None:
    checkout.place_verify(layout)
    (layout.proof / "other").mkdir()
    (layout.proof / "api").symlink_to("other")
    for folder in ("api", "gone"):
        done = proved(shell, layout, "--workdir", folder, "0", "true")
        assert (done.returncode, f"no folder {folder}" in done.stdout) == (1, True), done.stdout
    assert proved(shell, layout, "--workdir", "other", "0", "true").returncode == 0


def test_without_commands_from_anywhere_nothing_is_proved(shell: list[str], layout: Settings) -> None:
    checkout.place_verify(layout)
    (layout.proof / "app.py").write_text("x = 1\n")
    assert proved(shell, layout).returncode not in (0, 65)


def test_the_workbench_enters_the_work_folder_for_each_command(shell: list[str], layout: Settings) -> None:
    checkout.place_workbench(layout)
    folder = layout.work / "services" / "api"
    folder.mkdir(parents=True)
    with subprocess.Popen([*shell, str(layout.serve_script), str(layout.root), "services/api"]) as server:
        try:
            bench = FifoWorkbench(layout, patience_seconds=10)
            assert bench.run("pwd", 10).text.strip() == str(folder)
            assert bench.run("cd .. && rm -r api", 10).exit_code == 0
            lost = bench.run("pwd", 10)
            assert lost.exit_code not in (0, None)
            assert "services/api" in lost.text
            folder.mkdir()
            assert bench.run("pwd", 10).text.strip() == str(folder)
        finally:
            server.terminate()


@pytest.mark.parametrize("name", ["coder", "bugfixer"])
@pytest.mark.parametrize(("workdir", "said"), [("services/api", "start in services/api."), ("", "start in it.")])
def test_the_specialist_is_told_where_commands_start(name: str, workdir: str, said: str) -> None:
    values: dict[str, object] = dict.fromkeys(("ticket", "plan", "earlier", "notes", "map", "kept"), "")
    baseline = Check(green=True, text="")
    system, _ = opening(
        name, "fence", values | {"verify": [], "baseline": baseline, "workdir": workdir, "submodules": []}
    )
    assert said in str(system.content)
