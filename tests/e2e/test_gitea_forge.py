"""GiteaForge on the testbed's Gitea; every request it sends is held to Forgejo's swagger file."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from boardhand_api import pool
from boardhand_api.run import PullRequest
from boardhand_operator.errors import (
    CredentialsRefused,
    Misconfigured,
    NotFound,
    PermissionMissing,
    Rejected,
    RemoteUnavailable,
)
from boardhand_operator.forges.gitea import GiteaForge
from boardhand_operator.transport import Connection
from testbed.forge.info import ForgeInfo
from testbed.forge.seed import reset_repository
from testbed.forge.server import default_address, up
from testbed.plan import plan_from_environment
from tests.contract.board_wires import Wire
from tests.contract.forge_requests import check_forge_requests

pytestmark = pytest.mark.e2e
NAME = "forge-behaviour"


@dataclass
class Bench:
    """A fresh repository at the forge, and what a person or a git client does there."""

    info: ForgeInfo
    clone_url: str
    admin: httpx.AsyncClient
    wire: Wire

    def open(self, token: str | None = None, clone_url: str = "", branch: str = "main") -> GiteaForge:
        spec = pool.Forge.model_validate(
            {"type": "gitea", "url": self.info.base_url, "secretRef": {"name": "shop-gitea"}}
        )
        repository = pool.Repository.model_validate(
            {"url": clone_url or self.clone_url, "branch": branch, "pushSecretRef": {"name": "push"}}
        )
        credentials = {"token": self.info.api_token if token is None else token}
        return GiteaForge(spec, repository, credentials, Connection(transport=self.wire))

    async def branch(self, name: str, base: str = "main", path: str = "") -> None:
        """A branch with one commit more than its base."""
        content = base64.b64encode(name.encode()).decode()
        body = {"branch": base, "new_branch": name, "content": content, "message": name}
        answer = await self.admin.post(f"/contents/{path or name.replace('/', '-')}", json=body)
        assert answer.status_code == 201, answer.text

    async def pulls(self, state: str = "all") -> list[Any]:
        answer = await self.admin.get("/pulls", params={"state": state})
        found: list[Any] = answer.json()
        return found


@pytest.fixture(scope="module")
def info() -> ForgeInfo:
    plan = plan_from_environment()
    return up(plan, default_address(plan))


@pytest.fixture
async def bench(info: ForgeInfo) -> AsyncIterator[Bench]:
    made = reset_repository(info, NAME, {"README.md": "hello"})
    wire = Wire(httpx.AsyncHTTPTransport())
    base = f"{info.base_url}/api/v1/repos/{info.organisation}/{NAME}"
    headers = {"authorization": f"token {info.admin_token}"}
    async with httpx.AsyncClient(base_url=base, headers=headers, timeout=30, trust_env=False) as admin:
        yield Bench(info, made.clone_url, admin, wire)
    await wire.aclose()
    check_forge_requests(wire.requests)


@pytest.fixture
def forge(bench: Bench) -> GiteaForge:
    return bench.open()


async def test_the_check_passes_and_writes_nothing(bench: Bench, forge: GiteaForge) -> None:
    await forge.check()
    assert await bench.pulls() == []


async def test_a_pull_request_is_opened_once_and_kept_up_to_date(bench: Bench, forge: GiteaForge) -> None:
    await bench.branch("boardhand/1-fix")
    assert await forge.pull_request("boardhand/1-fix") is None
    draft = await forge.open_pull_request("boardhand/1-fix", "main", "Fix it", "why", True)
    assert draft.draft
    assert draft.url == f"{bench.info.base_url}/{bench.info.organisation}/{NAME}/pulls/{draft.number}"
    final = await forge.open_pull_request("boardhand/1-fix", "main", "Fix it", "proved", False)
    assert final == PullRequest(url=draft.url, number=draft.number, draft=False)
    (there,) = await bench.pulls()
    assert (there["title"], there["body"], there["head"]["ref"]) == ("Fix it", "proved", "boardhand/1-fix")
    assert await forge.pull_request("boardhand/1-fix") == final
    bench.wire.requests.clear()
    assert await forge.open_pull_request("boardhand/1-fix", "main", "Fix it", "proved", False) == final
    assert [request.method for request in bench.wire.requests] == ["GET"]


async def test_two_at_once_open_one(bench: Bench, forge: GiteaForge) -> None:
    await bench.branch("boardhand/2-race")
    other = bench.open()
    made = await asyncio.gather(
        *(which.open_pull_request("boardhand/2-race", "main", "Race", "b", False) for which in (forge, other))
    )
    assert made[0] == made[1]
    assert [pull["number"] for pull in await bench.pulls("open")] == [made[0].number]


async def test_a_pull_request_opened_meanwhile_is_found_after_the_conflict(bench: Bench, forge: GiteaForge) -> None:
    await bench.branch("boardhand/3-rival")

    async def rival(request: httpx.Request) -> None:
        if request.method == "POST":
            bench.wire.before = None
            body = {"head": "boardhand/3-rival", "base": "main", "title": "First"}
            assert (await bench.admin.post("/pulls", json=body)).status_code == 201

    bench.wire.before = rival
    made = await forge.open_pull_request("boardhand/3-rival", "main", "Second", "b", False)
    (there,) = await bench.pulls()
    assert (there["number"], there["title"]) == (made.number, "Second")


async def test_a_lost_answer_leads_to_no_second_one(bench: Bench, forge: GiteaForge) -> None:
    await bench.branch("boardhand/4-lost")
    bench.wire.lose.append("POST .*/pulls$")
    with pytest.raises(RemoteUnavailable):
        await forge.open_pull_request("boardhand/4-lost", "main", "Lost", "b", False)
    await forge.open_pull_request("boardhand/4-lost", "main", "Lost", "b", False)
    assert len(await bench.pulls()) == 1


async def test_a_closed_one_does_not_hide_the_open_one(bench: Bench, forge: GiteaForge) -> None:
    await bench.branch("boardhand/5-again")
    first = await forge.open_pull_request("boardhand/5-again", "main", "First", "b", False)
    await bench.admin.patch(f"/pulls/{first.number}", json={"state": "closed"})
    assert await forge.pull_request("boardhand/5-again") is None
    second = await forge.open_pull_request("boardhand/5-again", "main", "Second", "b", False)
    assert second.number != first.number
    assert await forge.pull_request("boardhand/5-again") == second


async def test_a_base_branch_with_a_slash(bench: Bench) -> None:
    await bench.branch("release/1")
    await bench.branch("boardhand/6-back", base="release/1")
    forge = bench.open(branch="release/1")
    await forge.check()
    made = await forge.open_pull_request("boardhand/6-back", "release/1", "Back", "b", True)
    assert await forge.pull_request("boardhand/6-back") == made
    assert (await bench.pulls())[0]["base"]["ref"] == "release/1"


async def test_a_branch_that_comes_late_is_waited_for(bench: Bench, forge: GiteaForge) -> None:
    late = asyncio.create_task(forge.open_pull_request("boardhand/7-late", "main", "Late", "b", False))
    await asyncio.sleep(0.2)
    await bench.branch("boardhand/7-late")
    assert (await late).number


async def test_a_branch_that_is_not_there_is_said(forge: GiteaForge) -> None:
    with pytest.raises(NotFound, match="branch boardhand/8-none or main is not in"):
        await forge.open_pull_request("boardhand/8-none", "main", "None", "b", False)


async def test_long_and_foreign_texts(bench: Bench, forge: GiteaForge) -> None:
    await bench.branch("boardhand/9-text")
    body = "ü → 🚀 <b>&\n" * 8000
    await forge.open_pull_request("boardhand/9-text", "main", "Ünïcode 🚀 " + "x" * 400, body, True)
    (there,) = await bench.pulls()
    assert there["body"] == body
    assert len(there["title"].encode()) in range(252, 256)
    bench.wire.requests.clear()
    await forge.open_pull_request("boardhand/9-text", "main", "Ünïcode 🚀 " + "x" * 400, body, True)
    assert [request.method for request in bench.wire.requests] == ["GET"]


async def test_a_comment(bench: Bench, forge: GiteaForge) -> None:
    await bench.branch("boardhand/10-talk")
    made = await forge.open_pull_request("boardhand/10-talk", "main", "Talk", "b", False)
    await forge.comment(made.number, "The verify commands failed.")
    said = (await bench.admin.get(f"/issues/{made.number}/comments")).json()
    assert [(c["body"], c["user"]["login"]) for c in said] == [("The verify commands failed.", bench.info.bot_user)]


async def test_branches_without_a_difference(bench: Bench, forge: GiteaForge) -> None:
    answer = await bench.admin.post("/branches", json={"new_branch_name": "boardhand/11-same"})
    assert answer.status_code == 201
    made = await forge.open_pull_request("boardhand/11-same", "main", "Same", "b", False)
    assert made.number


async def test_wrong_credentials(bench: Bench) -> None:
    with pytest.raises(CredentialsRefused, match="Secret shop-gitea"):
        await bench.open("0" * 40).check()
    with pytest.raises(PermissionMissing, match="write:repository"):
        await bench.open(bench.info.read_token).check()


async def test_wrong_addresses(bench: Bench) -> None:
    with pytest.raises(Misconfigured, match=r"no branch 'develop'.*default branch is 'main'"):
        await bench.open(branch="develop").check()
    with pytest.raises(Misconfigured, match="has no repository"):
        await bench.open(clone_url=bench.clone_url.replace(NAME, "nothing")).check()


@pytest.mark.parametrize(
    ("change", "reason"),
    [({"archived": True}, "RepositoryArchived"), ({"has_pull_requests": False}, "PullRequestsOff")],
)
async def test_a_repository_without_pull_requests(bench: Bench, change: dict[str, bool], reason: str) -> None:
    answer = await bench.admin.patch("", json=change)
    assert answer.status_code == 200, answer.text
    with pytest.raises(Misconfigured) as wrong:
        await bench.open().check()
    assert wrong.value.reason == reason


async def test_an_empty_repository(bench: Bench) -> None:
    async with httpx.AsyncClient(headers=dict(bench.admin.headers), trust_env=False) as http:
        base = f"{bench.info.base_url}/api/v1"
        await http.delete(f"{base}/repos/{bench.info.organisation}/{NAME}-empty")
        made = await http.post(f"{base}/orgs/{bench.info.organisation}/repos", json={"name": f"{NAME}-empty"})
    assert made.status_code == 201
    with pytest.raises(Misconfigured, match="push a first commit to main"):
        await bench.open(clone_url=made.json()["clone_url"]).check()


async def test_refusals_are_in_the_forges_words(bench: Bench, forge: GiteaForge) -> None:
    with pytest.raises(Rejected, match="no changes between the head and the base"):
        await forge.open_pull_request("main", "main", "Self", "b", False)
