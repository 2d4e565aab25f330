"""Checkout and publish on real repositories, with what a hostile ticket could leave in their way."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from boardhand_api.order import Order
from boardhand_runner.errors import Configuration, Infrastructure, Refused
from boardhand_runner.git import BASE_REF, Git, git_environment
from boardhand_runner.remote import Credentials, Remote, read_credentials
from boardhand_runner.settings import Settings
from boardhand_runner.stages import checkout, publish
from tests.support.benches import empty

CLEAN = {"PATH": os.environ["PATH"], "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1"} | {
    f"GIT_{who}_{what}": value
    for who in ("AUTHOR", "COMMITTER")
    for what, value in (("NAME", "Ann"), ("EMAIL", "ann@example.org"))
}
MODEL = {"provider": "openai", "name": "scripted"}


def git(where: Path, *arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=where, env=CLEAN, check=True, capture_output=True, text=True)
    return done.stdout.strip()


def order_for(repository: str, **more: Any) -> Order:
    return Order.model_validate(
        {
            "run": "run-1",
            "task": "Auto",
            "ticket": {"id": "1", "title": "Mend it"},
            "repository": repository,
            "base_branch": "main",
            "branch": "boardhand/1-mend-it",
            "large": MODEL,
            "small": MODEL,
            "verify": ["true"],
            "limits": {
                "steps": 5,
                "tokens": 1000,
                "deadline_seconds": 60,
                "command_timeout_seconds": 10,
                "model_patience_seconds": 5,
            },
            **more,
        }
    )


@pytest.fixture
def origin(tmp_path: Path) -> Path:
    """A bare repository with sixty commits on main."""
    seed, bare = tmp_path / "seed", tmp_path / "origin.git"
    seed.mkdir()
    git(seed, "init", "-q", "-b", "main")
    lines = ["committer A <a@b> 1700000000 +0000"]
    stream = b"".join(
        b"commit refs/heads/main\n%s\ndata 1\nx\nM 644 inline count.txt\ndata 2\n%02d\n" % (lines[0].encode(), n)
        for n in range(60)
    )
    subprocess.run(["git", "fast-import", "--quiet"], cwd=seed, env=CLEAN, input=stream, check=True)
    git(seed, "reset", "-q", "--hard")
    (seed / "app.py").write_text("x = 1\n")
    git(seed, "add", ".")
    git(seed, "commit", "-q", "-m", "app")
    git(seed, "clone", "-q", "--bare", str(seed), str(bare))
    return bare


@pytest.fixture
def layout(tmp_path: Path) -> Settings:
    return empty(tmp_path / "root")


@pytest.fixture
def order(origin: Path) -> Order:
    return order_for(str(origin))


@pytest.fixture
def base(layout: Settings, order: Order) -> str:
    """The checked-out repository's base commit."""
    commit = checkout.main(layout, order).base_commit
    assert commit
    return commit


@pytest.fixture
def commit(layout: Settings, base: str) -> Callable[..., str]:
    """Commits files as the agent does; the head."""

    def commit(message: str = "work", **contents: str | bytes) -> str:
        for name, content in contents.items():
            file = layout.work / name.replace("__", "/").replace("_dot_", ".")
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content if isinstance(content, bytes) else content.encode())
        local = Git(layout, work_tree=layout.work)
        local.run("add", "--all", "--force")
        local.run("commit", "-q", "-m", message)
        return local.text("rev-parse", "HEAD")

    return commit


def test_checkout_leaves_a_work_tree_on_the_runs_branch_and_no_remote(
    layout: Settings, order: Order, origin: Path, base: str
) -> None:
    local = Git(layout, work_tree=layout.work)
    assert base == git(origin, "rev-parse", "main") == local.text("rev-parse", BASE_REF)
    assert local.text("symbolic-ref", "HEAD") == f"refs/heads/{order.branch}"
    assert local.text("status", "--porcelain") == ""
    assert local.text("remote") == ""
    assert local.text("rev-list", "--count", "HEAD") == str(checkout.HISTORY_COMMITS)
    assert (layout.work / ".git").read_text() == layout.git_pointer.read_text() == f"gitdir: {layout.git_dir}\n"
    assert str(origin) not in (layout.git_dir / "config").read_text()
    assert not (layout.git_dir / "hooks").exists()


def test_checkout_serves_the_workbench(layout: Settings, base: str) -> None:
    assert layout.serve_script.read_text().startswith("#!/bin/sh\n")
    assert layout.verify_script.read_text().startswith("#!/bin/sh\n")
    assert (layout.exec / "requests").is_fifo()


def test_commits_are_boardhands(layout: Settings, commit: Callable[..., str]) -> None:
    commit(app_dot_py="x = 2\n")
    assert Git(layout).text("log", "-1", "--format=%an <%ae> %cn <%ce>") == " ".join(
        ["Boardhand <boardhand@localhost>"] * 2
    )


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"base_branch": "nope"}, "GitBranchNotFound"),
        ({"repository": "/nowhere/at/all"}, "GitRepositoryNotFound"),
        ({"repository": "git://example.org/x.git"}, "GitAddressWrong"),
        ({"repository": "ssh://example.org/x.git"}, "GitSecretIncomplete"),
        ({"repository": "ext::sh -c 'touch owned'"}, "GitAddressWrong"),
        ({"repository": "https://ann:pw@example.org/x.git"}, "GitAddressHoldsCredentials"),
    ],
)
def test_what_the_pool_got_wrong_is_configuration_with_the_fix(
    layout: Settings, order: Order, change: dict[str, str], reason: str
) -> None:
    with pytest.raises(Configuration) as caught:
        checkout.main(layout, order.model_copy(update=change))
    assert caught.value.reason == reason
    assert "spec.repository" in caught.value.message
    assert "pw" not in caught.value.message


def test_a_server_that_does_not_answer_is_infrastructure(layout: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("boardhand_runner.remote.FIRST_SECONDS", 0.0)
    with pytest.raises(Infrastructure):
        checkout.main(layout, order_for("http://127.0.0.1:9/x.git"))


def test_credentials_are_given_to_their_server_alone_and_in_the_environment_alone(layout: Settings) -> None:
    layout.git_secret.mkdir(parents=True)
    (layout.git_secret / "username").write_text("ann\n")
    (layout.git_secret / "token").write_text("to-ken-123\n")
    assert read_credentials(layout.git_secret) == Credentials("ann", "to-ken-123")
    with Remote(layout, "https://forge.example:3000/o/r.git").environment() as environment:
        assert "GIT_SSH_COMMAND" not in environment
    names = {value: key for key, value in environment.items() if key.startswith("GIT_CONFIG_KEY")}
    number = names["http.https://forge.example:3000/.extraHeader"].rsplit("_", 1)[1]
    assert environment[f"GIT_CONFIG_VALUE_{number}"] == "Authorization: Basic YW5uOnRvLWtlbi0xMjM="
    assert environment["GIT_ALLOW_PROTOCOL"] == "http:https"
    assert "to-ken-123" not in repr(read_credentials(layout.git_secret))
    remote = Remote(layout, "https://forge.example/o/r.git")
    fault = remote.fault("fatal: Authentication failed for 'to-ken-123'")
    assert (fault.reason, "to-ken-123" in fault.message) == ("GitAuthenticationFailed", False)


def test_half_a_secret_is_configuration(layout: Settings) -> None:
    layout.git_secret.mkdir(parents=True)
    (layout.git_secret / "username").write_text("ann")
    with pytest.raises(Configuration, match="no token"):
        read_credentials(layout.git_secret)


@pytest.mark.parametrize(
    ("address", "key"), [("https://git.test/o/r.git", "token"), ("ssh://git@git.test/o/r.git", "knownHosts")]
)
def test_a_secret_that_is_no_text_is_configuration_and_not_quoted(layout: Settings, address: str, key: str) -> None:
    layout.git_secret.mkdir(parents=True)
    for name in ("username", "token", "sshKey", "knownHosts"):
        (layout.git_secret / name).write_bytes(b"half\xffhalf" if name == key else b"text")
    with pytest.raises(Configuration, match=f"SecretUnreadable: The repository's Secret .*`{key}`.* UTF-8") as wrong:
        Remote(layout, address)
    assert "half" not in str(wrong.value) and wrong.value.__cause__ is None


@pytest.mark.parametrize(
    ("said", "failure", "reason"),
    [
        (
            "fatal: could not read Username for 'http://f': terminal prompts disabled",
            Configuration,
            "GitAuthentication",
        ),
        ("error: RPC failed; The requested URL returned error: 403", Configuration, "GitAuthentication"),
        ("fatal: repository 'http://f/x/' not found", Configuration, "GitRepositoryNotFound"),
        ("fatal: http://f/x/info/refs not valid: is this a git repository?", Configuration, "GitAddressWrong"),
        ("SSL certificate problem: unable to get local issuer", Configuration, "GitCertificateUnknown"),
        ("fatal: unable to access 'http://f/': Could not resolve host: f", Infrastructure, "GitRemoteFailed"),
        ("The requested URL returned error: 503", Infrastructure, "GitRemoteFailed"),
    ],
)
def test_what_git_says_has_a_class(layout: Settings, said: str, failure: type, reason: str) -> None:
    fault = Remote(layout, "http://f/x").fault(said)
    assert isinstance(fault, failure)
    assert fault.reason.startswith(reason)


def test_the_machines_git_configuration_is_not_obeyed(
    layout: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".gitconfig").write_text('[url "http://evil.example/"]\n\tinsteadOf = http://good.example/\n')
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("GIT_SSH_COMMAND", "touch owned")
    environment = git_environment(layout)
    assert "GIT_SSH_COMMAND" not in environment
    done = subprocess.run(
        ["git", "config", "--list", "--show-scope"], env=environment, cwd=tmp_path, capture_output=True, text=True
    )
    assert "command\tcore.hookspath=/dev/null" in done.stdout
    assert "evil" not in done.stdout


def test_publish_pushes_and_exports_that_very_commit(
    layout: Settings, order: Order, origin: Path, commit: Callable[..., str]
) -> None:
    head = commit(app_dot_py="x = 2\n", docs__new_dot_md="new\n")
    (layout.work / "app.py").write_text("x = 'not committed'\n")
    published = publish.main(layout, order)
    assert (published.branch, published.commit) == (order.branch, head)
    assert git(origin, "rev-parse", order.branch) == head
    assert (layout.proof / "app.py").read_text() == "x = 2\n"
    assert sorted(str(p.relative_to(layout.proof)) for p in layout.proof.rglob("*") if p.is_file()) == [
        "app.py",
        "count.txt",
        "docs/new.md",
    ]


def test_nothing_new_is_published_as_nothing(layout: Settings, order: Order, origin: Path, base: str) -> None:
    published = publish.main(layout, order)
    assert (published.branch, published.commit, published.failure) == (None, None, None)
    assert git(origin, "branch", "--list", "boardhand/*") == ""
    assert list(layout.proof.iterdir()) == []


def test_attributes_neither_hide_nor_change_what_is_proved(
    layout: Settings, order: Order, commit: Callable[..., str], tmp_path: Path
) -> None:
    attributes = "tests/** export-ignore\nversion.txt export-subst\n* filter=evil\n*.bin -diff binary\n"
    commit(
        _dot_gitattributes=attributes,
        tests__test_app_dot_py="assert False\n",
        version_dot_txt="$Format:%H$\n",
    )
    publish.main(layout, order)
    assert (layout.proof / "tests/test_app.py").read_text() == "assert False\n"
    assert (layout.proof / "version.txt").read_text() == "$Format:%H$\n"


def test_planted_hooks_and_configuration_in_the_work_tree_do_nothing(
    layout: Settings, order: Order, origin: Path, commit: Callable[..., str], tmp_path: Path
) -> None:
    owned = tmp_path / "owned"
    hooks = layout.work / "hooks"
    hooks.mkdir()
    for name in ("pre-push", "post-checkout", "reference-transaction", "post-index-change", "pre-commit"):
        (hooks / name).write_text(f"#!/bin/sh\ntouch {owned}\n")
        (hooks / name).chmod(0o755)
    Git(layout).run("config", "core.hooksPath", str(hooks))
    Git(layout).run("config", "core.fsmonitor", f"touch {owned}")
    # A git directory put in the place of the pointer, as a workbench without the read-only mount could.
    (layout.work / ".git").unlink()
    git(layout.work, "init", "-q")
    head = commit(app_dot_py="x = 3\n")
    assert publish.main(layout, order).commit == head
    assert not owned.exists()
    assert git(origin, "rev-parse", order.branch) == head


def test_a_retry_replaces_the_branch_of_its_first_try(
    layout: Settings, order: Order, origin: Path, base: str, commit: Callable[..., str]
) -> None:
    git(origin, "update-ref", f"refs/heads/{order.branch}", git(origin, "rev-parse", "main~3"))
    head = commit(app_dot_py="x = 4\n")
    publish.main(layout, order)
    assert git(origin, "rev-parse", order.branch) == head


@pytest.mark.parametrize(
    "branch", ["main", "boardhand", "boardhand/../main", "boardhand/a b", "refs/heads/boardhand/x"]
)
def test_other_branches_are_refused(layout: Settings, order: Order, commit: Callable[..., str], branch: str) -> None:
    commit(app_dot_py="x = 5\n")
    with pytest.raises(Refused, match="BranchForbidden"):
        publish.main(layout, order.model_copy(update={"branch": branch}))


def test_a_push_the_server_takes_not_is_refused(
    layout: Settings, order: Order, origin: Path, commit: Callable[..., str]
) -> None:
    hook = origin / "hooks" / "pre-receive"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\necho branch is protected >&2\nexit 1\n")
    hook.chmod(0o755)
    commit(app_dot_py="x = 6\n")
    with pytest.raises(Refused, match="PushRefused"):
        publish.main(layout, order)


def test_work_that_does_not_stand_on_its_base_is_refused(
    layout: Settings, order: Order, commit: Callable[..., str]
) -> None:
    head = commit(app_dot_py="x = 7\n")
    local = Git(layout)
    orphan = local.text("commit-tree", "-m", "orphan", f"{head}^{{tree}}")
    local.run("update-ref", "HEAD", orphan)
    with pytest.raises(Refused, match="HistoryRewritten"):
        publish.main(layout, order)


def test_a_change_that_deletes_everything_is_refused(layout: Settings, order: Order, base: str) -> None:
    local = Git(layout, work_tree=layout.work)
    local.run("rm", "-rqf", ".")
    local.run("commit", "-q", "-m", "gone")
    with pytest.raises(Refused, match="NothingLeft"):
        publish.main(layout, order)


# Put together here, so that no scanner takes this file for a leak.
KEYS = {
    "private key": "-----BEGIN RSA " + "PRIVATE KEY-----",
    "AWS": "AKIA" + "QWERTYUIOPASDFGH",
    "GitHub": "ghp_" + "a1B2" * 9,
    "GitLab": "glpat-" + "a1B2c3D4e5F6g7H8i9J0",
    "Slack": "xoxb-" + "1234567890-abcdefghij",
    "OpenAI": "sk-proj-" + "a1B2" * 6 + "T3BlbkFJ" + "a1B2" * 6,
    "this pool": "to-ken-of-the-pool",
}


@pytest.fixture
def pool_secret(layout: Settings) -> None:
    layout.git_secret.mkdir(parents=True)
    (layout.git_secret / "username").write_text("app.py and other usual words")
    (layout.git_secret / "token").write_text(KEYS["this pool"] + "\n")


@pytest.mark.parametrize("kind", sorted(KEYS))
def test_a_secret_is_refused_by_file_and_line_and_never_told(
    layout: Settings, order: Order, origin: Path, commit: Callable[..., str], pool_secret: None, kind: str
) -> None:
    commit(conf__app_dot_ini=f"a = 1\nb = 2\nkey = {KEYS[kind]}\n")
    with pytest.raises(Refused) as caught:
        publish.main(layout, order)
    assert caught.value.reason == "SecretFound"
    assert kind in caught.value.message
    assert "conf/app.ini, line 3" in caught.value.message
    assert KEYS[kind] not in caught.value.message
    assert git(origin, "branch", "--list", "boardhand/*") == ""
    assert list(layout.proof.iterdir()) == []


@pytest.mark.parametrize("hiding", ["attributes", "binary", "later removed", "message", "name", "patch-like", "long"])
def test_secrets_are_found_where_they_hide(
    layout: Settings, order: Order, commit: Callable[..., str], pool_secret: None, hiding: str
) -> None:
    key = KEYS["GitHub"]
    if hiding == "attributes":
        commit(_dot_gitattributes="*.txt -diff\n", a_dot_txt=key)
    elif hiding == "binary":
        commit(a_dot_bin=b"\0\1\2" + key.encode() + b"\0")
    elif hiding == "later removed":
        commit(a_dot_txt=key)
        commit(a_dot_txt="clean")
    elif hiding == "message":
        commit(f"why\n\n{key}", a_dot_txt="x")
    elif hiding == "name":
        commit(**{key: "x"})
    elif hiding == "patch-like":
        commit(a_dot_txt=f"@@ -1,0 +1,0 @@\n+++ b/x\ndiff --git a/x b/x\n{key}\n")
    else:
        commit(a_dot_txt="x" * 999_980 + " " + key + " " + "y" * 2_000_000)
    with pytest.raises(Refused, match="SecretFound"):
        publish.main(layout, order)


def test_what_only_looks_like_a_secret_or_was_there_before_is_none(
    layout: Settings, order: Order, origin: Path, tmp_path: Path
) -> None:
    seed = tmp_path / "seed"
    (seed / "old.pem").write_text(KEYS["private key"] + "\nabc\n")
    git(seed, "add", ".")
    git(seed, "commit", "-q", "-m", "old")
    git(seed, "push", "-q", str(origin), "main")
    checkout.main(layout, order)
    (layout.work / "old.pem").write_text(KEYS["private key"] + "\nabd\n")
    (layout.work / "doc.md").write_text("AKIA" + "IOSFODNN7EXAMPLE is the documented one; sk-learn; ghp_short\n")
    local = Git(layout, work_tree=layout.work)
    local.run("add", "--all")
    local.run("commit", "-q", "-m", "x")
    assert publish.main(layout, order).commit == local.text("rev-parse", "HEAD")
