"""Checkout and publish over ssh: git's own programs behind a real ssh server, and what its refusals mean."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import asyncssh
import pytest

from boardhand_api import pod
from boardhand_api.order import Order
from boardhand_api.ssh import Identity
from boardhand_runner.errors import Configuration, Refused
from boardhand_runner.git import Git
from boardhand_runner.remote import Remote
from boardhand_runner.settings import Settings
from boardhand_runner.stages import checkout, publish
from tests.support.benches import empty
from tests.support.ssh_server import SshServer, new_key, serving

MODEL = {"provider": "openai", "name": "scripted"}
GIT = ["git", "-c", "user.name=Ann", "-c", "user.email=ann@example.org", "-c", "init.defaultBranch=main"]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[SshServer]:
    """Serves the repository shop.git."""
    seed = tmp_path / "seed"
    subprocess.run([*GIT, "init", "-q", "-b", "main", str(seed)], check=True)
    (seed / "app.py").write_text("x = 1\n")
    subprocess.run([*GIT, "-C", str(seed), "add", "."], check=True)
    subprocess.run([*GIT, "-C", str(seed), "commit", "-q", "-m", "first"], check=True)
    subprocess.run([*GIT, "clone", "-q", "--bare", str(seed), str(tmp_path / "served" / "shop.git")], check=True)
    with serving(tmp_path / "served") as served:
        yield served


@pytest.fixture
def layout(tmp_path: Path, server: SshServer) -> Settings:
    layout = empty(tmp_path / "root")
    mount(layout, server.key, server.known_hosts)
    return layout


def mount(layout: Settings, key: str, known_hosts: str) -> None:
    """As the kubelet does: readable by the group."""
    layout.git_secret.mkdir(parents=True, exist_ok=True)
    for name, value in (("sshKey", key), ("knownHosts", known_hosts)):
        (layout.git_secret / name).write_text(value)
        (layout.git_secret / name).chmod(0o440)


def order_for(repository: str, *, submodules: bool = False) -> Order:
    limits = {
        "steps": 5,
        "tokens": 1,
        "deadline_seconds": 60,
        "command_timeout_seconds": 9,
        "model_patience_seconds": 5,
    }
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
            "limits": limits,
            "submodules": submodules,
        }
    )


def commit(layout: Settings, text: str) -> Git:
    (layout.work / "app.py").write_text(text)
    local = Git(layout, work_tree=layout.work)
    local.run("commit", "-q", "-a", "-m", "second")
    return local


def test_a_repository_is_cloned_and_pushed_and_the_key_left_nowhere(
    server: SshServer, layout: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(layout.home))
    order = order_for(f"{server.address}/shop.git")
    checkout.main(layout, order)
    line = server.key.splitlines()[2].encode()
    for folder in (layout.work, layout.git_dir, layout.serve, layout.home):
        for file in folder.rglob("*"):
            assert not file.is_file() or line not in file.read_bytes(), file
    local = commit(layout, "x = 2\n")
    head = publish.main(layout, order).commit
    bare = tmp_path / "served" / "shop.git"
    pushed = subprocess.run(["git", "-C", str(bare), "rev-parse", order.branch], capture_output=True, text=True)
    assert pushed.stdout.strip() == head == local.text("rev-parse", "HEAD")
    assert {command.split()[0] for command in server.commands} == {"git-upload-pack", "git-receive-pack"}
    assert set(server.methods) == {"publickey"}


def test_a_key_without_its_last_line_break_or_with_those_of_windows(server: SshServer, layout: Settings) -> None:
    (layout.git_secret / "sshKey").chmod(0o600)
    (layout.git_secret / "sshKey").write_bytes(server.key.strip().replace("\n", "\r\n").encode())
    checkout.main(layout, order_for(f"{server.address}/shop.git"))
    assert (layout.work / "app.py").read_text() == "x = 1\n"


def test_another_host_key_is_refused_and_nobody_is_told_who_we_are(server: SshServer, layout: Settings) -> None:
    public = asyncssh.import_private_key(new_key()).export_public_key().decode()
    (layout.git_secret / "knownHosts").chmod(0o600)
    for known in (f"[127.0.0.1]:{server.port} {public}", f"git.example.org {public}"):
        (layout.git_secret / "knownHosts").write_text(known)
        with pytest.raises(Configuration, match="GitHostKeyUnknown"):
            checkout.main(layout, order_for(f"{server.address}/shop.git"))
    assert server.methods == server.commands == []


def test_another_key_is_refused_without_a_try_by_password(server: SshServer, layout: Settings) -> None:
    mount_again(layout, new_key())
    with pytest.raises(Configuration, match=r"GitAuthenticationFailed.*public key of `sshKey`"):
        checkout.main(layout, order_for(f"{server.address}/shop.git"))
    assert set(server.methods) == {"publickey"}


@pytest.mark.parametrize("locked", [True, False])
def test_a_key_that_cannot_be_used(server: SshServer, layout: Settings, *, locked: bool) -> None:
    mount_again(layout, server.key if locked else "no key at all")
    if locked:
        change = ["ssh-keygen", "-q", "-p", "-P", "", "-N", "some words", "-f", str(layout.git_secret / "sshKey")]
        subprocess.run(change, check=True, capture_output=True)
    with pytest.raises(Configuration, match=r"GitKeyUnusable.*(has a passphrase|put the whole file)"):
        checkout.main(layout, order_for(f"{server.address}/shop.git"))


def mount_again(layout: Settings, key: str) -> None:
    (layout.git_secret / "sshKey").chmod(0o600)
    (layout.git_secret / "sshKey").write_text(key)


def test_a_missing_repository_is_configuration(server: SshServer, layout: Settings) -> None:
    with pytest.raises(Configuration, match="GitRepositoryNotFound"):
        checkout.main(layout, order_for(f"{server.address}/nothing.git"))


def test_a_key_that_may_not_push_is_configuration(server: SshServer, layout: Settings) -> None:
    order = order_for(f"{server.address}/shop.git")
    checkout.main(layout, order)
    commit(layout, "x = 2\n")
    server.read_only = True
    with pytest.raises(Configuration, match=r"GitAuthenticationFailed.*read only"):
        publish.main(layout, order)


def test_no_line_of_the_key_is_pushed_and_the_host_key_may_be(server: SshServer, layout: Settings) -> None:
    order = order_for(f"{server.address}/shop.git")
    checkout.main(layout, order)
    local = commit(layout, f"# {server.key.splitlines()[3]}\n")
    with pytest.raises(Refused, match=r"a secret of this pool in app.py, line 1"):
        publish.main(layout, order)
    local.run("reset", "-q", "--hard", "HEAD^")
    commit(layout, server.known_hosts)
    assert publish.main(layout, order).commit


def test_submodules_of_the_same_server(server: SshServer, layout: Settings, tmp_path: Path) -> None:
    seed, served = tmp_path / "seed", tmp_path / "served"
    subprocess.run([*GIT, "clone", "-q", "--bare", str(seed), str(served / "part.git")], check=True)
    allow = ["-c", "protocol.file.allow=always"]
    subprocess.run(
        [*GIT, *allow, "-C", str(seed), "submodule", "add", "-q", str(served / "part.git"), "part"], check=True
    )
    modules = (seed / ".gitmodules").read_text().replace(str(served / "part.git"), "../part.git")
    (seed / ".gitmodules").write_text(modules)
    subprocess.run([*GIT, "-C", str(seed), "commit", "-q", "-a", "-m", "part"], check=True)
    subprocess.run([*GIT, "-C", str(seed), "push", "-q", str(served / "shop.git"), "main"], check=True)
    checkout.main(layout, order_for(f"{server.address}/shop.git", submodules=True))
    assert (layout.work / "part" / "app.py").read_text() == "x = 1\n"


@pytest.mark.parametrize("missing", ["sshKey", "knownHosts"])
def test_half_a_secret_is_configuration(layout: Settings, missing: str) -> None:
    (layout.git_secret / missing).unlink()
    with pytest.raises(Configuration, match=f"GitSecretIncomplete.*no {missing}"):
        Remote(layout, "ssh://git@git.test/team/app.git")


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ("git@git.test:team/app.git", "GitAddressWrong"),
        ("ssh://-oProxyCommand=touch/x", "GitAddressWrong"),
        ("ext::sh -c true", "GitAddressWrong"),
        ("git://git.test/app.git", "GitAddressWrong"),
        ("ssh://git:words@git.test/app.git", "GitAddressHoldsCredentials"),
    ],
)
def test_addresses_that_are_refused(layout: Settings, address: str, reason: str) -> None:
    with pytest.raises(Configuration, match=reason):
        Remote(layout, address)


def test_git_may_use_ssh_and_no_other_way(server: SshServer, layout: Settings, tmp_path: Path) -> None:
    remote = Remote(layout, f"{server.address}/shop.git")
    for other in (f"file://{tmp_path}/served/shop.git", f"http://127.0.0.1:{server.port}/shop.git", "ext::true"):
        done = remote.attempt("ls-remote", other, in_repository=False)
        assert done.code and "not allowed" in done.stderr, other


def test_nothing_of_the_machine_is_used(layout: Settings) -> None:
    remote = Remote(layout, "ssh://git@git.test/team/app.git")
    with remote.environment() as environment:
        command = environment["GIT_SSH_COMMAND"].split()
        files = [Path(part.rpartition("=")[2]) for part in command if "boardhand-ssh-" in part]
        assert {file.stat().st_mode & 0o777 for file in files} == {0o400}
        assert command[:3] == ["ssh", "-F", "/dev/null"]
        assert {"-oStrictHostKeyChecking=yes", "-oIdentityAgent=none", "-oBatchMode=yes"} <= set(command)
        assert environment["GIT_ALLOW_PROTOCOL"] == "ssh" and "SSH_AUTH_SOCK" not in environment
    assert len(files) == 2 and not any(file.exists() for file in files)


def test_the_image_has_what_ssh_takes() -> None:
    """Its client, and an entry for the stages' user, without which it does not start."""
    dockerfile = (Path(__file__).parents[2] / "Dockerfile.runner").read_text()
    assert " openssh-client " in dockerfile
    assert f":x:{pod.USER}:{pod.USER}:" in dockerfile


def test_a_key_is_not_shown() -> None:
    assert "words" not in repr(Identity("words", "hosts"))
