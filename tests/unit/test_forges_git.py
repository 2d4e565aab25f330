"""A plain git remote: over http with git's own server program, over ssh without a request."""

from __future__ import annotations

import base64
import subprocess
from pathlib import Path
from typing import Any

import httpx
import pytest

from boardhand_api import pool
from boardhand_operator.errors import CredentialsRefused, Misconfigured
from boardhand_operator.forges import Forge, Proposal, open_forge
from boardhand_operator.forges.git import PlainGit
from boardhand_operator.http.transport import Connection
from boardhand_operator.kube import Resource
from boardhand_operator.services import Services
from tests.support.fake_kube import FakeKube
from tests.support.objects import a_pool

GIT = ["git", "-c", "user.name=Ann", "-c", "user.email=ann@example.org"]
TOKEN = "to-ken-of-the-pool-0123"


@pytest.fixture
def remote(tmp_path: Path) -> Path:
    """A repository with the branches main and boardhand/1-ü."""
    folder = tmp_path / "shop.git"
    subprocess.run([*GIT, "init", "-q", "-b", "main", str(folder)], check=True)
    subprocess.run([*GIT, "-C", str(folder), "commit", "-q", "--allow-empty", "-m", "first"], check=True)
    subprocess.run([*GIT, "-C", str(folder), "branch", "boardhand/1-ü"], check=True)
    subprocess.run([*GIT, "-C", str(folder), "tag", "main-tag"], check=True)
    return folder


class Server:
    """Answers as a smart git server in front of `folder` does."""

    def __init__(self, folder: Path, *, private: bool = True) -> None:
        self.folder, self.private = folder, private
        self.requests: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        pair = base64.b64encode(f"ann:{TOKEN}".encode()).decode()
        if self.private and request.headers.get("authorization") != f"Basic {pair}":
            return httpx.Response(401, text="HTTP Basic: Access denied")
        if request.url.path != "/team/shop.git/info/refs" or request.url.params["service"] != "git-upload-pack":
            return httpx.Response(404, text="Not found")
        said = subprocess.run(
            ["git", "upload-pack", "--http-backend-info-refs", str(self.folder)], capture_output=True, check=True
        ).stdout
        kind = "application/x-git-upload-pack-advertisement"
        return httpx.Response(
            200, content=b"001e# service=git-upload-pack\n0000" + said, headers={"content-type": kind}
        )


def opened(answer: Any, clone_url: str = "http://git.test/team/shop.git", branch: str = "main", **spec: Any) -> Forge:
    secret = spec.pop("secret", {"username": "ann", "token": TOKEN})
    named = {"secretRef": {"name": "git"}} if secret is not None else {}
    return open_forge(
        pool.Forge.model_validate({"type": "git", **named, **spec}),
        pool.Repository.model_validate({"url": clone_url, "branch": branch, "pushSecretRef": {"name": "push"}}),
        secret or {},
        Connection(transport=httpx.MockTransport(answer)),
    )


async def test_branches_are_read_as_git_reads_them(remote: Path) -> None:
    server = Server(remote)
    forge = opened(server)
    assert isinstance(forge, PlainGit) and not forge.pull_requests
    await forge.check()
    commit = subprocess.run([*GIT, "-C", str(remote), "rev-parse", "main"], capture_output=True, text=True)
    for branch in ("main", "boardhand/1-ü"):
        head = await forge.head(branch)
        assert head and head.commit == commit.stdout.strip() and head.committed_at is None
    assert await forge.head("main-tag") is None
    assert {request.method for request in server.requests} == {"GET"}
    await forge.aclose()


async def test_a_public_repository_needs_no_secret(remote: Path) -> None:
    server = Server(remote, private=False)
    await opened(server, secret=None).check()
    assert "authorization" not in server.requests[0].headers


async def test_refused_credentials(remote: Path) -> None:
    with pytest.raises(CredentialsRefused, match="`username` and `token` in Secret git") as refused:
        await opened(Server(remote), secret={"username": "ann", "token": "outdated-token"}).check()
    assert "outdated-token" not in str(refused.value)
    with pytest.raises(CredentialsRefused, match=r"name it in spec\.forge\.secretRef"):
        await opened(Server(remote), secret=None).check()
    with pytest.raises(Misconfigured, match=r"Secret git \(spec\.forge\.secretRef\) has nothing under `token`"):
        opened(Server(remote), secret={"username": "ann"})


async def test_wrong_places(remote: Path, tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match=r"no branch 'develop'.*default branch is 'main'"):
        await opened(Server(remote), branch="develop").check()
    with pytest.raises(Misconfigured, match=r"There is no repository http://git\.test/team/other\.git"):
        await opened(Server(remote), "http://git.test/team/other.git").check()
    with pytest.raises(Misconfigured, match="does not answer as a git repository"):
        await opened(lambda _: httpx.Response(200, text="<html>Welcome</html>")).check()
    subprocess.run([*GIT, "init", "-q", "-b", "main", str(tmp_path / "none.git")], check=True)
    with pytest.raises(Misconfigured, match="is empty: push a first commit to main"):
        await opened(Server(tmp_path / "none.git")).check()


async def test_over_ssh_nothing_is_asked() -> None:
    def nobody(request: httpx.Request) -> httpx.Response:
        raise AssertionError(f"asked {request.url}")

    forge = opened(nobody, "ssh://git@git.test/team/shop.git", secret=None)
    await forge.check()
    assert await forge.head("main") is None
    await forge.aclose()


@pytest.mark.parametrize(
    "field",
    [{"labels": ["x"]}, {"reviewers": ["ann"]}, {"url": "http://git.test"}, {"webhook": {"callbackUrl": "http://h"}}],
)
async def test_what_a_plain_remote_does_not_know_is_said(remote: Path, field: dict[str, Any]) -> None:
    with pytest.raises(Misconfigured, match=rf"spec\.forge\.{next(iter(field))} has no meaning"):
        await opened(Server(remote), **field).check()


async def test_there_are_no_pull_requests(remote: Path) -> None:
    forge = opened(Server(remote))
    with pytest.raises(Misconfigured, match="no pull requests"):
        await forge.open_pull_request(Proposal("boardhand/1-x", "main", "T", "B", False))
    with pytest.raises(Misconfigured, match="no pull requests"):
        await forge.comments(1)
    assert not forge.signed({}, b"")


def keep(kube: FakeKube, name: str, **values: str) -> None:
    data = {key: base64.b64encode(value.encode()).decode() for key, value in values.items()}
    kube.put(Resource.SECRETS, "team", {"metadata": {"name": name}, "data": data})


async def test_over_ssh_the_secrets_have_a_key_and_known_hosts() -> None:
    kube = FakeKube()
    keep(kube, "model", apiKey="k")
    keep(kube, "push", sshKey="k")
    repository: dict[str, Any] = {"url": "ssh://git@git.test/team/shop.git", "pushSecretRef": {"name": "push"}}
    services = Services(kube, None)
    with pytest.raises(Misconfigured, match=r"spec\.repository\.readSecretRef is required over ssh"):
        await services.require_secrets(a_pool(repository=repository))
    both = a_pool(repository=repository | {"readSecretRef": {"name": "push"}})
    with pytest.raises(Misconfigured, match=r"readSecretRef: Secret push lacks the key 'knownHosts'"):
        await services.require_secrets(both)
    kube.remove(Resource.SECRETS, ("team", "push"))
    keep(kube, "push", sshKey="k", knownHosts="git.test ssh-ed25519 x")
    await services.require_secrets(both)
