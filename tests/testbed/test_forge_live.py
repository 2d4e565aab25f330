"""A real Gitea of a testbed of its own: started, killed, moved, taken down."""

import os
import signal
import subprocess
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from testbed.forge import process
from testbed.forge.info import ForgeInfo, home
from testbed.forge.install import Installation
from testbed.forge.seed import create_repository, folder_files, reset_repository
from testbed.forge.server import down, up
from testbed.plan import Plan

pytestmark = pytest.mark.e2e
PLAN = Plan("forge-test")


@pytest.fixture(scope="module")
def forge() -> Iterator[ForgeInfo]:
    down(PLAN)
    yield up(PLAN, "127.0.0.1")
    down(PLAN)
    assert not home(PLAN).exists()
    assert not PLAN.service_state.exists()


def pids() -> list[int]:
    return process.running(Installation(home(PLAN)).files.binary)


def api(info: ForgeInfo, token: str) -> httpx.Client:
    headers = {"Authorization": f"token {token}"}
    return httpx.Client(base_url=f"{info.base_url}/api/v1", headers=headers, trust_env=False)


def git(info: ForgeInfo, token: str, *words: str) -> subprocess.CompletedProcess[str]:
    basic = b64encode(f"{info.bot_user}:{token}".encode()).decode()
    header = f"http.extraHeader=Authorization: Basic {basic}"
    return subprocess.run(["git", "-c", header, *words], capture_output=True, text=True, check=False)


def test_a_second_start_leaves_the_first_alone(forge: ForgeInfo) -> None:
    before = pids()
    assert up(PLAN, "127.0.0.1") == forge
    assert len(before) == 1
    assert pids() == before


def test_each_token_of_the_bot_does_its_work_and_no_more(forge: ForgeInfo, tmp_path: Path) -> None:
    repository = reset_repository(forge, "python-shop", folder_files("python-shop"))
    clone = str(tmp_path / "clone")
    assert git(forge, forge.read_token, "clone", "--quiet", repository.clone_url, clone).returncode == 0
    assert {path.name for path in Path(clone).iterdir()} >= {"shop", "tests", "AGENTS.md"}
    push = ("-C", clone, "push", "--quiet", "origin", "HEAD:refs/heads/boardhand/1-x")
    assert git(forge, forge.read_token, *push).returncode != 0
    assert git(forge, forge.push_token, *push).returncode == 0
    with api(forge, forge.api_token) as client:
        assert client.get("/user").json()["login"] == forge.bot_user
        asked = client.post("/repos/demo/python-shop/issues", json={"title": "a ticket"})
        assert asked.status_code == 201
        assert client.delete("/repos/demo/python-shop").status_code == 403


def test_creating_twice_keeps_and_resetting_starts_anew(forge: ForgeInfo) -> None:
    first = create_repository(forge, "kept", {"a.txt": "a", "deep/b.bin": b"\0\1"})
    again = create_repository(forge, "kept", {"c.txt": "c"})
    assert first == again
    assert first.default_branch == "main"
    with api(forge, forge.read_token) as client:
        assert client.get("/repos/demo/kept/raw/deep/b.bin").content == b"\0\1"
        assert client.get("/repos/demo/kept/contents/c.txt").status_code == 404
        reset_repository(forge, "kept", {"c.txt": "c"})
        assert client.get("/repos/demo/kept/raw/c.txt").text == "c"
        assert client.get("/repos/demo/kept/contents/a.txt").status_code == 404


def test_a_killed_forge_starts_again_with_its_data_also_elsewhere(forge: ForgeInfo) -> None:
    create_repository(forge, "survivor", {"a.txt": "a"})
    for pid in pids():
        os.kill(pid, signal.SIGKILL)
    moved = up(PLAN, "127.0.0.2")
    assert moved.base_url.startswith("http://127.0.0.2:")
    assert moved.api_token == forge.api_token
    with api(moved, moved.read_token) as client:
        assert client.get("/repos/demo/survivor").json()["clone_url"].startswith(moved.base_url)
    assert up(PLAN, "127.0.0.1") == forge
    assert len(pids()) == 1


def test_the_server_and_its_data_belong_to_no_root(forge: ForgeInfo) -> None:
    assert pids()
    assert all(Path(f"/proc/{pid}").stat().st_uid != 0 for pid in pids())
    assert home(PLAN).stat().st_uid != 0
