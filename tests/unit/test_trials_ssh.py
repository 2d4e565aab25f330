"""The key that stages clone and push with over ssh, tried at a real ssh server with git's own programs behind it."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import asyncssh
import pytest

from boardhand_api.pool import Repository
from boardhand_client.trials import LOOPBACK, UNTRIED, Reach, Trial
from boardhand_client.trials.facts import Hidden
from boardhand_client.trials.ssh import _Server, try_ssh
from boardhand_client.trials.trying import Trying
from boardhand_operator.views import Pool
from tests.support.objects import pool_body
from tests.support.ssh_server import SshServer, new_key, serving


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SshServer]:
    """Serves the empty repository shop.git."""
    root = tmp_path_factory.mktemp("served")
    subprocess.run(["git", "init", "-q", "--bare", str(root / "shop.git")], check=True)
    with serving(root) as served:
        yield served


def repository(url: str) -> Repository:
    return Repository.model_validate({"url": url, "pushSecretRef": {"name": "push"}})


async def tried(
    server: SshServer, path: str = "shop.git", *, push: bool = True, reach: Reach | None = None, **secret: str
) -> Trial:
    held = {"sshKey": server.key, "knownHosts": server.known_hosts, **secret}
    found = await try_ssh(repository(f"{server.address}/{path}"), held, push=push, reach=reach or Reach(seconds=20))
    assert held["sshKey"].splitlines()[-2:][0] not in f"{found.said}{found.fix}"
    return found


@pytest.mark.slow
@pytest.mark.parametrize(("push", "program"), [(True, "git-receive-pack"), (False, "git-upload-pack")])
async def test_who_may_is_told_so(server: SshServer, push: bool, program: str) -> None:
    server.commands.clear()
    found = await tried(server, push=push)
    assert (found.ok, found.said) == (True, f"{server.address}/shop.git lets the key {'push' if push else 'clone'}")
    assert server.commands == [f"{program} '/shop.git'"]
    assert set(server.methods) == {"publickey"}


@pytest.mark.slow
async def test_a_key_with_windows_ends_and_a_host_known_without_its_port_are_good(server: SshServer) -> None:
    plain = server.known_hosts.replace(f"[127.0.0.1]:{server.port}", "127.0.0.1")
    assert (await tried(server, sshKey=server.key.strip().replace("\n", "\r\n"), knownHosts=plain)).ok


@pytest.mark.slow
async def test_who_may_not_is_told_why(server: SshServer) -> None:
    refused = await tried(server, sshKey=new_key())
    assert (refused.reason, "public key of `sshKey`" in refused.said) == ("KeyRefused", True)
    missing = await tried(server, "other.git")
    assert (missing.reason, "correct spec.repository.url" in missing.said) == ("RepositoryMissing", True)
    broken = await tried(server, sshKey=server.key.replace(server.key.splitlines()[2], "AAAA"))
    assert broken.reason == "KeyUnreadable"
    server.read_only = True
    try:
        assert (await tried(server, push=True)).reason == "KeyRefused"
        assert (await tried(server, push=False)).ok
    finally:
        server.read_only = False


@pytest.mark.slow
async def test_an_unknown_host_learns_nothing(server: SshServer) -> None:
    server.methods.clear()
    other = asyncssh.import_private_key(new_key()).export_public_key().decode()
    found = await tried(server, knownHosts=f"[127.0.0.1]:{server.port} {other}")
    assert (found.reason, server.methods) == ("HostKeyUnknown", [])
    assert found.fix.startswith(f"ssh-keyscan -p {server.port} 127.0.0.1  # compare")


@pytest.mark.slow
async def test_who_is_not_reached_is_told_apart(
    server: SshServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed = await tried(server, reach=Reach(closed=LOOPBACK, seconds=5))
    assert closed.reason == "AddressClosed"
    gone = SshServer(tmp_path, server.key, server.known_hosts, 1)
    assert (await tried(gone)).unreached
    nowhere = {"sshKey": server.key, "knownHosts": server.known_hosts}
    unnamed = await try_ssh(repository("ssh://git@nobody.invalid/a.git"), nowhere, push=True, reach=Reach(seconds=5))
    assert unnamed.unreached
    monkeypatch.setenv("PATH", str(tmp_path))
    assert (await tried(server)).reason == UNTRIED


async def test_a_key_with_a_passphrase_and_half_a_secret_are_said(tmp_path: Path) -> None:
    gone = SshServer(tmp_path, new_key(), "x ssh-ed25519 AAAA", 1)
    locked = asyncssh.import_private_key(gone.key).export_private_key("pkcs8-pem", passphrase="words").decode()
    assert (await tried(gone, sshKey=locked)).reason == "KeyUnreadable"
    half = await try_ssh(repository(f"{gone.address}/a.git"), {"sshKey": gone.key}, push=True)
    assert (half.reason, "Secret push" in half.said) == ("SecretIncomplete", True)


async def test_where_nothing_is_given_to_clone_with_nothing_is_tried() -> None:
    repository = {"url": "ssh://git@127.0.0.1:1/shop/cart.git", "pushSecretRef": {"name": "push"}}
    body, hidden = pool_body(board=False, forge=False, repository=repository), Hidden("not allowed")
    found = await Trying(Pool.of(body), {"push": hidden, "model": hidden}, None, Reach(seconds=1)).all()
    assert list(found) == ["secret:repository.push", "secret:models.large"]


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("ssh://git@r.example/a/b.git", ["-p22", "-lgit", "--", "r.example", "git-upload-pack '/a/b.git'"]),
        ("ssh://ann@r.example:2222/~ann/b", ["-p2222", "-lann", "--", "r.example", "git-upload-pack '~ann/b'"]),
        ("ssh://r.example/a%20b", ["-p22", "-lboardhand", "--", "r.example", "git-upload-pack '/a b'"]),
        ("ssh://r.example/a';id;!", ["-p22", "-lboardhand", "--", "r.example", "git-upload-pack '/a'\\'';id;'\\!''"]),
        ("ssh://-oProxyCommand=id/a", None),
        ("ssh://-oProxyCommand=id@r.example/a", None),
        ("ssh://r.example/a%0Aid", None),
    ],
)
def test_an_address_is_what_git_makes_of_it_and_never_an_option(url: str, words: list[str] | None) -> None:
    server = _Server.of(url)
    assert (server and server.words("name", "192.0.2.7", False)[2:]) == words
    if server:
        assert server.words("name", "192.0.2.7", True)[:2] == ["-oHostName=192.0.2.7", "-oHostKeyAlias=name"]
