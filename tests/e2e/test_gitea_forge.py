"""GiteaForge on the testbed's Gitea: the cases of every forge; each request is held to Forgejo's swagger file."""

from __future__ import annotations

import asyncio
import base64
import itertools
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from boardhand_api import pool
from boardhand_operator.forges import Proposal
from boardhand_operator.forges.gitea.forge import GiteaForge
from boardhand_operator.forges.gitea.said import EVENTS
from boardhand_operator.reviews import CheckState, Judgement, LineComment
from testbed.forge.info import ForgeInfo
from testbed.forge.seed import reset_repository
from testbed.forge.server import default_address, up
from testbed.gitea.hook_call import hook_call
from testbed.plan import plan_from_environment
from tests.contract.board_wires import Wire
from tests.contract.forge_behaviour import ForgeBehaviour, Pull
from tests.contract.forge_requests import check_forge_requests
from tests.contract.gitea_forge import STATES, GiteaForgeBench
from tests.contract.serving import serving
from tests.e2e.gitea_wire import Faulty, RealGitea, client

pytestmark = pytest.mark.e2e
NAME, REVIEWER = "forge-behaviour", "forge-reviewer"
CALLBACK, HOOK_SECRET = "http://127.0.0.1:9/webhooks/team/app", "a-secret-of-ours"


@dataclass
class RealBench(RealGitea):
    """A fresh repository at the testbed's Gitea, in which its administrator is the person."""

    info: ForgeInfo
    clone_url: str
    _numbers: itertools.count[int] = field(default_factory=itertools.count)

    has = GiteaForgeBench.has
    secret, label, reviewer = "shop-gitea", "bot", REVIEWER
    opened, edited, commented = GiteaForgeBench.opened, GiteaForgeBench.edited, GiteaForgeBench.commented
    subscribed, signs_body = GiteaForgeBench.subscribed, True
    callback = CALLBACK
    body_limit, full_page = 10_000_000, 50

    def __post_init__(self) -> None:
        self.person = self.info.admin_user
        self.nowhere = self.clone_url.replace(NAME, "nothing-of-the-kind")

    def open(
        self,
        *,
        token: str | None = None,
        hook: bool = False,
        branch: str = "main",
        clone_url: str | None = None,
        **spec: Any,
    ) -> GiteaForge:
        fields: dict[str, Any] = {"type": "gitea", "url": self.info.base_url, "secretRef": {"name": self.secret}}
        credentials = {"token": token or self.info.api_token}
        if hook:
            fields["webhook"] = {"callbackUrl": CALLBACK}
            credentials = {"token": token or self.info.admin_token, "webhookSecret": HOOK_SECRET}
        wanted = {"url": clone_url or self.clone_url, "branch": branch, "pushSecretRef": {"name": "push"}}
        repository = pool.Repository.model_validate(wanted)
        return GiteaForge(pool.Forge.model_validate(fields | spec), repository, credentials, self.connection)

    def reader_token(self) -> str:
        return self.info.read_token

    async def branch(self, name: str, base: str = "main") -> str:
        there = (await self.admin.get(f"/branches/{quote(name)}")).status_code == 200
        at = name if there else base
        old = (await self.admin.get("/contents/README.md", params={"ref": at})).json()
        text = "\n".join(f"{name} {next(self._numbers)}" for _ in range(3)) + "\n"
        changed = {"content": base64.b64encode(text.encode()).decode(), "sha": old["sha"], "message": name}
        where = {"branch": name} if there else {"branch": base, "new_branch": name}
        return str((await self.ask("PUT", "/contents/README.md", **changed, **where))["commit"]["sha"])

    async def same_branch(self, name: str) -> None:
        await self.ask("POST", "/branches", new_branch_name=name)

    async def template(self, text: str) -> None:
        content = base64.b64encode(text.encode()).decode()
        await self.ask("POST", "/contents/.gitea/PULL_REQUEST_TEMPLATE.md", content=content, message="A template")

    async def open_by_hand(self, head: str, base: str, title: str) -> int:
        return int((await self.ask("POST", "/pulls", head=head, base=base, title=title))["number"])

    async def pulls(self, state: str = "all") -> list[Pull]:
        answer = await self.admin.get("/pulls", params={"state": state, "limit": "50"})
        if answer.status_code == 404:
            # Those of a repository in which they are switched off.
            return []
        return sorted((_shown(found) for found in answer.json()), key=lambda pull: pull.number)

    async def close(self, number: int) -> None:
        await self.ask("PATCH", f"/pulls/{number}", state="closed")

    async def reopen(self, number: int) -> None:
        await self.ask("PATCH", f"/pulls/{number}", state="open")

    async def merge(self, number: int) -> None:
        async with asyncio.timeout(20):
            while (answer := await self.admin.post(f"/pulls/{number}/merge", json={"Do": "merge"})).status_code == 405:
                # It is still finding out whether there is a conflict.
                await asyncio.sleep(0.1)
        assert answer.is_success, answer.text

    async def put_label(self, number: int, label: str) -> None:
        made = await self.ask("POST", "/labels", name=label, color="#00aabb")
        await self.ask("POST", f"/issues/{number}/labels", labels=[made["id"]])

    async def say(self, number: int, text: str) -> None:
        await self.ask("POST", f"/issues/{number}/comments", body=text)

    async def said(self, number: int) -> list[str]:
        return [said["body"] for said in await self.ask("GET", f"/issues/{number}/comments")]

    async def judge(self, number: int, judgement: Judgement, text: str, lines: Sequence[LineComment] = ()) -> None:
        remarks = [{"path": line.path, "new_position": line.line, "body": line.text} for line in lines]
        await self.ask("POST", f"/pulls/{number}/reviews", body=text, event=EVENTS[judgement], comments=remarks)

    async def status(self, commit: str, name: str, state: CheckState) -> None:
        await self.ask("POST", f"/statuses/{commit}", context=name, state=STATES[state])

    async def archive(self) -> bool:
        await self.ask("PATCH", "", archived=True)
        return True

    async def switch_off(self) -> bool:
        await self.ask("PATCH", "", has_pull_requests=False)
        return True

    async def empty(self) -> str:
        base = f"{self.info.base_url}/api/v1"
        await self.admin.delete(f"{base}/repos/{self.info.organisation}/{NAME}-empty")
        return str(
            (await self.ask("POST", f"{base}/orgs/{self.info.organisation}/repos", name=f"{NAME}-empty"))["clone_url"]
        )

    async def rename_branch(self, name: str, to: str) -> None:
        await self.ask("POST", "/branches", new_branch_name=to, old_branch_name=name)
        await self.ask("PATCH", "", default_branch=to)
        await self.ask("DELETE", f"/branches/{name}")

    def call(self, *, secret: str | None = None) -> tuple[dict[str, str], bytes]:
        return hook_call(secret or HOOK_SECRET, "pull_request", {"action": "reviewed", "text": "grüße 🚀"})

    async def hooks(self) -> int:
        return await self.hooks_to(CALLBACK)


def _shown(found: dict[str, Any]) -> Pull:
    return Pull(
        number=found["number"],
        title=found["title"],
        body=found["body"],
        head=found["head"]["ref"],
        base=found["base"]["ref"],
        state="merged" if found["merged"] else found["state"],
        draft=bool(found["draft"]),
        labels=tuple(label["name"] for label in found["labels"] or ()),
        reviewers=tuple(user["login"] for user in found["requested_reviewers"] or ()),
    )


@pytest.fixture(scope="module")
def info() -> ForgeInfo:
    plan = plan_from_environment()
    return up(plan, default_address(plan))


@pytest.fixture(scope="module")
def reviewer(info: ForgeInfo) -> None:
    """An account that may be asked for reviews."""
    headers = {"authorization": f"token {info.admin_token}"}
    account = {"username": REVIEWER, "email": f"{REVIEWER}@boardhand.invalid", "password": "of-the-testbeds-own-1"}
    with httpx.Client(base_url=f"{info.base_url}/api/v1", headers=headers, trust_env=False) as http:
        answer = http.post("/admin/users", json=account | {"must_change_password": False})
        assert answer.status_code in (201, 422), answer.text


@pytest.fixture
async def bench(info: ForgeInfo, reviewer: None, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[RealBench]:
    monkeypatch.setattr("boardhand_operator.forges.opening.PATIENCE", (0.25, 0.5))
    fresh = reset_repository(info, NAME, {"README.md": "# An app\n\nIt has three lines.\n"})
    faulty = Faulty(httpx.AsyncHTTPTransport())
    base = f"{info.base_url}/api/v1/repos/{info.organisation}/{NAME}"
    async with client(base, info.admin_token) as admin:
        made = RealBench(admin, faulty, Wire(faulty), info, fresh.clone_url)
        await made.ask("PUT", f"/collaborators/{REVIEWER}", permission="write")
        await made.ask("POST", "/labels", name="bot", color="#00aabb")
        yield made
    await faulty.aclose()
    check_forge_requests(made.wire.requests)


class TestRealGitea(ForgeBehaviour):
    """All of it."""

    vendor = "gitea"


async def test_a_branch_that_comes_late_is_waited_for(bench: RealBench) -> None:
    forge = bench.open()
    late = asyncio.create_task(forge.open_pull_request(Proposal("boardhand/7-late", "main", "Late", "b", False)))
    while not bench.wire.writes():
        await asyncio.sleep(0.01)
    await bench.branch("boardhand/7-late")
    assert (await late).number
    await forge.aclose()


async def test_branches_without_a_difference(bench: RealBench) -> None:
    await bench.same_branch("boardhand/11-same")
    forge = bench.open()
    assert (await forge.open_pull_request(Proposal("boardhand/11-same", "main", "Same", "b", False))).number
    await forge.aclose()


async def test_pages_of_open_pull_requests(bench: RealBench) -> None:
    forge = bench.open()
    for name in ("boardhand/12-a", "boardhand/12-b", "boardhand/12-c"):
        await bench.branch(name)
        await forge.open_pull_request(Proposal(name, "main", name, "b", False))
    answers = [await bench.admin.get("/pulls", params={"limit": "2", "page": str(page)}) for page in (1, 2, 3)]
    assert [[pull["head"]["ref"] for pull in answer.json()] for answer in answers] == [
        ["boardhand/12-c", "boardhand/12-b"],
        ["boardhand/12-a"],
        [],
    ]
    assert {answer.headers["x-total-count"] for answer in answers} == {"3"}
    await forge.aclose()


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "/pulls/99", None, 404),
        ("PATCH", "/pulls/99", {"title": "x"}, 404),
        ("GET", "/pulls/main/nothing", None, 404),
        ("GET", "/branches/nothing", None, 404),
        ("POST", "/pulls", {"head": "x", "base": "main"}, 422),
        ("POST", "/pulls", {"head": "nothing", "base": "main", "title": "x"}, 404),
    ],
)
async def test_what_is_not_there_and_what_is_missing(
    bench: RealBench, method: str, path: str, body: dict[str, str] | None, status: int
) -> None:
    answer = await bench.admin.request(method, path, json=body)
    assert answer.status_code == status, answer.text
    assert answer.json()["message"]


async def test_calls_of_gitea_are_known_by_their_signature(bench: RealBench) -> None:
    calls: list[tuple[dict[str, str], bytes]] = []

    async def heard(request: Request) -> Response:
        calls.append((dict(request.headers), await request.body()))
        return Response()

    async with serving(Starlette(routes=[Route("/hook", heard, methods=["POST"])])) as site:
        forge = bench.open(hook=True, webhook={"callbackUrl": f"{site}/hook"})
        await forge.subscribe()
        await bench.branch("boardhand/1-fix")
        made = await forge.open_pull_request(Proposal("boardhand/1-fix", "main", "Fix 🚀", "b", False))
        await bench.say(made.number or 0, "grüße 🚀")
        async with asyncio.timeout(20):
            while {"pull_request", "pull_request_comment"} - {one.get("x-gitea-event-type") for one, _ in calls}:
                await asyncio.sleep(0.05)
        for headers, body in list(calls):
            assert forge.signed(headers, body)
            assert not forge.signed(headers, body + b" ")
        (hook,) = await bench.ask("GET", "/hooks")
        await bench.ask("DELETE", f"/hooks/{hook['id']}")
        await forge.aclose()
