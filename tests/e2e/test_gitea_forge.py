"""GiteaForge on the testbed's Gitea; every request it sends is held to Forgejo's swagger file."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from dataclasses import dataclass

import httpx
import pytest

from testbed.forge.info import ForgeInfo
from testbed.forge.seed import reset_repository
from testbed.forge.server import default_address, up
from testbed.plan import plan_from_environment
from tests.contract.board_wires import Wire
from tests.contract.forge_behaviour import ForgeBehaviour
from tests.contract.forge_requests import check_forge_requests

pytestmark = pytest.mark.e2e
NAME = "forge-behaviour"


@dataclass
class RealBench:
    """A fresh repository at the testbed's Gitea."""

    info: ForgeInfo
    clone_url: str
    admin: httpx.AsyncClient
    wire: Wire

    def __post_init__(self) -> None:
        self.base_url, self.login = self.info.base_url, self.info.bot_user
        self.token, self.read_token = self.info.api_token, self.info.read_token
        self.full_name = f"{self.info.organisation}/{NAME}"

    async def branch(self, name: str, base: str = "main") -> None:
        content = base64.b64encode(name.encode()).decode()
        body = {"branch": base, "new_branch": name, "content": content, "message": name}
        answer = await self.admin.post(f"/contents/{name.replace('/', '-')}", json=body)
        assert answer.status_code == 201, answer.text

    async def same_branch(self, name: str) -> None:
        answer = await self.admin.post("/branches", json={"new_branch_name": name})
        assert answer.status_code == 201, answer.text

    async def change(self, *, archived: bool = False, pull_requests: bool = True) -> None:
        answer = await self.admin.patch("", json={"archived": archived, "has_pull_requests": pull_requests})
        assert answer.status_code == 200, answer.text

    async def empty(self) -> str:
        async with httpx.AsyncClient(headers=dict(self.admin.headers), trust_env=False) as http:
            base = f"{self.info.base_url}/api/v1"
            await http.delete(f"{base}/repos/{self.info.organisation}/{NAME}-empty")
            made = await http.post(f"{base}/orgs/{self.info.organisation}/repos", json={"name": f"{NAME}-empty"})
        assert made.status_code == 201
        return str(made.json()["clone_url"])


@pytest.fixture(scope="module")
def info() -> ForgeInfo:
    plan = plan_from_environment()
    return up(plan, default_address(plan))


@pytest.fixture
async def bench(info: ForgeInfo) -> AsyncIterator[RealBench]:
    made = reset_repository(info, NAME, {"README.md": "hello"})
    wire = Wire(httpx.AsyncHTTPTransport())
    base = f"{info.base_url}/api/v1/repos/{info.organisation}/{NAME}"
    headers = {"authorization": f"token {info.admin_token}"}
    async with httpx.AsyncClient(base_url=base, headers=headers, timeout=30, trust_env=False) as admin:
        yield RealBench(info, made.clone_url, admin, wire)
    await wire.aclose()
    check_forge_requests(wire.requests)


class TestRealGitea(ForgeBehaviour):
    """All of it."""
