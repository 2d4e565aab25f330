"""Publish with a git directory that was in hostile hands: of it objects are taken, and nothing else."""

from __future__ import annotations

import os
import subprocess
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest

from boardhand_runner.errors import Configuration, Infrastructure, Refused
from boardhand_runner.git import BASE_REF, Git
from boardhand_runner.remote import Remote
from boardhand_runner.stages import checkout
from boardhand_runner.stages.publishing.borrowed import read_ref
from boardhand_runner.stages.publishing.fresh import fresh
from tests.support.benches import empty
from tests.support.pushing import PLAIN, Bench, bench, git, put


@pytest.fixture
def run(tmp_path: Path) -> Bench:
    return bench(tmp_path)


def script(file: Path, loot: Path) -> str:
    """A program that leaves a trace."""
    file.write_text(f"#!/bin/sh\nenv >>{loot}\nexit 1\n")
    file.chmod(0o755)
    return str(file)


def plant_hook(git_dir: Path, thief: str) -> None:
    (git_dir / "hooks").mkdir()
    for name in ("pre-push", "reference-transaction", "post-checkout", "post-index-change"):
        (git_dir / "hooks" / name).symlink_to(thief)


def plant_include(git_dir: Path, thief: str) -> None:
    hooks = git_dir / "elsewhere"
    hooks.mkdir()
    (hooks / "pre-push").symlink_to(thief)
    (git_dir / "more").write_text(f"[core]\n\thooksPath = {hooks}\n")
    with (git_dir / "config").open("a") as config:
        config.write(f"[include]\n\tpath = {git_dir}/more\n")


def plant_filter(git_dir: Path, thief: str) -> None:
    (git_dir / "info").mkdir(exist_ok=True)
    (git_dir / "info" / "attributes").write_text("* filter=lfs\n")
    with (git_dir / "config").open("a") as config:
        config.write(f'[filter "lfs"]\n\tsmudge = {thief}\n\tclean = {thief}\n\trequired\n')


def plant_promisor(git_dir: Path, thief: str) -> None:
    with (git_dir / "config").open("a") as config:
        config.write(
            "[core]\n\trepositoryformatversion = 1\n[extensions]\n\tpartialClone = evil\n"
            f'[remote "evil"]\n\turl = {git_dir}\n\tpromisor = true\n\tuploadpack = {thief}\n'
        )


def plant_alternate_refs(git_dir: Path, thief: str) -> None:
    (git_dir / "objects" / "info").mkdir(exist_ok=True)
    (git_dir / "objects" / "info" / "alternates").write_text(f"{git_dir}/objects\n")
    with (git_dir / "config").open("a") as config:
        config.write(f"[core]\n\talternateRefsCommand = {thief}\n")


PLANTS: dict[str, tuple[Callable[[Path, str], None], list[str]]] = {
    "hooks": (plant_hook, ["push", "-q", "@ORIGIN@", "HEAD:refs/heads/boardhand/control"]),
    "include.path": (plant_include, ["push", "-q", "@ORIGIN@", "HEAD:refs/heads/boardhand/control"]),
    "filters": (plant_filter, ["checkout-index", "--all", "--force", "--prefix=@LOOT@-tree/"]),
    "promisor": (plant_promisor, ["cat-file", "-e", "1" * 40]),
}


@pytest.mark.parametrize("kind", PLANTS)
def test_what_is_planted_to_be_run_is_not(run: Bench, tmp_path: Path, kind: str) -> None:
    plant, control = PLANTS[kind]
    head = run.commit({"app.py": "x = 9\n"})
    thief = script(tmp_path / "thief", tmp_path / "loot")
    plant(run.layout.git_dir, thief)
    published = run.publish()
    assert published.commit == head == run.refs()[f"refs/heads/{run.order.branch}"]
    assert not (tmp_path / "loot").exists()
    # What a git without guards does there.
    said = [part.replace("@ORIGIN@", str(run.origin)).replace("@LOOT@", str(tmp_path / "loot")) for part in control]
    subprocess.run(["git", *said], cwd=run.layout.work, env=PLAIN, capture_output=True, timeout=60)
    assert (tmp_path / "loot").exists()


def test_a_kept_repository_fetches_nothing_that_it_lacks(run: Bench, tmp_path: Path) -> None:
    """What checkout and the agent of a later try ask a repository that an earlier agent had."""
    plant_promisor(run.layout.git_dir, script(tmp_path / "thief", tmp_path / "loot"))
    assert Git(run.layout).run("cat-file", "-e", "1" * 40, check=False).code
    assert not (tmp_path / "loot").exists()
    subprocess.run(["git", "cat-file", "-e", "1" * 40], cwd=run.layout.work, env=PLAIN, capture_output=True, timeout=60)
    assert (tmp_path / "loot").exists()


@pytest.mark.parametrize(
    "setting",
    [
        "url.@EVIL@.insteadOf=file://@ORIGIN@",
        "url.@EVIL@.pushInsteadOf=file://@ORIGIN@",
        "include.path=@MORE@",
        "includeIf.gitdir:/.path=@MORE@",
    ],
)
def test_no_setting_sends_the_push_elsewhere(run: Bench, tmp_path: Path, setting: str) -> None:
    evil = tmp_path / "evil.git"
    git(tmp_path, "clone", "-q", "--bare", str(run.origin), str(evil))
    before = git(evil, "for-each-ref")
    (tmp_path / "more").write_text(f'[url "{evil}"]\n\tinsteadOf = file://{run.origin}\n')
    head = run.commit({"app.py": "x = 9\n"})
    for word, value in {"@EVIL@": str(evil), "@ORIGIN@": str(run.origin), "@MORE@": str(tmp_path / "more")}.items():
        setting = setting.replace(word, value)
    name, _, value = setting.rpartition("=")
    run.agent.run("config", name, value)
    assert run.publish().commit == head == run.refs()[f"refs/heads/{run.order.branch}"]
    assert git(evil, "for-each-ref") == before
    git(run.layout.work, "push", "-q", f"file://{run.origin}", f"{head}:refs/heads/boardhand/control")
    assert git(evil, "for-each-ref") != before


def test_neither_proxies_nor_headers_nor_programs_of_the_repository_reach_the_server(run: Bench) -> None:
    """The token goes to a server by way of the environment; a git directory must not say which way that is."""
    for name, value in {
        "http.proxy": "http://127.0.0.1:9",
        "http.extraHeader": "X-Planted: 1",
        "core.sshCommand": "false",
        "core.gitProxy": "false",
        "core.askPass": "false",
        "credential.helper": "!false",
        "remote.origin.url": "ext::false",
        "http.sslVerify": "false",
        "protocol.ext.allow": "always",
    }.items():
        run.agent.run("config", name, value)
    run.commit({"app.py": "x = 9\n"})
    with fresh(run.layout, run.order) as work:
        assert work.git.git_dir != run.layout.git_dir
        done = work.git.run("config", "--list", "--show-scope").text
        assert not [line for line in done.splitlines() if line.startswith("local") and "core." not in line]
        assert "Planted" not in done and "127.0.0.1" not in done and "false" not in done.replace("=false", "")
        remote = Remote(run.layout, str(run.origin), work.git.git_dir)
        assert remote.attempt("ls-remote", "ext::sh -c true").code
    assert not list(run.layout.home.glob("publish-*"))


def test_no_variable_of_the_stage_is_gits(run: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    thief = script(tmp_path / "thief", tmp_path / "loot")
    head = run.commit({"app.py": "x = 9\n"})
    for name in ("GIT_SSH_COMMAND", "GIT_SSH", "GIT_ASKPASS", "SSH_ASKPASS", "GIT_PROXY_COMMAND", "GIT_EXTERNAL_DIFF"):
        monkeypatch.setenv(name, thief)
    for name, value in {
        "GIT_DIR": str(tmp_path),
        "GIT_WORK_TREE": str(tmp_path),
        "GIT_OBJECT_DIRECTORY": str(tmp_path),
        "GIT_CONFIG_PARAMETERS": f"'core.hooksPath={tmp_path}'",
        "GIT_CONFIG_GLOBAL": str(tmp_path / "config"),
        "GIT_EXEC_PATH": str(tmp_path),
        "GIT_TRACE_CURL": str(tmp_path / "loot"),
        "GIT_TRACE": str(tmp_path / "loot"),
        "GIT_SSL_NO_VERIFY": "1",
        "GIT_ALTERNATE_OBJECT_DIRECTORIES": str(tmp_path),
        "GIT_REPLACE_REF_BASE": "refs/heads/",
        "GIT_SHALLOW_FILE": str(tmp_path / "config"),
        "GIT_TEMPLATE_DIR": str(tmp_path),
        "HOME": str(tmp_path),
        "XDG_CONFIG_HOME": str(tmp_path),
    }.items():
        monkeypatch.setenv(name, value)
    (tmp_path / "config").write_text(f"[core]\n\thooksPath = {tmp_path}\n")
    assert run.publish().commit == head
    assert not (tmp_path / "loot").exists()
    monkeypatch.undo()
    assert run.refs()[f"refs/heads/{run.order.branch}"] == head


WORKFLOW: dict[str, str | bytes | None] = {".github/workflows/x.yml": "on: push\n"}


def forge_base(run: Bench) -> None:
    run.agent.run("update-ref", BASE_REF, "HEAD~1")


def forge_shallow(run: Bench) -> None:
    (run.layout.git_dir / "shallow").write_text(run.agent.text("rev-parse", "HEAD~1") + "\n")


def forge_graft(run: Bench) -> None:
    (run.layout.git_dir / "info").mkdir(exist_ok=True)
    grafts = f"{run.head} {run.agent.text('rev-parse', BASE_REF)}\n"
    (run.layout.git_dir / "info" / "grafts").write_text(grafts)


def forge_replacement(run: Bench) -> None:
    git(run.layout.work, "replace", "HEAD~1", git(run.layout.work, "rev-parse", BASE_REF))


@pytest.mark.parametrize("forge", [forge_base, forge_shallow, forge_graft, forge_replacement])
def test_no_commit_is_hidden_from_the_checks(run: Bench, forge: Callable[[Bench], None]) -> None:
    run.commit(WORKFLOW)
    run.commit({".github/workflows/x.yml": None, "app.py": "x = 9\n"})
    before = run.refs()
    forge(run)
    with pytest.raises((Refused, Infrastructure), match=r"\.github/workflows/x\.yml|BaseGone|WorkBroken"):
        run.publish()
    assert run.refs() == before


def test_a_base_that_is_the_work_itself_makes_nothing_of_it(run: Bench) -> None:
    run.commit(WORKFLOW)
    run.agent.run("update-ref", BASE_REF, "HEAD")
    with pytest.raises(Infrastructure, match="BaseGone"):
        run.publish()


def test_an_object_under_a_false_name_is_seen(run: Bench) -> None:
    """Git believes a loose object's name when it reads it."""
    run.commit({"app.py": "x = 9\n"})
    name = run.agent.text("rev-parse", "HEAD:app.py")
    file = run.layout.git_dir / "objects" / name[:2] / name[2:]
    file.chmod(0o600)
    file.write_bytes(zlib.compress(b"blob 6\0x = 8\n"))
    assert git(run.layout.work, "cat-file", "blob", name) == "x = 8"
    with pytest.raises(Refused, match="WorkBroken"):
        run.publish()


@pytest.mark.parametrize("gone", ["HEAD:app.py", "HEAD^{tree}", "HEAD"])
def test_a_missing_object_is_seen(run: Bench, gone: str) -> None:
    run.commit({"app.py": "x = 9\n"})
    name = run.agent.text("rev-parse", gone)
    (run.layout.git_dir / "objects" / name[:2] / name[2:]).unlink()
    with pytest.raises(Refused, match="WorkBroken"):
        run.publish()


@pytest.mark.parametrize(
    ("entry", "said"), [("100644 .git", "hasDotgit"), ("100644 ..", "hasDotdot"), ("100644 a/b", "fullPathname")]
)
def test_a_tree_that_attacks_who_checks_it_out_is_refused(run: Bench, entry: str, said: str) -> None:
    blob = run.agent.text("rev-parse", "HEAD:app.py")
    content = f"{entry}\0".encode() + bytes.fromhex(blob)
    tree = run.agent.run("hash-object", "-t", "tree", "-w", "--literally", "--stdin", stdin=content).text
    commit = run.agent.text("commit-tree", "-p", "HEAD", "-m", "evil", tree)
    run.agent.run("update-ref", "HEAD", commit)
    with pytest.raises(Refused, match=f"WorkBroken.*{said}"):
        run.publish()


def test_what_checkout_fetches_is_checked(run: Bench, tmp_path: Path) -> None:
    """An address that a git of somebody else's would take for an option."""
    run.person_pushes("main", {".gitmodules": '[submodule "a"]\n\tpath = a\n\turl = -u./payload\n'})
    with pytest.raises(Configuration, match=r"GitObjectsUnsound.*gitmodulesUrl"):
        checkout.main(empty(tmp_path / "another"), run.order)


def test_old_warts_of_a_project_are_no_reason(run: Bench, tmp_path: Path) -> None:
    raw = git(run.person, "cat-file", "commit", "HEAD").replace("+0000", "+051800", 1)
    name = subprocess.run(
        ["git", "hash-object", "-t", "commit", "-w", "--literally", "--stdin"],
        cwd=run.person, env=PLAIN, input=(raw + "\n").encode(), capture_output=True, check=True,
    ).stdout.decode().strip()  # fmt: skip
    git(run.person, "push", "-q", "--force", str(run.origin), f"{name}:refs/heads/main")
    assert checkout.main(empty(tmp_path / "another"), run.order).base_commit == name


def test_work_goes_on_a_branch_that_moved_on(run: Bench) -> None:
    """What is new on the base branch is neither the work's nor missing."""
    head = run.commit({"app.py": "x = 9\n"})
    for number in range(3):
        run.person_pushes("main", {"other.py": f"y = {number}\n", **WORKFLOW, "ci.txt": str(number)})
    assert run.publish(change_files=1).commit == head
    assert (run.layout.proof / "app.py").read_text() == "x = 9\n" and not (run.layout.proof / "other.py").exists()


def test_a_base_branch_that_was_rewritten_begins_anew(run: Bench) -> None:
    run.commit({"app.py": "x = 9\n"})
    git(run.person, "commit", "-q", "--amend", "-m", "rewritten")
    git(run.person, "push", "-q", "--force", str(run.origin), "HEAD:refs/heads/main")
    with pytest.raises(Infrastructure, match="BaseGone"):
        run.publish()


def test_a_reference_is_a_file_or_a_line(tmp_path: Path) -> None:
    name = "1" * 40
    put(tmp_path, {"refs/heads/a": f"{name}\n", "packed-refs": f"# pack\n{'2' * 40} refs/heads/b\n", "x": name})
    (tmp_path / "refs" / "heads" / "link").symlink_to(tmp_path / "x")
    os.mkfifo(tmp_path / "refs" / "heads" / "pipe")
    (tmp_path / "refs" / "heads" / "odd").write_text("--upload-pack=x\n")
    assert read_ref(tmp_path, "refs/heads/a") == name
    assert read_ref(tmp_path, "refs/heads/b") == "2" * 40
    for wrong in ("link", "pipe", "odd", "none", "a/b"):
        with pytest.raises(Refused, match="WorkBroken"):
            read_ref(tmp_path, f"refs/heads/{wrong}")


def test_pointers_of_lfs_are_pushed_as_they_are(run: Bench, tmp_path: Path) -> None:
    pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{'ab' * 32}\nsize 12\n"
    thief = script(tmp_path / "thief", tmp_path / "loot")
    put(run.layout.work, {".gitattributes": "*.bin filter=lfs -text\n", "a.bin": pointer})
    plain = Git(run.layout, work_tree=run.layout.work)
    blob = plain.run("hash-object", "-w", "--no-filters", "--stdin", stdin=pointer.encode()).text
    attributes = plain.run("hash-object", "-w", "--stdin", stdin=b"*.bin filter=lfs -text\n").text
    for name, entry in ((blob, "a.bin"), (attributes, ".gitattributes")):
        plain.run("update-index", "--add", "--cacheinfo", f"100644,{name},{entry}")
    plain.run("commit", "-q", "-m", "lfs")
    run.agent.run("config", "filter.lfs.process", thief)
    run.agent.run("config", "filter.lfs.required", "true")
    run.publish()
    assert (run.layout.proof / "a.bin").read_text() == pointer
    assert not (tmp_path / "loot").exists()
