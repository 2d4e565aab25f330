"""What GiteaForge does at a forge that behaves: the same tests run at a real Gitea and at its stand-in."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

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
from boardhand_operator.forges.gitea.forge import GiteaForge
from boardhand_operator.transport import Connection
from tests.contract.board_wires import Wire


class Bench(Protocol):
    """A fresh repository at the forge, and what a person or a git client does there."""

    wire: Wire
    base_url: str
    clone_url: str
    full_name: str
    token: str
    read_token: str
    login: str
    admin: httpx.AsyncClient
    """Calls below the repository's own address, by somebody else than the operator."""

    async def branch(self, name: str, base: str = "main") -> None:
        """A branch with one commit more than its base."""
        ...

    async def same_branch(self, name: str) -> None:
        """A branch without a difference to main."""
        ...

    async def change(self, *, archived: bool = False, pull_requests: bool = True) -> None:
        """Change the repository's settings."""
        ...

    async def empty(self) -> str:
        """The clone address of a repository without a commit."""
        ...


def opened(bench: Bench, token: str | None = None, clone_url: str = "", branch: str = "main") -> GiteaForge:
    """The forge as the operator opens it."""
    spec = pool.Forge.model_validate({"type": "gitea", "url": bench.base_url, "secretRef": {"name": "shop-gitea"}})
    repository = pool.Repository.model_validate(
        {"url": clone_url or bench.clone_url, "branch": branch, "pushSecretRef": {"name": "push"}}
    )
    credentials = {"token": bench.token if token is None else token}
    return GiteaForge(spec, repository, credentials, Connection(transport=bench.wire))


async def pulls(bench: Bench, state: str = "all") -> list[Any]:
    answer = await bench.admin.get("/pulls", params={"state": state})
    found: list[Any] = answer.json()
    return found


class ForgeBehaviour:
    """To be inherited by a class whose module has a fixture `bench`."""

    @pytest.fixture
    def forge(self, bench: Bench) -> GiteaForge:
        return opened(bench)

    async def test_the_check_passes_and_writes_nothing(self, bench: Bench, forge: GiteaForge) -> None:
        await forge.check()
        assert await pulls(bench) == []

    async def test_a_branch_tells_its_commit_and_when_it_was_made(self, bench: Bench, forge: GiteaForge) -> None:
        assert await forge.head("boardhand/1-fix") is None
        before = datetime.now(UTC) - timedelta(seconds=5)
        await bench.branch("boardhand/1-fix")
        found = await forge.head("boardhand/1-fix")
        assert found
        assert len(found.commit) == 40
        assert before <= found.committed_at <= datetime.now(UTC) + timedelta(seconds=5)

    async def test_a_pull_request_is_opened_once_and_kept_up_to_date(self, bench: Bench, forge: GiteaForge) -> None:
        await bench.branch("boardhand/1-fix")
        assert await forge.pull_request("boardhand/1-fix") is None
        draft = await forge.open_pull_request("boardhand/1-fix", "main", "Fix it", "why", True)
        assert draft.draft
        assert draft.url == f"{bench.base_url}/{bench.full_name}/pulls/{draft.number}"
        final = await forge.open_pull_request("boardhand/1-fix", "main", "Fix it", "proved", False)
        assert final == PullRequest(url=draft.url, number=draft.number, draft=False)
        (there,) = await pulls(bench)
        assert (there["title"], there["body"], there["head"]["ref"]) == ("Fix it", "proved", "boardhand/1-fix")
        assert await forge.pull_request("boardhand/1-fix") == final
        bench.wire.requests.clear()
        assert await forge.open_pull_request("boardhand/1-fix", "main", "Fix it", "proved", False) == final
        assert [request.method for request in bench.wire.requests] == ["GET"]

    async def test_two_at_once_open_one(self, bench: Bench, forge: GiteaForge) -> None:
        await bench.branch("boardhand/2-race")
        made = await asyncio.gather(
            *(
                which.open_pull_request("boardhand/2-race", "main", "Race", "b", False)
                for which in (forge, opened(bench))
            )
        )
        assert made[0] == made[1]
        assert [pull["number"] for pull in await pulls(bench, "open")] == [made[0].number]

    async def test_a_pull_request_opened_meanwhile_is_found_after_the_conflict(
        self, bench: Bench, forge: GiteaForge
    ) -> None:
        await bench.branch("boardhand/3-rival")

        async def rival(request: httpx.Request) -> None:
            if request.method == "POST":
                bench.wire.before = None
                body = {"head": "boardhand/3-rival", "base": "main", "title": "First"}
                assert (await bench.admin.post("/pulls", json=body)).status_code == 201

        bench.wire.before = rival
        made = await forge.open_pull_request("boardhand/3-rival", "main", "Second", "b", False)
        (there,) = await pulls(bench)
        assert (there["number"], there["title"]) == (made.number, "Second")

    async def test_a_lost_answer_leads_to_no_second_one(self, bench: Bench, forge: GiteaForge) -> None:
        await bench.branch("boardhand/4-lost")
        bench.wire.lose.append("POST .*/pulls$")
        with pytest.raises(RemoteUnavailable):
            await forge.open_pull_request("boardhand/4-lost", "main", "Lost", "b", False)
        await forge.open_pull_request("boardhand/4-lost", "main", "Lost", "b", False)
        assert len(await pulls(bench)) == 1

    async def test_a_closed_one_does_not_hide_the_open_one(self, bench: Bench, forge: GiteaForge) -> None:
        await bench.branch("boardhand/5-again")
        first = await forge.open_pull_request("boardhand/5-again", "main", "First", "b", False)
        await bench.admin.patch(f"/pulls/{first.number}", json={"state": "closed"})
        assert await forge.pull_request("boardhand/5-again") is None
        second = await forge.open_pull_request("boardhand/5-again", "main", "Second", "b", False)
        assert second.number != first.number
        assert await forge.pull_request("boardhand/5-again") == second

    async def test_a_base_branch_with_a_slash(self, bench: Bench) -> None:
        await bench.branch("release/1")
        await bench.branch("boardhand/6-back", base="release/1")
        forge = opened(bench, branch="release/1")
        await forge.check()
        made = await forge.open_pull_request("boardhand/6-back", "release/1", "Back", "b", True)
        assert await forge.pull_request("boardhand/6-back") == made
        assert (await pulls(bench))[0]["base"]["ref"] == "release/1"

    async def test_a_branch_that_comes_late_is_waited_for(self, bench: Bench, forge: GiteaForge) -> None:
        late = asyncio.create_task(forge.open_pull_request("boardhand/7-late", "main", "Late", "b", False))
        await asyncio.sleep(0.2)
        await bench.branch("boardhand/7-late")
        assert (await late).number

    async def test_a_branch_that_is_not_there_is_said(self, forge: GiteaForge) -> None:
        with pytest.raises(NotFound, match="branch boardhand/8-none or main is not in"):
            await forge.open_pull_request("boardhand/8-none", "main", "None", "b", False)

    async def test_long_and_foreign_texts(self, bench: Bench, forge: GiteaForge) -> None:
        await bench.branch("boardhand/9-text")
        body = "ü → 🚀 <b>&\n" * 8000
        await forge.open_pull_request("boardhand/9-text", "main", "Ünïcode 🚀 " + "x" * 400, body, True)
        (there,) = await pulls(bench)
        assert there["body"] == body
        assert len(there["title"].encode()) in range(252, 256)
        bench.wire.requests.clear()
        await forge.open_pull_request("boardhand/9-text", "main", "Ünïcode 🚀 " + "x" * 400, body, True)
        assert [request.method for request in bench.wire.requests] == ["GET"]

    async def test_a_comment(self, bench: Bench, forge: GiteaForge) -> None:
        await bench.branch("boardhand/10-talk")
        made = await forge.open_pull_request("boardhand/10-talk", "main", "Talk", "b", False)
        await forge.comment(made.number, "The verify commands failed.")
        said = (await bench.admin.get(f"/issues/{made.number}/comments")).json()
        assert [(c["body"], c["user"]["login"]) for c in said] == [("The verify commands failed.", bench.login)]

    async def test_branches_without_a_difference(self, bench: Bench, forge: GiteaForge) -> None:
        await bench.same_branch("boardhand/11-same")
        made = await forge.open_pull_request("boardhand/11-same", "main", "Same", "b", False)
        assert made.number

    async def test_wrong_credentials(self, bench: Bench) -> None:
        with pytest.raises(CredentialsRefused, match="Secret shop-gitea"):
            await opened(bench, "0" * 40).check()
        with pytest.raises(PermissionMissing, match="write:repository"):
            await opened(bench, bench.read_token).check()

    async def test_wrong_addresses(self, bench: Bench) -> None:
        with pytest.raises(Misconfigured, match=r"no branch 'develop'.*default branch is 'main'"):
            await opened(bench, branch="develop").check()
        nowhere = bench.clone_url.replace(bench.full_name.partition("/")[2], "nothing")
        with pytest.raises(Misconfigured, match="has no repository"):
            await opened(bench, clone_url=nowhere).check()

    @pytest.mark.parametrize(
        ("change", "reason"),
        [({"archived": True}, "RepositoryArchived"), ({"pull_requests": False}, "PullRequestsOff")],
    )
    async def test_a_repository_without_pull_requests(self, bench: Bench, change: dict[str, bool], reason: str) -> None:
        await bench.change(**change)
        with pytest.raises(Misconfigured) as wrong:
            await opened(bench).check()
        assert wrong.value.reason == reason

    async def test_an_empty_repository(self, bench: Bench) -> None:
        with pytest.raises(Misconfigured, match="push a first commit to main"):
            await opened(bench, clone_url=await bench.empty()).check()

    async def test_refusals_are_in_the_forges_words(self, forge: GiteaForge) -> None:
        with pytest.raises(Rejected, match="no changes between the head and the base"):
            await forge.open_pull_request("main", "main", "Self", "b", False)

    async def test_pages_of_open_pull_requests(self, bench: Bench, forge: GiteaForge) -> None:
        for name in ("boardhand/12-a", "boardhand/12-b", "boardhand/12-c"):
            await bench.branch(name)
            await forge.open_pull_request(name, "main", name, "b", False)
        answers = [await bench.admin.get("/pulls", params={"limit": "2", "page": str(page)}) for page in (1, 2, 3)]
        assert [[pull["head"]["ref"] for pull in answer.json()] for answer in answers] == [
            ["boardhand/12-c", "boardhand/12-b"],
            ["boardhand/12-a"],
            [],
        ]
        assert {answer.headers["x-total-count"] for answer in answers} == {"3"}

    async def test_what_is_not_there_and_what_is_missing(self, bench: Bench) -> None:
        for method, path, body, status in (
            ("GET", "/pulls/99", None, 404),
            ("PATCH", "/pulls/99", {"title": "x"}, 404),
            ("GET", "/pulls/main/nothing", None, 404),
            ("GET", "/branches/nothing", None, 404),
            ("POST", "/pulls", {"head": "x", "base": "main"}, 422),
            ("POST", "/pulls", {"head": "nothing", "base": "main", "title": "x"}, 404),
        ):
            answer = await bench.admin.request(method, path, json=body)
            assert answer.status_code == status, f"{method} {path}: {answer.text}"
            assert answer.json()["message"]
